//! Requests by way of a proxy.

use super::*;

#[test]
fn a_proxy_is_asked_and_an_exception_goes_past_it() {
    let (visit, visits) = channel();
    let proxy = server(move |mut stream| {
        visit.send(read_request(&mut stream)).unwrap();
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n{\"access_token\":\"by-proxy\"}");
    });
    let direct = answering("HTTP/1.1 200 OK\r\n\r\n{\"access_token\":\"direct\"}");
    let token = |variables: &[(&str, &str)]| match perform_with(&direct, limits(), variables) {
        Outcome::Issued(issued) => issued.access_token.expose().to_owned(),
        other => panic!("{other:?}"),
    };
    let with_name = proxy.replace("http://", "http://me:a%40b@");
    assert_eq!(token(&[("http_proxy", &with_name)]), "by-proxy");
    let request = visits.recv().unwrap().to_ascii_lowercase();
    assert!(request.starts_with(&format!("post {direct} http/1.1\r\n")), "{request}");
    let host = direct["http://".len()..].split('/').next().unwrap();
    assert!(request.contains(&format!("\r\nhost: {host}\r\n")), "{request}");
    let credentials = STANDARD.encode("me:a@b").to_ascii_lowercase();
    assert!(request.contains(&format!("\r\nproxy-authorization: basic {credentials}\r\n")), "{request}");
    assert_eq!(token(&[("http_proxy", &proxy), ("NO_PROXY", "127.0.0.0/8")]), "direct");
    assert_eq!(visits.try_recv(), Err(TryRecvError::Empty));
}

#[test]
fn a_proxy_that_refuses_means_not_reached() {
    let proxy = server(|mut stream| {
        read_head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    });
    let outcome = perform_with("https://as.example/", limits(), &[("https_proxy", &proxy)]);
    let (reason, reached) = transient(outcome);
    assert!(reason.contains("the proxy refused the connection with http status 403") && !reached, "{reason}");
}

#[test]
fn a_proxy_that_talks_nonsense_means_not_reached() {
    for (answer, why) in [
        ("".to_owned(), "the connection was closed"),
        ("nonsense\r\n\r\n".to_owned(), "its answer is not HTTP"),
        (format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(20_000)), "longer than 16 KiB"),
    ] {
        let proxy = server(move |mut stream| {
            read_head(&mut stream);
            let _ = stream.write_all(answer.as_bytes());
        });
        let proxy = proxy.replace("http://", "http://me:hunter2@");
        let outcome = perform_with("https://as.example/", limits(), &[("https_proxy", &proxy)]);
        let (reason, reached) = transient(outcome);
        assert!(reason.starts_with("cannot reach as.example: the proxy 127.0.0.1: "), "{reason}");
        assert!(reason.contains(why) && !reached && !reason.contains("hunter2"), "{reason}");
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
    let proxy = proxy.replace("http://", "http://m%C3%A9:a%3Ab@");
    let variables = [("https_proxy", proxy.as_str()), ("SSL_CERT_FILE", authority.to_str().unwrap())];
    assert!(matches!(perform_with(&uri, limits(), &variables), Outcome::Issued(_)));
    let credentials = STANDARD.encode("m\u{e9}:a:b");
    let expected = format!(
        "CONNECT {address} HTTP/1.1\r\nHost: {address}\r\nProxy-Authorization: Basic {credentials}\r\n\r\n"
    );
    assert_eq!(visits.recv().unwrap(), expected);
}

#[test]
fn a_proxy_can_be_spoken_to_by_tls() {
    let folder = tempfile::tempdir().unwrap();
    let authority = folder.path().join("ca.pem");
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 27\r\n\r\n{\"access_token\":\"by-proxy\"}";
    let proxy = tls_server(&authority, answer);
    let variables = [("http_proxy", proxy.as_str()), ("SSL_CERT_FILE", authority.to_str().unwrap())];
    let Outcome::Issued(issued) = perform_with("http://as.example/", limits(), &variables) else {
        panic!("not issued");
    };
    assert_eq!(issued.access_token.expose(), "by-proxy");
    // The same server is no proxy that opens a tunnel: it answers, and what follows is no handshake.
    let variables = [("https_proxy", proxy.as_str()), ("SSL_CERT_FILE", authority.to_str().unwrap())];
    let (_, reached) = transient(perform_with("https://as.example/", limits(), &variables));
    assert!(!reached);
}
