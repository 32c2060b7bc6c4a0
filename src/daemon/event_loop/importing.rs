//! Refresh tokens that callers bring along from other programs, and what has come of them.

use pizauth_common::account_name::as_argument;
use pizauth_common::ipc::message::{Answer, Import, Imported, MAX_IMPORT, Refusal, Report};
use pizauth_common::secret::Secret;
use pizauth_core::keeper::{Dismissal, NotImported, Renewing, Shown, Waited};
use pizauth_core::moment::Now;

use super::answers::{Refused, busy, recognisable, restoring, stopping};
use super::tokens::{Asked, Work};
use super::{EventLoop, Rooms};
use crate::ipc_listener::{AnyCaller, CallerId};

impl EventLoop {
    /// Takes the refresh token that fits, and answers once it has been tried.
    pub(super) fn import(
        &mut self,
        caller: CallerId,
        import: &Import,
        now: Now,
    ) -> Result<Option<Answer>, Refused> {
        check(import)?;
        if self.stage.is_stopping() {
            return Err(stopping());
        }
        if self.comes_too_early(caller, &import.account, now) {
            return Err(restoring("what it brings back need not be imported"));
        }
        // Before anything is taken: no refresh token is tried whose caller cannot wait to hear what comes of it.
        if !self.has_room_for(AnyCaller::Own(caller)) {
            return Err(busy());
        }
        let label =
            self.rooms.keeper.import(import, now).map_err(|why| self.rooms.not_imported(why, import))?;
        if import.dry {
            return Ok(Some(Report::Imported(Imported { label, ..Imported::default() }).into()));
        }
        let asked = Asked::of_import(import.account.clone());
        self.let_own_wait(caller, asked, Work::UnderWay, now)
    }
}

impl Rooms {
    /// What has come of the first try, as far as there was one.
    pub(super) fn end_of_import(&self, asked: &Asked, how: Waited, now: Now) -> Result<Answer, Refused> {
        let account = &asked.account;
        let imported = match how {
            Waited::Token(_) => Imported {
                expires: self.expiry(account, now),
                rotated: self.keeper.has_rotated(account),
                ..Imported::default()
            },
            Waited::Failed(why) => not_tried(self.passing_error(account, now).ok_or_else(|| {
                Refused(Refusal::Ended, format!("the import into {account:?} has failed: {why}"))
            })?),
            Waited::Dismissed(Dismissal::TimeIsUp) => not_tried(self.too_late(asked, now)),
            Waited::Dismissed(Dismissal::UnknownAccount) => return Err(self.unknown(account)),
            // Who waits for a token is not told of stages.
            Waited::Dismissed(Dismissal::Stopping) | Waited::OtherStage => return Err(stopping()),
        };
        Ok(Report::Imported(imported).into())
    }

    /// Why the last refresh has failed, where it is tried again by itself.
    fn passing_error(&self, account: &str, now: Now) -> Option<String> {
        match self.keeper.why_not(account, now) {
            Ok(Some(Shown::Expired(Renewing { needs_attention: false, last_error, .. }))) => {
                last_error.map(|error| error.to_string())
            }
            _ => None,
        }
    }

    fn not_imported(&self, why: NotImported, import: &Import) -> Refused {
        let account = &import.account;
        match why {
            NotImported::UnknownAccount => self.unknown(account),
            NotImported::ByItself => {
                let message = format!("{account} signs in by itself, and needs no refresh token");
                Refused(Refusal::AlreadyActive, message)
            }
            NotImported::SignedIn => {
                let argument = as_argument(account);
                let message =
                    format!("{account} is signed in already; revoke it first (pizauth revoke {argument})");
                Refused(Refusal::AlreadyActive, message)
            }
            NotImported::SigningIn => {
                let message =
                    format!("{account} is just being signed in: see pizauth status {}", as_argument(account));
                Refused(Refusal::AlreadyActive, message)
            }
            NotImported::OtherClient { theirs, ours } => {
                Refused(Refusal::ClientMismatch, other_client(&theirs, &ours))
            }
            NotImported::Ambiguous { labels } => {
                Refused(Refusal::Ambiguous, ambiguous(import.pick.as_deref(), &labels))
            }
        }
    }
}

/// Refuses what no program can have stored: too many bytes of tokens, or something else than tokens.
fn check(import: &Import) -> Result<(), Refused> {
    if import.bytes() > MAX_IMPORT {
        let message = format!("the refresh tokens and their names are over {MAX_IMPORT} bytes");
        return Err(Refused(Refusal::TooLarge, message));
    }
    let are_tokens = import.candidates.iter().all(|it| Secret::token(it.refresh_token.expose()).is_some());
    if import.candidates.is_empty() || !are_tokens {
        let message = "a refresh token is missing, or is not printable ASCII of at most 64 KiB";
        return Err(Refused(Refusal::BadRequest, message.to_owned()));
    }
    Ok(())
}

fn not_tried(why: String) -> Imported {
    Imported { not_tried: Some(why), ..Imported::default() }
}

fn other_client(theirs: &[String], ours: &str) -> String {
    let theirs: Vec<_> = theirs.iter().map(|id| recognisable(id)).collect();
    format!(
        "the refresh token belongs to client {}, the account has {}; a refresh token works for its own client only",
        theirs.join(", "),
        recognisable(ours)
    )
}

fn ambiguous(pick: Option<&str>, labels: &[String]) -> String {
    let lines: String = labels.iter().map(|label| format!("\n{}", recognisable(label))).collect();
    match pick {
        _ if labels.is_empty() => {
            "the refresh tokens have no names to pick one by: pass on that of this account".to_owned()
        }
        None => {
            format!("several refresh tokens fit: name one with --pick and a piece of\n{}", lines.trim_start())
        }
        Some(pick) => {
            format!(
                "not one refresh token alone has {:?} in its name; there are\n{}",
                recognisable(pick),
                lines.trim_start()
            )
        }
    }
}
