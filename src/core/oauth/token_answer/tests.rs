use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::oauth::testing::{application, exchange, in_the_name_of_a_user, refresh};
use crate::oauth::token_request::TokenRequest;
use crate::testing::{account, client};

fn answer(status: u16, body: impl Into<Vec<u8>>) -> Answer {
    Answer {
        status,
        content_type: Some("application/json".to_owned()),
        retry_after: None,
        date: None,
        signed: None,
        body: body.into().into(),
    }
}

fn judge(answer: &Answer, request: &TokenRequest) -> Outcome {
    request.outcome(Ok(answer.clone()))
}

fn issued(body: &str) -> Issued {
    match judge(&answer(200, body), &refresh()) {
        Outcome::Issued(issued) => issued,
        other => panic!("{body}: {other:?}"),
    }
}

#[test]
fn a_sign_in_without_a_lifetime_and_a_refresh_token_has_no_end() {
    let lifetime = |request: &TokenRequest, members: &str| match judge(
        &answer(200, format!(r#"{{"access_token":"a"{members}}}"#)),
        request,
    ) {
        Outcome::Issued(issued) => issued.lifetime.as_secs(),
        other => panic!("{members}: {other:?}"),
    };
    for (members, seconds) in [
        ("", 315_360_000),
        (r#","expires_in":null,"refresh_token":"""#, 315_360_000),
        (r#","refresh_token":"r""#, 3600),
        (r#","expires_in":"soon""#, 3600),
        (r#","expires_in":[]"#, 3600),
        (r#","expires_in":0"#, 0),
        (r#","expires_in_sec":60"#, 60),
    ] {
        assert_eq!(lifetime(&exchange(), members), seconds, "{members}");
    }
    assert_eq!(lifetime(&refresh(), ""), 3600, "the old refresh token stays good");
}

fn transient_reason(answer: &Answer) -> String {
    match judge(answer, &refresh()) {
        Outcome::RefusedSilently(reason) | Outcome::Transient { reason, reached: true, .. } => {
            reason.to_string()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn no_lifetime_is_absurd_enough_to_panic() {
    for (expires_in, seconds) in [
        ("3599", 3599),
        ("3599.9", 3599),
        ("\" 3599 \"", 3599),
        ("0", 0),
        ("-1", 0),
        ("-1e300", 0),
        ("1e12", 315_360_000),
        ("18446744073709551616", 315_360_000),
        ("1e300", 315_360_000),
        ("\"1e999\"", 315_360_000),
        ("\"NaN\"", 3600),
        ("\"soon\"", 3600),
        ("\"\"", 3600),
        ("null", 3600),
        ("true", 3600),
        ("[1]", 3600),
    ] {
        let lifetime = issued(&format!(r#"{{"access_token":"a","expires_in":{expires_in}}}"#)).lifetime;
        assert_eq!(lifetime.as_secs(), seconds, "{expires_in}");
    }
}

#[test]
fn a_narrower_scope_is_noticed_in_each_spelling() {
    let narrowed = |scope: &str| issued(&format!(r#"{{"access_token":"a","scope":{scope}}}"#)).narrowed_scope;
    for scope in [r#""calendar contacts""#, r#""calendar,contacts""#, r#"["calendar","contacts"]"#] {
        assert_eq!(narrowed(scope).as_deref(), Some("calendar contacts"), "{scope}");
    }
    for scope in [r#""calendar MAIL.read""#, r#""calendar,mail.read""#, r#"["mail.read"]"#, "7"] {
        assert_eq!(narrowed(scope), None, "{scope}");
    }
}

#[test]
fn a_token_has_1_byte_to_64_kib() {
    let body = |length| format!(r#"{{"access_token":"{}"}}"#, "x".repeat(length));
    assert_eq!(issued(&body(1)).access_token.expose(), "x");
    assert_eq!(issued(&body(65536)).access_token.expose().len(), 65536);
    for length in [65537, 900_000] {
        assert!(transient_reason(&answer(200, body(length))).contains("65536"));
    }
}

#[test]
fn whatever_nobody_needs_is_skipped_however_large_deep_or_broken_it_is() {
    for other in
        ["[".repeat(400_000) + &"]".repeat(400_000), "[".to_owned() + &r#"{"":0},"#.repeat(140_000) + "0]"]
    {
        for body in [r#"{"x":OTHER,"access_token":"a"}"#, r#"{"access_token":"a","x":OTHER,"x":OTHER}"#] {
            assert_eq!(
                issued(&body.replacen("OTHER", &other, 1).replace("OTHER", "0")).access_token.expose(),
                "a"
            );
        }
    }
}

#[test]
fn a_member_that_matters_stands_once() {
    for twice in [r#""access_token":"b""#, r#""access_token":null"#, r#""access_token":{}"#] {
        let body = format!(r#"{{"access_token":"a",{twice}}}"#);
        assert_eq!(transient_reason(&answer(200, body)), "http status 200: the answer cannot be read");
    }
}

#[test]
fn a_pause_is_seconds_or_a_date_and_an_hour_at_most() {
    let date = Some("Sun, 06 Nov 1994 08:49:37 GMT");
    for (text, seconds) in [
        ("0", Some(0)),
        (" 17 ", Some(17)),
        ("99999999999999999999999", Some(3600)),
        ("Sun, 06 Nov 1994 08:50:07 GMT", Some(30)),
        ("Mon, 07 Nov 1994 08:50:07 GMT", Some(3600)),
        ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
    ] {
        assert_eq!(retry_after::parse(Some(text), date), seconds.map(Duration::from_secs), "{text}");
    }
    assert_eq!(retry_after::parse(Some("Sun, 06 Nov 1994 08:50:07 GMT"), None), None);
    assert_eq!(retry_after::parse(None, date), None);
}

#[test]
fn a_secret_is_redacted_also_where_the_description_is_cut() {
    let secret = "the/sent/refresh";
    for padding in [0, 880, 890, 899, 5000] {
        let text = format!("{}{secret} the%2Fsent%2Frefresh", "x".repeat(padding));
        let body = format!(r#"{{"error":"invalid_grant","error_description":"{text}"}}"#);
        let Outcome::Ended(reason) = judge(&answer(400, body), &refresh()) else { panic!("not ended") };
        assert!(!reason.as_str().contains("the/se") && !reason.as_str().contains("%2F"), "{reason}");
        assert!(reason.as_str().ends_with("(authorize again)"), "{reason}");
    }
}

/// The verdict on an error with this code.
fn refused(status: u16, code: &str) -> Outcome {
    judge(&answer(status, format!(r#"{{"error":"{code}"}}"#)), &refresh())
}

#[test]
fn only_a_code_that_is_spelled_as_one_needs_attention_where_firewalls_speak_too() {
    for code in ["access_denied", "policy_42"] {
        assert!(matches!(refused(403, code), Outcome::RefusedVaguely(_)), "{code}");
    }
    for code in ["Forbidden", "forbidden", "Access_Denied", "not_found-here"] {
        assert!(matches!(refused(403, code), Outcome::Transient { .. }), "{code}");
    }
}

#[test]
fn what_rfc_6749_forbids_in_a_code_is_no_error_code() {
    assert!(matches!(refused(400, &"x".repeat(256)), Outcome::RefusedVaguely(_)));
    for code in [&"x".repeat(257), "a\\\\b", "a\\\"b", "a\\nb"] {
        assert!(matches!(refused(400, code), Outcome::RefusedSilently(_)), "{code:.20}");
    }
}

#[test]
fn what_is_too_short_to_be_a_secret_is_left_in_a_reason() {
    for (refresh_token, told) in [("abcd", "x: it is …"), ("abc", "x: it is abc")] {
        let request = TokenRequest::refresh(client(&account("work")), &refresh_token.into());
        let body = format!(r#"{{"error":"x","error_description":"it is {refresh_token}"}}"#);
        let Outcome::RefusedVaguely(reason) = judge(&answer(400, body), &request) else { panic!("verdict") };
        assert_eq!(reason.as_str(), told);
    }
}

#[test]
fn a_code_is_redacted_in_the_exchange() {
    let body = r#"{"error":"invalid_request","error_description":"what is the-sent-code"}"#;
    let outcome = judge(&answer(400, body), &exchange());
    let Outcome::RefusedVaguely(reason) = outcome else { panic!("{outcome:?}") };
    assert!(reason.as_str().starts_with("invalid_request: what is …"), "{reason}");
}

#[test]
fn of_what_was_signed_no_12_characters_are_in_a_reason() {
    let body =
        r#"{"error":"invalid_client","error_description":"bad JWT: claims ISSIJTZSISIN of abcdefghijk"}"#;
    let jwt = "eyJhbGciOi.eyJpc3MiOiJtZSIsInN1Yi.issijtzsisinabcdefghijk";
    for request in [exchange(), refresh(), application(), in_the_name_of_a_user()] {
        let reason = |signed: Option<&str>| {
            let answer = Answer { signed: signed.map(Secret::from), ..answer(401, body) };
            match judge(&answer, &request) {
                Outcome::NeedsAttention(reason) => reason.to_string(),
                other => panic!("{other:?}"),
            }
        };
        let (with, without) = (reason(Some(jwt)), reason(None));
        assert!(without.contains("ISSIJTZSISIN"), "{without}");
        assert!(with.contains("bad JWT: claims … of abcdefghijk"), "{with}");
    }
}

#[test]
fn the_cause_is_the_code_and_number_without_the_time() {
    let cause = |second: u32| {
        let text = format!("AADSTS700025: Client is public. Timestamp: 2026-01-01 10:00:{second:02}Z");
        let body = format!(r#"{{"error":"invalid_client","error_description":"{text}"}}"#);
        let Outcome::NeedsAttention(reason) = judge(&answer(401, body), &refresh()) else {
            panic!("verdict")
        };
        reason.cause().to_owned()
    };
    assert_eq!(cause(1), "invalid_client AADSTS700025");
    assert_eq!(cause(1), cause(2));
}

#[test]
fn a_page_is_previewed_short_and_without_long_words() {
    let page = |body: &str| transient_reason(&answer(511, body));
    let long = "k".repeat(33);
    assert!(page("<html><title>Hotel\n Wi-Fi</title><b>x</b>").ends_with("\"Hotel Wi-Fi\""));
    assert!(page(&format!("<p>Please <b>log</b> in {long}</p>")).ends_with("\"Please log in\""));
    assert!(page("<html><title> </title><p>Sign in</p>").ends_with("\"Sign in\""));
    let word = "k".repeat(32);
    assert!(page(&format!("it says {word}")).ends_with(&format!("\"it says {word}\"")));
    assert!(!page("kkkkkkkk").contains("kkkkkkkk"), "one word may be a token");
    assert!(!page("<p>your access token is abc</p>").contains("abc"));
    assert!(page(&format!("<p>{}", "word ".repeat(100_000))).len() < 300);
}

fn json_like() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        any::<f64>().prop_map(|number| number.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        "\"[ -~]{0,12}\"",
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
        Just("null".to_owned()),
    ];
    let name = prop_oneof![
        Just("access_token"),
        Just("refresh_token"),
        Just("expires_in"),
        Just("token_type"),
        Just("scope"),
        Just("error"),
        Just("error_description"),
    ];
    prop::collection::vec((name, value), 0..6).prop_map(|members| {
        let members: Vec<_> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", members.join(","))
    })
}

fn check(answer: &Answer) -> Result<(), TestCaseError> {
    match judge(answer, &refresh()) {
        Outcome::Issued(issued) => {
            let tokens = [Some(&issued.access_token), issued.refresh_token.as_ref()];
            for token in tokens.into_iter().flatten().map(|token| token.expose()) {
                prop_assert!(!token.is_empty() && token.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            }
            prop_assert!(issued.lifetime <= Duration::from_secs(315_360_000));
            prop_assert!((200..300).contains(&answer.status));
        }
        Outcome::Ended(_) => prop_assert!(matches!(answer.status, 200..=299 | 400 | 401)),
        Outcome::NeedsAttention(_) | Outcome::RefusedVaguely(_) => {
            prop_assert!(matches!(answer.status, 200..=299 | 400..=499))
        }
        Outcome::RefusedSilently(_) => prop_assert!(matches!(answer.status, 400 | 401)),
        Outcome::Transient { reached, .. } => prop_assert!(reached),
    }
    Ok(())
}

proptest! {
    // A failure prints its input; it need not leave a file in the checkout too.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_panic_or_issue_an_unprintable_token(status in 100_u16..600, body: Vec<u8>) {
        check(&answer(status, body))?;
    }

    #[test]
    fn no_members_panic_or_issue_an_unprintable_token(
        status in prop_oneof![Just(200_u16), Just(400), 100_u16..600],
        body in json_like(),
    ) {
        check(&answer(status, body))?;
    }

    #[test]
    fn a_sent_secret_is_never_in_a_reason(before in ".{0,40}", after in ".{0,40}", status in 200_u16..600) {
        let text = serde_json::to_string(&format!("{before}the/sent/refresh{after}")).unwrap();
        for body in [format!(r#"{{"error":"x","error_description":{text}}}"#), format!("<p>{text}")] {
            let shown = format!("{:?}", judge(&answer(status, body), &refresh()));
            prop_assert!(!shown.contains("the/sent/refresh"));
        }
    }
}

#[test]
fn control_characters_are_let_through_in_strings_and_between_members() {
    let body = "{\t\"other\":\"quote \\\" tab \t\",\n\"path\":\"\\\\\",\n\"odd\":\"\t\",\n\"access_token\":\"at\"\n}";
    assert_eq!(issued(body).access_token.expose(), "at");
    let broken = answer(200, "{\"access_token\":\"a\tt\"}");
    assert!(transient_reason(&broken).contains("access_token"));
}

#[test]
fn a_page_is_known_by_its_beginning_or_by_what_it_is_called() {
    let page = |content_type: &str, body: &str| {
        let answer = Answer { content_type: Some(content_type.to_owned()), ..answer(200, body) };
        transient_reason(&answer).contains("a web page")
    };
    assert!(page("text/html; charset=utf-8", "Please log in"));
    assert!(page("text/plain", " <p>Please log in</p>"));
    assert!(page("application/json", "\u{feff}<p>Please log in</p>"));
    assert!(!page("text/plain", "Please log in"));
}
