//! The same server over TLS: what comes to a port of its own is handed on to the plain one, and answered from there.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::AuthServer;
use crate::sync::Watched;
use crate::wire::PATIENCE;

const MAX_REQUEST: u64 = 512 * 1024;

/// An HTTPS listener on 127.0.0.1 in front of an [`AuthServer`], until it is dropped.
#[derive(Debug)]
pub struct Https {
    port: u16,
    certificate: String,
    stop: Arc<Watched<bool>>,
    thread: Option<JoinHandle<()>>,
}

impl Https {
    /// On a free port, with a certificate that nobody else has.
    pub fn before(server: &AuthServer) -> io::Result<Self> {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).map_err(io::Error::other)?;
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).map_err(io::Error::other)?;
        let certificate = made.cert.der().clone();
        let pem = pem(&certificate);
        let config = ServerConfig::builder().with_no_client_auth();
        let config = Arc::new(config.with_single_cert(vec![certificate], key).map_err(io::Error::other)?);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let stop = Arc::new(Watched::new(false));
        let thread = thread::spawn({
            let (stop, plain_port) = (Arc::clone(&stop), server.port());
            move || accept(&listener, &config, plain_port, &stop)
        });
        Ok(Self { port, certificate: pem, stop, thread: Some(thread) })
    }

    /// The token endpoint.
    pub fn token_uri(&self) -> String {
        format!("https://127.0.0.1:{}/token", self.port)
    }

    /// The certificate, as a file of certificate authorities has it.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }
}

impl Drop for Https {
    fn drop(&mut self) {
        self.stop.change(|stop| *stop = true);
        // Wakes the blocked accept; a failure means that it has gone already.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn pem(certificate: &CertificateDer<'_>) -> String {
    let text = STANDARD.encode(certificate);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

fn accept(listener: &TcpListener, config: &Arc<ServerConfig>, plain_port: u16, stop: &Watched<bool>) {
    for stream in listener.incoming() {
        if *stop.lock() {
            return;
        }
        let Ok(stream) = stream else { continue };
        let config = Arc::clone(config);
        // A connection that breaks is what many tests are about.
        thread::spawn(move || relay(stream, config, plain_port));
    }
}

fn relay(stream: TcpStream, config: Arc<ServerConfig>, plain_port: u16) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let session = ServerConnection::new(config).map_err(io::Error::other)?;
    let mut tls = StreamOwned::new(session, stream);
    let request = read_request(&mut tls)?;
    let mut plain = TcpStream::connect((Ipv4Addr::LOCALHOST, plain_port))?;
    plain.write_all(&request)?;
    io::copy(&mut plain, &mut tls)?;
    tls.conn.send_close_notify();
    tls.flush()
}

/// The bytes of one request: its head, and the body that it announces.
fn read_request(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut reader = BufReader::new(stream.take(MAX_REQUEST));
    let (mut bytes, mut length) = (Vec::new(), 0);
    loop {
        let begin = bytes.len();
        if reader.read_until(b'\n', &mut bytes)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = String::from_utf8_lossy(&bytes[begin..]).to_ascii_lowercase();
        if line == "\r\n" {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
    }
    reader.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}
