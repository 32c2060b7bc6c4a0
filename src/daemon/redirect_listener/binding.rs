//! Which addresses a listener holds, and how it comes by them (RFC 8252 §7.3).

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::Arc;

use pizauth_common::config::ListenAddress;
use rustix::io::Errno;

use super::error::BindError;
use crate::log::{self, What};
use crate::name_lookup::Addresses;

#[cfg(test)]
mod tests;

const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

/// The sockets of one `*_listen` option: one, or the two halves of `localhost`, on one port.
#[derive(Clone, Debug)]
pub(super) struct Binding {
    pub(super) port: u16,
    pub(super) sockets: Vec<Bound>,
}

/// A socket that listens.
#[derive(Clone, Debug)]
pub(super) struct Bound {
    pub(super) address: SocketAddr,
    pub(super) socket: Arc<TcpListener>,
}

impl Bound {
    /// Whether this is one of the binding's sockets.
    pub(super) fn is_of(&self, binding: &Option<Binding>) -> bool {
        binding
            .iter()
            .flat_map(|binding| &binding.sockets)
            .any(|bound| Arc::ptr_eq(&bound.socket, &self.socket))
    }
}

/// Whether a host of `*_listen` means both halves of loopback without being looked up.
pub(super) fn is_localhost(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
}

/// What to bind for one `*_listen` option.
#[derive(Clone, Copy, Debug)]
pub(super) struct ListenSpec<'a> {
    /// For messages: `http_listen` or `https_listen`.
    pub(super) option: &'static str,
    pub(super) address: &'a ListenAddress,
    /// An account's redirect URI names `localhost`, which a browser may resolve to either half: whoever held
    /// the other one would get the authorization code.
    pub(super) is_for_localhost: bool,
    /// What host names mean.
    pub(super) addresses: &'a Addresses,
}

impl ListenSpec<'_> {
    /// Binds it. A socket of `held` that fits is kept; with port 0, so is the port `before`.
    pub(super) fn bind(&self, held: &[Bound], before: Option<u16>) -> Result<Binding, BindError> {
        let host = self.host();
        let kept = before.filter(|_| self.address.port == 0);
        if let Some(binding) = kept.and_then(|port| host.at(port, held).ok()) {
            return Ok(binding);
        }
        match self.address.port {
            0 => host.at_any_port(held),
            port => host.at(port, held),
        }
        .map_err(|error| self.failed(error, held))
    }

    fn host(&self) -> Host<'_> {
        let name = self.address.host.as_str();
        // The name itself means both halves, too.
        if is_localhost(name) || name == "127.0.0.1" && self.is_for_localhost {
            Host::Localhost
        } else {
            Host::AsWritten(name, self.addresses)
        }
    }

    fn failed(&self, error: io::Error, held: &[Bound]) -> BindError {
        let ListenAddress { host, port } = self.address;
        let both = matches!(self.host(), Host::Localhost);
        let is_ours = held.iter().any(|bound| bound.address.port() == *port);
        BindError::Listen { option: self.option, host: host.clone(), port: *port, both, is_ours, error }
    }
}

enum Host<'a> {
    /// 127.0.0.1 and ::1.
    Localhost,
    AsWritten(&'a str, &'a Addresses),
}

impl Host<'_> {
    fn at(&self, port: u16, held: &[Bound]) -> io::Result<Binding> {
        let sockets = match self {
            Self::AsWritten(name, addresses) => vec![first_of(addresses.of(name, port)?, held)?],
            Self::Localhost => {
                let v4 = listen(SocketAddr::new(V4, port), held)?;
                let v6 = listen_if_there_is_ipv6(SocketAddr::new(V6, v4.address.port()), held)?;
                [Some(v4), v6].into_iter().flatten().collect()
            }
        };
        let port = sockets.first().map_or(port, |bound| bound.address.port());
        Ok(Binding { port, sockets })
    }

    /// A port that is free on one half may be taken on the other: then another one is tried.
    fn at_any_port(&self, held: &[Bound]) -> io::Result<Binding> {
        const TRIES: usize = 32;
        let mut binding = self.at(0, held);
        for _ in 1..TRIES {
            if !matches!(&binding, Err(error) if error.kind() == ErrorKind::AddrInUse) {
                break;
            }
            binding = self.at(0, held);
        }
        binding
    }
}

/// The first address of a name that can be bound, as `TcpListener::bind` does it.
fn first_of(addresses: Vec<SocketAddr>, held: &[Bound]) -> io::Result<Bound> {
    let mut last = io::Error::new(ErrorKind::NotFound, "the name has no address");
    for address in addresses {
        match listen(address, held) {
            Ok(bound) => return Ok(bound),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn listen(address: SocketAddr, held: &[Bound]) -> io::Result<Bound> {
    if let Some(bound) = held.iter().find(|bound| bound.address == address) {
        return Ok(bound.clone());
    }
    let socket = TcpListener::bind(address)?;
    socket.set_nonblocking(true)?;
    Ok(Bound { address: socket.local_addr()?, socket: Arc::new(socket) })
}

/// Without IPv6 nobody can take the other half either.
fn listen_if_there_is_ipv6(address: SocketAddr, held: &[Bound]) -> io::Result<Option<Bound>> {
    match listen(address, held) {
        Ok(bound) => Ok(Some(bound)),
        Err(error) if is_without_ipv6(&error) => {
            log::event(What::ListenerDegraded)
                .field("attempt", format_args!("listen on {address}"))
                .field("reason", "this machine has no IPv6: IPv4 alone is served")
                .write();
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn is_without_ipv6(error: &io::Error) -> bool {
    let number = error.raw_os_error();
    [Errno::ADDRNOTAVAIL, Errno::AFNOSUPPORT].iter().any(|errno| number == Some(errno.raw_os_error()))
}
