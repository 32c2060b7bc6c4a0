//! Whom an account asks, as far as that is known.

use pizauth_common::config::Uri;
use pizauth_common::ipc::message::Method;

use super::Entry;
use crate::keeper::token_state::TokenState;
use crate::oauth::served::Served;
use crate::prelude::*;

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

    /// Who is asked for what a sign-in begins with: the device authorization endpoint, or the issuer that may know one;
    /// where the issuer has just taken that endpoint back, the host of the token endpoint.
    pub(in crate::keeper) fn sign_in_host(&self) -> String {
        let endpoint = match self.served() {
            Some(served) => served.device().map(|(_, uri)| uri),
            None => self.account.asks().map(|issuer| &**issuer),
        };
        endpoint.unwrap_or_else(|| self.account.token_uri.anchor()).host().to_owned()
    }
}
