//! A keeper on a bench: virtual time, and the effects of each call at hand.

use pizauth_common::secret::Secret;
use std::time::Duration;

use pizauth_common::config::{Account, Config, HookCommands, ListenAddress, Listeners, RedirectPeer, Uri};
use pizauth_common::unix_time::UnixTime;
use url::Url;

use crate::keeper::{
    Effect, Entropy, Hook, JobId, Keeper, ListenerPorts, RedirectVerdict, Shown, TokenEvent,
};
use crate::moment::{Moment, Now};
use crate::oauth::outcome::{Issued, Outcome, Reason};
use crate::oauth::redirect::{RedirectRequest, Scheme};

pub(crate) const PORTS: ListenerPorts = ListenerPorts { http: Some(4567), https: None };

/// Where the tests begin, on both clocks.
pub(crate) fn some_time() -> Now {
    let moment = Moment::BOOT.plus(seconds(1_000_000));
    Now { moment, wall: UnixTime(1_800_000_000), into_second: Duration::ZERO }
}

pub(crate) fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// What `show` gives for a token that has expired while nothing is wrong.
pub(crate) fn refreshed_now() -> Shown {
    Shown::Expired { last_error: None, needs_attention: false, refresh_in: Duration::ZERO }
}

pub(crate) fn uri(written: &str) -> Uri {
    Uri { written: written.to_owned(), parsed: Url::parse(written).unwrap() }
}

/// An account with the default times of the configuration language.
pub(crate) fn account(name: &str) -> Account {
    Account {
        name: name.into(),
        auth_uri: "https://server.example/authorize".into(),
        token_uri: "https://server.example/token".into(),
        client_id: "client".into(),
        client_secret: None,
        scopes: ["imap".to_owned()].into(),
        redirect_uri: uri("http://localhost/").into(),
        auth_uri_fields: Vec::new(),
        refresh_at_least: seconds(90 * 60),
        refresh_before_expiry: seconds(90),
        refresh_retry: seconds(40),
    }
}

pub(crate) fn config(accounts: Vec<Account>) -> Config {
    Config {
        accounts,
        hooks: HookCommands { transient_error_if_cmd: Some("true".to_owned()), ..HookCommands::default() },
        auth_notify_interval: seconds(15 * 60),
        listeners: Listeners::Http(ListenAddress { host: "127.0.0.1".to_owned(), port: 0 }),
        redirect_peer: RedirectPeer::SameUser,
    }
}

/// A source of random bytes that is none.
pub(crate) fn counting_entropy() -> Entropy {
    let mut count = 0_u64;
    Box::new(move |buffer| {
        for chunk in buffer.chunks_mut(8) {
            count += 1;
            chunk.copy_from_slice(&count.to_le_bytes()[..chunk.len()]);
        }
    })
}

pub(crate) fn reason() -> Reason {
    Reason::new("it is raining")
}

pub(crate) fn issued(access_token: &str, refresh_token: Option<&str>, lifetime: u64) -> Outcome {
    Outcome::Issued(Issued {
        access_token: access_token.into(),
        refresh_token: refresh_token.map(Into::into),
        lifetime: seconds(lifetime),
        narrowed_scope: None,
    })
}

pub(crate) fn transient(reached: bool) -> Outcome {
    Outcome::Transient { reason: reason(), retry_after: None, reached }
}

pub(crate) struct Bench {
    pub(crate) keeper: Keeper,
    pub(crate) now: Now,
    pub(crate) requests: Vec<(JobId, String)>,
    pub(crate) hooks: Vec<Hook>,
    pub(crate) finished: Vec<(JobId, Result<(), Reason>)>,
}

impl Bench {
    pub(crate) fn new(accounts: Vec<Account>) -> Self {
        let keeper = Keeper::new(config(accounts), PORTS, counting_entropy());
        Self { keeper, now: some_time(), requests: Vec::new(), hooks: Vec::new(), finished: Vec::new() }
    }

    /// One account called `work` with an access token `at-0`.
    pub(crate) fn active(refresh_token: Option<&str>, lifetime: u64) -> Self {
        let mut bench = Self::new(vec![account("work")]);
        let job = bench.exchange("work");
        bench.answer(job, issued("at-0", refresh_token, lifetime));
        bench.hooks.clear();
        bench.rest(60);
        bench
    }

    pub(crate) fn collect(&mut self) {
        while let Some(effect) = self.keeper.poll_effect() {
            match effect {
                Effect::RequestToken { job, request, .. } => {
                    self.requests.push((job, request.form.expose().to_owned()));
                }
                Effect::RunHook(hook) => self.hooks.push(hook),
                Effect::ExchangeFinished { job, result, .. } => self.finished.push((job, result)),
                Effect::Log(_) => {}
            }
        }
    }

    /// Lets time pass without telling the keeper.
    pub(crate) fn rest(&mut self, by: u64) {
        self.now.moment = self.now.moment.plus(seconds(by));
        self.now.wall = self.now.wall.plus(seconds(by));
    }

    /// Lets time pass and the keeper act at each of its due moments, as the event loop does.
    pub(crate) fn pass(&mut self, by: u64) {
        let end = self.now.moment.plus(seconds(by));
        while let Some(due) = self.keeper.poll_timeout().filter(|due| *due <= end) {
            let due = due.max(self.now.moment);
            self.now = Now { moment: due, wall: self.now.wall_at(due), ..self.now };
            self.keeper.handle_timeout(self.now);
            self.collect();
        }
        self.now = Now { moment: end, wall: self.now.wall_at(end), ..self.now };
    }

    pub(crate) fn url(&mut self, account: &str) -> String {
        match self.keeper.show(account, self.now).unwrap() {
            crate::keeper::Shown::Pending(url) => url,
            other => panic!("no URL but {other:?}"),
        }
    }

    pub(crate) fn redirect_request(url: &str) -> RedirectRequest {
        let state =
            Url::parse(url).unwrap().query_pairs().find(|(key, _)| key == "state").unwrap().1.into_owned();
        RedirectRequest {
            scheme: Scheme::Http,
            port: 4567,
            host: "localhost:4567".to_owned(),
            path: "/".to_owned(),
            query: Secret::new(format!("code=c0de&state={state}")),
        }
    }

    /// Authorizes `account`: the ticket of its exchange, which is in flight.
    pub(crate) fn exchange(&mut self, account: &str) -> JobId {
        let url = self.url(account);
        let verdict = self.keeper.redirect(&Self::redirect_request(&url), self.now);
        self.collect();
        match verdict {
            RedirectVerdict::Exchanging(job) => job,
            other => panic!("no exchange but {other:?}"),
        }
    }

    pub(crate) fn answer(&mut self, job: JobId, outcome: Outcome) {
        self.requests.retain(|(held, _)| *held != job);
        self.keeper.token_answer(job, outcome, self.now);
        self.collect();
    }

    /// The one request that is in flight.
    pub(crate) fn request(&self) -> JobId {
        match self.requests.as_slice() {
            [(job, _)] => *job,
            other => panic!("not one request in flight but {other:?}"),
        }
    }

    /// When the next token request is due.
    pub(crate) fn next_request(&self) -> Option<Moment> {
        self.keeper.agenda.requests.next()
    }

    /// Lets the next refresh come due and answers it.
    pub(crate) fn fail_once(&mut self, outcome: Outcome) {
        self.collect();
        if self.requests.is_empty() {
            self.now.moment = self.next_request().unwrap().max(self.now.moment);
            self.keeper.handle_timeout(self.now);
            self.collect();
        }
        let job = self.request();
        self.answer(job, outcome);
    }

    pub(crate) fn events(&self) -> Vec<TokenEvent> {
        let event = |hook: &Hook| match hook {
            Hook::TokenEvent { event, .. } => Some(*event),
            _ => None,
        };
        self.hooks.iter().filter_map(event).collect()
    }

    pub(crate) fn errors(&self) -> usize {
        self.hooks.iter().filter(|hook| matches!(hook, Hook::ErrorNotify { .. })).count()
    }

    pub(crate) fn reminders(&self) -> usize {
        self.hooks.iter().filter(|hook| matches!(hook, Hook::AuthNotify { .. })).count()
    }
}
