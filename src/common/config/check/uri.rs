//! http and https URIs.

use super::options::Given;
use crate::config::problems::Problems;
use crate::config::uri::{Scheme, Uri, is_one_word};
use crate::this_machine::is_this_machine;

impl<'a> Given<'_, 'a> {
    /// An absolute http or https URI without fragment.
    pub(super) fn uri(&self, problems: &mut Problems<'a>) -> Option<Uri> {
        let written = self.string(problems)?;
        match Uri::parse(written) {
            Ok(uri) => Some(self.sendable(uri, problems)),
            Err(why) => {
                problems.error(self.value.place(), format!("'{}' {why}", self.name));
                None
            }
        }
    }

    /// As written, unless that is no URI and only a lenient parser takes it (spaces, letters beyond ASCII).
    fn sendable(&self, uri: Uri, problems: &mut Problems<'a>) -> Uri {
        let written = uri.written();
        let absolute =
            written.get(..4).is_some_and(|http| http.eq_ignore_ascii_case("http")) && written.contains("://");
        if absolute && is_one_word(written) {
            return uri;
        }
        let message = format!("'{}' is not a URI as it stands: {} is used", self.name, uri.parsed());
        problems.warning(self.value.place(), message);
        uri.normalised()
    }

    /// The same for an endpoint: what is sent there should not be readable on the way.
    pub(super) fn endpoint(&self, problems: &mut Problems<'a>) -> Option<Uri> {
        let uri = self.uri(problems)?;
        if uri.scheme() == Scheme::Http && !is_this_machine(uri.host()) {
            let message = format!("'{}' is plain http: tokens can be read on the way", self.name);
            problems.warning(self.value.place(), message);
        }
        Some(uri)
    }
}
