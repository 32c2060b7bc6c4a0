//! The proxy variables, with the meaning that curl gives them.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::net::IpAddr;

use pizauth_common::config::Scheme;
use url::{Host, Url};

/// curl's port for a proxy that names none.
const DEFAULT_PORT: u16 = 1080;

/// A proxy, or why it cannot be used: going around it unasked would be worse than failing.
type Proxy = Result<Url, UnusableProxy>;

/// The variable that names it, and what is wrong. Its value may hold a password, which is not shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UnusableProxy {
    variable: &'static str,
    why: Unusable,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Unusable {
    NoUrl,
    Scheme(String),
    /// attohttpc gives a proxy what stands in the URL, as it stands: with the wrong password it might lock us out.
    EncodedCredentials,
    /// attohttpc and rustls look for no IPv6 address in a certificate.
    NameInNoCertificate,
}

impl fmt::Display for UnusableProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot use the proxy in {}: ", self.variable)?;
        match &self.why {
            Unusable::NoUrl => f.write_str("it is not a URL"),
            Unusable::Scheme(scheme) => write!(f, "{scheme} is not supported, only http and https"),
            Unusable::EncodedCredentials => f.write_str(
                "its name or password has a character that must be percent-encoded, which is not supported",
            ),
            Unusable::NameInNoCertificate => f.write_str(
                "its IPv6 address is not looked for in a certificate (give it a name, or an IPv4 address)",
            ),
        }
    }
}

pub(super) struct Proxies {
    http: Option<Proxy>,
    https: Option<Proxy>,
    exceptions: String,
}

impl Proxies {
    pub(super) fn from_environment(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let first = |names: &[&'static str]| {
            names.iter().find_map(|name| Some((*name, variable(name).filter(|value| !value.is_empty())?)))
        };
        let proxy = |names: &[&'static str]| {
            let (variable, value) = first(names)?;
            Some(parse(&value).map_err(|why| UnusableProxy { variable, why }))
        };
        Self {
            // Not HTTP_PROXY: a CGI script gets that one from the browser's `Proxy` header.
            http: proxy(&["http_proxy", "all_proxy", "ALL_PROXY"]),
            https: proxy(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]),
            exceptions: first(&["no_proxy", "NO_PROXY"])
                .map_or_else(String::new, |(_, value)| value.to_string_lossy().into_owned()),
        }
    }

    /// The proxy for that URL, if it has one.
    ///
    /// # Errors
    /// The proxy cannot be used.
    pub(super) fn for_url(&self, url: &Url) -> Result<Option<&Url>, UnusableProxy> {
        let proxy = if Scheme::of(url) == Some(Scheme::Https) { &self.https } else { &self.http };
        match proxy {
            Some(proxy) if !self.is_exception(url) => proxy.as_ref().map(Some).map_err(Clone::clone),
            _ => Ok(None),
        }
    }

    /// The variables that cannot be used.
    pub(super) fn warnings(&self) -> Vec<String> {
        let proxies = [&self.http, &self.https].into_iter().flatten();
        let mut all: Vec<_> = proxies.filter_map(|proxy| Some(proxy.as_ref().err()?.to_string())).collect();
        all.dedup();
        all
    }

    fn is_exception(&self, url: &Url) -> bool {
        let Some(host) = url.host() else { return false };
        self.exceptions == "*"
            || self
                .exceptions
                .split([',', ' ', '\t'])
                .filter(|one| !one.is_empty())
                .any(|one| covers(one, &host))
    }
}

/// A proxy without scheme is an HTTP one.
fn parse(value: &OsStr) -> Result<Url, Unusable> {
    let text = value.to_str().ok_or(Unusable::NoUrl)?;
    let text = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let mut url = Url::parse(&text).map_err(|_| Unusable::NoUrl)?;
    let scheme = Scheme::of(&url).ok_or_else(|| Unusable::Scheme(url.scheme().to_owned()))?;
    if url.username().contains('%') || url.password().is_some_and(|password| password.contains('%')) {
        return Err(Unusable::EncodedCredentials);
    }
    if scheme == Scheme::Https && matches!(url.host(), Some(Host::Ipv6(_))) {
        return Err(Unusable::NameInNoCertificate);
    }
    if scheme == Scheme::Http && !names_port(&text) {
        url.set_port(Some(DEFAULT_PORT)).map_err(|()| Unusable::NoUrl)?;
    }
    Ok(url)
}

/// [`Url`] forgets a port that is the scheme's default; of an unknown scheme it cannot know it.
fn names_port(text: &str) -> bool {
    Url::parse(&format!("x-{text}")).is_ok_and(|url| url.port().is_some())
}

/// Whether an entry of `no_proxy` is about this host: an address, a network, or a name and all below it.
fn covers(entry: &str, host: &Host<&str>) -> bool {
    match host {
        Host::Ipv4(address) => covers_address(entry, (*address).into()),
        Host::Ipv6(address) => covers_address(entry, (*address).into()),
        Host::Domain(name) => covers_name(entry, name),
    }
}

fn covers_name(entry: &str, name: &str) -> bool {
    let entry = entry.strip_suffix('.').unwrap_or(entry);
    let entry = entry.strip_prefix('.').unwrap_or(entry).to_ascii_lowercase();
    let name = name.strip_suffix('.').unwrap_or(name);
    !entry.is_empty()
        && name.strip_suffix(entry.as_str()).is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

fn covers_address(entry: &str, address: IpAddr) -> bool {
    let (network, bits) = entry.split_once('/').unwrap_or((entry, ""));
    let Ok(network) = network.trim_matches(['[', ']']).parse::<IpAddr>() else { return false };
    match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => prefix(bits, 32)
            .is_some_and(|bits| (network.to_bits() ^ address.to_bits()).leading_zeros() >= bits),
        (IpAddr::V6(network), IpAddr::V6(address)) => prefix(bits, 128)
            .is_some_and(|bits| (network.to_bits() ^ address.to_bits()).leading_zeros() >= bits),
        _ => false,
    }
}

/// The bits that must agree: all of them where none are named.
fn prefix(bits: &str, all: u32) -> Option<u32> {
    if bits.is_empty() { Some(all) } else { bits.parse().ok().filter(|bits| *bits <= all) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Proxies {
        Proxies::from_environment(|name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value))
        })
    }

    fn chosen(variables: &[(&str, &str)], url: &str) -> Option<String> {
        proxies(variables).for_url(&Url::parse(url).unwrap()).unwrap().map(ToString::to_string)
    }

    #[test]
    fn each_scheme_has_its_variables_and_lower_case_wins() {
        let all = [("ALL_PROXY", "http://a:1"), ("HTTPS_PROXY", "http://b:2"), ("https_proxy", "http://c:3")];
        assert_eq!(chosen(&all, "https://as.example").unwrap(), "http://c:3/");
        assert_eq!(chosen(&all[..2], "https://as.example").unwrap(), "http://b:2/");
        assert_eq!(chosen(&all, "http://as.example").unwrap(), "http://a:1/");
        assert_eq!(chosen(&[("HTTP_PROXY", "http://x:1")], "http://as.example"), None);
        assert_eq!(
            chosen(&[("http_proxy", ""), ("all_proxy", "a:1")], "http://as.example").unwrap(),
            "http://a:1/"
        );
    }

    #[test]
    fn a_proxy_may_lack_scheme_and_port() {
        for (value, url) in [
            ("proxy", "http://proxy:1080/"),
            ("proxy:8080", "http://proxy:8080/"),
            ("http://proxy:80", "http://proxy/"),
            ("http://u:p@proxy", "http://u:p@proxy:1080/"),
            ("https://proxy", "https://proxy/"),
            ("[::1]:3128", "http://[::1]:3128/"),
            ("https://192.0.2.1", "https://192.0.2.1/"),
        ] {
            assert_eq!(chosen(&[("https_proxy", value)], "https://as.example").unwrap(), url);
        }
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_an_error_and_no_detour() {
        for value in [
            "socks5://u:hunter2@proxy:1",
            "http://",
            "http://u:hunter2@[bad",
            "http://u:hunter2%40@proxy",
            "http://u@as.example:hunter2@proxy",
            "https://u:hunter2@[::1]:3128",
        ] {
            let proxies = proxies(&[("ALL_PROXY", value)]);
            let error = proxies.for_url(&Url::parse("https://as.example").unwrap()).unwrap_err().to_string();
            assert!(error.contains("ALL_PROXY") && !error.contains("hunter2"), "{error}");
            assert_eq!(proxies.warnings(), [error]);
        }
    }

    #[test]
    fn no_proxy_names_hosts_networks_and_all_below_a_name() {
        for (exceptions, url, is_direct) in [
            ("*", "https://as.example", true),
            ("as.example", "https://as.example", true),
            ("AS.Example.", "https://login.as.example", true),
            (".as.example", "https://as.example", true),
            ("s.example", "https://as.example", false),
            ("login.as.example", "https://as.example", false),
            ("x, as.example", "https://as.example", true),
            ("x as.example", "https://as.example", true),
            ("x,", "https://as.example", false),
            ("x,*", "https://as.example", false),
            (".", "https://as.example", false),
            ("127.0.0.1", "https://127.0.0.1:8443", true),
            ("0.0.1", "https://127.0.0.1:8443", false),
            ("127.0.0.0/8", "https://127.1.2.3", true),
            ("10.0.0.0/8", "https://127.1.2.3", false),
            ("0.0.0.0/0", "https://127.1.2.3", true),
            ("127.0.0.0/33", "https://127.0.0.0", false),
            ("::1", "https://[::1]", true),
            ("[::1]", "https://[::1]", true),
            ("fe80::/10", "https://[fe80::1]", true),
            ("localhost", "https://127.0.0.1", false),
            ("", "https://localhost", false),
        ] {
            let variables = [("https_proxy", "proxy"), ("NO_PROXY", exceptions)];
            assert_eq!(chosen(&variables, url).is_none(), is_direct, "{exceptions} {url}");
        }
    }
}
