//! Replays `tests/answers/registration/`: answers to a client that wants to be registered, and what comes of each.

use std::fs;

use super::registration::{NewClient, NewClientAuth, Registered, RegistrationRequest};
use super::token_answer::golden::{Expected, answer, cases};
use crate::testing::server_with_registration;

#[test]
fn every_answer_gets_its_verdict() {
    let cases = cases("registration");
    assert!(cases.len() >= 18, "only {} cases", cases.len());
    let request = RegistrationRequest::new(&server_with_registration(), "mail").unwrap();
    for case in cases {
        let expected = Expected::read(&case.with_extension("verdict"));
        let answer = answer(&fs::read(&case).unwrap());
        let name = case.display().to_string();
        let (verdict, reason) = match request.outcome(Ok(answer)) {
            Registered::Client(client) => {
                for (member, value) in facts(&client) {
                    let is_so = expected.get(member).is_none_or(|wanted| wanted == value);
                    assert!(is_so, "{name}, {member}: {value}");
                }
                ("client", String::new())
            }
            Registered::Refused(reason) => ("refused", reason.to_string()),
            Registered::Unusable(reason) => ("unusable", reason.to_string()),
            Registered::Transient(reason) => ("transient", reason.to_string()),
        };
        assert_eq!(Some(verdict), expected.get("verdict"), "{name}: {reason}");
        assert!(expected.get("reason").is_none_or(|words| reason.contains(words)), "{name}: {reason:?}");
        assert!(expected.get("absent").is_none_or(|words| !reason.contains(words)), "{name}: {reason:?}");
    }
}

fn facts(client: &NewClient) -> [(&'static str, String); 6] {
    let none = || "none".to_owned();
    let (auth, secret) = match &client.auth {
        NewClientAuth::None => (none(), None),
        NewClientAuth::Post(secret) => ("post".to_owned(), Some(secret)),
        NewClientAuth::Basic(secret) => ("basic".to_owned(), Some(secret)),
    };
    let ends = secret.and_then(|secret| secret.expires_at);
    [
        ("client_id", client.client_id.clone()),
        ("auth", auth),
        ("secret", secret.map_or_else(none, |secret| secret.secret.expose().to_owned())),
        ("ends", ends.map_or_else(none, |at| at.to_string())),
        ("redirect", client.redirect_uri.to_owned()),
        ("scope", client.scope.clone().unwrap_or_else(none)),
    ]
}
