//! Who comes by the extra socket: it gives access tokens of the listed accounts, and nothing else. Who asks there may
//! be root of another machine.

use pizauth_common::ipc::message::{Expired, Refusal, Request, Response, Show};
use pizauth_common::secret::Secret;
use pizauth_core::keeper::{Dismissal, Waited};
use pizauth_core::moment::Now;

use super::answers::Refused;
use super::tokens::{Asked, Found, Work, formats};
use super::waiting::CannotWait;
use super::{EventLoop, Rooms};
use crate::containment::{Worker, contain};
use crate::ipc_listener::{AnyCaller, GuestAnswer, GuestId, GuestRefusal};
use crate::log::{self, What};

/// Nobody waits longer there, in seconds.
const LONGEST_WAIT: u64 = 60;

/// What there is for a guest.
enum ForGuest {
    /// Its answer: waiting would not help.
    Answer(GuestAnswer),
    /// Its answer, if it does not wait.
    UnderWay(GuestAnswer),
}

impl EventLoop {
    /// Answers a guest, now or once there is what it waits for.
    pub(super) fn answer_guest(&mut self, guest: GuestId, request: Request, now: Now) {
        self.log_call(AnyCaller::Guest(guest), &request);
        let respond = || self.respond_to_guest(guest, request, now).transpose();
        let answer = contain(Worker::Caller, respond).unwrap_or_else(|_| Some(Err(GuestRefusal::internal())));
        if let Some(answer) = answer {
            self.rooms.ipc_listener.answer_guest(guest, answer.unwrap_or_else(GuestAnswer::from));
        }
    }

    /// None: it waits.
    fn respond_to_guest(
        &mut self,
        guest: GuestId,
        request: Request,
        now: Now,
    ) -> Result<Option<GuestAnswer>, GuestRefusal> {
        match self.rooms.permit_guest(&request)? {
            Some(show) => self.ask_as_guest(guest, show.clone(), now),
            None => Ok(Some(self.status_for_guests(now))),
        }
    }

    fn ask_as_guest(
        &mut self,
        guest: GuestId,
        show: Show,
        now: Now,
    ) -> Result<Option<GuestAnswer>, GuestRefusal> {
        let asked = Asked::try_from(show).map_err(|_| GuestRefusal::bad_format(&formats::names()))?;
        let waits = !asked.wait.is_zero();
        if waits && self.may_be_restored(&asked.account, now) {
            return self.let_guest_wait(guest, asked, Work::HeldBack, now);
        }
        match self.rooms.find_for_guest(&asked, now)? {
            ForGuest::Answer(answer) => Ok(Some(answer)),
            ForGuest::UnderWay(answer) if !waits => Ok(Some(answer)),
            ForGuest::UnderWay(_) => self.let_guest_wait(guest, asked, Work::UnderWay, now),
        }
    }

    fn let_guest_wait(
        &mut self,
        guest: GuestId,
        asked: Asked,
        work: Work,
        now: Now,
    ) -> Result<Option<GuestAnswer>, GuestRefusal> {
        let account = asked.account.clone();
        let waiting = self.let_wait(AnyCaller::Guest(guest), asked, work, now);
        waiting.map(|()| None).map_err(|why| match why {
            CannotWait::UnknownAccount => self.rooms.unknown_to_guests(&account),
            CannotWait::Crowd => GuestRefusal::busy(),
            CannotWait::Stopping => GuestRefusal::stopping(),
        })
    }

    fn status_for_guests(&self, now: Now) -> GuestAnswer {
        let mut accounts = self.rooms.keeper.status(now);
        accounts.retain(|row| self.rooms.is_listed(&row.account));
        GuestAnswer::Status(accounts, self.startup.told)
    }
}

impl Rooms {
    /// Lets the request of a guest through. Gives what it wants to be shown; none: `status`.
    ///
    /// # Errors
    /// A guest may not ask for that.
    pub(super) fn permit_guest<'a>(&self, request: &'a Request) -> Result<Option<&'a Show>, GuestRefusal> {
        let extra = self.extra_socket.as_ref().ok_or_else(GuestRefusal::restricted)?;
        match request {
            Request::Show(show) => {
                extra.check(&show.account)?;
                if show.wait > LONGEST_WAIT {
                    return Err(GuestRefusal::waits_too_long(LONGEST_WAIT));
                }
                Ok(Some(show))
            }
            Request::Status {} => Ok(None),
            // Whatever there will be: a guest may do what is said above, and nothing else.
            _ => Err(GuestRefusal::restricted()),
        }
    }

    /// What is begun for a guest who waits, once it may be. None: it waits on.
    pub(super) fn begin_for_guest(&mut self, asked: &Asked, now: Now) -> Option<GuestAnswer> {
        match self.find_for_guest(asked, now) {
            Ok(ForGuest::UnderWay(_)) => None,
            Ok(ForGuest::Answer(answer)) => Some(answer),
            Err(refusal) => Some(refusal.into()),
        }
    }

    /// Whether there is an extra socket that gives access tokens of the account.
    pub(super) fn is_listed(&self, account: &str) -> bool {
        self.extra_socket.as_ref().is_some_and(|extra| extra.has(account))
    }

    fn find_for_guest(&mut self, asked: &Asked, now: Now) -> Result<ForGuest, GuestRefusal> {
        let account = &asked.account;
        if self.keeper.needs_authorization(account, now) == Ok(true)
            || (self.keeper.why_not(account, now) == Ok(None) && !self.keeper.signs_in_by_itself(account))
        {
            return Err(GuestRefusal::needs_sign_in(account));
        }
        match self.find(asked, now).map_err(|refused| self.without_reason(refused, account))? {
            Found::Token(token) => Ok(ForGuest::Answer(self.forwarded(asked, token, now))),
            Found::Answer(answer) => Ok(ForGuest::Answer(without_error(answer))),
            Found::UnderWay(Response::Starting { .. }) => Err(GuestRefusal::needs_sign_in(account)),
            Found::UnderWay(answer) => Ok(ForGuest::UnderWay(without_error(answer))),
            Found::ForPerson(_) => Err(GuestRefusal::needs_sign_in(account)),
        }
    }

    /// What the wait of a guest comes to.
    pub(super) fn end_of_guests_wait(&self, asked: &Asked, how: Waited, now: Now) -> GuestAnswer {
        let Some(extra) = &self.extra_socket else { return GuestRefusal::restricted().into() };
        let account = &asked.account;
        if let Err(unlisted) = extra.check(account) {
            return unlisted.into();
        }
        match how {
            Waited::Token(access_token) => self.forwarded(asked, access_token, now),
            Waited::Failed(_) => GuestRefusal::ended(account).into(),
            Waited::Dismissed(Dismissal::TimeIsUp) => GuestRefusal::timed_out(asked.wait.as_secs()).into(),
            Waited::Dismissed(Dismissal::UnknownAccount) => self.unknown_to_guests(account).into(),
            Waited::OtherStage => GuestRefusal::restricted().into(),
            Waited::Dismissed(Dismissal::Stopping) => GuestRefusal::stopping().into(),
        }
    }

    fn forwarded(&self, asked: &Asked, access_token: Secret, now: Now) -> GuestAnswer {
        let answer = without_error(self.given(asked, access_token, now));
        if matches!(answer, GuestAnswer::AccessToken(_) | GuestAnswer::Output(_)) {
            log::event(What::TokenForwarded).account(&asked.account.as_str().into()).write();
        }
        answer
    }

    /// The account was listed, and is not in the configuration (any more).
    fn unknown_to_guests(&self, account: &str) -> GuestRefusal {
        let listed: Vec<_> = self.keeper.account_names().filter(|name| self.is_listed(name)).collect();
        GuestRefusal::unknown_account(account, &listed)
    }

    fn without_reason(&self, Refused(kind, _): Refused, account: &str) -> GuestRefusal {
        match kind {
            Refusal::UnknownAccount => self.unknown_to_guests(account),
            Refusal::NoUser => GuestRefusal::no_user(account),
            Refusal::NoCodeYet => GuestRefusal::needs_sign_in(account),
            Refusal::Ended => GuestRefusal::ended(account),
            Refusal::ShuttingDown => GuestRefusal::stopping(),
            _ => GuestRefusal::internal(),
        }
    }
}

/// The answer without the reasons of errors, which are told only where pizauthd runs.
fn without_error(answer: Response) -> GuestAnswer {
    match answer {
        Response::AccessToken { access_token } => GuestAnswer::AccessToken(access_token),
        Response::Output { text } => GuestAnswer::Output(text),
        Response::Exchanging { .. } => GuestAnswer::Exchanging,
        Response::Expired(Expired { needs_attention, refresh_in, .. }) => {
            GuestAnswer::Expired { needs_attention, refresh_in }
        }
        Response::Fetching(Expired { needs_attention, refresh_in, .. }) => {
            GuestAnswer::Fetching { needs_attention, refresh_in }
        }
        Response::Refused { kind: Refusal::NotValidLongEnough, valid_for, .. } => {
            GuestRefusal::too_short(valid_for).into()
        }
        _ => GuestRefusal::restricted().into(),
    }
}
