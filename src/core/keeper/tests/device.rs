//! Signing in on another device, RFC 8628, rule by rule.

use pizauth_common::config::{Account, Grant};
use pizauth_common::ipc::message::{Method, State};

use super::bench::{Bench, PORTS, account, config, issued, seconds};
use crate::http::{Answer, Lost};
use crate::keeper::{Happened, Invitation, JobId, Refreshed, Shown, TokenEvent, UserCode};
use crate::moment::Moment;
use crate::oauth::outcome::{Outcome, Reason};
use crate::testing::{answer_for, json_answer, on_device, uri};

const CODES: &str = r#"{"device_code":"dc","user_code":"AB-CD","verification_uri":"https://as.example/d"}"#;
const NOT_USED: &str = "the code AB-CD was not used in time, or was used already";

fn answer(status: u16, body: &str) -> Result<Answer, Lost> {
    Ok(json_answer(status, body))
}

fn pending() -> Result<Answer, Lost> {
    answer(400, r#"{"error":"authorization_pending"}"#)
}

fn lost(sent: bool) -> Result<Answer, Lost> {
    Err(Lost { sent, why: "no route".to_owned(), needs_person: false, is_unresolved: false })
}

impl Bench {
    fn on_device() -> Self {
        Self::new(vec![on_device(account("work"))])
    }

    /// With codes that wait for the user, who has just been told of them.
    fn with_codes() -> Self {
        let mut bench = Self::on_device();
        bench.asks();
        bench.is_answered(answer(200, CODES));
        bench
    }

    /// `show` begins the request for codes.
    fn asks(&mut self) -> JobId {
        assert_eq!(self.shown(), Shown::Starting("as.example".to_owned()));
        self.collect();
        self.request()
    }

    /// The one request is answered.
    fn is_answered(&mut self, result: Result<Answer, Lost>) {
        let job = self.request();
        self.requests.clear();
        self.keeper.answered(job, result, self.now);
        self.collect();
    }

    fn shown(&mut self) -> Shown {
        self.keeper.show("work", self.now).unwrap()
    }

    pub(super) fn state(&self) -> State {
        self.keeper.status(self.now)[0].state
    }

    fn last_error(&self) -> Option<String> {
        self.keeper.status(self.now)[0].last_error.clone()
    }

    /// Lets time pass until the next poll is sent; how many seconds that takes.
    fn next_poll(&mut self) -> u64 {
        let start = self.now.moment;
        while self.requests.is_empty() {
            let due = self.keeper.poll_timeout().expect("a poll is due");
            self.pass(due.since(self.now.moment).as_secs().max(1));
        }
        assert!(self.forms()[0].contains("device_code=dc"), "{:?}", self.requests);
        self.now.moment.since(start).as_secs()
    }

    fn poll_failures(&self) -> usize {
        self.told.iter().filter(|event| matches!(event.what, Happened::PollFailed { .. })).count()
    }

    fn reload(&mut self, account: Account) {
        self.keeper.reload(config(vec![account]), PORTS, self.now);
        self.collect();
    }
}

#[test]
fn a_sign_in_begins_with_a_request_for_codes_that_is_sent_once_and_draws_from_the_bucket() {
    let mut bench = Bench::on_device();
    bench.asks();
    assert_eq!(bench.forms(), ["client_id=client%26id&scope=mail.read+offline_access"]);
    assert_eq!(bench.state(), State::Starting);
    let row = bench.keeper.status(bench.now).remove(0);
    assert!(row.method == Some(Method::Device) && row.in_flight && row.needs_user);
    for _ in 0..3 {
        assert_eq!(bench.shown(), Shown::Starting("as.example".to_owned()));
        let refreshed = bench.keeper.refresh("work", bench.now);
        assert_eq!(refreshed, Ok(Refreshed::Starting("as.example".to_owned())));
    }
    bench.collect();
    assert_eq!(bench.requests.len(), 1);
    // Two more, and then one every ten seconds.
    for _ in 0..2 {
        bench.is_answered(answer(503, ""));
        bench.asks();
    }
    bench.is_answered(answer(503, ""));
    assert_eq!(bench.shown(), Shown::Starting("as.example".to_owned()));
    bench.pass(9);
    assert!(bench.requests.is_empty());
    bench.pass(1);
    assert_eq!(bench.requests.len(), 1);
}

#[test]
fn codes_wait_for_the_user_who_hears_of_them_at_once_and_again() {
    let mut bench = Bench::with_codes();
    let expires_at = bench.now.moment.plus(seconds(900));
    let code = UserCode {
        user_code: "AB-CD".to_owned(),
        verification_uri: "https://as.example/d".to_owned(),
        expires_at,
    };
    let invitation = Invitation { url: "https://as.example/d".to_owned(), code: Some(code) };
    assert_eq!(bench.shown(), Shown::Pending(invitation));
    assert_eq!(bench.state(), State::Pending);
    assert_eq!(bench.reminders(), 1);
    let told = |event: &crate::keeper::AccountEvent| match &event.what {
        Happened::AuthorizationPending { user_code, .. } => user_code.clone(),
        _ => None,
    };
    assert_eq!(bench.told.iter().find_map(told).as_deref(), Some("AB-CD"));
    let logged = |event: &crate::keeper::AccountEvent| {
        let mut facts = String::new();
        event.what.each_fact(|_, value| facts += &value.to_string());
        facts
    };
    assert!(bench.told.iter().all(|event| !logged(event).contains("AB-CD")), "the code is not logged");
}

#[test]
fn a_token_ends_the_polls_and_is_one_like_any_other() {
    let mut bench = Bench::with_codes();
    assert_eq!(bench.next_poll(), 5, "one whole interval first");
    bench.is_answered(pending());
    assert_eq!(bench.next_poll(), 5);
    bench.is_answered(answer_for(&issued("at", Some("rt"), 3600)));
    assert_eq!(bench.events(), [TokenEvent::New]);
    assert_eq!(bench.shown(), Shown::AccessToken("at".into()));
    bench.pass(3600);
    assert!(bench.forms()[0].contains("refresh_token=rt"), "and it is refreshed");
}

#[test]
fn the_next_poll_is_an_interval_after_the_end_of_the_last() {
    let mut bench = Bench::with_codes();
    bench.next_poll();
    bench.pass(20);
    assert_eq!(bench.requests.len(), 1, "one in flight");
    bench.is_answered(pending());
    assert_eq!(bench.next_poll(), 5);
}

#[test]
fn slow_down_slows_down_from_then_on() {
    let mut bench = Bench::with_codes();
    bench.next_poll();
    bench.is_answered(answer(403, r#"{"error":"slow_down"}"#));
    assert_eq!(bench.next_poll(), 10);
    bench.is_answered(pending());
    assert_eq!(bench.next_poll(), 10);
    bench.is_answered(answer(200, r#"{"error":"slow_down","interval":40}"#));
    assert_eq!(bench.next_poll(), 40);
    bench.is_answered(answer(403, r#"{"error_code":"rate_limit_exceeded"}"#));
    assert_eq!(bench.next_poll(), 45);
    assert_eq!(bench.poll_failures(), 0);
}

#[test]
fn trouble_doubles_the_pause_up_to_a_minute_and_a_good_answer_ends_that() {
    let mut bench = Bench::with_codes();
    bench.next_poll();
    for (result, pause) in [
        (answer(502, "<html>"), 10),
        (answer(429, "too many"), 20),
        (lost(true), 40),
        (answer(200, "no JSON"), 60),
        (lost(true), 60),
        (pending(), 5),
        (answer(503, ""), 10),
        // Not reached at all: refresh_retry, and nothing is doubled.
        (lost(false), 40),
        (lost(false), 40),
        (answer(503, ""), 20),
    ] {
        bench.is_answered(result);
        assert_eq!(bench.next_poll(), pause);
    }
    assert_eq!(bench.poll_failures(), 9);
    assert_eq!(bench.last_error(), None, "the sign-in goes on");
    let patient = Answer { retry_after: Some("100".to_owned()), ..json_answer(503, "") };
    bench.is_answered(Ok(patient));
    assert_eq!(bench.next_poll(), 100);
}

#[test]
fn an_unreached_server_is_not_polled_faster_than_the_interval() {
    let mut bench = Bench::new(vec![Account { refresh_retry: seconds(1), ..on_device(account("work")) }]);
    bench.asks();
    bench.is_answered(answer(200, CODES));
    bench.next_poll();
    bench.is_answered(lost(false));
    assert_eq!(bench.next_poll(), 5);
}

#[test]
fn polls_leave_the_bucket_alone() {
    let mut bench = Bench::with_codes();
    for _ in 0..20 {
        bench.next_poll();
        bench.is_answered(pending());
    }
    bench.keeper.revoke("work", bench.now).unwrap();
    bench.asks();
}

#[test]
fn a_due_refresh_goes_before_polls() {
    let names: Vec<String> = (0..9).map(|number| format!("poll-{number}")).collect();
    let mut accounts: Vec<Account> = names.iter().map(|name| on_device(account(name))).collect();
    accounts.push(account("zebra"));
    let mut bench = Bench::new(accounts);
    let job = bench.exchange("zebra");
    bench.answer(job, issued("at", Some("rt"), 100));
    for name in &names {
        bench.keeper.show(name, bench.now).unwrap();
        bench.collect();
        bench.is_answered(answer(200, CODES));
    }
    // All of them at the same moment: nine polls and a refresh, for eight places.
    bench.rest(50);
    bench.keeper.handle_timeout(bench.now);
    bench.collect();
    assert_eq!(bench.requests.len(), 8);
    assert!(bench.forms()[0].contains("refresh_token=rt"), "{:?}", bench.forms());
}

#[test]
fn a_refusal_ends_the_sign_in_and_is_told_once_per_cause() {
    for (body, said) in [
        (r#"{"error":"access_denied"}"#, "the sign-in was declined"),
        (r#"{"error":"invalid_grant"}"#, NOT_USED),
        (r#"{"error":"org_internal"}"#, "org_internal (the application is only for members"),
    ] {
        let mut bench = Bench::with_codes();
        bench.next_poll();
        bench.is_answered(answer(403, body));
        assert_eq!(bench.state(), State::Empty);
        assert!(bench.last_error().unwrap().starts_with(said), "{:?}", bench.last_error());
        assert_eq!(bench.errors(), 1);
        bench.pass(3600);
        assert!(bench.requests.is_empty(), "no new code by itself");
        bench.asks();
        bench.is_answered(answer(200, CODES));
        bench.next_poll();
        bench.is_answered(answer(400, body));
        assert_eq!(bench.errors(), 1, "once per cause");
    }
}

#[test]
fn codes_that_have_had_their_time_are_not_asked_about_whoever_comes_before_their_end() {
    let mut bench = Bench::new(vec![on_device(account("work")), account("home")]);
    bench.asks();
    bench.is_answered(answer(200, CODES));
    bench.rest(900);
    bench.exchange("home");
    assert_eq!(bench.requests.len(), 1, "{:?}", bench.forms());
    bench.pass(0);
    assert_eq!(bench.ends(), ["failed"]);
}

#[test]
fn codes_that_nobody_uses_are_over_in_time() {
    let mut bench = Bench::with_codes();
    let start = bench.now.moment;
    while bench.state() == State::Pending {
        bench.pass(1);
        if !bench.requests.is_empty() {
            bench.is_answered(pending());
        }
    }
    assert_eq!(bench.now.moment.since(start), seconds(900));
    assert_eq!(bench.last_error().as_deref(), Some(NOT_USED));
    let logged = bench.keeper.logged_error("work");
    assert_eq!(logged, Some("the code was not used in time, or was used already"), "codes stand in no log");
    assert_eq!(bench.keeper.logged_error("play"), None);
    assert_eq!(bench.errors(), 1);
}

#[test]
fn a_server_that_gives_no_codes_is_not_asked_again_by_itself() {
    for result in [lost(false), lost(true), answer(503, ""), answer(400, r#"{"error":"invalid_client"}"#)] {
        let mut bench = Bench::on_device();
        bench.asks();
        bench.is_answered(result);
        assert_eq!((bench.state(), bench.errors()), (State::Empty, 1));
        assert!(bench.last_error().is_some());
        bench.pass(100_000);
        assert!(bench.requests.is_empty());
        bench.asks();
    }
}

#[test]
fn show_makes_the_next_code_after_the_interval_of_reminders_and_refresh_at_once() {
    let mut bench = Bench::with_codes();
    bench.next_poll();
    bench.is_answered(answer(400, r#"{"error":"access_denied"}"#));
    bench.pass(100);
    let Shown::Resting { last_error, next_code_in } = bench.shown() else { panic!() };
    assert_eq!(last_error.unwrap().as_str(), "the sign-in was declined");
    assert_eq!(next_code_in, seconds(900 - 105));
    bench.collect();
    assert!(bench.requests.is_empty());
    bench.pass(next_code_in.as_secs());
    bench.asks();
    bench.is_answered(answer(200, CODES));
    bench.next_poll();
    bench.is_answered(answer(400, r#"{"error":"access_denied"}"#));
    let refreshed = bench.keeper.refresh("work", bench.now);
    assert_eq!(refreshed, Ok(Refreshed::Starting("as.example".to_owned())));
    bench.collect();
    assert_eq!(bench.requests.len(), 1);
}

#[test]
fn refresh_makes_a_new_code_in_place_of_one_that_waits() {
    let mut bench = Bench::with_codes();
    assert!(matches!(bench.keeper.refresh("work", bench.now), Ok(Refreshed::Starting(_))));
    bench.collect();
    bench.is_answered(answer(200, &CODES.replace("AB-CD", "EF-GH").replace("\"dc\"", "\"dc2\"")));
    let Shown::Pending(Invitation { code: Some(code), .. }) = bench.shown() else { panic!() };
    assert_eq!(code.user_code, "EF-GH");
    bench.pass(5);
    assert!(bench.forms()[0].contains("device_code=dc2"));
}

#[test]
fn after_a_long_sleep_dead_codes_are_not_asked_about_and_live_ones_once() {
    let mut bench = Bench::with_codes();
    bench.rest(600);
    bench.keeper.handle_timeout(bench.now);
    bench.collect();
    assert_eq!(bench.requests.len(), 1, "one poll after resume");
    bench.is_answered(pending());
    bench.rest(301);
    // Whoever comes first after the sleep.
    assert!(!matches!(bench.shown(), Shown::Pending(_)));
    bench.keeper.handle_timeout(bench.now);
    bench.collect();
    assert!(bench.forms().iter().all(|form| !form.contains("device_code")), "{:?}", bench.forms());
    assert_eq!(bench.errors(), 1);
}

#[test]
fn a_token_counts_also_where_its_poll_outlives_the_codes() {
    let mut bench = Bench::with_codes();
    bench.pass(895);
    while bench.requests.is_empty() {
        bench.pass(1);
    }
    bench.pass(60);
    assert_eq!(bench.state(), State::Pending, "its answer is awaited");
    bench.is_answered(answer_for(&issued("at", None, 3600)));
    assert_eq!(bench.shown(), Shown::AccessToken("at".into()));
    let mut bench = Bench::with_codes();
    bench.next_poll();
    bench.pass(1000);
    bench.is_answered(pending());
    assert_eq!(bench.last_error().as_deref(), Some(NOT_USED));
}

#[test]
fn a_lost_answer_to_the_poll_that_succeeded_shows_as_a_code_that_was_used() {
    let mut bench = Bench::with_codes();
    bench.next_poll();
    bench.is_answered(lost(true));
    bench.next_poll();
    bench.is_answered(answer(400, r#"{"error":"invalid_grant"}"#));
    assert_eq!(bench.last_error().as_deref(), Some(NOT_USED));
}

#[test]
fn codes_are_in_no_dump_and_a_restore_ends_the_polls() {
    let saved = {
        let mut bench = Bench::on_device();
        assert!(bench.keeper.dump(bench.now).accounts.is_empty());
        bench.asks();
        bench.is_answered(answer(200, CODES));
        bench.next_poll();
        assert!(bench.keeper.dump(bench.now).accounts.is_empty());
        bench.is_answered(answer_for(&issued("at", Some("rt"), 36_000)));
        bench.keeper.dump(bench.now)
    };
    let mut bench = Bench::on_device();
    bench.rest(60);
    bench.asks();
    bench.is_answered(answer(200, CODES));
    bench.keeper.restore(saved, bench.now);
    bench.collect();
    assert_eq!(bench.shown(), Shown::AccessToken("at".into()));
    bench.pass(100);
    assert!(bench.requests.is_empty());
}

#[test]
fn revoke_reload_and_shutdown_end_the_polls() {
    let mut revoked = Bench::with_codes();
    revoked.next_poll();
    revoked.keeper.revoke("work", revoked.now).unwrap();
    revoked.is_answered(answer_for(&issued("late", Some("rt"), 3600)));
    revoked.pass(1000);
    assert!(revoked.requests.is_empty() && revoked.state() == State::Empty);

    let mut reloaded = Bench::with_codes();
    reloaded.reload(Account { scopes: [].into(), ..on_device(account("work")) });
    reloaded.pass(1000);
    assert!(reloaded.requests.is_empty() && reloaded.state() == State::Empty);

    let mut stopped = Bench::with_codes();
    stopped.keeper.stop();
    stopped.pass(1000);
    assert!(stopped.requests.is_empty());
}

#[test]
fn a_reload_that_moves_the_endpoint_drops_codes_and_keeps_a_session() {
    let moved = || {
        let mut account = on_device(account("work"));
        if let Grant::DeviceCode { device, .. } = &mut account.grant {
            device.device_auth_uri = uri("https://other.example/device").into();
        }
        account
    };
    let mut waiting = Bench::with_codes();
    waiting.reload(moved());
    assert_eq!(waiting.state(), State::Empty);
    assert_eq!(waiting.shown(), Shown::Starting("other.example".to_owned()), "without a delay");
    waiting.reload(on_device(account("work")));
    assert_eq!(waiting.state(), State::Empty, "also while codes are asked for");

    let mut active = Bench::with_codes();
    active.next_poll();
    active.is_answered(answer_for(&issued("at", Some("rt"), 3600)));
    active.reload(moved());
    assert_eq!(active.shown(), Shown::AccessToken("at".into()));
    active.reload(moved());
    assert_eq!(active.state(), State::Active);
}

#[test]
fn the_two_ways_to_sign_in_share_a_session() {
    let browser = account("work");
    let both = |is_device: bool| {
        let (device, browser) =
            (on_device(account("work")).grant.device().cloned(), browser.grant.browser().cloned());
        let grant = match (is_device, device, browser) {
            (true, Some(device), browser) => Grant::DeviceCode { device, browser },
            (_, device, Some(browser)) => Grant::AuthorizationCode { browser, device },
            _ => panic!("both are known"),
        };
        Account { grant, ..account("work") }
    };
    let mut bench = Bench::active(Some("rt"), 3600);
    bench.reload(both(true));
    assert_eq!(bench.state(), State::Active);
    bench.reload(both(false));
    assert_eq!(bench.state(), State::Active);
    // A URL that waits is void where the sign-in now begins elsewhere.
    let mut bench = Bench::new(vec![both(false)]);
    bench.url("work");
    bench.reload(both(true));
    assert_eq!(bench.state(), State::Empty);
}

#[test]
fn nothing_is_due_where_nothing_polls() {
    let bench = Bench::on_device();
    assert_eq!(bench.keeper.poll_timeout(), None::<Moment>);
}

#[test]
fn a_session_that_seems_dead_stays_beside_the_sign_in_and_is_not_refreshed_meanwhile() {
    let both = || {
        let browser = account("work").grant.browser().cloned();
        let device = on_device(account("work")).grant.device().cloned().unwrap();
        Account { grant: Grant::DeviceCode { device, browser }, ..account("work") }
    };
    for succeeds in [false, true] {
        let mut bench = Bench::active(Some("rt-0"), 3600);
        bench.reload(both());
        bench.fail_once(issued("at-1", None, 86_400));
        for _ in 0..2 {
            bench.fail_once(vague());
        }
        assert!(matches!(bench.keeper.refresh("work", bench.now), Ok(Refreshed::Starting(_))));
        bench.collect();
        bench.is_answered(answer(200, CODES));
        assert_eq!(bench.shown(), Shown::AccessToken("at-1".into()), "it is good until it expires");
        assert_eq!(bench.keeper.dump(bench.now).accounts.len(), 1);
        bench.next_poll();
        bench.told.clear();
        if succeeds {
            bench.is_answered(answer_for(&issued("at-2", Some("rt-2"), 3600)));
            assert_eq!(bench.shown(), Shown::AccessToken("at-2".into()));
            assert_eq!(bench.events(), [TokenEvent::New]);
        } else {
            bench.is_answered(answer(400, r#"{"error":"access_denied"}"#));
            assert_eq!(bench.shown(), Shown::AccessToken("at-1".into()));
            assert_eq!(bench.state(), State::Active);
            bench.pass(3600);
            assert!(bench.forms()[0].contains("refresh_token=rt-0"), "and it is tried again");
        }
    }
}

fn vague() -> Outcome {
    Outcome::RefusedVaguely(Reason::with_cause("invalid_request", "gone, perhaps"))
}
