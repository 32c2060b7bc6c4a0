//! Where the account stands, for whoever leads its user through a sign-in.

use super::Entry;
use crate::keeper::stage::SignInStage;
use crate::keeper::token_state::TokenState;
use crate::moment::Moment;

impl Entry {
    /// Also what has come of the last sign-in, where it has failed.
    pub(in crate::keeper) fn stage(&self, now: Moment) -> SignInStage {
        let failed = || self.last_error.clone().filter(|_| self.last_was_sign_in).map(SignInStage::Failed);
        self.stage_of_sign_in().or_else(failed).unwrap_or_else(|| self.stage_of_session(now))
    }

    /// Of the sign-in that is under way, if one is.
    pub(in crate::keeper) fn stage_of_sign_in(&self) -> Option<SignInStage> {
        let invited = self.state.invitation().map(SignInStage::Pending);
        invited.or_else(|| match &self.state {
            TokenState::Starting(_) => Some(SignInStage::Starting(self.sign_in_host())),
            TokenState::Exchanging(_) => Some(SignInStage::Exchanging { last_error: self.exchange_error() }),
            _ => None,
        })
    }

    /// Where no sign-in is under way.
    pub(in crate::keeper) fn stage_of_session(&self, now: Moment) -> SignInStage {
        match self.active() {
            Some(token) if token.is_spent(now) => SignInStage::SignedOut(None),
            Some(token) if token.has_expired(now) => SignInStage::Expired(self.renewing(now)),
            Some(token) => SignInStage::SignedIn {
                refreshable: token.renewal.is_possible(),
                attention: self.last_error.clone().filter(|_| self.needs_attention()),
                signed_in_as: self.somebody_else.clone(),
            },
            None => SignInStage::SignedOut(self.forgotten),
        }
    }
}
