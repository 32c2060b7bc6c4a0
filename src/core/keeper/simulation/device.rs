//! Signing in on another device as the rules tell it, and the servers that are asked for codes and about them.

use std::time::Duration;

use pizauth_common::config::{Account, DeviceCode, Grant};

use super::dice::Dice;
use super::hosts::{HOSTS, Host};
use super::model::{Model, Phase};
use super::world::World;
use crate::http::Answer;
use crate::keeper::tests::bench::seconds;
use crate::keeper::{Happened, Invitation, UserCode};
use crate::moment::{Moment, Now};
use crate::oauth::device_poll::{Polled, not_used};
use crate::oauth::device_request::DeviceAuthorization;
use crate::oauth::outcome::Reason;
use crate::testing::{account as of_tests, by_assertion, by_itself, code_grant, json_answer, uri};

/// Codes that wait for the user.
#[derive(Clone, Debug)]
pub(super) struct Codes {
    pub(super) given: DeviceAuthorization,
    pub(super) expires_at: Moment,
    pub(super) due: Moment,
    interval: Duration,
    pause: Duration,
}

impl Codes {
    /// What was in flight counts for nothing.
    pub(super) fn poll_later(&mut self, now: Moment) {
        self.due = now.plus(self.interval);
    }

    pub(super) fn invitation(&self) -> Invitation {
        let DeviceAuthorization { user_code, verification_uri, .. } = self.given.clone();
        let code = UserCode { user_code, verification_uri, expires_at: self.expires_at };
        Invitation { url: self.given.url().to_owned(), code: Some(code) }
    }
}

impl Model {
    pub(super) fn codes(&self) -> Option<&Codes> {
        match &self.phase {
            Phase::OnDevice { codes, .. } => Some(codes),
            _ => None,
        }
    }

    fn codes_mut(&mut self) -> Option<&mut Codes> {
        match &mut self.phase {
            Phase::OnDevice { codes, .. } => Some(codes),
            _ => None,
        }
    }

    /// What the user has to do.
    pub(super) fn invitation(&self) -> Option<Invitation> {
        let in_browser = || self.sign_in().map(|sign_in| Invitation { url: sign_in.url.clone(), code: None });
        self.codes().map(Codes::invitation).or_else(in_browser)
    }

    /// A sign-in on another device begins; a session that is good for something is kept, and not refreshed.
    pub(super) fn ask_for_codes(&mut self, now: Now) {
        let request = self.request.take();
        let mut kept = self.held().filter(|session| !session.is_spent(now.moment)).cloned();
        if let (Phase::Active(_), Some(session)) = (&self.phase, &mut kept) {
            session.steps_aside(request.is_some(), now.moment);
            session.sign_in = None;
        }
        self.phase = Phase::Starting { is_known: false, kept };
    }

    /// The answer to the request for codes.
    pub(super) fn codes_answered(
        &mut self,
        answer: Result<DeviceAuthorization, Reason>,
        next_reminder: Moment,
        now: Now,
    ) {
        let given = match answer {
            Ok(given) => given,
            Err(reason) => return self.authorization_failed(reason, now),
        };
        self.code_made_at = Some(now.moment);
        let (url, interval) = (given.url().to_owned(), given.interval);
        let (expires_at, due) = (now.moment.plus(given.lifetime), now.moment.plus(interval));
        let sign_in = self.new_sign_in(url, Some(given.user_code.clone()), now);
        let codes = Codes { given, expires_at, due, interval, pause: interval };
        let is_known = matches!(self.phase, Phase::Starting { is_known: true, .. });
        self.phase = Phase::OnDevice { sign_in, codes, kept: self.held().cloned() };
        if is_known {
            self.accompany(next_reminder);
        }
        self.remind(next_reminder, now);
    }

    /// The answer to a poll, but for one that brings a token.
    pub(super) fn not_yet(&mut self, polled: Polled, account: &Account, now: Now) {
        let Some(codes) = self.codes_mut() else { panic!("a poll without codes") };
        let mut told = None;
        match polled {
            Polled::Issued(_) => panic!("that is a token"),
            Polled::Failed(reason) => return self.authorization_failed(reason, now),
            Polled::Pending => codes.pause = codes.interval,
            Polled::SlowDown(wanted) => {
                codes.interval = (codes.interval + seconds(5)).max(wanted.unwrap_or_default());
                codes.pause = codes.interval;
            }
            Polled::NoVerdict { reason, reached: false, .. } => {
                told = Some((reason, codes.interval.max(account.refresh_retry)));
            }
            Polled::NoVerdict { reason, retry_after, reached: true } => {
                codes.pause = (codes.pause * 2).min(seconds(60)).max(codes.interval);
                told = Some((reason, codes.pause.max(retry_after.unwrap_or_default())));
            }
        }
        codes.due = now.moment.plus(told.as_ref().map_or(codes.pause, |(_, pause)| *pause));
        if let Some((reason, pause)) = told {
            self.expected.event(Happened::PollFailed { reason, pause });
        }
        self.end_if_over(now);
    }

    /// Nobody has used the code in time.
    pub(super) fn end_if_over(&mut self, now: Now) {
        if self.request.is_none()
            && let Some(codes) = self.codes()
            && codes.expires_at <= now.moment
        {
            let reason = not_used(&codes.given.user_code);
            self.authorization_failed(reason, now);
        }
    }

    /// A poll leaves: never two within five seconds, whatever happens between them.
    pub(super) fn poll_sent(&mut self, now: Moment) {
        let too_soon = self.polled_at.is_some_and(|last| now.since(last) < seconds(5));
        assert!(!too_soon, "two polls within five seconds");
        assert!(self.codes().is_some_and(|codes| codes.expires_at > now), "a poll about dead codes");
        self.polled_at = Some(now);
    }
}

impl World {
    /// How long `show` makes no further code.
    pub(super) fn rest(&mut self, name: &str) -> Option<Duration> {
        let every = self.configured_every.max(Duration::from_secs(1));
        let now = self.now.moment;
        let after_code = self.model(name).code_made_at.map(|made| made.plus(every));
        let next = after_code.max(self.no_secret_until(name))?;
        (next > now).then(|| next.since(now))
    }

    /// What the device authorization endpoint says.
    pub(super) fn random_codes(&mut self) -> Answer {
        let serial = self.serial();
        match self.dice.below(10) {
            0 => json_answer(400, r#"{"error":"invalid_client"}"#),
            1 => json_answer(503, "<html>"),
            _ => {
                let interval = self.dice.pick(&["", r#","interval":1"#, r#","interval":30"#]);
                let life = self.dice.pick(&["", r#","expires_in":1"#, r#","expires_in":900"#]);
                let body = format!(
                    r#"{{"device_code":"dc-{serial}","user_code":"UC-{serial}",
                    "verification_uri":"https://as.example/d"{interval}{life}}}"#
                );
                json_answer(200, &body)
            }
        }
    }

    /// What the token endpoint says of a device code, but where there is a token for it.
    pub(super) fn random_poll_answer(&mut self) -> Answer {
        let retry_after = self.dice.pick(&[None, Some("1"), Some("100"), Some("9999")]).map(str::to_owned);
        match self.dice.below(20) {
            0..9 => json_answer(428, r#"{"error":"authorization_pending"}"#),
            9..12 => json_answer(400, r#"{"error":"slow_down"}"#),
            12 => json_answer(200, r#"{"error":"slow_down","interval":40}"#),
            13 => json_answer(403, r#"{"error":"access_denied"}"#),
            14 => json_answer(400, r#"{"error":"expired_token"}"#),
            15 => json_answer(401, r#"{"error":"invalid_client"}"#),
            _ => Answer { retry_after, ..json_answer(502, "<html>") },
        }
    }
}

/// Where its requests for codes go.
pub(super) fn device_host_of(account: &Account) -> Option<Host> {
    let device = account.grant.device()?;
    let is_its = |host: &&Host| device.device_auth_uri.anchor().written() == at(host);
    Some(HOSTS.iter().find(is_its).expect("every account is at a known host"))
}

/// The account with a grant as the dice fall: its user's, or its own.
pub(super) fn with_any_grant(account: Account, hosts: usize, dice: &mut Dice) -> Account {
    if dice.chance(12) {
        let signed = if dice.chance(50) { by_assertion(account.clone()) } else { by_itself(account.clone()) };
        return Account { grant: signed.grant, ..account };
    }
    let browser = code_grant(&of_tests(account.name.as_str())).clone();
    let grant = Grant::AuthorizationCode { browser, device: None };
    with_random_grant(Account { grant, ..account }, hosts, dice)
}

/// The account with a grant of its user's as the dice fall, for which its sessions are as good.
pub(super) fn with_random_grant(account: Account, hosts: usize, dice: &mut Dice) -> Account {
    let browser = code_grant(&account).clone();
    let device = DeviceCode {
        device_auth_uri: uri(&at(HOSTS[dice.below(hosts)])).into(),
        auth_uri_fields: browser.auth_uri_fields.clone(),
    };
    let grant = match dice.below(8) {
        0..3 => Grant::DeviceCode { device, browser: Some(browser) },
        3 => Grant::AuthorizationCode { browser, device: Some(device) },
        _ => Grant::AuthorizationCode { browser, device: None },
    };
    Account { grant, ..account }
}

fn at(host: &str) -> String {
    host.replace("/token", "/device")
}
