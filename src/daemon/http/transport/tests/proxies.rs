//! Requests by way of a proxy.

use super::*;

#[test]
fn a_proxy_is_asked_and_an_exception_goes_past_it() {
    let (visit, visits) = channel();
    let proxy = server(move |mut stream| {
        visit.send(read_request(&mut stream)).unwrap();
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nby-proxy");
    });
    let direct = answering("HTTP/1.1 200 OK\r\n\r\ndirect");
    let token = |variables: &[(&str, &str)]| body(perform_with(&direct, limits(), variables));
    let with_name = proxy.replace("http://", "http://me:a.b@");
    assert_eq!(token(&[("http_proxy", &with_name)]), "by-proxy");
    let request = visits.recv().unwrap().to_ascii_lowercase();
    assert!(request.starts_with(&format!("post {direct} http/1.1\r\n")), "{request}");
    let credentials = STANDARD.encode("me:a.b").to_ascii_lowercase();
    assert!(request.contains(&format!("\r\nproxy-authorization: basic {credentials}\r\n")), "{request}");
    assert_eq!(token(&[("http_proxy", &proxy)]), "by-proxy");
    assert!(!visits.recv().unwrap().to_ascii_lowercase().contains("proxy-authorization"));
    assert_eq!(token(&[("http_proxy", &proxy), ("NO_PROXY", "127.0.0.0/8")]), "direct");
    assert_eq!(visits.try_recv(), Err(TryRecvError::Empty));
}

/// Whoever believes that of the server asks elsewhere where its endpoints are.
#[test]
fn a_proxy_without_an_address_is_no_server_without_one() {
    // Too long for a name (RFC 1035 §2.3.4), so that nobody is asked for it.
    let proxy = format!("http://{}.example:8080/", "a".repeat(64));
    let lost = perform_with("http://as.example/", limits(), &[("http_proxy", &proxy)]).unwrap_err();
    assert!(lost.why.contains(": its name cannot be looked up: "), "{}", lost.why);
    assert!(!lost.is_unresolved && !lost.sent);
}

/// With the wrong password a proxy might lock its user out.
#[test]
fn a_proxy_with_a_password_that_attohttpc_would_send_wrongly_is_not_asked() {
    let (visit, visits) = channel();
    let proxy = server(move |_stream| visit.send(()).unwrap());
    let proxy = proxy.replace("http://", "http://me:hunter2%40@");
    for (variable, uri) in [("http_proxy", "http://as.example/"), ("HTTPS_PROXY", "https://as.example/")] {
        let (why, sent) = lost(perform_with(uri, limits(), &[(variable, &proxy)]));
        assert!(why.contains(variable) && why.contains("percent-encoded") && !sent, "{why}");
    }
    assert_eq!(visits.try_recv(), Err(TryRecvError::Empty));
}

#[test]
fn a_proxy_that_refuses_means_not_reached() {
    let proxy = server(|mut stream| {
        read_head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    });
    let result = perform_with("https://as.example/", limits(), &[("https_proxy", &proxy)]);
    let (why, sent) = lost(result);
    assert!(why.contains("the proxy refused the connection with http status 403") && !sent, "{why}");
}

#[test]
fn a_proxy_that_talks_nonsense_means_not_reached() {
    for (answer, expected) in [
        ("".to_owned(), "the connection was closed"),
        ("nonsense\r\n\r\n".to_owned(), "the answer is not HTTP"),
        (format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(20_000)), "the connection was closed"),
    ] {
        let proxy = server(move |mut stream| {
            read_head(&mut stream);
            let _ = stream.write_all(answer.as_bytes());
        });
        let proxy = proxy.replace("http://", "http://me:hunter2@");
        let result = perform_with("https://as.example/", limits(), &[("https_proxy", &proxy)]);
        let (why, sent) = lost(result);
        assert!(why.starts_with("cannot reach as.example through the proxy 127.0.0.1: "), "{why}");
        assert!(why.contains(expected) && !sent, "{why}");
    }
}

/// Carries bytes both ways until each side has ended.
fn carry(one: TcpStream, other: TcpStream) {
    let (mut one_back, mut other_back) = (one.try_clone().unwrap(), other.try_clone().unwrap());
    let (mut one, mut other) = (one, other);
    let back = thread::spawn(move || {
        let _ = std::io::copy(&mut other_back, &mut one_back);
        let _ = one_back.shutdown(Shutdown::Write);
    });
    let _ = std::io::copy(&mut one, &mut other);
    let _ = other.shutdown(Shutdown::Write);
    back.join().unwrap();
}

#[test]
fn to_https_a_proxy_carries_what_it_cannot_read() {
    let folder = tempfile::tempdir().unwrap();
    let authority = folder.path().join("ca.pem");
    let uri = tls_server(&authority, "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"access_token\":\"a\"}");
    let address = uri["https://".len()..].split('/').next().unwrap().to_owned();
    let (visit, visits) = channel();
    let server_address = address.clone();
    let proxy = server(move |mut stream| {
        visit.send(read_head(&mut stream)).unwrap();
        stream.write_all(b"HTTP/1.0 200 Connection established\r\nVia: a-proxy\r\n\r\n").unwrap();
        carry(stream, TcpStream::connect(&server_address).unwrap());
    });
    let proxy = proxy.replace("http://", "http://me:a!b@");
    let variables = [("https_proxy", proxy.as_str()), ("SSL_CERT_FILE", authority.to_str().unwrap())];
    assert_eq!(body(perform_with(&uri, limits(), &variables)), "{\"access_token\":\"a\"}");
    let (head, _) = parts(&visits.recv().unwrap());
    assert_eq!(head[0], format!("CONNECT {address} HTTP/1.1"));
    let credentials = STANDARD.encode("me:a!b").to_ascii_lowercase();
    assert!(head.contains(&format!("proxy-authorization: basic {credentials}")), "{head:?}");
}

#[test]
fn a_proxy_can_be_spoken_to_by_tls() {
    let folder = tempfile::tempdir().unwrap();
    let authority = folder.path().join("ca.pem");
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nby-proxy";
    let proxy = tls_server(&authority, answer);
    let variables = [("http_proxy", proxy.as_str()), ("SSL_CERT_FILE", authority.to_str().unwrap())];
    assert_eq!(body(perform_with("http://as.example/", limits(), &variables)), "by-proxy");
    // The same server is no proxy that opens a tunnel: it answers, and what follows is no handshake.
    let variables = [("https_proxy", proxy.as_str()), ("SSL_CERT_FILE", authority.to_str().unwrap())];
    let (_, sent) = lost(perform_with("https://as.example/", limits(), &variables));
    assert!(!sent);
}
