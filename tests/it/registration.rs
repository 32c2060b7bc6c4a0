//! `pizauthd --register`: a client that is made known to an issuer (RFC 7591), without a daemon.

use pizauth_test_server::wire::Response;
use pizauth_test_server::{AuthServer, Endpoint, Entry, Fault};
use serde_json::{Value, json};

use crate::support::{Ran, Sandbox, server};

fn register(server: &AuthServer) -> Ran {
    Sandbox::new().applet("server").args(["--register", server.issuer(), "--scope", "imap smtp"]).run()
}

/// The bodies of the requests to register.
fn asked(server: &AuthServer) -> Vec<Value> {
    let entries = server.log().entries().into_iter();
    let body = |entry: Entry| serde_json::from_slice(&entry.request.body).expect("JSON");
    entries.filter(|entry| entry.endpoint == Endpoint::Registration).map(body).collect()
}

fn printed(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out()).expect("JSON")
}

#[test]
fn a_client_is_registered_and_the_token_to_change_it_not_kept() {
    let server = server();
    let ran = register(&server).exits(0).says("the registration access token of this client is not kept");
    let client = printed(&ran);
    assert!(client["client_id"].as_str().is_some_and(|id| id.starts_with("client-")), "{client}");
    assert_eq!(client["redirect_uris"], json!(["http://127.0.0.1/"]));
    assert_eq!(client["token_endpoint_auth_method"], "none");
    assert_eq!(client.get("client_secret"), None);
    assert!(!ran.out().contains("registration-") && !ran.stderr.contains("registration-"));
    let asked = asked(&server);
    assert_eq!(asked.len(), 1);
    for (member, value) in [
        ("client_name", json!("pizauth")),
        ("redirect_uris", json!(["http://127.0.0.1/", "http://localhost/"])),
        ("token_endpoint_auth_method", json!("none")),
        ("application_type", json!("native")),
        ("scope", json!("imap smtp")),
    ] {
        assert_eq!(asked[0][member], value, "{member}");
    }
    let post = server.log().entries().pop().expect("a request").request;
    assert_eq!(post.header("content-type"), Some("application/json"));
}

#[test]
fn who_does_not_want_two_redirect_uris_is_asked_with_one_and_then_no_more() {
    let server = server();
    server.script(Endpoint::Registration, Fault::oauth_error(400, "invalid_redirect_uri", "one, please"));
    register(&server).exits(0);
    assert_eq!(asked(&server)[1]["redirect_uris"], json!(["http://127.0.0.1/"]));
    server.script_always(
        Endpoint::Registration,
        Some(Fault::oauth_error(400, "invalid_redirect_uri", "https only")),
    );
    let ran = register(&server).exits(1).prints_nothing();
    ran.says(&format!(
        "{} refuses to register the client: invalid_redirect_uri: https only",
        server.issuer()
    ));
    assert_eq!(asked(&server).len(), 4);
}

#[test]
fn a_secret_is_printed_with_its_end() {
    let server = server();
    let secret = json!({"client_id": "x", "client_secret": "s3cret", "client_secret_expires_at": 1_900_000_000,
        "token_endpoint_auth_method": "client_secret_post"});
    server.script(Endpoint::Registration, Fault::json(201, &secret));
    let client = printed(&register(&server).exits(0).says_not("s3cret"));
    assert_eq!(client["client_secret"], "s3cret");
    assert_eq!(client["client_secret_expires_at"], 1_900_000_000);
    assert_eq!(client["token_endpoint_auth_method"], "client_secret_post");
}

#[test]
fn a_server_that_registers_nobody_is_asked_once() {
    for (fault, code, why) in [
        (Fault::oauth_error(401, "invalid_token", "whose?"), 1, "it registers only whom it knows"),
        (Fault::answer(Response::html(403, "<html>Trusted hosts</html>".into())), 1, "only whom it knows"),
        (Fault::json(200, &json!({"hello": 1})), 1, "neither a client_id nor an error"),
        (Fault::answer(Response::see_other("https://evil.example/")), 1, "never followed"),
        (Fault::json(503, &json!({})), 2, "http status 503"),
        (Fault::endless(), 2, "longer than 1 MiB"),
        (Fault::close(), 2, "the connection was closed"),
    ] {
        let server = server();
        server.script_always(Endpoint::Registration, Some(fault));
        register(&server)
            .exits(code)
            .says("cannot register a client at http://127.0.0.1")
            .says(why)
            .prints_nothing();
        assert_eq!(asked(&server).len(), 1, "{why}");
    }
}

#[test]
fn a_server_without_an_endpoint_for_it_is_told() {
    let server = server();
    let document = Fault::rewrite(&[("registration_endpoint", None)]);
    server.script(Endpoint::Metadata, document);
    register(&server)
        .exits(1)
        .says("has no registration_endpoint: register the client on its pages")
        .prints_nothing();
    server.script(Endpoint::Metadata, Fault::json(503, &json!({})));
    register(&server).exits(2).says("http status 503").prints_nothing();
    assert_eq!(asked(&server).len(), 0);
}
