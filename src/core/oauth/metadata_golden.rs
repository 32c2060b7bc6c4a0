//! Replays `tests/answers/metadata/`: what issuers say of themselves, and beside each what is taken of it.

use std::fs;

use pizauth_common::config::Uri;

use super::metadata::{Found, MetadataRequest};
use super::token_answer::golden::{Expected, answer, cases};
use crate::testing::uri;

#[test]
fn every_answer_gets_its_verdict() {
    let cases = cases("metadata");
    assert!(cases.len() >= 18, "only {} cases", cases.len());
    for case in cases {
        let expected = Expected::read(&case.with_extension("verdict"));
        let answer = answer(&fs::read(&case).unwrap());
        let name = case.display().to_string();
        let request = MetadataRequest::new(uri(expected.get("issuer").unwrap_or("https://as.example")));
        let (verdict, reason) = match request.outcome(Ok(answer)) {
            Found::Metadata(metadata) => {
                for (member, endpoint) in [
                    ("authorization", &metadata.authorization_endpoint),
                    ("token", &metadata.token_endpoint),
                    ("device", &metadata.device_authorization_endpoint),
                    ("revocation", &metadata.revocation_endpoint),
                    ("registration", &metadata.registration_endpoint),
                ] {
                    let written = endpoint.as_ref().map_or("none", Uri::written);
                    assert!(
                        expected.get(member).is_none_or(|wanted| wanted == written),
                        "{name}, {member}: {written}"
                    );
                }
                let facts = [
                    ("iss", metadata.promises_iss),
                    ("post", metadata.secrets.post),
                    ("basic", metadata.secrets.basic),
                    ("lacks S256", metadata.lacks_s256),
                ];
                for (fact, is_so) in facts {
                    let wanted = expected.get(fact);
                    assert!(
                        wanted.is_none_or(|wanted| wanted == is_so.to_string()),
                        "{name}, {fact}: {is_so}"
                    );
                }
                let scopes = metadata.scopes.join(" ");
                assert!(expected.get("scopes").is_none_or(|wanted| wanted == scopes), "{name}: {scopes}");
                ("found", String::new())
            }
            Found::NotHere(reason) => ("not here", reason.to_string()),
            Found::Unusable(reason) => ("unusable", reason.to_string()),
            Found::Transient { reason, .. } => ("transient", reason.to_string()),
        };
        assert_eq!(Some(verdict), expected.get("verdict"), "{name}: {reason}");
        assert!(expected.get("reason").is_none_or(|words| reason.contains(words)), "{name}: {reason:?}");
    }
}
