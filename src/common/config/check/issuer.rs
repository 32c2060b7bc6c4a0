//! `issuer`: what an authorization server calls itself (RFC 8414 §2, RFC 9207).

use std::fmt;
use std::sync::Arc;

use super::microsoft::{self, SHARED_TENANTS};
use super::options::Given;
use crate::config::problems::Problems;
use crate::config::uri::{Scheme, Uri, UriError, is_one_word};
use crate::this_machine::is_this_machine;

/// What may be written as `issuer`, for who has it from elsewhere than a configuration.
///
/// # Errors
/// Why it cannot be one.
pub fn issuer(written: &str) -> Result<Uri, IssuerError> {
    let uri = Uri::parse(written.to_owned()).map_err(IssuerError::NoUri)?;
    match fault(&uri) {
        Some(why) => Err(IssuerError::Unfit(why)),
        None if !is_one_word(written) => Err(IssuerError::MeantOtherwise(uri)),
        None => Ok(uri),
    }
}

/// Why something cannot be an issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IssuerError {
    /// It is no URI.
    NoUri(UriError),
    /// It is one, and for this reason no issuer's.
    Unfit(&'static str),
    /// It is understood as this URI, which is written otherwise.
    MeantOtherwise(Uri),
}

impl fmt::Display for IssuerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoUri(why) => write!(f, "'issuer' {why}"),
            Self::Unfit(why) => f.write_str(why),
            Self::MeantOtherwise(uri) => {
                write!(f, "'issuer' is not a URI as it stands: write {}", uri.parsed())
            }
        }
    }
}

impl<'a> Given<'_, 'a> {
    /// An https URI without query and fragment; http only on this machine.
    pub(super) fn issuer(&self, problems: &mut Problems<'a>) -> Option<Arc<Uri>> {
        let uri = self.uri(problems)?;
        if let Some(why) = fault(&uri) {
            problems.error(self.value.place(), why);
            return None;
        }
        Some(uri.into())
    }
}

fn fault(issuer: &Uri) -> Option<&'static str> {
    let tenant = issuer.parsed().path_segments().and_then(|mut segments| segments.next()).unwrap_or_default();
    if issuer.parsed().query().is_some() {
        Some("'issuer' has a query, which no issuer has: remove the '?' and what follows")
    } else if issuer.scheme() == Scheme::Http && !is_this_machine(issuer.host()) {
        Some("'issuer' is plain http: expected https")
    } else if microsoft::HOSTS.contains(&issuer.host()) && SHARED_TENANTS.contains(&tenant) {
        Some(
            "Microsoft's shared tenants name no issuer that can be checked; write provider = \"microsoft\" \
             in its place",
        )
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::issuer;

    #[test]
    fn what_may_be_an_issuer_is_taken_as_it_is_written() {
        for written in
            ["https://as.example", "https://as.example/", "https://as.example:8443/t/1", "http://127.0.0.1:1"]
        {
            assert_eq!(issuer(written).map(|uri| uri.written().to_owned()).as_deref(), Ok(written));
        }
    }

    #[test]
    fn what_cannot_be_one_is_told_why() {
        for (written, why) in [
            ("as.example", "'issuer' is not an absolute URI"),
            ("ftp://as.example", "'issuer' has the scheme 'ftp'"),
            ("http://as.example", "'issuer' is plain http"),
            ("https://as.example?x", "'issuer' has a query"),
            ("https://as.example#x", "'issuer' has a fragment"),
            ("https://as.example/a b", "write https://as.example/a%20b"),
            ("https://as.example\\b", "write https://as.example/b"),
            ("https://login.microsoftonline.com/common/v2.0", "write provider = \"microsoft\""),
        ] {
            let told = issuer(written).expect_err(written).to_string();
            assert!(told.contains(why), "{written}: {told}");
        }
    }
}
