use pizauth_common::config::Scheme;

use super::*;
use crate::testing::uri;

fn paste(address: &str) -> Result<(String, String), PasteFault> {
    let request = pasted(address, &uri("http://localhost/cb"), 4321)?;
    assert_eq!((request.scheme, request.port), (Scheme::Http, 4321));
    assert_eq!(request.path, "/cb");
    Ok((request.host, request.query.expose().to_owned()))
}

#[test]
fn an_address_is_the_request_that_the_browser_would_have_made() {
    let query = "code=a%2Fb&state=x%20y";
    for address in [
        format!("http://localhost:4321/cb?{query}"),
        format!("  HTTP://localhost:4321/cb?{query}#_=_\r\n"),
        format!("localhost:4321/cb?{query}"),
    ] {
        assert_eq!(paste(&address), Ok(("localhost:4321".to_owned(), query.to_owned())), "{address}");
    }
    assert_eq!(paste("http://LocalHost:4321/cb").map(|(_, query)| query), Ok(String::new()));
    let root = pasted("https://[::1]?error=x", &uri("https://[::1]/"), 443).unwrap();
    assert_eq!((root.host.as_str(), root.path.as_str()), ("[::1]", "/"));
    assert_eq!(root.query.expose(), "error=x");
}

#[test]
fn what_leads_elsewhere_is_told_where_the_browser_ends() {
    let elsewhere = PasteFault::Elsewhere("http://localhost:4321".to_owned());
    for address in [
        "https://localhost:4321/cb?code=x&state=y",
        "http://localhost:4322/cb?code=x&state=y",
        "http://localhost/cb?code=x&state=y",
        "http://localhost:4321/?code=x&state=y",
        "http://localhost:4321/cb/?code=x&state=y",
        "http://127.0.0.1:4321/cb?code=x&state=y",
        "http://localhost:4321@evil.example/cb?code=x&state=y",
        "https://login.example/authorize?client_id=x",
        "localhost:4321.evil.example/cb?code=x",
        "javascript://localhost:4321/cb",
        "://",
    ] {
        assert_eq!(paste(address), Err(elsewhere.clone()), "{address}");
    }
}

#[test]
fn what_is_no_address_says_so() {
    for text in
        ["", "0.AX8A-abc", "code=x&state=y", "?code=x&state=y", "\u{0}\u{1b}[2J", "http:/localhost:4321"]
    {
        assert_eq!(paste(text), Err(PasteFault::NoAddress), "{text}");
    }
    assert!(PasteFault::NoAddress.to_string().starts_with("paste the whole address; the code alone"));
    let long = format!("http://localhost:4321/cb?code={}", "x".repeat(16 * 1024));
    assert_eq!(paste(&long), Err(PasteFault::TooLong));
    assert_eq!(paste(&long[..16 * 1024]).map(|(host, _)| host), Ok("localhost:4321".to_owned()));
}
