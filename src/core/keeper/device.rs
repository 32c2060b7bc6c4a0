//! Signing in on another device (RFC 8628): the codes are asked for, told to the user, and asked about until they are
//! used, refused or over.

use core::time::Duration;

use pizauth_common::config::Grant;
use pizauth_common::secret::Secret;

use super::Settings;
use super::entry::Entry;
use super::event::Happened;
use super::invitation::{Begun, Invitation, UserCode};
use super::outbox::Outbox;
use super::reminders::{remind, reminder_of_start};
use super::sign_in_failure::sign_in_failed;
use super::tickets::JobId;
use super::token_state::{DeviceSignIn, Kept, Poll, Starting, StartsBy, TokenState};
use crate::moment::{Moment, Now};
use crate::oauth::client_auth::Client;
use crate::oauth::device_poll::{DevicePoll, Polled, not_used};
use crate::oauth::device_request::{DeviceAuthorization, DeviceRequest};
use crate::oauth::outcome::{Issued, Reason};
use crate::oauth::served::Served;
use crate::prelude::*;

/// Pauses after answers that decide nothing grow to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Prepares a sign-in by this method, for which a server has to say something first: codes are asked for as soon as the
/// bucket allows. A sign-in that was under way is over; tokens that are still good for something are kept beside the
/// new one, and are not refreshed meanwhile: an account has one request at a time.
pub(super) fn prepare(entry: &mut Entry, by: StartsBy, now: Moment) -> Begun {
    let tokens = entry.take_tokens().filter(|token| !token.is_spent(now));
    let kept = tokens.map(|token| Kept::of(token, now));
    entry.state = TokenState::Starting(Starting { by, is_known: false, kept });
    Begun::Starting(entry.sign_in_host())
}

/// How long `show` asks for no further code, where it waits with that. Nobody may be there to type it (RFC 8628 §5.4
/// wants a user who asks for it), or to help the command that prints the client's secret, which has failed and does not
/// run before `no_secret_until`.
pub(super) fn rest(
    entry: &Entry,
    settings: &Settings,
    no_secret_until: Option<Moment>,
    now: Moment,
) -> Option<Duration> {
    let after_code = entry.code_made_at.map(|made| made.plus(settings.remind_every));
    let no_secret_until = no_secret_until.filter(|_| matches!(entry.account.grant, Grant::DeviceCode { .. }));
    let next = after_code.max(no_secret_until)?;
    (next > now).then(|| next.since(now))
}

/// The device authorization request of an account that is starting, now in flight.
pub(super) fn begin(entry: &mut Entry, told: Option<&Secret>, job: JobId) -> Option<DeviceRequest> {
    let request = DeviceRequest::new(Client::of(entry.served()?, told)?)?;
    let TokenState::Starting(starting) = &mut entry.state else { return None };
    starting.by = StartsBy::CodesAskedFor { job };
    Some(request)
}

/// The poll of an account whose codes wait, now in flight.
pub(super) fn begin_poll(entry: &mut Entry, told: Option<&Secret>, job: JobId) -> Option<DevicePoll> {
    let served = Served::new(&entry.account, entry.metadata.as_deref()).ok()?;
    let client = Client::of(served, told)?;
    let TokenState::OnDevice(sign_in) = &mut entry.state else { return None };
    sign_in.poll = Poll::InFlight { job };
    let DeviceAuthorization { device_code, user_code, lifetime, .. } = &sign_in.given;
    Some(DevicePoll::new(client, device_code, user_code, *lifetime))
}

/// There are codes, or there will be none.
pub(super) fn codes_answered(
    entry: &mut Entry,
    answer: Result<DeviceAuthorization, Reason>,
    settings: &Settings,
    now: Now,
    outbox: &mut Outbox,
) {
    let given = match answer {
        Ok(given) => given,
        Err(reason) => return sign_in_failed(entry, reason, now, outbox),
    };
    let (interval, expires_at) = (given.interval, now.moment.plus(given.lifetime));
    entry.code_made_at = Some(now.moment);
    let is_known = matches!(&entry.state, TokenState::Starting(starting) if starting.is_known);
    let reminder = reminder_of_start(entry, is_known, now.moment);
    let sign_in = DeviceSignIn {
        given,
        expires_at,
        interval,
        pause: interval,
        poll: Poll::Waiting { due: now.moment.plus(interval) },
        reminder,
        kept: entry.take_tokens().map(|token| Kept::of(token, now.moment)),
    };
    entry.state = TokenState::OnDevice(Box::new(sign_in));
    remind(entry, settings, now, outbox);
}

/// What the answer to a poll changes; a token, where it brings one.
pub(super) fn poll_answered(
    entry: &mut Entry,
    polled: Polled,
    now: Now,
    outbox: &mut Outbox,
) -> Option<Issued> {
    let TokenState::OnDevice(sign_in) = &mut entry.state else { return None };
    match polled {
        Polled::Issued(issued) => return Some(issued),
        Polled::Failed(reason) => sign_in_failed(entry, reason, now, outbox),
        Polled::Pending => sign_in.go_on(now.moment),
        Polled::SlowDown(wanted) => sign_in.slow_down(wanted, now.moment),
        Polled::NoVerdict { reason, retry_after, reached } => {
            let pause = match reached {
                true => sign_in.trouble().max(retry_after.unwrap_or_default()),
                false => sign_in.interval.max(entry.account.refresh_retry),
            };
            sign_in.poll_after(pause, now.moment);
            outbox.tell(entry, Happened::PollFailed { reason, pause });
        }
    }
    end_if_over(entry, now, outbox);
    None
}

/// Codes that have had their time are over, but not while a poll is under way.
pub(super) fn end_if_over(entry: &mut Entry, now: Now, outbox: &mut Outbox) {
    let TokenState::OnDevice(sign_in) = &entry.state else { return };
    if matches!(sign_in.poll, Poll::Waiting { .. }) && sign_in.expires_at <= now.moment {
        let reason = not_used(&sign_in.given.user_code);
        sign_in_failed(entry, reason, now, outbox);
    }
}

impl DeviceSignIn {
    pub(super) fn invitation(&self) -> Invitation {
        let DeviceAuthorization { user_code, verification_uri, .. } = self.given.clone();
        let code = UserCode { user_code, verification_uri, expires_at: self.expires_at };
        Invitation { url: self.given.url().to_owned(), code: Some(code) }
    }

    /// The next poll comes after the interval, whatever has come of the last one.
    pub(super) fn poll_later(&mut self, now: Moment) {
        self.poll_after(self.interval, now);
    }

    fn poll_after(&mut self, pause: Duration, now: Moment) {
        self.poll = Poll::Waiting { due: now.plus(pause) };
    }

    /// The server has said something: the next pause is the interval.
    fn go_on(&mut self, now: Moment) {
        self.pause = self.interval;
        self.poll_later(now);
    }

    /// RFC 8628 §3.5: 5 s more from now on, or what the server asks for.
    fn slow_down(&mut self, wanted: Option<Duration>, now: Moment) {
        let more = self.interval.saturating_add(Duration::from_secs(5));
        self.interval = more.max(wanted.unwrap_or_default());
        self.go_on(now);
    }

    /// One more answer that decides nothing: the pause doubles.
    fn trouble(&mut self) -> Duration {
        let doubled = self.pause.saturating_mul(2).min(LONGEST_PAUSE);
        self.pause = doubled.max(self.interval);
        self.pause
    }
}
