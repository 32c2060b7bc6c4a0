//! A refresh token that the user brings along from another program. It is tried at once, by a refresh like any other.

use pizauth_common::ipc::message::{Candidate, Import};
use pizauth_common::secret::Secret;

use super::Keeper;
use super::entry::Entry;
use super::event::Happened;
use super::outbox::Outbox;
use super::renewal::RenewedBy;
use super::token_state::{ActiveToken, TokenState};
use crate::moment::{Moment, Now};
use crate::prelude::*;
use crate::snapshot::Lineage;

/// Why a refresh token is not taken. Nothing has been sent, and nothing changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotImported {
    /// The configuration has no such account.
    UnknownAccount,
    /// The account has tokens.
    SignedIn,
    /// A sign-in to the account is being completed.
    SigningIn,
    /// The client signs in by itself, and has no use for one.
    ByItself,
    /// All of them belong to other clients: to use one would be refused, and may end it.
    OtherClient {
        /// To which.
        theirs: Vec<String>,
        /// That of the account.
        ours: String,
    },
    /// Several fit, or none that is called like that.
    Ambiguous {
        /// What those are called that fit.
        labels: Vec<String>,
    },
}

impl Keeper {
    /// Takes the one refresh token that fits the account, and has it tried. Gives its name, if it has one. Where the
    /// import is dry, nothing is taken.
    ///
    /// # Errors
    /// None is taken.
    pub fn import(&mut self, import: &Import, now: Now) -> Result<Option<String>, NotImported> {
        let entry = self.entries.get(import.account.as_str()).ok_or(NotImported::UnknownAccount)?;
        if entry.signs_in_by_itself() {
            return Err(NotImported::ByItself);
        }
        check_free(&entry.state, now.moment)?;
        let Candidate { refresh_token, label, .. } = choose(import, &entry.account.client_id)?;
        if !import.dry {
            self.secrets.retry(&entry.account);
            let taken = self.change(&import.account, now, |entry, outbox| {
                take(entry, refresh_token.clone(), now, outbox);
            });
            taken.map_err(|_| NotImported::UnknownAccount)?;
        }
        Ok(label.clone())
    }

    /// Whether another refresh token has come with the access token that there is.
    pub fn has_rotated(&self, account: &str) -> bool {
        let token = self.entries.get(account).and_then(|entry| entry.state.token());
        token.is_some_and(ActiveToken::has_rotated)
    }
}

/// Whatever has tokens that are good for something is left alone.
fn check_free(state: &TokenState, now: Moment) -> Result<(), NotImported> {
    match state {
        TokenState::Exchanging(_) => Err(NotImported::SigningIn),
        _ if state.token().is_some_and(|token| !token.is_spent(now)) => Err(NotImported::SignedIn),
        _ => Ok(()),
    }
}

fn choose<'a>(import: &'a Import, client_id: &str) -> Result<&'a Candidate, NotImported> {
    let of_client =
        |it: &&Candidate| it.client_id.as_deref().is_none_or(|id| id.is_empty() || id == client_id);
    let mut fitting: Vec<_> = import.candidates.iter().filter(of_client).collect();
    if fitting.is_empty() {
        fitting = import.candidates.iter().filter(|it| it.is_family).collect();
    }
    if fitting.is_empty() {
        let mut theirs: Vec<_> = import.candidates.iter().filter_map(|it| it.client_id.clone()).collect();
        theirs.sort();
        theirs.dedup();
        return Err(NotImported::OtherClient { theirs, ours: client_id.to_owned() });
    }
    let is_called =
        |it: &Candidate, text: &str| it.label.as_deref().is_some_and(|label| label.contains(text));
    let picked = fitting.iter().filter(|it| import.pick.as_deref().is_none_or(|text| is_called(it, text)));
    match picked.collect::<Vec<_>>()[..] {
        [one] => Ok(one),
        _ => {
            let labels = fitting.iter().filter_map(|it| it.label.clone()).collect();
            Err(NotImported::Ambiguous { labels })
        }
    }
}

/// There is no access token yet, so that a refresh is due.
fn take(entry: &mut Entry, refresh_token: Secret, now: Now, outbox: &mut Outbox) {
    let lineage = Lineage::new(outbox.random(), now.wall);
    let by = Some(RenewedBy::RefreshToken(refresh_token));
    let life = now.moment..now.moment;
    let token = ActiveToken::new(None, by, life, lineage, &entry.account);
    entry.take_restored(ActiveToken { is_untried: true, ..token });
    outbox.tell(entry, Happened::Imported);
}
