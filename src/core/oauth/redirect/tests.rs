use super::*;
use crate::testing::uri;

fn request(host: &str, path: &str, query: &str) -> RedirectRequest {
    RedirectRequest {
        scheme: Scheme::Http,
        port: 4321,
        host: host.to_owned(),
        path: path.to_owned(),
        query: query.into(),
    }
}

fn known(scheme: Scheme, port: u16, host: &str) -> bool {
    let request = RedirectRequest { scheme, port, ..request(host, "/", "") };
    host_is_known(
        &request,
        &[uri("http://localhost/"), uri("https://Mail.Example:99/cb"), uri("http://[::1]/")],
    )
}

#[test]
fn a_known_host_has_the_listeners_port_in_any_case() {
    for host in ["localhost:4321", "LocalHost:4321", "mail.example:4321", "[::1]:4321"] {
        assert!(known(Scheme::Http, 4321, host), "{host}");
    }
    for host in ["localhost", "localhost:80", "localhost:99", "mail.example:99", "evil.example:4321", ""] {
        assert!(!known(Scheme::Http, 4321, host), "{host}");
    }
    for host in [
        "localhost.:4321",
        "127.0.0.1:4321",
        "::1:4321",
        "localhost:4321 ",
        "localhost:04321",
        "a@localhost:4321",
    ] {
        assert!(!known(Scheme::Http, 4321, host), "{host}");
    }
}

#[test]
fn only_a_default_port_may_be_missing() {
    assert!(known(Scheme::Http, 80, "localhost"));
    assert!(known(Scheme::Http, 80, "localhost:80"));
    assert!(known(Scheme::Https, 443, "localhost"));
    assert!(!known(Scheme::Http, 443, "localhost"));
    assert!(!known(Scheme::Https, 80, "localhost"));
    assert!(!known(Scheme::Http, 80, "localhost:"));
}

#[test]
fn a_redirect_answers_its_own_uri_only() {
    let redirect_uri = uri("http://localhost/cb");
    assert!(answers(&request("localhost:4321", "/cb", "code=1&state=2"), &redirect_uri));
    assert!(!answers(&request("localhost:4321", "/cb/", "code=1"), &redirect_uri));
    assert!(!answers(&request("localhost:4321", "/CB", "code=1"), &redirect_uri));
    assert!(!answers(&request("127.0.0.1:4321", "/cb", "code=1"), &redirect_uri));
    let over_tls = RedirectRequest { scheme: Scheme::Https, ..request("localhost:4321", "/cb", "") };
    assert!(!answers(&over_tls, &redirect_uri));
}

#[test]
fn the_redirect_uris_own_query_must_come_back() {
    let redirect_uri = uri("http://localhost/?tenant=a%20b&n=1&n=1");
    assert!(answers(&request("localhost:4321", "/", "n=1&code=1&tenant=a+b&n=1&state=2"), &redirect_uri));
    assert!(!answers(&request("localhost:4321", "/", "n=1&tenant=a+b"), &redirect_uri), "n only once");
    assert!(!answers(&request("localhost:4321", "/", "n=1&n=1&tenant=c"), &redirect_uri));
    assert!(
        !answers(&request("localhost:4321", "/", "code=1&state=2&iss=3"), &redirect_uri),
        "others instead"
    );
    assert!(!answers(&request("localhost:4321", "/", ""), &redirect_uri));
}

#[test]
fn a_code_is_read_decoded() {
    let response = AuthorizationResponse::parse("state=s%2Dx&code=4%2F0A+b&scope=z&scope=y").unwrap();
    let expected = AuthorizationResponse::Code { state: "s-x".into(), code: "4/0A b".into(), iss: None };
    assert_eq!(response, expected);
    assert_eq!(response.state(), &Secret::from("s-x"));
}

#[test]
fn an_error_is_told_with_its_description() {
    let reason = |query| match AuthorizationResponse::parse(query).unwrap() {
        AuthorizationResponse::Error { reason, .. } => reason.as_str().to_owned(),
        AuthorizationResponse::Code { .. } => panic!("a code"),
    };
    assert_eq!(reason("error=access_denied&state=s"), "access_denied");
    assert_eq!(
        reason("error=access_denied&error_description=You+said%0Ano&state=s&code="),
        "access_denied: You said no"
    );
    assert_eq!(reason("error=invalid_scope&state=s"), "invalid_scope (check scopes)");
    assert!(
        reason("error=access_denied&error_description=AADSTS65001:+no&state=s")
            .contains("(consent is missing: ")
    );
}

#[test]
fn a_query_that_is_no_authorization_response_says_why() {
    for (query, fault) in [
        ("", RedirectFault::NoState),
        ("code=1", RedirectFault::NoState),
        ("error=invalid_scope", RedirectFault::ErrorWithoutState(Some("check scopes"))),
        ("error=click+here&error_description=for+a+prize", RedirectFault::ErrorWithoutState(None)),
        ("state=&code=1", RedirectFault::NoState),
        ("state=1", RedirectFault::NeitherCodeNorError),
        ("state=1&code=", RedirectFault::NeitherCodeNorError),
        ("state=1&code=2&error=3", RedirectFault::CodeAndError),
        ("state=1&code=a%0Ab", RedirectFault::UnreadableCode),
        ("state=1&code=%FF", RedirectFault::UnreadableCode),
        ("state=1&state=1&code=2", RedirectFault::Repeated),
        ("state=1&code=2&c%6Fde=2", RedirectFault::Repeated),
        ("state=1&code=&code=2", RedirectFault::Repeated),
        ("state=1&error=a&error=b", RedirectFault::Repeated),
        ("state=1&code=2&iss=a&iss=a", RedirectFault::Repeated),
    ] {
        assert_eq!(AuthorizationResponse::parse(query), Err(fault), "{query}");
    }
}

#[test]
fn a_browser_is_told_which_rule_its_address_breaks() {
    for (query, rule) in [
        ("state=1&state=1", "the address has a parameter more than once"),
        ("code=1", "the address has no state parameter"),
        (
            "error=access_denied&error_description=AADSTS65001:+No+consent",
            "consent is missing: authorize again and agree, or ask the administrator",
        ),
        (
            "error=x",
            "the authorization server has refused, and its answer does not say which sign-in is meant",
        ),
        ("state=1", "the address has neither a code nor an error"),
        ("state=1&code=2&error=3", "the address has both a code and an error"),
        ("state=1&code=%FF", "the code in the address is not printable ASCII"),
    ] {
        assert_eq!(AuthorizationResponse::parse(query).unwrap_err().as_str(), rule);
    }
}
