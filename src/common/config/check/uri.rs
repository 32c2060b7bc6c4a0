//! http and https URIs, and which hosts are this machine.

use std::net::IpAddr;

use url::Url;

use super::options::Given;
use crate::config::model::Uri;
use crate::config::problems::Problems;

impl<'a> Given<'_, 'a> {
    /// An absolute http or https URI without fragment.
    pub(super) fn uri(&self, problems: &mut Problems<'a>) -> Option<Uri> {
        let written = self.string(problems)?;
        match parse(written) {
            Ok(uri) => Some(self.sendable(uri, problems)),
            Err(why) => {
                problems.error(self.value.place(), format!("'{}' {why}", self.name));
                None
            }
        }
    }

    /// As written, unless that is no URI and only a lenient parser takes it (spaces, letters beyond ASCII).
    fn sendable(&self, uri: Uri, problems: &mut Problems<'a>) -> Uri {
        let written = &uri.written;
        let absolute =
            written.get(..4).is_some_and(|http| http.eq_ignore_ascii_case("http")) && written.contains("://");
        if absolute && written.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
            return uri;
        }
        let message = format!("'{}' is not a URI as it stands: {} is used", self.name, uri.parsed);
        problems.warning(self.value.place(), message);
        Uri { written: uri.parsed.to_string(), parsed: uri.parsed }
    }

    /// The same for an endpoint: what is sent there should not be readable on the way.
    pub(super) fn endpoint(&self, problems: &mut Problems<'a>) -> Option<String> {
        let uri = self.uri(problems)?;
        let host = uri.parsed.host_str().unwrap_or_default();
        if uri.parsed.scheme() == "http" && !is_loopback(host) {
            let message = format!("'{}' is plain http: tokens can be read on the way", self.name);
            problems.warning(self.value.place(), message);
        }
        Some(uri.written)
    }
}

/// Why it cannot be used, as the end of a sentence.
fn parse(written: String) -> Result<Uri, String> {
    let parsed = Url::parse(&written)
        .map_err(|error| format!("is not an absolute URI such as \"https://…\": {error}"))?;
    if !matches!(parsed.scheme(), "http" | "https") {
        return Err(format!("has the scheme '{}': expected http or https", parsed.scheme()));
    }
    if parsed.fragment().is_some() {
        return Err("has a fragment, which OAuth forbids: remove the '#' and what follows".into());
    }
    Ok(Uri { written, parsed })
}

/// Whether a host, an IPv6 address with or without brackets, is this machine itself.
pub(super) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let name = bare.trim_end_matches('.').to_ascii_lowercase();
    let address: Option<IpAddr> = bare.parse().ok();
    name == "localhost"
        || name.ends_with(".localhost")
        || address.is_some_and(|ip| ip.to_canonical().is_loopback())
}
