//! Worlds of accounts that ask issuers for their endpoints: documents that come late or never, are wrong, lack
//! something, and change, beside whatever callers and servers may do meanwhile. What is asked, when and where is judged
//! by what the issuers have said, and not by how the keeper remembers it.

use std::collections::BTreeMap;

use pizauth_common::config::{Account, ClientAuth};
use pizauth_common::ipc::message::Method;
use url::{Url, form_urlencoded};

use super::dice::Dice;
use super::{for_each_seed, take};
use crate::http::{Answer, Lost, Request};
use crate::keeper::tests::bench::{Bench, PORTS, config, counting_entropy, seconds, some_time};
use crate::keeper::{Effect, JobId, Keeper, Shown, WaiterId};
use crate::moment::{Moment, Now};
use crate::testing::{account, asking, by_itself, json_answer, on_device};

const ISSUERS: [&str; 3] = ["https://0.example", "https://1.example/realm", "https://2.example"];
const ACCOUNTS: [&str; 7] = ["a", "b", "c", "d", "e", "f", "g"];
const DEFAULT_STEPS: u64 = 40_000;
const STEPS_PER_WORLD: u64 = 500;

/// What is known of an issuer by who has heard all that it said.
#[derive(Debug, Default)]
struct Issuer {
    /// The question that has not been answered.
    asked: Option<JobId>,
    /// Its last document that was good, and whether it had an endpoint for devices.
    document: Option<(u64, bool)>,
    /// Why it may be asked at the first place, from when on.
    next: Next,
    doubted_at: Option<Moment>,
    /// Whether what it was asked was asked before a reload: where that fails it may be asked again at once.
    is_late: bool,
    /// When a bucket of questions would be full.
    full_at: Option<Moment>,
}

/// Whether there is something to ask it.
#[derive(Clone, Copy, Debug, Default)]
enum Next {
    #[default]
    Now,
    /// After what was of no use, if nobody is in a hurry.
    At(Moment),
    /// What it has said does.
    Never,
}

struct World {
    dice: Dice,
    now: Now,
    keeper: Keeper,
    accounts: BTreeMap<String, Account>,
    issuers: BTreeMap<String, Issuer>,
    /// The document by which each account knows where its endpoints are.
    knows: BTreeMap<String, Option<u64>>,
    /// Whether each document had an endpoint for devices.
    documents: BTreeMap<u64, bool>,
    requests: BTreeMap<JobId, Sent>,
    serial: u64,
}

/// A request under way: to an issuer, or of an account.
#[derive(Clone, Debug)]
enum Sent {
    Question { issuer: String, is_second: bool },
    OfAccount { account: String, path: String },
}

fn some_account(name: &str, dice: &mut Dice) -> Account {
    let plain = account(name);
    let of_kind = match dice.below(4) {
        0 => on_device(plain),
        1 => by_itself(plain),
        _ => plain,
    };
    let asking = asking(of_kind, dice.pick(&ISSUERS));
    let client_auth = match asking.client_auth {
        ClientAuth::None => ClientAuth::None,
        _ => ClientAuth::Post("s3cret".into()),
    };
    Account { client_id: name.into(), client_auth, ..asking }
}

fn issuer_of(account: &Account) -> String {
    account.asks().expect("every account asks").written().to_owned()
}

fn needs_device(account: &Account) -> bool {
    account.grant.name() == "device_code"
}

impl World {
    fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let accounts: BTreeMap<String, Account> =
            ACCOUNTS.iter().map(|name| ((*name).to_owned(), some_account(name, &mut dice))).collect();
        let configured = config(accounts.values().cloned().collect());
        let mut world = Self {
            dice,
            now: some_time(),
            keeper: Keeper::new(configured, PORTS, counting_entropy()),
            issuers: BTreeMap::new(),
            knows: accounts.keys().map(|name| (name.clone(), None)).collect(),
            accounts,
            documents: BTreeMap::new(),
            requests: BTreeMap::new(),
            serial: 0,
        };
        world.name_issuers();
        world.keeper.begin_fetching(world.now);
        world.collect();
        world
    }

    /// Those that an account asks are there, and no others are.
    fn name_issuers(&mut self) {
        let asked: Vec<String> = self.accounts.values().map(issuer_of).collect();
        self.issuers.retain(|issuer, _| asked.contains(issuer));
        for issuer in asked {
            self.issuers.entry(issuer).or_default();
        }
    }

    fn step(&mut self) {
        let name = self.dice.pick(&ACCOUNTS);
        match self.dice.below(20) {
            0..3 => drop(self.keeper.show(name, self.now).unwrap()),
            3 => {
                self.is_in_haste(name);
                drop(self.keeper.refresh(name, self.now).unwrap());
            }
            4 => {
                self.is_in_haste(name);
                let method = self.dice.pick(&[None, Some(Method::Browser), Some(Method::Device)]);
                drop(self.keeper.login(name, method, self.now).unwrap());
            }
            5 => {
                self.is_in_haste(name);
                let (id, until) = (WaiterId(self.serial()), self.now.moment.plus(seconds(30)));
                let _ = self.keeper.revoke_remotely(name, id, until, self.now).unwrap();
            }
            6 => self.keeper.revoke(name, self.now).unwrap(),
            7 => self.reload(name),
            8..10 => self.come_back(name),
            10..16 => self.answer(),
            _ => self.let_time_pass(),
        }
        self.collect();
        self.check();
    }

    fn serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// A person wants what is to be had of the account, and does not wait until it is asked by itself.
    fn is_in_haste(&mut self, name: &str) {
        if self.knows[name].is_none()
            && let Some(issuer) = self.issuers.get_mut(&issuer_of(&self.accounts[name]))
            && let Next::At(_) = issuer.next
        {
            issuer.next = Next::Now;
        }
    }

    fn come_back(&mut self, name: &str) {
        if let Ok(Some(Shown::Pending(invitation))) = self.keeper.why_not(name, self.now)
            && invitation.code.is_none()
        {
            self.check_endpoint(name, &invitation.url, true);
            self.keeper.redirect(&Bench::redirect_request(&invitation.url), self.now);
        }
    }

    fn reload(&mut self, name: &str) {
        if self.dice.chance(60) {
            let other = some_account(name, &mut self.dice);
            let known = self.knows[name].filter(|number| self.documents[number] || !needs_device(&other));
            if issuer_of(&other) != issuer_of(&self.accounts[name]) || known.is_none() {
                self.knows.insert(name.to_owned(), None);
            }
            self.accounts.insert(name.to_owned(), other);
        }
        self.name_issuers();
        for issuer in self.issuers.values_mut() {
            (issuer.next, issuer.is_late) = (Next::Now, issuer.asked.is_some());
        }
        for (name, account) in &self.accounts {
            let document = self.issuers[&issuer_of(account)].document;
            let fitting = document.filter(|(_, has_device)| *has_device || !needs_device(account));
            if self.knows[name].is_none() {
                self.knows.insert(name.clone(), fitting.map(|(number, _)| number));
            }
        }
        self.keeper.reload(config(self.accounts.values().cloned().collect()), PORTS, self.now);
    }

    fn let_time_pass(&mut self) {
        let due = self.keeper.poll_timeout().unwrap_or(self.now.moment);
        let to = match self.dice.below(10) {
            0..6 => due.max(self.now.moment),
            6..9 => self.now.moment.plus(seconds(self.dice.pick(&[0, 1, 10, 60]))),
            _ => self.now.moment.plus(seconds(self.dice.pick(&[3_600, 9_000]))),
        };
        self.now = Now { moment: to, wall: self.now.wall_at(to), ..self.now };
        self.keeper.handle_timeout(self.now);
    }

    fn answer(&mut self) {
        let jobs: Vec<JobId> = self.requests.keys().copied().collect();
        if jobs.is_empty() {
            return;
        }
        let job = jobs[self.dice.below(jobs.len())];
        let result = match self.requests.remove(&job).expect("it is under way") {
            Sent::Question { issuer, is_second } => self.answer_question(&issuer, is_second, job),
            Sent::OfAccount { account, path } => self.answer_request(&account, &path),
        };
        self.keeper.answered(job, result, self.now);
    }

    /// What an issuer says, and what may be expected after that.
    fn answer_question(&mut self, name: &str, is_second: bool, job: JobId) -> Result<Answer, Lost> {
        let number = self.serial();
        let is_awaited = self.issuers.get(name).is_some_and(|issuer| issuer.asked == Some(job));
        let (kind, now) = (self.dice.below(10), self.now.moment);
        let has_device = kind != 1;
        self.documents.insert(number, has_device);
        let document = |issuer: &str, has_device: bool| {
            let host = format!("https://of-{number}.example");
            let device = if has_device { "device_authorization_endpoint" } else { "x" };
            json_answer(
                200,
                &format!(
                    r#"{{"issuer":"{issuer}","authorization_endpoint":"{host}/auth","{device}":"{host}/device",
                        "token_endpoint":"{host}/token","revocation_endpoint":"{host}/revoke",
                        "token_endpoint_auth_methods_supported":["client_secret_post"]}}"#
                ),
            )
        };
        let mut expect = |next: Next| {
            if let Some(issuer) = self.issuers.get_mut(name).filter(|_| is_awaited) {
                (issuer.asked, issuer.next) =
                    (None, if issuer.is_late && kind >= 5 { Next::Now } else { next });
                issuer.is_late &= (6..8).contains(&kind) && !is_second;
            }
        };
        match kind {
            0..5 => {
                let all = self.accounts.values().filter(|account| issuer_of(account) == name);
                let suffices = !all.clone().any(|account| needs_device(account) && !has_device);
                expect(if suffices { Next::Never } else { Next::At(now.plus(seconds(3600))) });
                if is_awaited {
                    for account in all.filter(|account| has_device || !needs_device(account)) {
                        self.knows.insert(account.name.to_string(), Some(number));
                    }
                    self.issuers.get_mut(name).expect("it is asked").document = Some((number, has_device));
                }
                Ok(document(name, has_device))
            }
            5 => {
                expect(Next::At(now.plus(seconds(3600))));
                Ok(document("https://another.example", true))
            }
            6..8 => {
                expect(if is_second { Next::At(now.plus(seconds(3600))) } else { Next::Now });
                Ok(json_answer(404, ""))
            }
            8 => {
                expect(Next::Now);
                Ok(json_answer(503, ""))
            }
            _ => {
                expect(Next::Now);
                if let Some(issuer) = self.issuers.get_mut(name).filter(|_| is_awaited) {
                    issuer.full_at = issuer.full_at.map(|full_at| full_at.minus(seconds(8)));
                }
                Err(lost(false))
            }
        }
    }

    fn answer_request(&mut self, name: &str, path: &str) -> Result<Answer, Lost> {
        let number = self.serial();
        let is_gone = self.dice.chance(25);
        if is_gone {
            self.doubt(name, path);
            let unresolved = Lost { is_unresolved: true, ..lost(false) };
            return if self.dice.chance(50) { Ok(json_answer(404, "")) } else { Err(unresolved) };
        }
        Ok(match (path, self.dice.below(4)) {
            (_, 0) => json_answer(503, ""),
            (_, 1) => json_answer(400, r#"{"error":"invalid_grant"}"#),
            ("/device", _) => json_answer(
                200,
                r#"{"device_code":"dc","user_code":"AB","verification_uri":"https://as.example/d"}"#,
            ),
            ("/revoke", _) => json_answer(200, ""),
            _ => json_answer(
                200,
                &format!(
                    r#"{{"access_token":"at","refresh_token":"rt{number}","token_type":"Bearer","expires_in":600}}"#
                ),
            ),
        })
    }

    /// An account has found nobody where it was sent. A client that signs in by itself since a reload has no endpoint
    /// for devices to doubt.
    fn doubt(&mut self, name: &str, path: &str) {
        let (now, account) = (self.now.moment, &self.accounts[name]);
        if path == "/device" && account.grant.device().is_none() {
            return;
        }
        let issuer = issuer_of(account);
        let issuer = self.issuers.get_mut(&issuer).expect("every account asks");
        let is_settled = issuer.doubted_at.is_some_and(|at| at.plus(seconds(3600)) > now);
        if matches!(issuer.next, Next::Never) && issuer.asked.is_none() && !is_settled {
            (issuer.next, issuer.doubted_at) = (Next::Now, Some(now));
        }
    }

    fn collect(&mut self) {
        while let Some(effect) = self.keeper.poll_effect() {
            if let Effect::Http { job, request } = effect {
                self.sent(job, &request);
            }
        }
    }

    fn sent(&mut self, job: JobId, request: &Request) {
        assert!(self.requests.len() < 8, "more than eight under way");
        let sent = match request.body.expose() {
            "" => self.asked(job, &request.uri),
            form => {
                let mut fields = form_urlencoded::parse(form.as_bytes());
                let client = fields.find(|(key, _)| key == "client_id").expect("a client").1.into_owned();
                self.check_endpoint(&client, &request.uri, false);
                let path = Url::parse(&request.uri).unwrap().path().to_owned();
                Sent::OfAccount { account: client, path }
            }
        };
        self.requests.insert(job, sent);
    }

    fn asked(&mut self, job: JobId, uri: &str) -> Sent {
        let (place, is_second) = match uri.find("/.well-known/oauth-authorization-server") {
            Some(_) => ("/.well-known/oauth-authorization-server", false),
            None => ("/.well-known/openid-configuration", true),
        };
        let name = uri.replacen(place, "", 1);
        let now = self.now.moment;
        let issuer = self.issuers.get_mut(&name).unwrap_or_else(|| panic!("nobody asks {name}"));
        assert_eq!(issuer.asked, None, "{name} is asked twice at once");
        issuer.asked = Some(job);
        if !is_second {
            match issuer.next {
                Next::Now => {}
                Next::At(at) => assert!(at <= now, "{name} is asked again {:?} too early", at.since(now)),
                Next::Never => panic!("{name} is asked for what it has said"),
            }
            let full_at = issuer.full_at.unwrap_or(Moment::LONG_AGO).max(now);
            assert!(full_at <= now.plus(seconds(20)), "{name} is stormed");
            issuer.full_at = Some(full_at.plus(seconds(10)));
        }
        Sent::Question { issuer: name, is_second }
    }

    /// No token goes to an endpoint that is not the account's, as its issuer has named it last.
    fn check_endpoint(&self, name: &str, uri: &str, is_old: bool) {
        let number = self.knows[name].unwrap_or_else(|| panic!("{name} knows nobody, and asks {uri}"));
        let host = Url::parse(uri).unwrap().host_str().unwrap().to_owned();
        assert!(is_old || host == format!("of-{number}.example"), "{name} asks {host} and not {number}");
    }

    fn check(&self) {
        for (name, issuer) in &self.issuers {
            let is_under_way = self
                .requests
                .values()
                .any(|sent| matches!(sent, Sent::Question { issuer, .. } if issuer == name));
            assert!(issuer.asked.is_none() || is_under_way);
        }
    }
}

fn lost(sent: bool) -> Lost {
    Lost { sent, why: "no route".to_owned(), needs_person: false, is_unresolved: false }
}

#[test]
fn issuers_are_asked_by_their_law_and_tokens_go_where_they_say() {
    let mut documents = 0;
    let is_whole = for_each_seed(DEFAULT_STEPS, STEPS_PER_WORLD, |seed| {
        let mut world = World::new(seed);
        (0..STEPS_PER_WORLD).for_each(|step| take(step, seed, || world.step()));
        documents += world.issuers.values().filter(|issuer| issuer.document.is_some()).count();
    });
    assert!(!is_whole || documents > 100, "issuers have said too little");
}
