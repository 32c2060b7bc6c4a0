//! The way to a token endpoint: a socket, a proxy where there is one, TLS where it is asked for. All of it
//! happens in the calling thread, and none of it outlives the deadline, however slowly the other side talks.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::Duration;

use pizauth_common::cause::Cause;
use rustix::event::PollFlags;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use url::{Host, Url};

use super::roots::Roots;
use super::{dial, tunnel};
use crate::deadline::Deadline;

/// Bytes to and from the other side, in whatever they are wrapped.
pub(super) trait Stream: Read + Write + Send + Sync {}

impl<S: Read + Write + Send + Sync> Stream for S {}

pub(super) type Connection = Box<dyn Stream>;

/// How to connect.
pub(super) struct Way<'a> {
    pub(super) url: &'a Url,
    pub(super) proxy: Option<&'a Url>,
    pub(super) roots: &'a Roots,
    /// For the TCP connection, all addresses together.
    pub(super) connect: Duration,
    pub(super) deadline: Deadline,
}

impl Way<'_> {
    /// A connection that a request can be written to: to the server, or to a proxy that forwards plain http.
    ///
    /// # Errors
    /// Why there is none, in words that hold no password.
    pub(super) fn open(&self) -> Result<Connection, String> {
        let Some(proxy) = self.proxy else { return self.reach(self.url) };
        let named = |error| format!("the proxy {}: {error}", proxy.host_str().unwrap_or_default());
        let mut connection = self.reach(proxy).map_err(named)?;
        if self.url.scheme() != "https" {
            return Ok(connection);
        }
        tunnel::ask(&mut connection, self.url, proxy)?;
        self.secure(connection, self.url)
    }

    fn reach(&self, url: &Url) -> Result<Connection, String> {
        let stream = dial::connect(&look_up(url)?, self.deadline.sooner(self.connect)).map_err(describe)?;
        let socket = Box::new(Socket { stream, deadline: self.deadline });
        if url.scheme() == "https" { self.secure(socket, url) } else { Ok(socket) }
    }

    fn secure(&self, connection: Connection, url: &Url) -> Result<Connection, String> {
        let config = self.roots.tls_config()?;
        let tls = handshake(connection, server_name(url)?, config).map_err(describe)?;
        Ok(Box::new(tls))
    }
}

/// In this thread, which is given up if it takes too long.
fn look_up(url: &Url) -> Result<Vec<SocketAddr>, String> {
    let port = url.port_or_known_default().unwrap_or_default();
    let addresses: Vec<_> = match url.host() {
        Some(Host::Domain(name)) => (name, port).to_socket_addrs().map_err(describe)?.collect(),
        Some(Host::Ipv4(address)) => vec![(address, port).into()],
        Some(Host::Ipv6(address)) => vec![(address, port).into()],
        None => Vec::new(),
    };
    if addresses.is_empty() { Err("it has no address".to_owned()) } else { Ok(addresses) }
}

fn server_name(url: &Url) -> Result<ServerName<'static>, String> {
    match url.host() {
        Some(Host::Ipv4(address)) => Ok(ServerName::from(std::net::IpAddr::V4(address))),
        Some(Host::Ipv6(address)) => Ok(ServerName::from(std::net::IpAddr::V6(address))),
        name => {
            let name = name.map(|name| name.to_string()).unwrap_or_default();
            ServerName::try_from(name).map_err(|_| "its name cannot be in a certificate".to_owned())
        }
    }
}

fn handshake(
    connection: Connection,
    name: ServerName<'static>,
    config: Arc<ClientConfig>,
) -> io::Result<StreamOwned<ClientConnection, Connection>> {
    let session = ClientConnection::new(config, name).map_err(io::Error::other)?;
    let mut tls = StreamOwned::new(session, connection);
    while tls.conn.is_handshaking() {
        tls.conn.complete_io(&mut tls.sock)?;
    }
    Ok(tls)
}

/// In words for people.
pub(super) fn describe(error: io::Error) -> String {
    match error.kind() {
        io::ErrorKind::TimedOut => "timed out".to_owned(),
        io::ErrorKind::UnexpectedEof => "the connection was closed".to_owned(),
        _ => Cause(&error).to_string(),
    }
}

/// No read and no write ends after the deadline.
struct Socket {
    stream: TcpStream,
    deadline: Deadline,
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.deadline.transfer(&self.stream, PollFlags::IN, |mut stream| stream.read(buffer))
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.deadline.transfer(&self.stream, PollFlags::OUT, |mut stream| stream.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
