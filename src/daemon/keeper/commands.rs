//! What a caller can ask for: show, refresh, revoke.

use std::time::Duration;

use pizauth_common::account_name::AccountName;
use pizauth_common::secret::Secret;

use super::effect::TokenEvent;
use super::notice::NoticeKind;
use super::token_state::{ActiveToken, Pause, Renewal, TokenState};
use super::{Keeper, UnknownAccount};
use crate::moment::{Moment, Now};
use crate::oauth::outcome::Reason;

/// What `show` finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// A valid access token.
    AccessToken(Secret),
    /// The user has to visit this URL.
    Pending(String),
    /// The authorization is being completed.
    Exchanging,
    /// The access token has expired and can be refreshed.
    Expired {
        /// What went wrong last, if anything did.
        last_error: Option<Reason>,
        /// A person has to mend something first.
        needs_attention: bool,
        /// Until the next refresh may begin; zero if it begins now or is under way.
        refresh_in: Duration,
    },
}

/// What `refresh` brings about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refreshed {
    /// A refresh is under way or will be as soon as the bucket and the server's Retry-After allow.
    Scheduled,
    /// The user has to visit this URL.
    Pending(String),
    /// The authorization is being completed; nothing changed.
    Exchanging,
    /// The access token is valid but came without a refresh token.
    Impossible,
}

/// Who wants a refresh to start early.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Haste {
    /// `show` of an expired token: cuts the pauses of transient failures short.
    Show,
    /// `refresh`: also tries again what needs attention.
    Refresh,
}

impl Keeper {
    /// The access token, or why there is none and what happens about it. An expired token is refreshed,
    /// and a new authorization begins where there is nothing to refresh.
    ///
    /// # Errors
    /// There is no such account.
    pub fn show(&mut self, account: &str, now: Now) -> Result<Shown, UnknownAccount> {
        let (name, entry) = self.entry_named(account)?;
        match &mut entry.state {
            TokenState::Pending(pending) => Ok(Shown::Pending(pending.request.url.clone())),
            TokenState::Exchanging(_) => Ok(Shown::Exchanging),
            TokenState::Active(token) => {
                if let Some(access_token) = token.valid(now.moment) {
                    return Ok(Shown::AccessToken(access_token.clone()));
                }
                if matches!(token.renewal, Renewal::Impossible) {
                    return Ok(Shown::Pending(self.authorize(&name, now)));
                }
                hasten(&mut token.renewal, Haste::Show, now.moment);
                let shown = Shown::Expired {
                    last_error: entry.last_error.clone(),
                    needs_attention: entry.needs_attention(),
                    refresh_in: entry.next_refresh(now.moment).unwrap_or(now.moment).since(now.moment),
                };
                self.settle(&name, now);
                Ok(shown)
            }
            TokenState::Empty => Ok(Shown::Pending(self.authorize(&name, now))),
        }
    }

    /// Starts a refresh, or a new authorization where there is no token.
    ///
    /// # Errors
    /// There is no such account.
    pub fn refresh(&mut self, account: &str, now: Now) -> Result<Refreshed, UnknownAccount> {
        let (name, entry) = self.entry_named(account)?;
        match &mut entry.state {
            TokenState::Exchanging(_) => return Ok(Refreshed::Exchanging),
            TokenState::Active(ActiveToken { renewal: Renewal::Impossible, expires_at, .. }) => {
                if now.moment < *expires_at {
                    return Ok(Refreshed::Impossible);
                }
            }
            TokenState::Active(token) => {
                hasten(&mut token.renewal, Haste::Refresh, now.moment);
                self.settle(&name, now);
                return Ok(Refreshed::Scheduled);
            }
            TokenState::Empty | TokenState::Pending(_) => {}
        }
        Ok(Refreshed::Pending(self.authorize(&name, now)))
    }

    /// Forgets the tokens and cancels what is under way.
    ///
    /// # Errors
    /// There is no such account.
    pub fn revoke(&mut self, account: &str, now: Now) -> Result<(), UnknownAccount> {
        let (name, _) = self.entry_named(account)?;
        let reason = Reason::new("the account was revoked");
        if self.drop_session(&name, &reason) {
            self.emit(&name, TokenEvent::Revoked);
        }
        self.log(&name, NoticeKind::Revoked);
        self.settle(&name, now);
        Ok(())
    }

    /// Back to empty, whatever is in flight included. Tells whether there was a token.
    pub(super) fn drop_session(&mut self, name: &AccountName, reason: &Reason) -> bool {
        let Some(entry) = self.entries.get_mut(name) else { return false };
        let had = std::mem::replace(&mut entry.state, TokenState::Empty);
        entry.clear();
        if let TokenState::Exchanging(exchange) = &had {
            self.exchange_finished(exchange.job, name, Err(reason.clone()));
        }
        matches!(had, TokenState::Active(_))
    }
}

/// Brings an idle refresh forward as far as it may be.
fn hasten(renewal: &mut Renewal, haste: Haste, now: Moment) {
    let Renewal::Idle { due, pause, .. } = renewal else { return };
    let earliest = match pause {
        Pause::Fresh => now,
        Pause::Retry { not_before } => now.max(*not_before),
        Pause::Attention if haste == Haste::Show => return,
        Pause::Attention => now,
    };
    *due = earliest.min(*due);
}
