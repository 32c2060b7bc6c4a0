//! HTTPS, with a client that believes nothing but this certificate.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use pizauth_common::config::Scheme;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion};

use super::super::certificate::Certificate;
use super::super::connection::Timeouts;
use super::support::*;

fn certificate(bench: &Bench) -> CertificateDer<'static> {
    bench.listener.bindings.certificate.as_ref().unwrap().certificate().clone()
}

/// A session that has yet to begin.
fn session(
    bench: &Bench,
    name: &str,
    versions: &[&'static SupportedProtocolVersion],
) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate(bench)).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let name = ServerName::try_from(name.to_owned()).unwrap();
    StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), bench.connect())
}

fn ask(bench: &Bench, name: &str, versions: &[&'static SupportedProtocolVersion]) -> String {
    let mut session = session(bench, name, versions);
    session.write_all(ROOT_VISIT.as_bytes()).unwrap();
    // Fails unless the listener ends the session properly (RFC 8446 §6.1).
    answer(&mut session)
}

#[test]
fn a_visit_over_tls_reaches_the_loop_and_brings_its_page_back() {
    let bench = Bench::http(https_only(&[]));
    for version in [&TLS12, &TLS13] {
        let answer = ask(&bench, "localhost", &[version]);
        assert_eq!(status(&answer), "200 OK");
        assert!(answer.ends_with("</html>\n"), "{answer}");
        let request = bench.requests.recv_timeout(PATIENCE).unwrap();
        assert_eq!((request.scheme, request.port), (Scheme::Https, bench.port()));
    }
}

#[test]
fn the_certificate_is_good_for_every_name_that_leads_here() {
    let bench = Bench::http(https_only(&["mail.example", "192.0.2.7"]));
    for name in ["localhost", "127.0.0.1", "::1", "mail.example", "192.0.2.7"] {
        assert_eq!(status(&ask(&bench, name, &[&TLS13])), "200 OK", "{name}");
    }
    let mut stranger = session(&bench, "elsewhere.example", &[&TLS13]);
    assert!(stranger.write_all(ROOT_VISIT.as_bytes()).and_then(|()| stranger.flush()).is_err());
}

#[test]
fn plain_http_is_told_to_come_back_with_tls() {
    let bench = Bench::http(https_only(&[]));
    let answer = bench.ask(ROOT_VISIT);
    assert_eq!(status(&answer), "400 Bad Request");
    assert!(answer.contains("https://"), "{answer}");
    assert!(bench.requests.try_recv().is_err());
}

#[test]
fn a_mute_handshake_ends() {
    let timeouts = Timeouts { head: Duration::from_millis(500), ..patient() };
    let certificate = Certificate::new(&[]).unwrap();
    let begun = Begun::with(&[22, 3, 1], Some(Arc::clone(certificate.config())), timeouts);
    assert_eq!(begun.served(), "");
}

#[test]
fn garbage_in_a_handshake_costs_only_its_connection() {
    let bench = Bench::http(https_only(&[]));
    let mut garbage = bench.connect();
    garbage.write_all(&[22; 4096]).unwrap();
    let _ = std::io::copy(&mut garbage, &mut std::io::sink());
    assert_eq!(status(&ask(&bench, "localhost", &[&TLS13])), "200 OK");
}
