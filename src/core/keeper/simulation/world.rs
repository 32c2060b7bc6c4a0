//! The world: it calls the keeper, performs its effects, and moves the model along.

use std::collections::BTreeMap;

use pizauth_common::config::Account;
use url::form_urlencoded;

use super::coverage::Coverage;
use super::dice::Dice;
use super::model::{Model, Phase, SpentCodes};
use crate::keeper::tests::bench::{PORTS, account, config, seconds, some_time};
use crate::keeper::token_state::TokenState;
use crate::keeper::{AccountEvent, Effect, Happened, JobId, Keeper, MAX_IN_FLIGHT, TokenEvent};
use crate::moment::Now;
use crate::oauth::token_request::GrantType;
use crate::snapshot::Snapshot;

/// More than may be in flight at once.
const ACCOUNTS: [&str; 11] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"];

/// A token request that the server has not answered.
pub(super) struct Request {
    pub(super) account: String,
    pub(super) grant: GrantType,
    pub(super) code: Option<String>,
}

pub(super) struct World {
    pub(super) dice: Dice,
    pub(super) now: Now,
    pub(super) keeper: Keeper,
    pub(super) accounts: BTreeMap<String, Account>,
    pub(super) models: BTreeMap<String, Model>,
    pub(super) requests: BTreeMap<JobId, Request>,
    pub(super) questions: BTreeMap<JobId, String>,
    pub(super) spent: SpentCodes,
    pub(super) snapshots: Vec<Snapshot>,
    /// The account whose request has been told and comes next.
    starting: Option<String>,
    /// Numbers the tokens and codes, so that no two are alike.
    pub(super) serial: u64,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let accounts: BTreeMap<String, Account> =
            ACCOUNTS.iter().map(|name| ((*name).to_owned(), random_account(name, &mut dice))).collect();
        let mut entropy = dice.clone();
        let keeper = Keeper::new(
            config(accounts.values().cloned().collect()),
            PORTS,
            Box::new(move |buffer| buffer.fill_with(|| entropy.roll() as u8)),
        );
        Self {
            dice,
            now: some_time(),
            keeper,
            models: accounts.keys().map(|name| (name.clone(), Model::default())).collect(),
            accounts,
            requests: BTreeMap::new(),
            questions: BTreeMap::new(),
            spent: SpentCodes::default(),
            snapshots: vec![Snapshot::default()],
            starting: None,
            serial: 0,
        }
    }

    /// One thing happens.
    pub(super) fn step(&mut self, coverage: &mut Coverage) {
        let name = self.dice.pick(&ACCOUNTS).to_owned();
        match self.dice.below(100) {
            0..20 => self.show(&name, coverage),
            20..26 => self.refresh(&name, coverage),
            26..29 => self.revoke(&name, coverage),
            29..43 => self.visit(&name, coverage),
            43..66 => self.answer(coverage),
            66..68 => self.hook_answers(),
            68..71 => self.reload(&name, coverage),
            71..73 => self.dump(coverage),
            73..75 => self.restore(coverage),
            75..77 => self.set_clock(),
            _ => self.let_time_pass(),
        }
        self.check();
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
        self.keeper.handle_timeout(self.now);
        self.absorb();
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
        self.keeper.handle_timeout(self.now);
        self.absorb();
        assert!(self.keeper.poll_timeout().is_none_or(|next| next > to), "something due was left undone");
    }

    /// Performs the effects and compares the token events with what the call must have brought.
    pub(super) fn absorb(&mut self) {
        let mut events: BTreeMap<String, Vec<TokenEvent>> = BTreeMap::new();
        while let Some(effect) = self.keeper.poll_effect() {
            match effect {
                Effect::Http { job, request } => self.request_sent(job, request.body.expose()),
                Effect::AskIfTransient { job, account } => self.asked(job, account.as_str()),
                Effect::Tell(event) => {
                    let token_event = event.what.token_event();
                    events.entry(event.account.to_string()).or_default().extend(token_event);
                    self.told(&event);
                }
            }
        }
        for (name, model) in &mut self.models {
            let expected = std::mem::take(&mut model.expected);
            assert_eq!(events.remove(name).unwrap_or_default(), expected, "token events of {name}");
        }
    }

    fn told(&mut self, event: &AccountEvent) {
        let model = self.model(event.account.as_str());
        match &event.what {
            Happened::AuthorizationPending { url } | Happened::AuthorizationReminded { url } => {
                match &model.phase {
                    Phase::Pending { url: pending } => assert_eq!(pending, url),
                    other => panic!("a reminder while {other:?}"),
                }
            }
            Happened::AuthorizationFailed { .. } if matches!(model.phase, Phase::Exchanging { .. }) => {
                model.end();
            }
            Happened::RequestStarted { .. } => self.starting = Some(event.account.to_string()),
            _ => {}
        }
    }

    fn request_sent(&mut self, job: JobId, form: &str) {
        let now = self.now;
        let name = &self.starting.take().expect("a request is told before it is sent");
        let value = |key: &str| {
            form_urlencoded::parse(form.as_bytes())
                .find(|(found, _)| found == key)
                .map(|(_, value)| value.into_owned())
        };
        let (code, refresh_token) = (value("code"), value("refresh_token"));
        let model = self.model(name);
        model.request_sent(job, now);
        match &model.phase {
            Phase::Active(session) => {
                assert_eq!(session.refresh_token, refresh_token, "not the latest refresh token")
            }
            Phase::Exchanging { code: held } => {
                assert_eq!(Some(held), code.as_ref());
            }
            other => panic!("a token request while {other:?}"),
        }
        if let Some(code) = &code {
            self.spent.assert_unspent(code);
        }
        let grant = if code.is_some() { GrantType::AuthorizationCode } else { GrantType::RefreshToken };
        self.requests.insert(job, Request { account: name.to_owned(), grant, code });
        assert!(self.requests.len() <= MAX_IN_FLIGHT, "{} requests in flight", self.requests.len());
    }

    fn asked(&mut self, job: JobId, name: &str) {
        let session = self.model(name).session().expect("only a session has transient failures");
        assert!(
            session.failures > 0 && session.failures.is_multiple_of(6),
            "asked after {} failures",
            session.failures
        );
        assert_eq!(session.question.replace(job), None, "asked twice at once");
        self.questions.insert(job, name.to_owned());
    }

    /// What must hold between any two steps: the keeper holds the tokens that the model knows, and no others.
    fn check(&mut self) {
        let now = self.now;
        for (name, entry) in &self.keeper.entries {
            let model = self.models.get_mut(name.as_str()).expect("every account has a model");
            match (&entry.state, model.session()) {
                (TokenState::Active(token), Some(session)) => {
                    let renewer = token.renewal.renewer();
                    let held =
                        renewer.and_then(|renewer| renewer.by.refresh_token()).map(|token| token.expose());
                    assert_eq!(held, session.refresh_token.as_deref(), "the refresh token of {name}");
                    let held = token.access_token.as_ref().map(|token| token.expose());
                    let valid = Some(&*session.access_token).filter(|_| now.moment < session.expires_at);
                    assert_eq!(held, valid, "the access token of {name}, wiped when it expires");
                    session.lineage = Some(token.lineage);
                }
                (TokenState::Active(_), None) => panic!("a token of {name} outlived its session"),
                (_, Some(session)) => {
                    assert!(session.is_spent(now.moment), "the tokens of {name} are gone");
                }
                (_, None) => {}
            }
        }
    }
}

fn random_account(name: &str, dice: &mut Dice) -> Account {
    Account {
        refresh_at_least: seconds(dice.pick(&[1, 60, 5400])),
        refresh_before_expiry: seconds(dice.pick(&[0, 5, 90, 10_000])),
        refresh_retry: seconds(dice.pick(&[1, 40, 4000])),
        ..account(name)
    }
}
