//! `issuer`: what an authorization server calls itself (RFC 8414 §2, RFC 9207).

use std::sync::Arc;

use super::options::Given;
use super::uri::is_loopback;
use crate::config::problems::Problems;
use crate::config::uri::{Scheme, Uri};

/// Where tenants are part of the path.
const MICROSOFT: [&str; 3] =
    ["login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn"];
/// Those that stand for many: their metadata names a template.
const SHARED_TENANTS: [&str; 3] = ["common", "organizations", "consumers"];

impl<'a> Given<'_, 'a> {
    /// An https URI without query and fragment; http only on this machine.
    pub(super) fn issuer(&self, problems: &mut Problems<'a>) -> Option<Arc<str>> {
        let uri = self.uri(problems)?;
        if let Some(why) = fault(&uri) {
            problems.error(self.value.place(), why);
            return None;
        }
        Some(uri.written().into())
    }
}

fn fault(issuer: &Uri) -> Option<&'static str> {
    let tenant = issuer.parsed().path_segments().and_then(|mut segments| segments.next()).unwrap_or_default();
    if issuer.parsed().query().is_some() {
        Some("'issuer' has a query, which no issuer has: remove the '?' and what follows")
    } else if issuer.scheme() == Scheme::Http && !is_loopback(issuer.host()) {
        Some("'issuer' is plain http: expected https")
    } else if MICROSOFT.contains(&issuer.host()) && SHARED_TENANTS.contains(&tenant) {
        Some(
            "Microsoft's shared tenants name no issuer that can be checked; write provider = \"microsoft\" \
             in its place",
        )
    } else {
        None
    }
}
