//! A keeper on a bench: virtual time, and the effects of each call at hand.

use std::time::Duration;

use pizauth_common::config::{
    Account, Config, DumpCallers, HookCommands, ListenAddress, Listeners, RedirectPeer, Scheme,
};
use pizauth_common::ipc::message::State;
use pizauth_common::secret::Secret;
use pizauth_common::unix_time::UnixTime;
use url::Url;

use crate::http::Stamp;
use crate::keeper::{
    AccountEvent, Effect, Entropy, Happened, JobId, Keeper, Learned, ListenerPorts, RedirectVerdict,
    Renewing, RevocationEnd, Shown, TokenEvent, UnknownAccount, Waited, WaiterId,
};
use crate::moment::{Moment, Now};
use crate::oauth::outcome::{Issued, Outcome, Reason};
use crate::oauth::redirect::RedirectRequest;
use crate::snapshot::Snapshot;
pub(crate) use crate::testing::account;
use crate::testing::answer_for;

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
    Shown::Expired(Renewing { last_error: None, needs_attention: false, refresh_in: Duration::ZERO })
}

pub(crate) fn config(accounts: Vec<Account>) -> Config {
    Config {
        accounts,
        hooks: HookCommands { transient_error_if_cmd: Some("true".to_owned()), ..HookCommands::default() },
        auth_notify_interval: seconds(15 * 60),
        listeners: Listeners::Http(ListenAddress { host: "127.0.0.1".to_owned(), port: 0 }),
        redirect_peer: RedirectPeer::SameUser,
        dump_callers: DumpCallers::Any,
        extra_socket: None,
        saved_state: None,
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
        users: Vec::new(),
    })
}

pub(crate) fn transient(reached: bool) -> Outcome {
    Outcome::Transient { reason: reason(), retry_after: None, reached }
}

impl Keeper {
    /// The access token however short it is valid, or what else `show` finds.
    pub(crate) fn show(&mut self, account: &str, now: Now) -> Result<Shown, UnknownAccount> {
        self.show_lasting(account, Duration::ZERO, now)
    }
}

pub(crate) struct Bench {
    pub(crate) keeper: Keeper,
    pub(crate) now: Now,
    /// The requests in flight, each with its form.
    pub(crate) requests: Vec<(JobId, String)>,
    /// Of what was to be signed, in order.
    pub(crate) stamps: Vec<Stamp>,
    pub(crate) told: Vec<AccountEvent>,
    /// What has become known of issuers.
    pub(crate) learned: Vec<Learned>,
    /// The `transient_error_if_cmd`s that were asked for.
    pub(crate) questions: Vec<JobId>,
    /// The commands that were to print a client's secret, and for whom.
    pub(crate) asked: Vec<(JobId, String, String)>,
    /// The callers that have waited, and how that ended.
    pub(crate) answered: Vec<(WaiterId, Waited)>,
    /// The same of those who wanted tokens revoked.
    pub(crate) revoked: Vec<(WaiterId, RevocationEnd)>,
    /// What was to be saved.
    pub(crate) saves: Vec<(JobId, Snapshot)>,
}

impl Bench {
    pub(crate) fn new(accounts: Vec<Account>) -> Self {
        let keeper = Keeper::new(config(accounts), PORTS, counting_entropy());
        let (requests, told, questions) = (Vec::new(), Vec::new(), Vec::new());
        let (asked, answered, saves, stamps) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (learned, revoked, now) = (Vec::new(), Vec::new(), some_time());
        Self { keeper, now, requests, stamps, told, learned, questions, asked, answered, revoked, saves }
    }

    /// One account called `work` with an access token `at-0`.
    pub(crate) fn active(refresh_token: Option<&str>, lifetime: u64) -> Self {
        let mut bench = Self::new(vec![account("work")]);
        let job = bench.exchange("work");
        bench.answer(job, issued("at-0", refresh_token, lifetime));
        assert_eq!(bench.keeper.status(bench.now)[0].state, State::Active);
        bench.told.clear();
        bench.rest(60);
        bench
    }

    pub(crate) fn collect(&mut self) {
        while let Some(effect) = self.keeper.poll_effect() {
            match effect {
                Effect::Http { job, request } => {
                    self.stamps.extend(request.assertion.map(|assertion| assertion.stamp));
                    self.requests.push((job, request.body.expose().to_owned()));
                }
                Effect::AskSecret { job, account, command } => {
                    self.asked.push((job, account.to_string(), command.to_string()));
                }
                Effect::AskIfTransient { job, .. } => self.questions.push(job),
                Effect::Save { job, snapshot } => self.saves.push((job, snapshot)),
                Effect::Tell(event) => self.told.push(event),
                Effect::TellOfIssuer(event) => self.learned.push(event.what),
                Effect::Answer { waiter, how } => self.answered.push((waiter, how)),
                Effect::AnswerRevoker { waiter, how } => self.revoked.push((waiter, how)),
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
            let next = self.keeper.poll_timeout();
            assert!(next.is_none_or(|next| next > due), "what was due is left undone, and the loop spins");
        }
        self.now = Now { moment: end, wall: self.now.wall_at(end), ..self.now };
    }

    pub(crate) fn url(&mut self, account: &str) -> String {
        match self.keeper.show(account, self.now).unwrap() {
            Shown::Pending(invitation) => invitation.url,
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

    /// The browser of `account` comes back with a code.
    pub(crate) fn come_back(&mut self, account: &str) {
        let url = self.url(account);
        let verdict = self.keeper.redirect(&Self::redirect_request(&url), self.now);
        assert_eq!(verdict, RedirectVerdict::Exchanging(account.into(), None));
        self.collect();
    }

    /// Authorizes `account`: the ticket of its exchange, which is in flight.
    pub(crate) fn exchange(&mut self, account: &str) -> JobId {
        self.come_back(account);
        self.requests.last().expect("the exchange has begun").0
    }

    pub(crate) fn answer(&mut self, job: JobId, outcome: Outcome) {
        self.requests.retain(|(held, _)| *held != job);
        self.keeper.answered(job, answer_for(&outcome), self.now);
        self.collect();
    }

    /// The one request that is in flight.
    pub(crate) fn request(&self) -> JobId {
        match self.requests.as_slice() {
            [(job, _)] => *job,
            other => panic!("not one request in flight but {other:?}"),
        }
    }

    /// The requests in flight, each with its form.
    pub(crate) fn forms(&self) -> Vec<&str> {
        self.requests.iter().map(|(_, form)| form.as_str()).collect()
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
        self.told.iter().filter_map(|event| event.what.token_event()).collect()
    }

    /// Of how many errors `error_notify_cmd` was told, outages apart.
    pub(crate) fn errors(&self) -> usize {
        let is_outage = |event: &&AccountEvent| matches!(event.what, Happened::Outage { .. });
        let others = self.told.iter().filter(|event| !is_outage(event));
        others.filter_map(AccountEvent::error_message).count()
    }

    /// What was told of outages since the last call: how each began, and its end.
    pub(crate) fn outages(&mut self) -> Vec<String> {
        let told = std::mem::take(&mut self.told).into_iter();
        let outage = |event: AccountEvent| match &event.what {
            Happened::Outage { .. } => event.error_message(),
            Happened::OutageOver => Some("over".to_owned()),
            _ => None,
        };
        told.filter_map(outage).collect()
    }

    /// How often `auth_notify_cmd` was told of a URL.
    pub(crate) fn reminders(&self) -> usize {
        let is_one = |what: &Happened| {
            matches!(what, Happened::AuthorizationPending { .. } | Happened::AuthorizationReminded { .. })
        };
        self.told.iter().filter(|event| is_one(&event.what)).count()
    }

    /// How the exchanges have ended that browsers wait for, in their order.
    pub(crate) fn ends(&self) -> Vec<&'static str> {
        let end = |what: &Happened| match what {
            Happened::TokenNew { .. } => Some("signed in"),
            Happened::AuthorizationFailed { .. } => Some("failed"),
            Happened::TokenRevoked { .. } => Some("revoked"),
            Happened::TokenInvalidated { .. } => Some("reloaded"),
            _ => None,
        };
        self.told.iter().filter_map(|event| end(&event.what)).collect()
    }
}
