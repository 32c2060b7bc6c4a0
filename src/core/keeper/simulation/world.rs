//! The world: it calls the keeper, performs its effects, and moves the model along.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use pizauth_common::config::Account;
use pizauth_common::secret::Secret;
use url::form_urlencoded;

use super::coverage::Coverage;
use super::device::Codes;
use super::dice::Dice;
use super::disk::{Disk, Mode};
use super::grants::Grants;
use super::hosts::{HOSTS, Host};
use super::model::{Model, Phase, SpentCodes};
use super::reload::random_account;
use super::revocation;
use super::secrets::Secrets;
use super::server::Request;
use super::session::Session;
use super::stamps::Stamps;
use super::waiters::Waiting;
use crate::http;
use crate::keeper::purpose::Purpose;
use crate::keeper::tests::bench::{PORTS, config, seconds, some_time};
use crate::keeper::{AccountEvent, Effect, Happened, JobId, Keeper, WaiterId};
use crate::moment::Now;
use crate::oauth::client_auth::Client;
use crate::oauth::device_poll::DevicePoll;
use crate::oauth::device_request::DeviceRequest;
use crate::oauth::token_request::TokenRequest;
use crate::snapshot::Snapshot;
use crate::testing::served;

/// More than may be in flight at once.
const ACCOUNTS: [&str; 11] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"];

pub(super) struct World {
    pub(super) dice: Dice,
    pub(super) now: Now,
    pub(super) keeper: Keeper,
    pub(super) accounts: BTreeMap<String, Account>,
    /// How often the user is reminded, as it is configured.
    pub(super) configured_every: Duration,
    pub(super) models: BTreeMap<String, Model>,
    pub(super) requests: BTreeMap<JobId, Request>,
    /// The hosts whose last request was answered.
    pub(super) answering: BTreeSet<Host>,
    /// Whether many refreshes after the first are refused in words that may mean anything.
    pub(super) is_vague: bool,
    /// The host that says nothing for a while.
    pub(super) mute: Option<Host>,
    pub(super) questions: BTreeMap<JobId, String>,
    pub(super) spent: SpentCodes,
    stamps: Stamps,
    /// The numbers of all sessions that there have been.
    pub(super) sessions: BTreeSet<u64>,
    pub(super) snapshots: Vec<Snapshot>,
    pub(super) is_stopping: bool,
    /// Whether tokens are ever saved.
    saves: bool,
    pub(super) disk: Disk,
    pub(super) grants: Grants,
    pub(super) secrets: Secrets,
    /// Whether clients that sign in by themselves do so without being asked.
    pub(super) fetches: bool,
    /// Callers that have not been answered yet.
    pub(super) waiting: BTreeMap<WaiterId, Waiting>,
    /// Accounts for which this step has ended what callers could wait for.
    pub(super) hopeless: BTreeSet<String>,
    /// Accounts whose refresh has failed in this step, and is tried again.
    pub(super) failed_tries: BTreeSet<String>,
    /// The account whose request has been told and comes next, and the `grant_type` that was told.
    starting: Option<(String, &'static str)>,
    /// Numbers the tokens and codes, so that no two are alike.
    serial: u64,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let hosts = 1 + dice.below(HOSTS.len());
        let is_vague = dice.chance(50);
        let saves = dice.chance(40);
        let account = |name: &&str| ((*name).to_owned(), random_account(name, hosts, &mut dice));
        let accounts: BTreeMap<String, Account> = ACCOUNTS.iter().map(account).collect();
        let configured = config(accounts.values().cloned().collect());
        let mut entropy = dice.clone();
        let entropy = Box::new(move |buffer: &mut [u8]| buffer.fill_with(|| entropy.roll() as u8));
        Self {
            dice,
            now: some_time(),
            configured_every: configured.auth_notify_interval,
            keeper: Keeper::new(configured, PORTS, entropy),
            models: accounts.iter().map(|(name, account)| (name.clone(), Model::of(account))).collect(),
            accounts,
            requests: BTreeMap::new(),
            answering: BTreeSet::new(),
            is_vague,
            mute: None,
            questions: BTreeMap::new(),
            spent: SpentCodes::default(),
            stamps: Stamps::default(),
            sessions: BTreeSet::new(),
            snapshots: vec![Snapshot::default()],
            is_stopping: false,
            saves,
            disk: Disk::new(),
            grants: Grants::default(),
            secrets: Secrets::default(),
            fetches: false,
            waiting: BTreeMap::new(),
            hopeless: BTreeSet::new(),
            failed_tries: BTreeSet::new(),
            starting: None,
            serial: 0,
        }
    }

    /// One thing happens.
    pub(super) fn step(&mut self, coverage: &mut Coverage) {
        let name = self.someone();
        self.hopeless.clear();
        self.failed_tries.clear();
        self.models.values_mut().for_each(|model| model.concluded = None);
        if !self.fetches && !self.is_stopping && self.dice.chance(2) {
            self.begin_fetching();
        }
        match self.dice.below(100) {
            _ if self.has_command() && self.dice.chance(8) => self.command_ends(),
            97.. if self.saves => self.save_or_kill(coverage),
            // Callers wait for the load.
            0..34 | 66..75 | 76 if self.disk.mode == Mode::Loading => self.save_or_kill(coverage),
            0..9 => self.show_lasting(&name, Duration::ZERO, coverage),
            9..13 => {
                let min_valid = self.min_valid();
                self.show_lasting(&name, min_valid, coverage);
            }
            13..18 => self.wait(&name, coverage),
            18..20 => self.leave(coverage),
            20..26 => self.refresh(&name, coverage),
            26..28 => self.revoke(&name, coverage),
            28..31 => self.revoke_remotely(&name, coverage),
            31..34 => self.login(&name, coverage),
            34..45 => self.visit(&name, coverage),
            45..66 => self.answer(coverage),
            66..68 => self.hook_answers(),
            68..71 => self.reload(&name, coverage),
            71..73 => self.dump(coverage),
            73..75 => self.restore(coverage),
            75..76 => self.set_clock(),
            76..77 => self.import(&name, coverage),
            77..79 => self.change_weather(),
            _ => self.let_time_pass(),
        }
        self.check(coverage);
    }

    /// What was saved is there.
    fn begin_fetching(&mut self) {
        self.fetches = true;
        let now = self.now;
        let lack = self.models.values_mut().filter(|it| it.by_itself && matches!(it.phase, Phase::Empty));
        lack.for_each(|model| model.fetch(now));
        self.keeper.begin_fetching(now);
        self.absorb();
    }

    /// Any account, and often one whose refresh token seems to be dead: there are few of them.
    fn someone(&mut self) -> String {
        let is_suspect = |model: &Model| model.held().is_some_and(Session::offers_sign_in);
        let suspects = self.models.iter().filter(|(_, model)| is_suspect(model));
        let suspects: Vec<String> = suspects.map(|(name, _)| name.clone()).collect();
        if self.dice.chance(50) && !suspects.is_empty() {
            return suspects[self.dice.below(suspects.len())].clone();
        }
        self.dice.pick(&ACCOUNTS).to_owned()
    }

    pub(super) fn model(&mut self, name: &str) -> &mut Model {
        self.models.get_mut(name).expect("every account has a model")
    }

    pub(super) fn count(&mut self, name: &str, call: &'static str, coverage: &mut Coverage) {
        let now = self.now;
        coverage.count(self.model(name).state(now), call);
    }

    pub(super) fn count_for_all(&mut self, call: &'static str, coverage: &mut Coverage) {
        for model in self.models.values() {
            coverage.count(model.state(self.now), call);
        }
    }

    pub(super) fn serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    fn set_clock(&mut self) {
        let by = seconds(self.dice.pick(&[1, 3600, 86_400, 1_000_000_000]));
        self.now.wall = if self.dice.chance(50) { self.now.wall.plus(by) } else { self.now.wall.minus(by) };
        self.handle_timeout();
    }

    /// To the next due moment, a bit, or a long sleep.
    fn let_time_pass(&mut self) {
        let due = self.keeper.poll_timeout().unwrap_or(self.now.moment);
        let to = match self.dice.below(10) {
            0..6 => due.max(self.now.moment),
            6..9 => self.now.moment.plus(seconds(self.dice.pick(&[0, 1, 7, 60]))),
            _ => self.now.moment.plus(seconds(self.dice.pick(&[3_600, 90_000]))),
        };
        self.now = Now { moment: to, wall: self.now.wall_at(to), ..self.now };
        self.handle_timeout();
    }

    pub(super) fn handle_timeout(&mut self) {
        let (now, next) = (self.now, self.remind_at());
        for model in self.models.values_mut() {
            model.end_if_over(now);
            model.remind(next, now);
        }
        self.keeper.handle_timeout(self.now);
        self.absorb();
    }

    /// Performs the effects and compares what is told with what the step must have brought.
    pub(super) fn absorb(&mut self) {
        self.settle();
        self.look_who_waits();
        self.look_at_changes();
        while let Some(effect) = self.keeper.poll_effect() {
            match effect {
                Effect::Http { job, request } => self.request_sent(job, request),
                Effect::AskSecret { job, account, command } => self.command_asked(job, &account, &command),
                Effect::AskIfTransient { job, account } => self.asked(job, account.as_str()),
                Effect::Save { job, snapshot } => self.save_begun(job, snapshot),
                Effect::Tell(event) => self.told(&event),
                Effect::TellOfIssuer(event) => panic!("nobody asks an issuer: {event:?}"),
                Effect::Answer { waiter, how } => self.waited(waiter, how),
                Effect::AnswerRevoker { waiter, how } => self.revoker_waited(waiter, how),
            }
        }
        self.check_all_told();
    }

    /// What has lost its purpose is over.
    pub(super) fn settle(&mut self) {
        for (name, model) in &mut self.models {
            model.settle(&self.accounts[name], self.now);
        }
    }

    fn told(&mut self, event: &AccountEvent) {
        if let Happened::RequestStarted { grant } = event.what {
            self.starting = Some((event.account.to_string(), grant));
            return;
        }
        if is_end_of_hope(&event.what) {
            self.hopeless.insert(event.account.to_string());
        }
        if matches!(event.what, Happened::RefreshFailed { .. }) {
            self.failed_tries.insert(event.account.to_string());
        }
        self.told_of_no_secret(event);
        let now = self.now.moment;
        if matches!(event.what, Happened::TokenRevoked { .. }) {
            self.disk.revoke(event.account.as_str(), now);
        }
        let model = self.model(event.account.as_str());
        if model.told_of_outage(event, now) {
            return;
        }
        if let Some(pause) = model.expected.told(event) {
            model.paused(pause, now);
        }
    }

    fn request_sent(&mut self, job: JobId, sent: http::Request) {
        let (name, grant) = self.starting.take().expect("a request is told before it is sent");
        let told = self.told_secret(&self.accounts[&name]).cloned();
        let account = &self.accounts[&name];
        let client = Client::of(served(account), told.as_ref()).expect("nothing is sent without its secret");
        let host = self.asked_by(&name);
        assert!(!self.is_stopping && self.has_place_for(&name), "a request of {name} has no place");
        let model = self.models.get_mut(&name).expect("every account has a model");
        model.request_sent(job, self.now);
        if let Some(revocation) = &mut model.revocation {
            revocation.host = account.revocation_uri.as_ref().map(|uri| uri.anchor().host().to_owned());
        }
        let purpose = match &model.revocation {
            Some(_) => Purpose::Revocation(revocation::request(client, model, self.now.moment)),
            None => purpose(client, &model.phase, &sent),
        };
        let Effect::Http { request, .. } = purpose.effect(job, || self.stamps.of(&sent, self.now)) else {
            panic!("no request for {purpose:?}")
        };
        assert_eq!(sent, request);
        assert_eq!(grant, purpose.logged_as());
        let code = match &model.phase {
            Phase::Exchanging { code, .. } if model.revocation.is_none() => Some(code.clone()),
            _ => None,
        };
        if let Some(code) = &code {
            self.spent.assert_unspent(code);
        }
        let refresh_token = model.refresh_token_in_flight();
        if let Some(token) = &refresh_token
            && !self.disk.has_saved(&name, token, model, self.now)
        {
            self.grants.excuse(token);
        }
        self.requests.insert(job, Request { account: name, host, code, refresh_token, purpose });
    }

    fn asked(&mut self, job: JobId, name: &str) {
        let model = self.model(name);
        assert!(std::mem::take(&mut model.must_ask), "{name} is asked about out of turn");
        let session = model.session().expect("only a session has transient failures");
        assert_eq!(session.question.replace(job), None, "asked twice at once");
        self.questions.insert(job, name.to_owned());
    }
}

/// Whether there will be no token before somebody does something.
fn is_end_of_hope(what: &Happened) -> bool {
    matches!(
        what,
        Happened::SessionEnded { .. }
            | Happened::NeedsAttention { .. }
            | Happened::AuthorizationFailed { .. }
            | Happened::TokenInvalidated { .. }
            | Happened::TokenRevoked { .. }
    )
}

/// What an account in this phase has to send; a code is known to the world, its verifier and redirect URI are not.
fn purpose(client: Client, phase: &Phase, sent: &http::Request) -> Purpose {
    let value = |key: &str| {
        let mut fields = form_urlencoded::parse(sent.body.expose().as_bytes());
        fields.find(|(found, _)| found == key).map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    let account = client.account();
    match phase {
        Phase::Active(Session { by_itself: true, .. }) | Phase::Fetching(_) => {
            let application = account.grant.application().expect("only an application signs in by itself");
            Purpose::Token(TokenRequest::by_itself(client, application))
        }
        Phase::Active(session) => {
            let refresh_token = session.refresh_token.as_deref().expect("only what can be refreshed is");
            Purpose::Token(TokenRequest::refresh(client, &refresh_token.into()))
        }
        Phase::Starting { .. } => {
            Purpose::Codes(DeviceRequest::new(client).expect("only a device waits for codes"))
        }
        Phase::OnDevice { codes: Codes { given, .. }, .. } => {
            Purpose::Poll(DevicePoll::new(client, &given.device_code, &given.user_code, given.lifetime))
        }
        Phase::Exchanging { code, .. } => {
            let verifier = Secret::new(value("code_verifier"));
            let code = code.as_str().into();
            Purpose::Token(TokenRequest::exchange(client, &code, &verifier, &value("redirect_uri")))
        }
        other => panic!("a token request while {other:?}"),
    }
}
