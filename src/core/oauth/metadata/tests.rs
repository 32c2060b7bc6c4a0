use super::document::MAX_DEPTH;
use super::*;
use crate::testing::{json_answer, uri};

fn request(issuer: &str) -> MetadataRequest {
    MetadataRequest::new(uri(issuer))
}

fn found(issuer: &str, body: &str) -> Found {
    request(issuer).outcome(Ok(json_answer(200, body)))
}

#[test]
fn the_places_are_those_of_the_two_standards() {
    for (issuer, oauth, openid) in [
        (
            "https://a.example",
            "https://a.example/.well-known/oauth-authorization-server",
            "https://a.example/.well-known/openid-configuration",
        ),
        (
            "https://a.example/",
            "https://a.example/.well-known/oauth-authorization-server",
            "https://a.example/.well-known/openid-configuration",
        ),
        (
            "https://a.example:8443/t/1",
            "https://a.example:8443/.well-known/oauth-authorization-server/t/1",
            "https://a.example:8443/t/1/.well-known/openid-configuration",
        ),
        (
            "https://a.example/t/",
            "https://a.example/.well-known/oauth-authorization-server/t",
            "https://a.example/t/.well-known/openid-configuration",
        ),
    ] {
        let first = request(issuer);
        let second = first.elsewhere().unwrap();
        assert_eq!((first.http().uri.as_str(), second.http().uri.as_str()), (oauth, openid));
        assert_eq!(second.elsewhere(), None);
        let http::Request { method, headers, body, .. } = first.http();
        assert_eq!((method, body.expose()), (http::Method::Get, ""));
        assert_eq!(headers, [("Accept", Secret::from("application/json"))]);
    }
}

#[test]
fn an_issuer_is_compared_byte_for_byte() {
    for (issuer, name, words) in [
        (
            "https://a.example",
            "https://a.example/",
            "https://a.example says that it is \"https://a.example/\": write that as issuer",
        ),
        ("https://a.example/", "https://a.example", "write that as issuer"),
        ("https://a.example", "https://A.example", "it is another one"),
        ("https://a.example", "https://b.example", "it is another one"),
    ] {
        let body = format!(r#"{{"issuer":"{name}","token_endpoint":"https://a.example/token"}}"#);
        match found(issuer, &body) {
            Found::Unusable(reason) => assert!(reason.as_str().contains(words), "{reason}"),
            other => panic!("{other:?}"),
        }
        assert!(matches!(found(name, &body), Found::Metadata(_)));
    }
}

#[test]
fn a_document_that_names_no_issuer_may_be_found_elsewhere() {
    for body in ["{}", r#"{"issuer":""}"#, r#"{"issuer":7}"#, r#"{"issuer":null}"#] {
        match found("https://a.example", body) {
            Found::NotHere(reason) => assert_eq!(reason.as_str(), "the answer names no issuer"),
            other => panic!("{body}: {other:?}"),
        }
    }
}

#[test]
fn a_name_that_drives_a_terminal_or_is_endless_is_shown_in_part_and_clean() {
    let body = format!(r#"{{"issuer":"\u001b[2J{}"}}"#, "x".repeat(10_000));
    match found("https://a.example", &body) {
        Found::Unusable(reason) => {
            assert!(reason.as_str().len() < 400 && !reason.as_str().contains('\x1b'), "{reason}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_endpoint_that_is_no_plain_address_counts_as_absent() {
    let token_endpoint = |written: &str| {
        let body = format!(r#"{{"issuer":"https://a.example","token_endpoint":"{written}"}}"#);
        match found("https://a.example", &body) {
            Found::Metadata(metadata) => metadata.token_endpoint.map(|uri| uri.written().to_owned()),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(token_endpoint("https://a.example/t").as_deref(), Some("https://a.example/t"));
    for odd in ["https://me@a.example/t", "https://:pw@a.example/t", "https://me:pw@a.example/t", "mailto:x"]
    {
        assert_eq!(token_endpoint(odd), None, "{odd}");
    }
}

#[test]
fn nesting_is_bounded_wherever_it_stands_but_in_strings() {
    let nested = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        format!(r#"{{"issuer":"https://a.example","x":{open}"}}]\"[{{"{close}}}"#)
    };
    assert!(matches!(found("https://a.example", &nested(MAX_DEPTH - 1)), Found::Metadata(_)));
    assert!(matches!(found("https://a.example", &nested(MAX_DEPTH)), Found::NotHere(_)));
    assert!(matches!(found("https://a.example", &nested(500_000)), Found::NotHere(_)));
    let brackets = format!(r#"{{"issuer":"https://a.example","x":"{}"}}"#, "[".repeat(100));
    assert!(matches!(found("https://a.example", &brackets), Found::Metadata(_)));
    let (half, text) = (MAX_DEPTH / 2 + 1, "]".repeat(100));
    let (open, close) = ("[".repeat(half), "]".repeat(half));
    let with_a_text = format!(r#"{{"issuer":"https://a.example","x":{open}"{text}",{open}{close}{close}}}"#);
    assert!(matches!(found("https://a.example", &with_a_text), Found::NotHere(_)));
    let beside = format!(r#"{{"issuer":"https://a.example","x":[{}0]}}"#, "[],{},".repeat(100));
    assert!(matches!(found("https://a.example", &beside), Found::Metadata(_)));
}

#[test]
fn a_server_that_is_not_reached_or_busy_is_asked_again() {
    let lost = |sent| {
        request("https://a.example").outcome(Err(Lost {
            sent,
            why: "no route".to_owned(),
            needs_person: false,
            is_unresolved: false,
        }))
    };
    for sent in [true, false] {
        assert!(matches!(lost(sent), Found::Transient { reached, retry_after: None, .. } if reached == sent));
    }
    let busy = Answer { retry_after: Some("60".to_owned()), ..json_answer(429, "{}") };
    let again = request("https://a.example").outcome(Ok(busy));
    assert!(matches!(again, Found::Transient { retry_after: Some(pause), .. } if pause.as_secs() == 60));
}
