use pizauth_common::config::Account;

use super::*;
use crate::oauth::metadata::Metadata;
use crate::testing::{account as named, served, uri};

/// The judgement on a response with this `iss` for an account with this issuer. Its authorization endpoint is
/// <https://as.example/auth>.
fn judged(iss: Option<&str>, issuer: Option<&str>) -> Origin {
    let account = Account { issuer: issuer.map(|issuer| uri(issuer).into()), ..named("work") };
    let iss = iss.map(str::to_owned);
    let code =
        AuthorizationResponse::Code { state: "the-state".into(), code: "the-code".into(), iss: iss.clone() };
    let error = AuthorizationResponse::Error { state: "the-state".into(), reason: Reason::new("no"), iss };
    let origin = origin(&code, &served(&account));
    assert_eq!(super::origin(&error, &served(&account)), origin, "errors are answers, too");
    origin
}

fn why(origin: Origin) -> String {
    match origin {
        Origin::Other(reason) => reason.to_string(),
        origin => panic!("{origin:?}"),
    }
}

#[test]
fn the_issuer_is_compared_byte_for_byte() {
    let issuer = Some("https://as.example/realm");
    assert_eq!(judged(issuer, issuer), Origin::Fits);
    assert_eq!(judged(None, issuer), Origin::Fits, "it need not say so");
    for other in ["https://AS.example/realm", "https://as.example:443/realm", "https://as.example", "x"] {
        let expected = format!("the answer comes from {other}, not from https://as.example/realm");
        assert_eq!(why(judged(Some(other), issuer)), expected);
    }
    let slash = why(judged(Some("https://as.example/realm/"), issuer));
    assert!(slash.ends_with("not from https://as.example/realm (write that as issuer)"), "{slash}");
}

#[test]
fn an_issuer_that_is_not_known_is_expected_where_the_endpoint_is() {
    for fitting in [None, Some("https://as.example"), Some("https://AS.example:443/any")] {
        assert_eq!(judged(fitting, None), Origin::Fits, "{fitting:?}");
    }
    for odd in ["http://as.example", "https://as.example:8443", "https://evil.example/", "as.example"] {
        assert_eq!(judged(Some(odd), None), Origin::Unknown(odd.to_owned()));
    }
}

#[test]
fn what_is_told_of_it_is_safe_and_short() {
    let evil =
        format!("https://evil.example/\u{1b}[2J\nthe-code/the-state/{}?code=the-code", "x".repeat(150));
    let Origin::Unknown(shown) = judged(Some(&evil), None) else { panic!("it is judged") };
    assert!(!shown.contains(char::is_control) && shown.len() <= MAX_BYTES, "{shown:?}");
    let short = why(judged(Some("https://evil.example/the-state"), Some("https://as.example")));
    assert_eq!(short, "the answer comes from https:…, not from https://as.example");
    for told in [shown, why(judged(Some(&evil), Some("https://as.example")))] {
        assert!(!told.contains("the-code") && !told.contains("the-state"), "{told}");
    }
}

#[test]
fn who_promises_to_name_itself_and_does_not_is_not_believed() {
    let account = Account { issuer: Some(uri("https://as.example").into()), ..named("work") };
    let answer = AuthorizationResponse::Code { state: "s".into(), code: "c".into(), iss: None };
    let of = |promises_iss| {
        let metadata = Metadata { promises_iss, ..Metadata::default() };
        origin(&answer, &Served::new(&account, Some(&metadata)).unwrap())
    };
    assert_eq!(why(of(true)), "the answer names no issuer, though https://as.example promises one");
    assert_eq!(of(false), Origin::Fits);
}
