//! `http_listen` and `https_listen`: `"HOST:PORT"` or `none`.

use std::net::{IpAddr, Ipv6Addr};

use super::options::Given;
use crate::config::model::ListenAddress;
use crate::config::problems::Problems;
use crate::config::syntax::Value;
use crate::this_machine::is_this_machine;

/// The value of a `*_listen` option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Listen {
    /// `none`
    Off,
    /// `"HOST:PORT"`
    At(ListenAddress),
}

impl Default for Listen {
    fn default() -> Self {
        Self::At(ListenAddress { host: "127.0.0.1".into(), port: 0 })
    }
}

impl<'a> Given<'_, 'a> {
    /// `"HOST:PORT"` or `none`
    pub(super) fn listen(&self, problems: &mut Problems<'a>) -> Option<Listen> {
        match self.value {
            Value::None(_) => return Some(Listen::Off),
            Value::String(_) => {}
            _ => return self.wrong_type("\"HOST:PORT\" or none", problems),
        }
        match address(&self.string(problems)?) {
            Ok(address) => {
                self.warn_of_strangers(&address, problems);
                Some(Listen::At(address))
            }
            Err(why) => {
                problems.error(self.value.place(), format!("'{}' {why}", self.name));
                None
            }
        }
    }

    fn warn_of_strangers(&self, address: &ListenAddress, problems: &mut Problems<'a>) {
        if !is_this_machine(&address.host_in_uri()) {
            let message = format!("'{}' is not a loopback address: other machines can reach it", self.name);
            problems.warning(self.value.place(), message);
        }
    }
}

/// HOST ":" PORT, an IPv6 address in brackets
fn address(written: &str) -> Result<ListenAddress, &'static str> {
    let (host, port) =
        written.rsplit_once(':').ok_or("lacks a port: expected \"HOST:PORT\" (port 0: any free one)")?;
    let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let port =
        port.parse().ok().filter(|_| digits).ok_or("needs a port from 0 to 65535 after the last ':'")?;
    Ok(ListenAddress { host: listen_host(host)?.to_owned(), port })
}

fn listen_host(written: &str) -> Result<&str, &'static str> {
    if let Some(inside) = written.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        let valid = inside.parse::<Ipv6Addr>().is_ok();
        return valid.then_some(inside).ok_or("needs an IPv6 address between '[' and ']'");
    }
    let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    match written {
        "" => Err("lacks a host: expected \"HOST:PORT\" (127.0.0.1 for this machine alone)"),
        _ if written.contains(':') => Err("needs '[' and ']' around an IPv6 address: \"[::1]:0\""),
        _ if written.parse::<IpAddr>().is_ok() || written.chars().all(named) => Ok(written),
        _ => Err("needs a host name or an address before the last ':'"),
    }
}
