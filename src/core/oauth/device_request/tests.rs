use pizauth_common::config::{Account, ClientAuth, DeviceCode};

use super::*;
use crate::testing::{account, client, json_answer, key, on_device};

fn request() -> DeviceRequest {
    request_of(&on_device(account("work")))
}

fn request_of(account: &Account) -> DeviceRequest {
    DeviceRequest::new(client(account)).unwrap()
}

/// What comes of an answer with these members besides the codes and the URI.
fn given(members: &str) -> DeviceAuthorization {
    let body = format!(
        r#"{{"device_code":"d/c=","user_code":"AB CD","verification_uri":"https://as.example/d"{members}}}"#
    );
    request().outcome(Ok(json_answer(200, &body))).unwrap_or_else(|why| panic!("{members}: {why}"))
}

fn reason(status: u16, body: &str) -> Reason {
    request().outcome(Ok(json_answer(status, body))).expect_err(body)
}

#[test]
fn the_request_names_the_client_what_it_wants_and_nothing_of_a_browser() {
    let mut account = Account {
        client_auth: ClientAuth::Post("s3cret".into()),
        resource: ["https://imap.example/".to_owned()].into(),
        token_uri_fields: vec![("only".to_owned(), "tokens".to_owned())].into(),
        ..on_device(account("work"))
    };
    let device = account.grant.device().unwrap().clone();
    let fields = [("b", "2"), ("a", "1")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    account.grant = pizauth_common::config::Grant::DeviceCode {
        device: DeviceCode { auth_uri_fields: fields.into(), ..device },
        browser: None,
    };
    let request = request_of(&account);
    assert_eq!(request.http().uri, "https://as.example/device");
    assert_eq!(
        request.form.expose(),
        "client_id=client%26id&client_secret=s3cret&scope=mail.read+offline_access\
         &resource=https%3A%2F%2Fimap.example%2F&b=2&a=1"
    );
    let basic = Account { client_auth: ClientAuth::Basic("s3cret".into()), ..account };
    let request = request_of(&basic).http();
    assert!(!request.body.expose().contains("client"), "{:?}", request.body.expose());
    assert!(request.headers.iter().any(|(name, _)| *name == "Authorization"));
    let without = request_of(&Account { scopes: [].into(), ..on_device(crate::testing::account("work")) });
    assert_eq!(without.form.expose(), "client_id=client%26id");
}

#[test]
fn codes_and_uris_are_read_in_each_spelling() {
    let plain = given("");
    assert_eq!((plain.device_code.expose(), &*plain.user_code), ("d/c=", "AB CD"));
    assert_eq!(plain.url(), "https://as.example/d");
    let complete = given(r#","verification_uri_complete":"https://as.example/d?code=AB""#);
    assert_eq!(complete.url(), "https://as.example/d?code=AB");
    assert_eq!(complete.verification_uri, "https://as.example/d");
    // A complete one that is none does no harm.
    assert_eq!(given(r#","verification_uri_complete":"mailto:x""#).url(), "https://as.example/d");
    let google = r#"{"device_code":"d","user_code":"u","verification_url":"https://www.google.com/device"}"#;
    let google = request().outcome(Ok(json_answer(200, google))).unwrap();
    assert_eq!(google.url(), "https://www.google.com/device");
}

#[test]
fn times_are_seconds_in_each_spelling_and_within_bounds() {
    let times = |members: &str| {
        let given = given(members);
        (given.lifetime.as_secs(), given.interval.as_secs())
    };
    for (members, life, interval) in [
        ("", 900, 5),
        (r#","expires_in":"1800","interval":"7.0""#, 1800, 7),
        (r#","expires_in":1e300,"interval":0"#, 3600, 5),
        (r#","expires_in":-1,"interval":-1"#, 60, 5),
        (r#","expires_in":"soon","interval":null"#, 900, 5),
        (r#","expires_in":"NaN","interval":"NaN""#, 900, 5),
        (r#","expires_in":10,"interval":4.9"#, 60, 5),
        // Zoho: milliseconds, and so longer than the codes live.
        (r#","expires_in":300000,"interval":5000"#, 3600, 5),
        (r#","expires_in":300,"interval":301"#, 300, 5),
        (r#","expires_in":300,"interval":300"#, 300, 300),
    ] {
        assert_eq!(times(members), (life, interval), "{members}");
    }
}

#[test]
fn what_lacks_something_or_is_too_long_is_unreadable() {
    let answer = |device_code: &str, user_code: &str, uri: &str| {
        let body = format!(
            r#"{{"device_code":"{device_code}","user_code":"{user_code}","verification_uri":"{uri}"}}"#
        );
        request().outcome(Ok(json_answer(200, &body))).map_err(|why| why.to_string())
    };
    let uri = "https://as.example/d";
    assert!(answer(&"x".repeat(4096), &"y".repeat(64), uri).is_ok());
    let too_long = answer(&"x".repeat(4097), "y", uri).unwrap_err();
    assert!(
        too_long.contains("the device_code in the answer is not 1 to 4096 printable ASCII"),
        "{too_long}"
    );
    assert!(
        answer("x", &"y".repeat(65), uri).unwrap_err().contains("the user_code in the answer is not 1 to 64")
    );
    assert!(answer("x", "ü", uri).is_err() && answer("x\\u0007", "y", uri).is_err());
    assert!(answer("", "y", uri).unwrap_err().contains("neither a device code nor an error"));
    for bad in ["", "as.example/d", "javascript:alert(1)", "file:///etc/passwd", "https://", "a b"] {
        assert!(answer("x", "y", bad).unwrap_err().contains("verification_uri"), "{bad}");
    }
    assert!(answer("x", "y", &format!("https://as.example/{}", "z".repeat(4096))).is_err());
    let spaced = answer("x", "y", "https://as.example/a b\\u200b").unwrap();
    assert_eq!(spaced.url(), "https://as.example/a%20b%E2%80%8B", "fit to be printed");
}

#[test]
fn a_refusal_says_why_and_what_to_do() {
    assert_eq!(reason(400, r#"{"error":"invalid_client"}"#).cause(), "invalid_client");
    let google = reason(403, r#"{"error_code":"rate_limit_exceeded"}"#);
    assert_eq!(google.as_str(), "rate_limit_exceeded");
    let public = r#"{"error":"invalid_client","error_description":"AADSTS7000218: The request body must…"}"#;
    assert!(reason(401, public).as_str().contains("Allow public client flows"));
    let blocked = r#"{"error":"invalid_grant","error_description":"AADSTS53003: Access has been blocked"}"#;
    let hint = "(your organisation blocks the device flow; use grant = \"authorization_code\")";
    assert!(reason(400, blocked).as_str().ends_with(hint));
    assert!(reason(500, "<html><title>Oops</title>").as_str().contains("a web page instead of an answer"));
    assert!(reason(302, "").as_str().contains("is device_auth_uri right?"));
    assert!(reason(404, r#"{"device_code":"d","user_code":"u"}"#).as_str().contains("neither a device code"));
    let lost = request().outcome(Err(Lost {
        sent: true,
        why: "it took too long".to_owned(),
        needs_person: false,
        is_unresolved: false,
    }));
    assert_eq!(lost.unwrap_err().as_str(), "it took too long");
}

#[test]
fn no_secret_is_in_a_reason_or_shown_by_debug() {
    let account = Account { client_auth: ClientAuth::Post("hunter2x".into()), ..on_device(account("work")) };
    let echo = r#"{"error":"invalid_client","error_description":"hunter2x is wrong"}"#;
    let why = request_of(&account).outcome(Ok(json_answer(401, echo))).unwrap_err();
    assert!(!why.as_str().contains("hunter2x"), "{why}");
    let signed = Account { client_auth: ClientAuth::PrivateKeyJwt(key(None)), ..account };
    let echo = r#"{"error":"invalid_client","error_description":"ISSIJTZSISIN is wrong"}"#;
    let answer = Answer { signed: Some("eyJ.issijtzsisin".into()), ..json_answer(401, echo) };
    let why = request_of(&signed).outcome(Ok(answer)).unwrap_err();
    assert!(why.as_str().contains("… is wrong") && why.as_str().contains("client_key_file"), "{why}");
    assert!(!format!("{:?}", given("")).contains("d/c="));
}
