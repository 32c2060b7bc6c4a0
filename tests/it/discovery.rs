//! `pizauthd --discover`: what an issuer says of itself, by the daemon's way to servers and without a daemon.

use pizauth_test_server::wire::Response;
use pizauth_test_server::{AuthServer, Endpoint, Fault};
use serde_json::{Value, json};

use crate::support::{Ran, Sandbox, server};

fn discover(issuer: &str) -> Ran {
    Sandbox::new().applet("server").args(["--discover", issuer]).run()
}

/// What it says of the metadata that it gets here from both places.
fn faced_with(fault: Fault) -> Ran {
    let server = server();
    server.script_always(Endpoint::Metadata, Some(fault));
    discover(server.issuer())
}

fn document(server: &AuthServer, more: &Value) -> Fault {
    let mut document = json!({"issuer": server.issuer(), "token_endpoint": server.token_uri()});
    for (name, value) in more.as_object().expect("members") {
        document[name] = value.clone();
    }
    Fault::json(200, &document)
}

#[test]
fn what_has_been_checked_is_printed_and_nothing_else() {
    let server = server();
    let ran = discover(server.issuer()).exits(0);
    assert_eq!(ran.stderr, "");
    let printed: Value = serde_json::from_str(&ran.out()).expect("JSON");
    let at = |path: &str| format!("{}{path}", server.issuer());
    let expected = json!({
        "issuer": server.issuer(),
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "device_authorization_endpoint": at("/device"),
        "revocation_endpoint": at("/revoke"),
        "registration_endpoint": at("/register"),
        "scopes_supported": ["openid", "email", "offline_access", "urn:ietf:params:oauth:scope:mail"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "authorization_response_iss_parameter_supported": true,
    });
    assert_eq!(printed, expected);
    let requests = server.log().entries();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].request.header("accept"), Some("application/json"));
}

#[test]
fn no_daemon_and_no_configuration_is_needed_and_none_comes_of_it() {
    let (server, sandbox) = (server(), Sandbox::new());
    sandbox.write_config("account \"broken\" {");
    sandbox.multiplexer().args(["server", "--discover", server.issuer()]).run().exits(0);
    sandbox.applet("show").args(["x"]).run().exits(2);
}

#[test]
fn the_second_place_is_looked_at_where_the_first_has_nothing() {
    let server = server();
    for first in [
        Fault::answer(Response::new(404, "text/plain", "no")),
        Fault::answer(Response::see_other("https://evil.example/")),
        Fault::answer(Response::html(200, "<html><title>Welcome</title></html>".into())),
    ] {
        server.script(Endpoint::Metadata, first);
        server.script(Endpoint::Metadata, document(&server, &json!({"authorization_endpoint": "/relative"})));
        let ran = discover(server.issuer()).exits(0).says("has no authorization_endpoint that can be used");
        let printed: Value = serde_json::from_str(&ran.out()).expect("JSON");
        assert_eq!(printed["token_endpoint"], server.token_uri());
        assert_eq!(printed.get("authorization_endpoint"), None);
    }
    let places: Vec<_> = server.log().entries().into_iter().map(|entry| entry.request.path).collect();
    let both = ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"];
    assert_eq!(places, [both, both, both].concat());
}

#[test]
fn no_endpoint_is_printed_that_could_not_be_trusted_with_a_token() {
    let server = server();
    for bad in ["ftp://h.example/t", "https://me@h.example/t", "https:///t#f", "//h.example/t", "/token"] {
        server.script(Endpoint::Metadata, Fault::rewrite(&[("token_endpoint", Some(json!(bad)))]));
        let ran = discover(server.issuer()).exits(0).says("has no token_endpoint that can be used");
        let printed: Value = serde_json::from_str(&ran.out()).expect("JSON");
        assert_eq!(printed.get("token_endpoint"), None, "{bad}");
        assert_eq!(printed["authorization_endpoint"], server.auth_uri());
    }
}

#[test]
fn an_issuer_that_lies_or_wants_what_we_do_not_do_is_named_and_nothing_of_it_printed() {
    let server = server();
    let slash = format!("{}/", server.issuer());
    for (more, why) in [
        (
            json!({"issuer": "https://evil.example"}),
            "says that it is \"https://evil.example\": it is another one",
        ),
        (json!({"issuer": slash}), "write that as issuer"),
        (json!({"require_pushed_authorization_requests": true}), "pushed authorization requests (RFC 9126)"),
    ] {
        server.script(Endpoint::Metadata, document(&server, &more));
        discover(server.issuer()).exits(1).says(why).prints_nothing();
    }
    assert_eq!(server.log().count(Endpoint::Metadata), 3, "of such a document nothing is believed");
}

#[test]
fn what_is_no_metadata_is_told_with_both_places() {
    for (fault, why) in [
        (Fault::answer(Response::see_other("https://evil.example/")), "a redirect, which is never followed"),
        (Fault::answer(Response::html(200, "<html><title>Welcome</title></html>".into())), "a web page"),
        (Fault::json(200, &json!({"token_endpoint": "https://as.example/token"})), "names no issuer"),
        (Fault::json(404, &json!({})), "http status 404"),
    ] {
        let ran = faced_with(fault).exits(1).says("says nothing of itself").says(why).prints_nothing();
        assert!(ran.stderr.contains("/oauth-authorization-server: "), "{}", ran.stderr);
        assert!(ran.stderr.contains("/openid-configuration: "), "{}", ran.stderr);
    }
}

#[test]
fn what_may_pass_has_a_status_of_its_own() {
    for (fault, why) in [
        (Fault::json(503, &json!({})), "http status 503"),
        (Fault::endless(), "longer than 1 MiB"),
        (Fault::close(), "the connection was closed"),
        (Fault::truncate(Response::json(200, &json!({"issuer": "x"}))), "ended early"),
    ] {
        faced_with(fault).exits(2).says(why).prints_nothing();
    }
    let mut server = server();
    server.go_down();
    discover(server.issuer()).exits(2).says("cannot reach 127.0.0.1").prints_nothing();
}

#[test]
fn what_cannot_be_asked_is_wrong_usage() {
    for (options, why) in [
        (&["--discover", "as.example"][..], "is not an absolute URI"),
        (&["--discover", "http://as.example"], "plain http"),
        (&["--discover", "https://as.example?x"], "has a query"),
        (&["--discover", "https://as.example#x"], "has a fragment"),
        (&["--discover", "https://as.example/a b"], "not a URI as it stands"),
        (&["--discover", "https://login.microsoftonline.com/common/v2.0"], "write provider = \"microsoft\""),
        (&["--discover", "https://a.example", "--register", "https://a.example"], "two things"),
        (&["--discover", "https://a.example", "--scope", "x"], "goes with --register"),
        (&["--scope", "x"], "goes with --register"),
        (&["--register", "https://a.example", "--scope", "ü"], "printable ASCII"),
    ] {
        Sandbox::new().applet("server").args(options).run().exits(64).says(why).prints_nothing();
    }
}

#[test]
fn words_of_a_server_drive_no_terminal() {
    let server = server();
    server.script(Endpoint::Metadata, document(&server, &json!({"issuer": "\u{1b}[2J\u{202e}"})));
    let ran = discover(server.issuer()).exits(1);
    assert!(ran.stderr.chars().all(|c| c == '\n' || !c.is_control()), "{:?}", ran.stderr);
    assert!(!ran.stderr.contains('\u{202e}'), "{:?}", ran.stderr);
}
