//! Whom an account asks, as far as that is known.

use pizauth_common::config::Uri;
use pizauth_common::ipc::message::Method;

use super::Entry;
use crate::keeper::token_state::TokenState;
use crate::oauth::served::Served;

impl Entry {
    /// The account and its endpoints, where all are known that a token needs.
    pub(in crate::keeper) fn served(&self) -> Option<Served<'_>> {
        Served::new(&self.account, self.metadata.as_deref()).ok()
    }

    /// Whether its user can sign in so, or may be able to as soon as the issuer has said where.
    pub(in crate::keeper) fn knows(&self, method: Method) -> bool {
        match (method, self.served()) {
            (Method::Browser, Some(served)) => served.browser().is_some(),
            (Method::Device, Some(served)) => served.device().is_some(),
            (Method::Browser, None) => self.account.grant.browser().is_some(),
            (Method::Device, None) => self.account.grant.device().is_some(),
        }
    }

    /// Where its next request goes, where that is known.
    pub(in crate::keeper) fn endpoint(&self) -> Option<&Uri> {
        let served = self.served()?;
        let revocation_uri = served.revocation_uri().filter(|_| self.revocation.is_some());
        revocation_uri.or_else(|| match self.state {
            TokenState::Starting(_) => served.device().map(|(_, uri)| uri),
            _ => Some(served.token_uri),
        })
    }
}
