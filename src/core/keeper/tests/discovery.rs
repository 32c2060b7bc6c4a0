use pizauth_common::ipc::message::{Method, State};

use super::bench::{Bench, account, config, issued, seconds};
use crate::http::{Answer, Lost};
use crate::keeper::tests::bench::PORTS;
use crate::keeper::{
    AccountEvent, Demand, Happened, JobId, Learned, Login, MAX_IN_FLIGHT, Refreshed, RevocationEnd, Shown,
    SignInStage, Waited, WaiterId,
};
use crate::testing::{asking, by_itself, json_answer, on_device, uri};

const ISSUER: &str = "https://login.example";

fn at(host: &str, issuer: &str) -> String {
    format!(
        r#"{{"issuer":"{issuer}","authorization_endpoint":"{host}/authorize","token_endpoint":"{host}/token",
            "device_authorization_endpoint":"{host}/device","revocation_endpoint":"{host}/revoke"}}"#
    )
}

fn document() -> Answer {
    json_answer(200, &at("https://as.example", ISSUER))
}

fn lost(sent: bool) -> Lost {
    Lost { sent, why: "no route".to_owned(), needs_person: false, is_unresolved: false }
}

impl Bench {
    /// A bench whose account `work` asks the issuer, with that question under way.
    fn discovering() -> (Self, JobId) {
        let mut bench = Self::new(vec![asking(account("work"), ISSUER)]);
        let job = bench.question();
        (bench, job)
    }

    /// The one request that is under way: the question to an issuer.
    fn question(&mut self) -> JobId {
        self.pass(0);
        self.collect();
        assert_eq!(self.requests.len(), 1, "{:?}", self.requests);
        let (job, form) = self.requests[0].clone();
        assert_eq!(form, "", "a question has no form");
        job
    }

    fn say(&mut self, job: JobId, result: Result<Answer, Lost>) {
        self.requests.retain(|(held, _)| *held != job);
        self.keeper.answered(job, result, self.now);
        self.collect();
    }

    fn learn(&mut self, job: JobId, answer: Answer) {
        self.say(job, Ok(answer));
    }

    fn show(&mut self, account: &str) -> Shown {
        let shown = self.keeper.show(account, self.now).unwrap();
        self.collect();
        shown
    }

    /// Asked at both places, the issuer has nothing to say.
    fn find_nothing(&mut self, job: JobId) {
        self.learn(job, json_answer(404, ""));
        let job = self.question();
        self.learn(job, json_answer(404, ""));
    }
}

fn starting() -> Shown {
    Shown::Starting("login.example".to_owned())
}

fn unserved(bench: &mut Bench) -> (String, u64) {
    match bench.show("work") {
        Shown::Unserved { reason, asked_in } => (reason.to_string(), asked_in.as_secs()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_sign_in_waits_for_the_issuer_and_goes_where_that_says() {
    let (mut bench, job) = Bench::discovering();
    assert_eq!(bench.show("work"), starting());
    let status = &bench.keeper.status(bench.now)[0];
    assert_eq!((status.state, status.method), (State::Starting, Some(Method::Browser)));
    assert_eq!(bench.requests.len(), 1, "one question does");
    bench.learn(job, document());
    let url = bench.url("work");
    assert!(url.starts_with("https://as.example/authorize?"), "{url}");
    let told: Vec<_> = bench.told.iter().map(|event| event.what.clone()).collect();
    let expected = Happened::AuthorizationPending { url, user_code: None, is_known: false };
    assert_eq!(told, [expected]);
    assert_eq!(bench.learned, [Learned::DiscoveryStarted, Learned::Discovered]);
    let job = bench.exchange("work");
    bench.answer(job, issued("at-1", Some("rt"), 3600));
    bench.pass(0);
    assert_eq!(bench.keeper.status(bench.now)[0].state, State::Active);
}

#[test]
fn once_all_is_known_nobody_is_asked_and_nothing_is_due() {
    let (mut bench, job) = Bench::discovering();
    bench.learn(job, document());
    assert_eq!(bench.keeper.poll_timeout(), None);
    bench.pass(100 * 24 * 3600);
    assert!(bench.requests.is_empty());
}

#[test]
fn a_thousand_accounts_of_an_issuer_are_one_question() {
    let accounts = (0..1000).map(|number| asking(account(&format!("a{number}")), ISSUER)).collect::<Vec<_>>();
    let mut bench = Bench::new(accounts.clone());
    let job = bench.question();
    for account in &accounts {
        assert_eq!(bench.show(account.name.as_str()), starting());
    }
    assert_eq!(bench.requests.len(), 1);
    bench.learn(job, document());
    let pending = bench.told.iter().filter(|told| matches!(told.what, Happened::AuthorizationPending { .. }));
    assert_eq!(pending.count(), 1000);
    bench.keeper.reload(config(accounts), PORTS, bench.now);
    bench.collect();
    assert_eq!(bench.requests.len(), 1, "and a reload is one");
}

#[test]
fn issuers_have_their_places_among_the_eight() {
    let of_one = |number: usize| asking(account(&format!("a{number}")), &format!("https://{number}.example"));
    let mut bench = Bench::new((0..20).map(of_one).collect());
    bench.pass(0);
    assert_eq!(bench.requests.len(), MAX_IN_FLIGHT);
    let silent = |number: usize| {
        let issuer = format!("https://silent.example/{number}");
        asking(account(&format!("a{number}")), &issuer)
    };
    let mut accounts: Vec<_> = (0..5).map(silent).collect();
    accounts.push(of_one(9));
    let mut bench = Bench::new(accounts);
    bench.pass(0);
    assert_eq!(bench.requests.len(), 3, "two at the host that says nothing, and another");
}

#[test]
fn the_other_place_is_tried_where_there_is_no_document_and_not_where_nobody_answers() {
    let (mut bench, job) = Bench::discovering();
    bench.learn(job, json_answer(404, ""));
    let job = bench.question();
    bench.learn(job, document());
    assert!(bench.url("work").starts_with("https://as.example/authorize?"));

    let (mut bench, job) = Bench::discovering();
    bench.say(job, Err(lost(false)));
    assert!(bench.requests.is_empty());
}

#[test]
fn a_server_that_says_nothing_is_asked_again_as_a_refresh_is() {
    let (mut bench, job) = Bench::discovering();
    assert_eq!(bench.show("work"), starting());
    bench.say(job, Err(lost(false)));
    assert_eq!(bench.show("work"), starting(), "it may still come");
    let (mut bench, job) = Bench::discovering();
    bench.say(job, Err(lost(false)));
    let Some(Learned::DiscoveryFailed { pause, .. }) = bench.learned.last() else {
        panic!("{:?}", bench.learned)
    };
    assert!((seconds(36)..=seconds(44)).contains(pause), "{pause:?}");
    bench.pass(35);
    assert!(bench.requests.is_empty());
    bench.pass(9);
    let job = bench.question();
    bench.learn(job, Answer { retry_after: Some("300".to_owned()), ..json_answer(503, "") });
    bench.pass(299);
    assert!(bench.requests.is_empty());
    bench.show("work");
    assert!(bench.requests.is_empty(), "nor at somebody's word");
    bench.pass(1);
    bench.question();
}

#[test]
fn who_waits_is_told_where_to_sign_in_and_has_not_long_to_wait_for_a_network() {
    let (mut bench, job) = Bench::discovering();
    assert_eq!(bench.show("work"), starting());
    let until = bench.now.moment.plus(seconds(60));
    let demand = Demand::Token { min_valid: seconds(0) };
    bench.keeper.wait("work", WaiterId(1), demand, until, bench.now).unwrap();
    bench.say(job, Err(lost(false)));
    bench.pass(2);
    let job = bench.question();
    bench.learn(job, json_answer(200, r#"{"issuer":"https://login.example/"}"#));
    let [(WaiterId(1), Waited::Failed(why))] = &bench.answered[..] else { panic!("{:?}", bench.answered) };
    assert_eq!(
        why,
        "authorization failed: https://login.example says that it is \"https://login.example/\": write that as issuer"
    );
}

#[test]
fn what_it_says_of_no_use_is_told_and_asked_again_hourly_or_at_a_persons_word() {
    let (mut bench, job) = Bench::discovering();
    bench.show("work");
    bench.learn(job, json_answer(200, &at("https://as.example", "https://login.example/")));
    let failed = bench.told.iter().filter(|told| told.error_message().is_some()).count();
    assert_eq!(failed, 1);
    let (why, asked_in) = unserved(&mut bench);
    assert!(why.ends_with("write that as issuer"), "{why}");
    assert_eq!(asked_in, 3600);
    bench.pass(3599);
    assert!(bench.requests.is_empty(), "show does not ask again");
    bench.pass(1);
    let job = bench.question();
    bench.find_nothing(job);
    assert!(unserved(&mut bench).0.starts_with("https://login.example says nothing of its endpoints: "));
    let refreshed = bench.keeper.refresh("work", bench.now);
    assert_eq!(refreshed, Ok(Refreshed::Starting("login.example".to_owned())));
    bench.collect();
    let job = bench.question();
    bench.learn(job, document());
    assert!(bench.url("work").starts_with("https://as.example/authorize?"));
}

#[test]
fn an_endpoint_that_a_grant_needs_and_the_issuer_lacks_is_named() {
    let without = |member: &str| {
        let text = at("https://as.example", ISSUER);
        json_answer(200, &text.replace(&format!("\"{member}\""), "\"x\""))
    };
    for (account, member) in [
        (account("work"), "authorization_endpoint"),
        (account("work"), "token_endpoint"),
        (on_device(account("work")), "device_authorization_endpoint"),
        (by_itself(account("work")), "token_endpoint"),
    ] {
        let mut bench = Bench::new(vec![asking(account, ISSUER)]);
        bench.keeper.begin_fetching(bench.now);
        let job = bench.question();
        bench.show("work");
        bench.learn(job, without(member));
        let reason = format!("https://login.example has no {member}");
        let told = bench.told.iter().find_map(AccountEvent::error_message).unwrap();
        assert!(told.contains(&reason), "{told}");
        bench.pass(3600);
        let job = bench.question();
        bench.learn(job, document());
        assert!(!matches!(bench.show("work"), Shown::Unserved { .. }), "{member}");
    }
}

#[test]
fn a_way_of_signing_in_that_the_issuer_does_not_know_is_refused_before_and_after() {
    let lacks_device = || json_answer(200, &at("https://as.example", ISSUER).replace("device_auth", "x"));
    let (mut bench, job) = Bench::discovering();
    assert_eq!(
        bench.login(Some(Method::Device)),
        Login::At(SignInStage::Starting("login.example".to_owned()))
    );
    bench.learn(job, lacks_device());
    let Some(message) = bench.told.iter().find_map(AccountEvent::error_message) else {
        panic!("{:?}", bench.told)
    };
    assert_eq!(message, "authorization failed: https://login.example has no device_authorization_endpoint");
    let issuer = Some(ISSUER.to_owned());
    assert_eq!(bench.login(Some(Method::Device)), Login::NoWay { method: Method::Device, issuer });
    assert!(matches!(bench.login(None), Login::At(SignInStage::Pending(_))));
}

#[test]
fn a_device_sign_in_and_a_client_that_signs_in_by_itself_begin_as_soon_as_it_is_known_where() {
    let device = asking(on_device(account("device")), ISSUER);
    let own = asking(by_itself(account("own")), ISSUER);
    let mut bench = Bench::new(vec![device, own]);
    bench.keeper.begin_fetching(bench.now);
    let job = bench.question();
    assert_eq!(bench.show("device"), starting());
    assert!(matches!(bench.show("own"), Shown::Fetching(_)));
    assert_eq!(bench.requests.len(), 1);
    bench.learn(job, document());
    assert_eq!(bench.requests.len(), 2, "codes and a token");
    assert_eq!(bench.show("device"), Shown::Starting("as.example".to_owned()));
}

/// A session of `work` with an access token of this `lifetime`, restored so many seconds later while nothing is known
/// of its issuer; the question to that is under way.
fn restored_after(rested: u64, lifetime: u64) -> (Bench, JobId) {
    let (mut bench, job) = Bench::discovering();
    bench.learn(job, document());
    let job = bench.exchange("work");
    bench.answer(job, issued("at", Some("rt"), lifetime));
    let dump = bench.keeper.dump(bench.now);
    let mut again = Bench::new(vec![asking(account("work"), ISSUER)]);
    again.now = bench.now;
    again.rest(rested);
    let job = again.question();
    assert_eq!(again.keeper.restore(dump, again.now).restored.len(), 1);
    again.collect();
    (again, job)
}

/// One whose refresh is due.
fn restored() -> (Bench, JobId) {
    restored_after(3600, 3600)
}

#[test]
fn a_refresh_waits_for_the_issuer_and_has_failed_as_often_as_that() {
    let (mut bench, job) = restored();
    assert_eq!(bench.requests.len(), 1, "nothing is sent to nowhere");
    assert!(matches!(bench.show("work"), Shown::Expired(_)));
    bench.say(job, Err(lost(false)));
    let failed = |bench: &Bench| {
        let all = bench.told.iter();
        all.filter(|told| matches!(told.what, Happened::RefreshFailed { .. })).count()
    };
    assert_eq!(failed(&bench), 1);
    let Shown::Expired(renewing) = bench.show("work") else { panic!("it can be refreshed") };
    assert_eq!(renewing.last_error.unwrap().to_string(), "no route");
    for _ in 0..50 {
        bench.show("work");
    }
    bench.pass(0);
    assert_eq!(failed(&bench), 1, "asking for it often is no failure");
    let (mut bench, job) = restored();
    bench.learn(job, document());
    let (_, form) = bench.requests.pop().expect("now it is known whom to ask");
    assert!(form.contains("refresh_token=rt"), "{form}");
}

#[test]
fn a_refresh_backs_off_from_an_issuer_that_answers_and_not_from_one_that_is_not_reached() {
    let pauses_after = |failure: Result<Answer, Lost>| {
        let (mut bench, job) = restored();
        bench.say(job, failure.clone());
        for _ in 0..600 {
            bench.pass(1);
            while let Some((job, _)) = bench.requests.pop() {
                bench.say(job, failure.clone());
            }
        }
        let pause = |told: &AccountEvent| match told.what {
            Happened::RefreshFailed { pause, .. } => Some(pause),
            _ => None,
        };
        bench.told.iter().filter_map(pause).collect::<Vec<_>>()
    };
    let pauses = pauses_after(Ok(json_answer(503, "")));
    assert!(pauses.len() > 2 && pauses[2] > seconds(100), "{pauses:?}");
    let pauses = pauses_after(Err(lost(false)));
    assert!(pauses.len() > 2 && pauses.iter().all(|pause| *pause <= seconds(44)), "{pauses:?}");
}

#[test]
fn a_token_that_is_fresh_is_not_refreshed_because_an_issuer_has_spoken() {
    let (mut bench, job) = restored_after(0, 36000);
    bench.learn(job, document());
    bench.pass(60);
    assert!(bench.requests.is_empty(), "{:?}", bench.forms());

    let (mut bench, job) = restored_after(0, 36000);
    bench.say(job, Err(lost(false)));
    assert_eq!(bench.keeper.status(bench.now)[0].last_error, None);
}

#[test]
fn a_refresh_that_somebody_wants_is_not_forgotten_until_it_is_known_whom_to_ask() {
    let (mut bench, job) = restored_after(0, 36000);
    assert!(matches!(bench.keeper.refresh("work", bench.now), Ok(Refreshed::Scheduled { .. })));
    bench.pass(0);
    bench.say(job, Err(lost(false)));
    bench.pass(50);
    let job = bench.question();
    bench.learn(job, document());
    assert_eq!(bench.requests.len(), 1);
}

#[test]
fn a_refresh_that_nobody_can_be_asked_for_needs_attention_when_it_is_due() {
    let (mut bench, job) = restored();
    bench.find_nothing(job);
    assert!(bench.keeper.status(bench.now)[0].needs_attention);
    assert!(
        bench.told.iter().any(|told| matches!(told.what, Happened::NeedsAttention { is_news: true, .. }))
    );
    bench.pass(3600);
    let job = bench.question();
    bench.learn(job, document());
    assert_eq!(bench.requests.len(), 1, "mended, it goes on by itself");

    // One that is not due yet has not failed, and has when it is, 90 minutes after it was obtained.
    let (mut bench, job) = restored_after(0, 36000);
    bench.told.clear();
    let needs = |bench: &Bench| bench.keeper.status(bench.now)[0].needs_attention;
    bench.find_nothing(job);
    assert_eq!(bench.told, []);
    assert!(!needs(&bench));
    bench.pass(3600);
    let job = bench.question();
    bench.find_nothing(job);
    bench.pass(1799);
    assert_eq!(bench.told, []);
    assert!(!needs(&bench));
    bench.pass(1);
    let [told] = &bench.told[..] else { panic!("{:?}", bench.told) };
    assert!(matches!(told.what, Happened::NeedsAttention { is_news: true, .. }), "{told:?}");
    assert!(needs(&bench));
}

#[test]
fn what_an_issuer_fails_at_is_told_of_its_accounts_that_have_nowhere_to_go_and_of_no_other() {
    let error = |bench: &Bench, row: usize| bench.keeper.status(bench.now)[row].last_error.clone();
    let other = asking(account("other"), "https://other.example");
    let mut bench = Bench::new(vec![other, asking(account("work"), ISSUER)]);
    bench.pass(0);
    let (job, _) = bench.requests[0].clone();
    bench.say(job, Err(lost(false)));
    let told = [error(&bench, 0).is_some(), error(&bench, 1).is_some()];
    assert_eq!(told, [false, true], "the one whose issuer comes first");

    // One that knows where to go is told nothing of the next question.
    let (mut bench, job) = Bench::discovering();
    bench.learn(job, document());
    bench.keeper.reload(config(vec![asking(account("work"), ISSUER)]), PORTS, bench.now);
    bench.collect();
    let job = bench.question();
    bench.find_nothing(job);
    assert_eq!(error(&bench, 0), None);
}

#[test]
fn a_reload_asks_again_and_what_is_known_stays_until_it_is_known_better() {
    let (mut bench, job) = Bench::discovering();
    bench.learn(job, document());
    let accounts = || vec![asking(account("work"), ISSUER)];
    bench.keeper.reload(config(accounts()), PORTS, bench.now);
    bench.collect();
    let job = bench.question();
    assert!(bench.url("work").starts_with("https://as.example/authorize?"));
    bench.find_nothing(job);
    assert!(bench.url("work").starts_with("https://as.example/authorize?"), "the old one is good");
    bench.keeper.revoke("work", bench.now).unwrap();
    bench.pass(3600);
    let job = bench.question();
    bench.learn(job, json_answer(200, &at("https://moved.example", ISSUER)));
    assert!(bench.url("work").starts_with("https://moved.example/authorize?"));

    // Another account takes what is known; another issuer knows nothing yet.
    let mut more = accounts();
    more.push(asking(account("more"), ISSUER));
    bench.keeper.reload(config(more), PORTS, bench.now);
    bench.collect();
    assert!(bench.url("more").starts_with("https://moved.example/authorize?"));
    bench.keeper.reload(config(vec![asking(account("work"), "https://other.example")]), PORTS, bench.now);
    bench.collect();
    assert_eq!(bench.show("work"), Shown::Starting("other.example".to_owned()));
}

#[test]
fn endpoints_that_an_issuer_names_no_more_are_not_believed_again_after_a_reload() {
    let without_device = |host: &str| {
        json_answer(200, &at(host, ISSUER).replace("device_authorization_endpoint", "device_endpoint"))
    };
    let (mut bench, job) = Bench::discovering();
    bench.learn(job, without_device("https://as.example"));
    bench.keeper.reload(config(vec![asking(on_device(account("work")), ISSUER)]), PORTS, bench.now);
    let job = bench.question();
    bench.learn(job, without_device("https://moved.example"));
    bench.keeper.reload(config(vec![asking(account("work"), ISSUER)]), PORTS, bench.now);
    assert!(bench.url("work").starts_with("https://moved.example/authorize?"));
}

#[test]
fn what_fails_that_was_asked_before_a_reload_is_asked_again_at_once() {
    let foreign = json_answer(200, &at("https://as.example", "https://other.example"));
    for answer in [Err(lost(false)), Ok(json_answer(503, "")), Ok(foreign)] {
        let (mut bench, job) = Bench::discovering();
        bench.keeper.reload(config(vec![asking(account("work"), ISSUER)]), PORTS, bench.now);
        bench.collect();
        assert_eq!(bench.question(), job, "one question at a time");
        bench.say(job, answer.clone());
        let job = bench.question();
        bench.say(job, answer);
        bench.pass(0);
        assert!(bench.requests.is_empty(), "and no more often than once");
    }
}

#[test]
fn an_endpoint_where_nobody_is_any_more_is_asked_for_anew_once_an_hour() {
    let unresolved = Lost { is_unresolved: true, ..lost(false) };
    for gone in [Ok(json_answer(404, "")), Ok(json_answer(410, "")), Err(unresolved)] {
        let (mut bench, job) = Bench::discovering();
        bench.learn(job, document());
        let job = bench.exchange("work");
        bench.answer(job, issued("at", Some("rt"), 3600));
        bench.pass(3600);
        assert_eq!(bench.requests.len(), 1);
        let (refresh, _) = bench.requests[0].clone();
        bench.say(refresh, gone);
        let question = bench.question();
        bench.learn(question, document());
        // What is doubted again within the hour stays as it is.
        let begin = bench.now.moment;
        let mut asked = 0;
        while bench.now.moment.since(begin) < seconds(3500) {
            bench.pass(60);
            while let Some((job, form)) = bench.requests.pop() {
                asked += usize::from(form.is_empty());
                bench.say(job, Ok(json_answer(404, "")));
            }
        }
        assert_eq!(asked, 0);
        bench.pass(3600);
        while let Some((job, form)) = bench.requests.pop() {
            asked += usize::from(form.is_empty());
            bench.say(job, Ok(json_answer(404, "")));
        }
        assert!(asked > 0, "an hour later it is");
    }
}

#[test]
fn an_endpoint_that_was_written_is_not_doubted() {
    let mut mixed = asking(account("work"), ISSUER);
    mixed.token_uri = uri("https://as.example/token").into();
    let mut bench = Bench::new(vec![mixed]);
    let job = bench.question();
    bench.learn(job, document());
    let job = bench.exchange("work");
    bench.answer(job, issued("at", Some("rt"), 3600));
    bench.pass(3600);
    let (refresh, _) = bench.requests[0].clone();
    bench.say(refresh, Ok(json_answer(404, "")));
    assert!(bench.requests.is_empty());
}

#[test]
fn a_sign_in_whose_endpoint_the_issuer_takes_back_while_it_waits_has_failed() {
    let (mut bench, job) = Bench::discovering();
    bench.learn(job, document());
    let mut questions = Vec::new();
    for _ in 0..3 {
        bench.login(Some(Method::Device));
        let (request, _) = bench.requests.pop().unwrap();
        bench.say(request, Ok(json_answer(404, "")));
        questions.extend(bench.requests.pop());
    }
    bench.told.clear();
    bench.login(Some(Method::Device));
    assert!(bench.requests.is_empty(), "the bucket is empty");
    let [(question, _)] = questions[..] else { panic!("{questions:?}") };
    bench.learn(question, json_answer(200, &at("https://as.example", ISSUER).replace("device_auth", "x")));
    bench.pass(60);
    let told: Vec<_> = bench.told.iter().filter_map(AccountEvent::error_message).collect();
    assert_eq!(told, ["authorization failed: https://login.example has no device_authorization_endpoint"]);
    assert!(matches!(bench.keeper.stage("work", bench.now), Ok(SignInStage::Failed(_))));
}

#[test]
fn a_remote_revocation_waits_for_the_issuer_and_says_where_it_has_no_such_endpoint() {
    let (mut bench, job) = restored();
    let until = bench.now.moment.plus(seconds(30));
    assert_eq!(bench.keeper.revoke_remotely("work", WaiterId(7), until, bench.now), Ok(Ok(())));
    bench.collect();
    assert_eq!(bench.requests.len(), 1);
    bench.learn(job, document());
    let (_, form) = bench.requests.pop().unwrap();
    assert!(form.starts_with("token=rt&token_type_hint=refresh_token"), "{form}");

    let (mut bench, job) = restored();
    bench.keeper.revoke_remotely("work", WaiterId(7), until, bench.now).unwrap().unwrap();
    bench.learn(job, json_answer(200, &at("https://as.example", ISSUER).replace("revocation", "x")));
    let [(WaiterId(7), RevocationEnd::NotRevoked(why))] = &bench.revoked[..] else {
        panic!("{:?}", bench.revoked)
    };
    assert_eq!(why.to_string(), "https://login.example has no revocation_endpoint");
}

#[test]
fn a_daemon_that_stops_asks_nobody_and_waits_for_no_issuer() {
    let (mut bench, job) = Bench::discovering();
    assert!(!bench.keeper.is_busy());
    assert_eq!(bench.show("work"), starting());
    bench.keeper.stop();
    bench.told.clear();
    bench.learn(job, document());
    assert_eq!(bench.told, [], "nobody is to sign in any more");
}
