//! No authorization code is sent twice.

use std::collections::BTreeSet;

/// Codes that may have been seen by the server: none of them may be sent again.
#[derive(Default)]
pub(in crate::keeper::simulation) struct SpentCodes(BTreeSet<String>);

impl SpentCodes {
    pub(in crate::keeper::simulation) fn spend(&mut self, code: &str) {
        self.0.insert(code.to_owned());
    }

    /// The server has refused the client, and has not looked at the code.
    pub(in crate::keeper::simulation) fn excuse(&mut self, code: &str) {
        self.0.remove(code);
    }

    pub(in crate::keeper::simulation) fn assert_unspent(&self, code: &str) {
        assert!(!self.0.contains(code), "the code {code} was sent twice");
    }
}
