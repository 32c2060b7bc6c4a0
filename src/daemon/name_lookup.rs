//! The addresses of host names. To look one up takes as long as the system likes, so the event loop leaves it to a
//! thread.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

/// What has been looked up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Addresses(BTreeMap<String, Result<Vec<SocketAddr>, (ErrorKind, String)>>);

impl Addresses {
    /// Looks the names up, one after the other.
    pub(crate) fn look_up(names: Vec<String>) -> Self {
        let look_up = |name: String| {
            let found = (name.as_str(), 0).to_socket_addrs().map(Iterator::collect);
            (
                name,
                found.map_err(|error| (error.kind(), trouble(&error).unwrap_or_else(|| error.to_string()))),
            )
        };
        Self(names.into_iter().map(look_up).collect())
    }

    /// The addresses of a host with this port, in the order in which they are to be tried.
    ///
    /// # Errors
    /// The host is a name that has not been found, or not been looked up.
    pub(crate) fn of(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        if let Ok(ip) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(ip, port)]);
        }
        match self.0.get(host) {
            Some(Ok(found)) => Ok(found.iter().map(|address| with_port(*address, port)).collect()),
            Some(Err((kind, why))) => Err(io::Error::new(*kind, why.clone())),
            None => Err(io::Error::new(ErrorKind::NotFound, "the name was not looked up")),
        }
    }
}

/// That a name has no address, in words: std's own begin with the name of a function.
pub(crate) fn trouble(error: &io::Error) -> Option<String> {
    let text = error.to_string();
    let why = text.strip_prefix("failed to lookup address information: ")?;
    Some(format!("its name cannot be looked up: {why} (is it right, and is this machine connected?)"))
}

fn with_port(mut address: SocketAddr, port: u16) -> SocketAddr {
    address.set_port(port);
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_needs_no_lookup_and_a_name_is_what_was_found() {
        let nothing = Addresses::default();
        assert_eq!(nothing.of("::1", 7).unwrap(), ["[::1]:7".parse().unwrap()]);
        assert_eq!(nothing.of("mail.example", 7).unwrap_err().kind(), ErrorKind::NotFound);
        // No address as Rust has it, but one to the system, which asks nobody for it.
        let found = Addresses::look_up(vec!["127.1".to_owned(), "no such name".to_owned()]);
        assert_eq!(found.of("127.1", 7).unwrap(), ["127.0.0.1:7".parse().unwrap()]);
        let why = found.of("no such name", 7).unwrap_err().to_string();
        assert!(why.starts_with("its name cannot be looked up: "), "{why}");
    }
}
