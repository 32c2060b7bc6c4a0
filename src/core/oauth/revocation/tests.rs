use pizauth_common::config::{Account, ClientAuth};

use super::*;
use crate::testing::{account, client, json_answer, key, uri};

const URI: &str = "https://as.example/revoke";

fn request_of(account: &Account, kind: TokenKind) -> RevocationRequest {
    RevocationRequest::new(client(account), &uri(URI), kind, &Secret::from("the/token"))
}

fn outcome(status: u16, body: &str) -> Revoked {
    request_of(&account("work"), TokenKind::RefreshToken).outcome(Ok(json_answer(status, body)))
}

fn not_done(revoked: Revoked) -> String {
    match revoked {
        Revoked::NotDone(reason) => reason.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_request_names_the_token_its_kind_and_the_client() {
    let public = request_of(&account("work"), TokenKind::RefreshToken).http();
    assert_eq!(public.uri, URI);
    assert_eq!(public.body.expose(), "token=the%2Ftoken&token_type_hint=refresh_token&client_id=client%26id");
    let post = Account { client_auth: ClientAuth::Post("s3cret".into()), ..account("work") };
    assert_eq!(
        request_of(&post, TokenKind::AccessToken).http().body.expose(),
        "token=the%2Ftoken&token_type_hint=access_token&client_id=client%26id&client_secret=s3cret"
    );
    let basic = Account { client_auth: ClientAuth::Basic("s3cret".into()), ..account("work") };
    let basic = request_of(&basic, TokenKind::RefreshToken).http();
    assert_eq!(basic.body.expose(), "token=the%2Ftoken&token_type_hint=refresh_token");
    assert!(basic.headers.iter().any(|(name, _)| *name == "Authorization"));
}

#[test]
fn what_is_dead_already_is_revoked_but_not_by_the_word_of_a_server_that_has_failed() {
    for code in DEAD_ALREADY {
        let body = format!(r#"{{"error":"{code}"}}"#);
        for status in [200, 400, 401] {
            assert_eq!(outcome(status, &body), Revoked::Done, "{status} {code}");
        }
        for status in [403, 429, 500, 503] {
            assert!(not_done(outcome(status, &body)).contains(code), "{status} {code}");
        }
    }
}

#[test]
fn a_success_is_one_whatever_it_says_but_an_error() {
    for body in ["", "{}", "true", "<html>", "{\"access_token\":\"x\"}"] {
        assert_eq!(outcome(200, body), Revoked::Done, "{body}");
        assert_eq!(outcome(204, body), Revoked::Done, "{body}");
    }
    assert!(not_done(outcome(200, r#"{"error":"invalid_client"}"#)).contains("check client_id"));
    let logged = [200, 400].map(|status| outcome(status, "").as_str());
    assert_eq!(logged, ["revoked", "not_revoked"]);
}

#[test]
fn nobody_is_told_the_token_or_the_secret() {
    let account = Account { client_auth: ClientAuth::Post("s3cret".into()), ..account("work") };
    let body = r#"{"error":"server_error","error_description":"for the/token of s3cret it rains"}"#;
    let told = not_done(request_of(&account, TokenKind::RefreshToken).outcome(Ok(json_answer(500, body))));
    assert!(told.contains("it rains") && !told.contains("the/token") && !told.contains("s3cret"), "{told}");
    let signed = Account { client_auth: ClientAuth::PrivateKeyJwt(key(Some("/etc/cert.pem"))), ..account };
    let body = r#"{"error":"invalid_client","error_description":"for ISSIJTZSISIN it rains"}"#;
    let answer = Answer { signed: Some("eyJ.issijtzsisin".into()), ..json_answer(401, body) };
    let told = not_done(request_of(&signed, TokenKind::RefreshToken).outcome(Ok(answer)));
    assert!(told.contains("for … it rains") && told.contains("openssl x509"), "{told}");
}
