//! The redirect listener's doors, HTTP and HTTPS, as a visitor finds them: raw bytes in, an answer out.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, Stream};
use serde_json::Value;

use super::{PATIENCE, Sandbox, pinned};

/// A listener of the daemon on 127.0.0.1.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    pub(crate) port: u16,
    /// Absent: plain HTTP.
    tls: Option<Arc<ClientConfig>>,
}

/// What came back until the connection was closed; nothing, where it was closed without a word.
#[derive(Debug)]
pub(crate) struct Answer(pub(crate) String);

impl Door {
    /// The daemon's HTTP listener.
    #[track_caller]
    pub(crate) fn http(sandbox: &Sandbox) -> Self {
        Self { port: port(&server_info(sandbox), "http_port"), tls: None }
    }

    /// The daemon's HTTPS listener. Its visitors accept the certificate that `info` tells of and no other.
    #[track_caller]
    pub(crate) fn https(sandbox: &Sandbox) -> Self {
        let info = server_info(sandbox);
        let fingerprint = info["https_fingerprint"].as_str().expect("a fingerprint").to_owned();
        Self { port: port(&info, "https_port"), tls: Some(Arc::new(pinned::client_config(fingerprint))) }
    }

    /// A connection of which nothing has been said yet, not even a handshake.
    #[track_caller]
    pub(crate) fn connect(&self) -> TcpStream {
        self.connect_to(Ipv4Addr::LOCALHOST.into())
    }

    /// The same on another address of this machine.
    #[track_caller]
    pub(crate) fn connect_to(&self, address: IpAddr) -> TcpStream {
        let stream = TcpStream::connect(SocketAddr::new(address, self.port)).expect("connecting");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
        stream.set_write_timeout(Some(PATIENCE)).expect("a time limit");
        stream
    }

    /// Sends `request`, closes our half, and returns what comes.
    #[track_caller]
    pub(crate) fn ask(&self, request: impl AsRef<[u8]>) -> Answer {
        self.ask_over(self.connect(), request)
    }

    /// The same over a connection that stands already.
    #[track_caller]
    pub(crate) fn ask_over(&self, mut socket: TcpStream, request: impl AsRef<[u8]>) -> Answer {
        let Some(config) = &self.tls else {
            // A listener that has read enough need not take the rest.
            let _ = socket.write_all(request.as_ref());
            let _ = socket.shutdown(Shutdown::Write);
            return Answer::read(socket);
        };
        let name = ServerName::try_from("localhost").expect("a server name");
        let mut session = ClientConnection::new(Arc::clone(config), name).expect("a TLS session");
        session.complete_io(&mut socket).expect("a TLS handshake");
        let _ = Stream::new(&mut session, &mut socket).write_all(request.as_ref());
        session.send_close_notify();
        Answer::read(Stream::new(&mut session, &mut socket))
    }
}

impl Answer {
    /// Everything until the listener closes.
    pub(crate) fn read(mut stream: impl Read) -> Self {
        let mut bytes = Vec::new();
        // How a connection ends that was closed without a word is not the point here.
        let _ = stream.read_to_end(&mut bytes);
        Self(String::from_utf8(bytes).expect("the listener writes UTF-8"))
    }

    /// The status; `None` without an answer.
    pub(crate) fn status(&self) -> Option<u16> {
        self.0.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
    }

    /// The values of a header.
    pub(crate) fn header(&self, name: &str) -> Vec<&str> {
        let head = self.0.split("\r\n\r\n").next().unwrap_or_default();
        let fields = head.lines().filter_map(|line| line.split_once(": "));
        fields.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
    }

    pub(crate) fn body(&self) -> &str {
        self.0.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }
}

#[track_caller]
fn server_info(sandbox: &Sandbox) -> Value {
    let ran = sandbox.applet("info").args(["-j"]).run().exits(0);
    let info: Value = serde_json::from_slice(&ran.stdout).expect("info -j prints JSON");
    info["server_info"].clone()
}

#[track_caller]
fn port(info: &Value, key: &str) -> u16 {
    info[key].as_str().and_then(|port| port.parse().ok()).unwrap_or_else(|| panic!("no {key} in {info}"))
}
