//! What the servers know of the refresh tokens that they have given out: each rotates, and the use of one that is older
//! than the one that was used last is taken for theft and ends the grant.

use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub(super) struct Grants {
    /// The grants, by their tokens.
    of: BTreeMap<String, usize>,
    used: BTreeSet<String>,
    /// The token that was used last, by grant. Of a grant that is not here nothing is demanded any more.
    used_last: BTreeMap<usize, Option<String>>,
}

impl Grants {
    /// The first refresh token of a grant.
    pub(super) fn begin(&mut self, refresh_token: &str) {
        let grant = self.of.len();
        self.of.insert(refresh_token.to_owned(), grant);
        self.used_last.insert(grant, None);
    }

    /// A refresh has brought a new token, which may have been lost on its way.
    pub(super) fn rotate(&mut self, old: &str, new: Option<&str>) {
        let Some(grant) = self.of.get(old).copied() else { return };
        if let Some(new) = new {
            self.of.insert(new.to_owned(), grant);
        }
        let is_used = !self.used.insert(old.to_owned());
        let Some(last) = self.used_last.get_mut(&grant) else { return };
        let is_last = last.as_deref() == Some(old);
        assert!(!is_used || is_last, "{old} was sent after a later one: the session is lost");
        *last = Some(old.to_owned());
    }

    /// Whether it has been replaced.
    pub(super) fn is_used(&self, refresh_token: &str) -> bool {
        self.used.contains(refresh_token)
    }

    /// Whatever becomes of the grant is no fault of the daemon's.
    pub(super) fn excuse(&mut self, refresh_token: &str) {
        if let Some(grant) = self.of.get(refresh_token) {
            self.used_last.remove(grant);
        }
    }
}
