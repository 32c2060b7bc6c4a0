use super::*;
use crate::testing::{account, client, json_answer, on_device};

fn poll() -> DevicePoll {
    let device_code = Secret::from("the-device-code");
    DevicePoll::new(client(&on_device(account("work"))), &device_code, "ABCD-EFGH", Duration::from_secs(900))
}

fn polled(status: u16, body: &str) -> Polled {
    poll().outcome(Ok(json_answer(status, body)))
}

fn failed(status: u16, body: &str) -> Reason {
    match polled(status, body) {
        Polled::Failed(reason) => reason,
        other => panic!("{body}: {other:?}"),
    }
}

#[test]
fn a_poll_is_a_token_request_with_the_device_code() {
    let http = poll().http();
    assert_eq!(http.uri, "https://as.example/token");
    assert_eq!(
        http.body.expose(),
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=the-device-code\
         &client_id=client%26id"
    );
    assert!(!format!("{:?}", poll()).contains("the-device-code"));
}

#[test]
fn the_verdict_is_by_the_error_whatever_the_status() {
    for status in [200, 400, 401, 403, 428, 429, 500, 503] {
        let code = |error: &str| format!(r#"{{"error":"{error}","error_description":"some words"}}"#);
        assert_eq!(polled(status, &code("authorization_pending")), Polled::Pending, "{status}");
        for slower in ["slow_down", "rate_limit_exceeded"] {
            assert_eq!(polled(status, &code(slower)), Polled::SlowDown(None), "{status}");
        }
        for denied in ["access_denied", "authorization_declined"] {
            assert_eq!(failed(status, &code(denied)).as_str(), "the sign-in was declined", "{status}");
        }
        for spent in SPENT {
            let reason = failed(status, &code(spent));
            assert_eq!(reason.as_str(), "the code ABCD-EFGH was not used in time, or was used already");
            assert_eq!(reason.logged(), "the code was not used in time, or was used already");
        }
        for other in ["invalid_client", "device_flow_disabled", "org_internal", "brand_new"] {
            assert!(failed(status, &code(other)).as_str().starts_with(&format!("{other}: some words")));
        }
    }
    assert_eq!(polled(403, r#"{"error_code":"rate_limit_exceeded"}"#), Polled::SlowDown(None));
}

#[test]
fn slow_down_may_say_how_slow() {
    let interval = |members: &str| match polled(200, &format!(r#"{{"error":"slow_down"{members}}}"#)) {
        Polled::SlowDown(interval) => interval.map(|interval| interval.as_secs()),
        other => panic!("{other:?}"),
    };
    assert_eq!(interval(""), None);
    assert_eq!(interval(r#","interval":10"#), Some(10));
    assert_eq!(interval(r#","interval":"17""#), Some(17));
    assert_eq!(interval(r#","interval":30000"#), None, "longer than the codes live");
}

#[test]
fn what_holds_no_verdict_is_asked_again() {
    let html = "<html><title>Bad Gateway</title>";
    for (status, body) in [
        (429, "slow down"),
        (502, html),
        (200, html),
        (200, ""),
        (200, "{}"),
        (404, "not here"),
        (302, ""),
        (403, r#"{"error":"Forbidden"}"#),
        (429, r#"{"error":"Too Many Requests"}"#),
        (500, r#"{"error":{"code":500}}"#),
        (503, r#"{"error":"temporarily_unavailable"}"#),
        (500, r#"{"error":"server_error"}"#),
        (200, r#"{"access_token":"at","error":"authorization_pending"}"#),
        (200, r#"{"access_token":"at","token_type":"mac"}"#),
        (300, r#"{"access_token":"at","token_type":"bearer"}"#),
        (502, r#"{"access_token":"at","token_type":"bearer"}"#),
    ] {
        let verdict = polled(status, body);
        let is_none = matches!(verdict, Polled::NoVerdict { reached: true, retry_after: None, .. });
        assert!(is_none, "{status} {body}: {verdict:?}");
    }
    let asked = Answer { retry_after: Some("30".to_owned()), ..json_answer(503, "") };
    let Polled::NoVerdict { retry_after, .. } = poll().outcome(Ok(asked)) else { panic!() };
    assert_eq!(retry_after, Some(Duration::from_secs(30)));
    let lost = |sent| {
        poll().outcome(Err(Lost {
            sent,
            why: "no route".to_owned(),
            needs_person: false,
            is_unresolved: false,
        }))
    };
    assert!(matches!(lost(false), Polled::NoVerdict { reached: false, .. }));
    assert!(matches!(lost(true), Polled::NoVerdict { reached: true, .. }));
}

#[test]
fn a_token_is_read_as_everywhere() {
    let body = r#"{"access_token":"at","refresh_token":"rt","expires_in":"60","scope":"mail.read"}"#;
    let Polled::Issued(issued) = polled(200, body) else { panic!() };
    assert_eq!(issued.access_token.expose(), "at");
    assert_eq!(issued.lifetime, Duration::from_secs(60));
    // GitHub: without an end, and without a refresh token.
    let Polled::Issued(issued) = polled(200, r#"{"access_token":"gho","token_type":"bearer"}"#) else {
        panic!()
    };
    assert_eq!((issued.lifetime.as_secs(), issued.refresh_token), (315_360_000, None));
}

#[test]
fn neither_code_is_in_a_reason() {
    let echo = r#"{"error":"invalid_client","error_description":"the-device-code of ABCD-EFGH"}"#;
    let reason = failed(400, echo);
    assert!(!reason.as_str().contains("the-device") && !reason.logged().contains("ABCD"), "{reason}");
    let signed = Some("eyJ.issijtzsisin".into());
    let echo = r#"{"error":"invalid_client","error_description":"of ISSIJTZSISIN"}"#;
    let Polled::Failed(reason) = poll().outcome(Ok(Answer { signed, ..json_answer(400, echo) })) else {
        panic!()
    };
    assert!(reason.as_str().contains("of …"), "{reason}");
    let Polled::NoVerdict { reason, .. } = polled(502, "oh the-device-code and ABCD-EFGH") else { panic!() };
    assert!(!reason.as_str().contains("the-device") && !reason.as_str().contains("ABCD"), "{reason}");
}

#[test]
fn microsofts_refusals_say_what_to_do() {
    let public = r#"{"error":"invalid_client","error_description":"AADSTS7000218: must contain…"}"#;
    assert!(failed(401, public).as_str().contains("Allow public client flows"));
    let blocked = r#"{"error":"interaction_required","error_description":"AADSTS53003: Blocked"}"#;
    assert!(failed(400, blocked).as_str().contains("your organisation blocks the device flow"));
}

#[test]
fn the_log_has_a_word_for_each_verdict() {
    let error = |code: &str| format!(r#"{{"error":"{code}"}}"#);
    for (status, body, word) in [
        (200, r#"{"access_token":"at","token_type":"bearer"}"#, "issued"),
        (400, &error("authorization_pending"), "pending"),
        (400, &error("slow_down"), "slow_down"),
        (400, &error("access_denied"), "ended"),
        (503, "", "transient"),
    ] {
        assert_eq!(polled(status, body).as_str(), word);
    }
}
