//! Which hosts are this machine: what is sent there in clear nobody else can read.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether a host is this machine: a loopback address or, by RFC 6761 §6.3, a name that ends with `localhost`. It is
/// written as in a URI, without a port and with brackets around an IPv6 address.
pub fn is_this_machine(host: &str) -> bool {
    match address(host) {
        Some(address) => address.to_canonical().is_loopback(),
        None => is_localhost(host),
    }
}

fn address(host: &str) -> Option<IpAddr> {
    match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inside) => inside.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => host.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
    }
}

/// What no name has could make programs see another host: in `example.org/.localhost` it is the part before the slash.
fn is_localhost(name: &str) -> bool {
    let is_of_a_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let below = name.strip_suffix("localhost");
    below.is_some_and(|below| below.is_empty() || (below.ends_with('.') && below.bytes().all(is_of_a_name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_addresses_and_names_of_localhost_are_this_machine_and_nothing_else_is() {
        for host in [
            "localhost",
            "LocalHost",
            "localhost.",
            "git.localhost",
            "127.0.0.1",
            "127.1.2.3",
            "[::1]",
            "[::ffff:127.0.0.1]",
        ] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in [
            "",
            ".",
            "notlocalhost",
            "localhost.example.org",
            "localhost:80",
            "user@localhost",
            "example.org/.localhost",
            "128.0.0.1",
            "127.1",
            "0.0.0.0",
            "127.0.0.1.example.org",
            "::1",
            "[::1",
            "[::1]example.org",
            "[::2]",
            "[::ffff:128.0.0.1]",
            "[127.0.0.1]",
            "[localhost]",
        ] {
            assert!(!is_this_machine(host), "{host}");
        }
    }
}
