//! Replays `tests/answers/revocation/`: answers of revocation endpoints, and beside each what comes of it.

use std::fs;

use super::revocation::{RevocationRequest, Revoked, TokenKind};
use super::token_answer::golden::{Expected, answer, cases};
use crate::testing::{account, client, uri};

#[test]
fn every_answer_gets_its_verdict() {
    let cases = cases("revocation");
    assert!(cases.len() >= 12, "only {} cases", cases.len());
    for case in cases {
        let expected = Expected::read(&case.with_extension("verdict"));
        let answer = answer(&fs::read(&case).unwrap());
        let name = case.display().to_string();
        let (account, uri) = (account("work"), uri("https://as.example/revoke"));
        let request =
            RevocationRequest::new(client(&account), &uri, TokenKind::RefreshToken, &"the-token".into());
        let (verdict, reason) = match request.outcome(Ok(answer)) {
            Revoked::Done => ("done", String::new()),
            Revoked::OtherKindsOnly(reason) => ("other kinds only", reason.to_string()),
            Revoked::NotDone(reason) => ("not done", reason.to_string()),
        };
        assert_eq!(Some(verdict), expected.get("revoked"), "{name}: {reason}");
        assert!(expected.get("reason").is_none_or(|words| reason.contains(words)), "{name}: {reason:?}");
        assert!(!reason.contains("the-token"), "{name}: {reason:?}");
    }
}
