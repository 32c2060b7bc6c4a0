//! What callers ask of one account's access token: to show it, to refresh it; now, or as soon as it is there.

pub(super) mod formats;
pub(super) mod words;

use std::time::Duration;

use pizauth_common::account_name::as_argument;
use pizauth_common::ipc::message::{Answer, Await, Refresh, Refusal, Response, Show};
use pizauth_common::roughly::exactly;
use pizauth_common::secret::Secret;
use pizauth_common::unix_time::UnixTime;
use pizauth_core::keeper::{
    Demand, Dismissal, Invitation, Refreshed, Shown, StageMark, UnknownAccount, Waited,
};
use pizauth_core::moment::Now;

use super::answers::{Refused, restoring, stopping};
use super::sign_in::{no_code_yet, unserved};
use super::{EventLoop, Rooms};
use crate::ipc_listener::CallerId;
use formats::Format;
use words::{exchanging, expired, failed, fetching, too_short, unavailable, whole_seconds};

/// So long callers wait for the first answer to a refresh token that they have brought along.
const PROOF: Duration = Duration::from_secs(30);

/// What a caller asks for.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) account: String,
    pub(super) demand: Demand,
    /// So long it waits.
    pub(super) wait: Duration,
    /// The form in which the access token is to be given; none: by itself, as `Response::AccessToken`.
    format: Option<Format>,
}

impl Asked {
    /// What has come of a refresh token that was brought along.
    pub(super) fn of_import(account: String) -> Self {
        Self { account, demand: Demand::FirstTry, wait: PROOF, format: None }
    }

    /// Whether it is about a sign-in, and not about the access token.
    pub(super) fn is_for_stage(&self) -> bool {
        matches!(self.demand, Demand::OtherStage(_))
    }

    /// The subject of "no … within 30 s" and the like.
    fn what(&self) -> &'static str {
        match self.demand {
            Demand::NewToken | Demand::FirstTry => "new access token",
            Demand::Token { .. } | Demand::OtherStage(_) => "access token",
        }
    }
}

impl TryFrom<Show> for Asked {
    type Error = Refused;

    fn try_from(Show { account, wait, min_valid, format }: Show) -> Result<Self, Refused> {
        let demand = Demand::Token { min_valid: Duration::from_secs(min_valid) };
        let format = format.as_deref().map(Format::named).transpose()?;
        Ok(Self { account, demand, wait: Duration::from_secs(wait), format })
    }
}

impl From<Refresh> for Asked {
    fn from(Refresh { account, wait }: Refresh) -> Self {
        Self { account, demand: Demand::NewToken, wait: Duration::from_secs(wait), format: None }
    }
}

impl From<Await> for Asked {
    fn from(Await { account, wait, state, url, user_code, last_error }: Await) -> Self {
        let mark = StageMark::of(state, url.as_deref(), user_code.as_deref(), last_error.as_deref());
        Self { account, demand: Demand::OtherStage(mark), wait: Duration::from_secs(wait), format: None }
    }
}

/// How far we are with what a caller waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// It was begun, or comes by itself.
    UnderWay,
    /// Nothing was begun, since `startup_cmd` may bring the access token back.
    HeldBack,
}

/// What there is for a caller.
pub(super) enum Found {
    /// The access token.
    Token(Secret),
    /// Its answer: waiting would not help.
    Answer(Response),
    /// Its answer, if it does not wait.
    UnderWay(Response),
    /// The same, which is told at once also to who waits: a person has to do something.
    ForPerson(Invitation),
}

impl EventLoop {
    /// Brings about what a caller asks for. No answer, where it waits.
    pub(super) fn ask(
        &mut self,
        caller: CallerId,
        asked: Asked,
        now: Now,
    ) -> Result<Option<Answer>, Refused> {
        let waits = !asked.wait.is_zero();
        if self.comes_too_early(caller, &asked.account, now) {
            let why = restoring("what it brings back need not be authorized");
            return if waits { self.let_own_wait(caller, asked, Work::HeldBack, now) } else { Err(why) };
        }
        self.rooms.listen_again(now);
        match self.rooms.find(&asked, now)? {
            Found::Token(token) => Ok(Some(self.rooms.given(&asked, token, now).into())),
            Found::Answer(answer) => Ok(Some(answer.into())),
            Found::UnderWay(answer) if !waits => Ok(Some(answer.into())),
            Found::ForPerson(invitation) if !waits => {
                Ok(Some(self.rooms.pending(&asked.account, invitation, false, now).into()))
            }
            Found::UnderWay(_) => self.let_own_wait(caller, asked, Work::UnderWay, now),
            Found::ForPerson(invitation) => {
                let later = self.let_own_wait(caller, asked, Work::UnderWay, now)?;
                self.tell_invitation(caller, invitation, now);
                Ok(later)
            }
        }
    }
}

impl Rooms {
    pub(super) fn find(&mut self, asked: &Asked, now: Now) -> Result<Found, Refused> {
        let account = &asked.account;
        if asked.format.is_some_and(|format| format.needs_user) {
            self.check_user(account)?;
        }
        match asked.demand {
            Demand::Token { min_valid } => {
                let shown = self.keeper.show_lasting(account, min_valid, now);
                shown_as(shown.map_err(|UnknownAccount| self.unknown(account))?, min_valid, account)
            }
            Demand::NewToken => {
                let refreshed = self.keeper.refresh(account, now);
                refreshed_as(refreshed.map_err(|UnknownAccount| self.unknown(account))?, account)
            }
            // `await` and `import` never come by here: login.rs and importing.rs see for themselves what to wait for.
            Demand::OtherStage(_) | Demand::FirstTry => Err(self.unknown(account)),
        }
    }

    /// Tries again to open redirect listeners that could not be opened, before somebody is sent to sign in: the browser
    /// could not come back otherwise.
    pub(super) fn listen_again(&mut self, now: Now) {
        let served_again = self.redirect_listener.try_again();
        self.keeper.renew_pending(&served_again, now);
    }

    pub(super) fn end_of_wait(&self, asked: &Asked, how: Waited, now: Now) -> Result<Answer, Refused> {
        let account = &asked.account;
        match how {
            _ if asked.demand == Demand::FirstTry => self.end_of_import(asked, how, now),
            Waited::Token(access_token) => Ok(self.given(asked, access_token, now).into()),
            Waited::OtherStage => self.sign_in_stage(account, now),
            Waited::Failed(message) if asked.is_for_stage() => Ok(failed(message)),
            Waited::Failed(why) => {
                let message = format!("no {} for account {account:?}: {why}", asked.what());
                Err(Refused(Refusal::Ended, message))
            }
            Waited::Dismissed(Dismissal::TimeIsUp) => {
                Err(Refused(Refusal::TimedOut, self.too_late(asked, now)))
            }
            Waited::Dismissed(Dismissal::UnknownAccount) => Err(self.unknown(account)),
            Waited::Dismissed(Dismissal::Stopping) => Err(stopping()),
        }
    }

    /// The access token that somebody has asked for, as they have asked for it.
    pub(super) fn given(&self, asked: &Asked, access_token: Secret, now: Now) -> Response {
        let account = &asked.account;
        match (asked.demand, asked.format) {
            (Demand::NewToken | Demand::FirstTry | Demand::OtherStage(_), _) => {
                Response::Refreshed { expires: self.expiry(account, now) }
            }
            (Demand::Token { .. }, None) => Response::AccessToken { access_token },
            (Demand::Token { .. }, Some(format)) => {
                let Some(facts) = self.keeper.token_facts(account, now) else {
                    return Refused(Refusal::Internal, "there is no access token".to_owned()).into();
                };
                let shown = formats::Shown { account, access_token: access_token.expose(), facts: &facts };
                Response::Output { text: format.of(&shown) }
            }
        }
    }

    /// When the account's access token expires, if there is one and that is known.
    pub(super) fn expiry(&self, account: &str, now: Now) -> Option<UnixTime> {
        self.keeper.token_facts(account, now)?.expires
    }

    /// Refuses a form that names the user of the mailbox, where the configuration does not name one.
    fn check_user(&self, account: &str) -> Result<(), Refused> {
        match self.keeper.user(account).map_err(|UnknownAccount| self.unknown(account))? {
            Some(_) => Ok(()),
            None => {
                let message = format!("{account} has no user: add user = \"me@example.org\"");
                Err(Refused(Refusal::NoUser, message))
            }
        }
    }

    pub(super) fn too_late(&self, asked: &Asked, now: Now) -> String {
        if asked.is_for_stage() {
            return format!("nothing has changed within {}", exactly(asked.wait.as_secs()));
        }
        let why = match self.keeper.why_not(&asked.account, now) {
            Ok(Some(shown)) => unavailable(shown, asked.demand),
            Ok(None) => "tokens are being restored: startup_cmd has not ended".to_owned(),
            Err(UnknownAccount) => self.unknown(&asked.account).1,
        };
        format!("no {} within {}: {why}", asked.what(), exactly(asked.wait.as_secs()))
    }
}

fn shown_as(shown: Shown, min_valid: Duration, account: &str) -> Result<Found, Refused> {
    Ok(match shown {
        Shown::AccessToken(access_token) => Found::Token(access_token),
        Shown::Pending(invitation) => Found::ForPerson(invitation),
        Shown::Starting(host) => Found::UnderWay(Response::Starting { host }),
        Shown::Resting { last_error, next_code_in } => {
            return Err(no_code_yet(account, last_error, next_code_in));
        }
        Shown::Exchanging { last_error } => Found::UnderWay(exchanging(last_error)),
        Shown::Expired(renewing) if renewing.needs_attention => Found::Answer(expired(renewing)),
        Shown::Expired(renewing) => Found::UnderWay(expired(renewing)),
        Shown::Fetching(renewing) if renewing.needs_attention => Found::Answer(fetching(renewing)),
        Shown::Fetching(renewing) => Found::UnderWay(fetching(renewing)),
        Shown::TooShort { valid_for, renewal } => {
            let comes = renewal.as_ref().is_some_and(|renewing| !renewing.needs_attention);
            let refused = too_short(valid_for, min_valid, renewal);
            if comes { Found::UnderWay(refused) } else { Found::Answer(refused) }
        }
        Shown::Unserved { reason, asked_in } => return Err(unserved(account, &reason, asked_in)),
        Shown::Stopping => return Err(stopping()),
    })
}

fn refreshed_as(refreshed: Refreshed, account: &str) -> Result<Found, Refused> {
    Ok(match refreshed {
        Refreshed::Scheduled { refresh_in } => {
            Found::UnderWay(Response::RefreshScheduled { refresh_in: whole_seconds(refresh_in) })
        }
        Refreshed::Pending(invitation) => Found::ForPerson(invitation),
        Refreshed::Starting(host) => Found::UnderWay(Response::Starting { host }),
        Refreshed::Exchanging { last_error } => Found::UnderWay(exchanging(last_error)),
        Refreshed::Stopping => return Err(stopping()),
        Refreshed::Impossible => {
            let message = format!(
                "cannot refresh {account:?}: its access token came without a refresh token \
                 (to authorize it anew, revoke it first: pizauth revoke {})",
                as_argument(account)
            );
            return Err(Refused(Refusal::NoRefreshToken, message));
        }
    })
}
