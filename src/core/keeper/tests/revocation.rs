//! Revoking at the server, RFC 7009: the server first, and nothing is lost when it says no.

use std::time::Duration;

use pizauth_common::config::Account;
use pizauth_common::ipc::message::State;

use super::bench::{Bench, PORTS, account, config, issued, seconds, transient};
use crate::http::{Answer, Lost};
use crate::keeper::{Dismissal, JobId, NoRevocation, RevocationEnd, Shown, TokenEvent, WaiterId};
use crate::oauth::outcome::{Outcome, Reason};
use crate::testing::{json_answer, on_device, uri};

const WAITER: WaiterId = WaiterId(1);

fn revocable(name: &str) -> Account {
    Account { revocation_uri: Some(uri("https://as.example/revoke").into()), ..account(name) }
}

impl Bench {
    fn revocable(refresh_token: Option<&str>, lifetime: u64) -> Self {
        let mut bench = Self::active(refresh_token, lifetime);
        bench.keeper.reload(config(vec![revocable("work")]), PORTS, bench.now);
        bench
    }

    fn asks_for_revocation(&mut self, waiter: WaiterId) {
        let until = self.now.moment.plus(seconds(35));
        assert_eq!(self.keeper.revoke_remotely("work", waiter, until, self.now), Ok(Ok(())));
        self.collect();
    }

    fn server_says(&mut self, status: u16, body: &str) {
        let job = self.request();
        self.hears(job, Ok(json_answer(status, body)));
    }

    fn hears(&mut self, job: JobId, result: Result<Answer, Lost>) {
        self.requests.retain(|(held, _)| *held != job);
        self.keeper.answered(job, result, self.now);
        self.collect();
    }

    fn token(&mut self) -> Option<String> {
        match self.keeper.show("work", self.now).unwrap() {
            Shown::AccessToken(token) => Some(token.expose().to_owned()),
            _ => None,
        }
    }

    /// What the one caller was told.
    fn told(&mut self) -> RevocationEnd {
        match std::mem::take(&mut self.revoked).as_slice() {
            [(WAITER, how)] => how.clone(),
            other => panic!("not one answer but {other:?}"),
        }
    }

    fn why_not(&mut self) -> String {
        match self.told() {
            RevocationEnd::NotRevoked(reason) => reason.to_string(),
            other => panic!("{other:?}"),
        }
    }
}

fn revoked() -> RevocationEnd {
    RevocationEnd::Revoked { host: Some("as.example".to_owned()) }
}

#[test]
fn the_server_is_asked_first_and_the_token_is_shown_until_it_has_said_yes() {
    let mut bench = Bench::revocable(Some("rt-0"), 3600);
    bench.asks_for_revocation(WAITER);
    assert_eq!(bench.forms(), ["token=rt-0&token_type_hint=refresh_token&client_id=client%26id"]);
    assert_eq!(bench.token().as_deref(), Some("at-0"));
    assert!(bench.revoked.is_empty() && bench.events().is_empty());
    bench.server_says(200, "");
    assert_eq!((bench.told(), bench.token()), (revoked(), None));
    assert_eq!(bench.events(), [TokenEvent::Revoked]);
}

#[test]
fn nothing_is_lost_when_the_server_says_no_or_nothing() {
    let lost = |sent| {
        Err(Lost {
            sent,
            why: "cannot reach as.example".to_owned(),
            needs_person: false,
            is_unresolved: false,
        })
    };
    let answer = |status, body| Ok(json_answer(status, body));
    for (result, words) in [
        (lost(false), "cannot reach as.example"),
        (lost(true), "cannot reach as.example"),
        (answer(503, ""), "http status 503"),
        (answer(302, ""), "a redirect, which is never followed"),
        (answer(401, r#"{"error":"invalid_client"}"#), "invalid_client"),
        (answer(400, "<html><title>Bad</title>"), "http status 400"),
    ] {
        let mut bench = Bench::revocable(Some("rt-0"), 3600);
        let before = bench.keeper.status(bench.now);
        bench.asks_for_revocation(WAITER);
        let job = bench.request();
        bench.hears(job, result);
        let why = bench.why_not();
        assert!(why.contains(words), "{why}");
        assert_eq!((bench.keeper.status(bench.now), bench.token().as_deref()), (before, Some("at-0")));
        assert!(bench.events().is_empty() && bench.errors() == 0);
    }
}

#[test]
fn where_there_is_no_refresh_token_the_access_token_is_revoked() {
    let mut bench = Bench::revocable(None, 3600);
    bench.asks_for_revocation(WAITER);
    assert_eq!(bench.forms(), ["token=at-0&token_type_hint=access_token&client_id=client%26id"]);
    bench.server_says(400, r#"{"error":"invalid_token"}"#);
    assert_eq!((bench.told(), bench.token()), (revoked(), None));
}

#[test]
fn a_server_that_revokes_no_refresh_tokens_is_given_the_access_token_once() {
    let other_kinds = r#"{"error":"unsupported_token_type"}"#;
    let mut bench = Bench::revocable(Some("rt-0"), 3600);
    bench.asks_for_revocation(WAITER);
    bench.server_says(400, other_kinds);
    assert!(bench.revoked.is_empty());
    assert_eq!(bench.forms(), ["token=at-0&token_type_hint=access_token&client_id=client%26id"]);
    bench.server_says(400, other_kinds);
    assert!(bench.requests.is_empty() && bench.why_not().contains("unsupported_token_type"));
    assert_eq!(bench.token().as_deref(), Some("at-0"));
    // One that has expired cannot be revoked instead.
    bench.asks_for_revocation(WAITER);
    bench.rest(3600);
    bench.server_says(400, other_kinds);
    assert!(bench.why_not().contains("unsupported_token_type"));
}

#[test]
fn a_refresh_in_flight_is_waited_for_and_what_it_brings_is_revoked() {
    let mut bench = Bench::revocable(Some("rt-0"), 3600);
    bench.keeper.refresh("work", bench.now).unwrap();
    bench.collect();
    let refresh = bench.request();
    bench.asks_for_revocation(WAITER);
    assert_eq!(bench.requests.len(), 1, "an account has one request at a time");
    bench.answer(refresh, issued("at-1", Some("rt-1"), 3600));
    assert_eq!(bench.forms(), ["token=rt-1&token_type_hint=refresh_token&client_id=client%26id"]);
    bench.server_says(200, "");
    assert_eq!((bench.told(), bench.token()), (revoked(), None));
}

#[test]
fn no_refresh_starts_before_the_server_has_answered_and_it_comes_after_a_no() {
    let mut bench = Bench::revocable(Some("rt-0"), 600);
    bench.asks_for_revocation(WAITER);
    let job = bench.request();
    bench.pass(600);
    assert_eq!((bench.requests.len(), bench.token()), (1, None));
    assert_eq!(bench.told(), RevocationEnd::Dismissed(Dismissal::TimeIsUp));
    bench.hears(job, Ok(json_answer(503, "")));
    assert!(bench.forms()[0].starts_with("grant_type=refresh_token"), "{:?}", bench.forms());
}

#[test]
fn a_refresh_that_finds_the_session_ended_leaves_nothing_to_revoke() {
    let mut bench = Bench::revocable(Some("rt-0"), 3600);
    bench.keeper.refresh("work", bench.now).unwrap();
    bench.collect();
    let refresh = bench.request();
    bench.asks_for_revocation(WAITER);
    bench.answer(refresh, Outcome::Ended(Reason::with_cause("invalid_grant", "invalid_grant")));
    assert_eq!(bench.told(), RevocationEnd::Revoked { host: None });
    assert!(bench.requests.is_empty());
    assert_eq!(bench.keeper.status(bench.now)[0].last_error, None);
}

#[test]
fn where_there_is_no_token_nothing_is_sent_and_a_sign_in_is_cancelled() {
    let mut bench = Bench::new(vec![revocable("work")]);
    bench.url("work");
    bench.asks_for_revocation(WAITER);
    assert_eq!(bench.told(), RevocationEnd::Revoked { host: None });
    assert!(bench.requests.is_empty());
    assert_eq!(bench.keeper.status(bench.now)[0].state, State::Empty);
}

#[test]
fn an_answer_that_may_bring_a_token_is_waited_for() {
    let mut bench = Bench::new(vec![revocable("work")]);
    let exchange = bench.exchange("work");
    bench.asks_for_revocation(WAITER);
    assert!(bench.revoked.is_empty());
    bench.answer(exchange, issued("at-0", Some("rt-0"), 3600));
    assert!(bench.forms()[0].starts_with("token=rt-0&"), "{:?}", bench.forms());
    bench.server_says(200, "");
    assert_eq!(bench.told(), revoked());
}

#[test]
fn a_second_caller_joins() {
    let mut bench = Bench::revocable(Some("rt-0"), 3600);
    bench.asks_for_revocation(WAITER);
    bench.asks_for_revocation(WaiterId(2));
    assert_eq!(bench.requests.len(), 1);
    bench.server_says(200, "");
    assert_eq!(bench.revoked, [(WAITER, revoked()), (WaiterId(2), revoked())]);
}

#[test]
fn a_plain_revoke_wins_and_the_late_answer_counts_for_nothing() {
    let mut bench = Bench::revocable(Some("rt-0"), 3600);
    bench.asks_for_revocation(WAITER);
    let job = bench.request();
    bench.keeper.revoke("work", bench.now).unwrap();
    bench.collect();
    assert_eq!((bench.told(), bench.events()), (RevocationEnd::Overtaken, vec![TokenEvent::Revoked]));
    bench.requests.clear();
    let exchange = bench.exchange("work");
    bench.answer(exchange, issued("at-1", Some("rt-1"), 3600));
    bench.hears(job, Ok(json_answer(200, "")));
    assert_eq!(bench.token().as_deref(), Some("at-1"));
}

#[test]
fn buckets_do_not_hold_it_up_and_are_not_emptied_by_it() {
    let mut bench = Bench::revocable(Some("rt-0"), 3600);
    for _ in 0..5 {
        bench.asks_for_revocation(WAITER);
        bench.server_says(503, "");
    }
    bench.keeper.refresh("work", bench.now).unwrap();
    bench.collect();
    assert!(bench.forms()[0].starts_with("grant_type=refresh_token"), "{:?}", bench.forms());
}

#[test]
fn what_nobody_waits_for_any_more_is_not_sent() {
    let mut bench = Bench::revocable(Some("rt-0"), 3600);
    bench.keeper.refresh("work", bench.now).unwrap();
    bench.collect();
    let refresh = bench.request();
    bench.asks_for_revocation(WAITER);
    bench.pass(35);
    assert_eq!(bench.told(), RevocationEnd::Dismissed(Dismissal::TimeIsUp));
    bench.asks_for_revocation(WAITER);
    bench.keeper.stop_waiting("work", WAITER, bench.now);
    bench.answer(refresh, transient(true));
    assert!(bench.requests.is_empty(), "{:?}", bench.forms());
}

#[test]
fn without_an_endpoint_nothing_is_sent_and_the_page_of_the_provider_is_known() {
    let mut bench = Bench::active(Some("rt-0"), 3600);
    let until = bench.now.moment.plus(Duration::from_secs(35));
    let ask = |bench: &mut Bench| bench.keeper.revoke_remotely("work", WAITER, until, bench.now).unwrap();
    assert_eq!(ask(&mut bench), Err(NoRevocation { by_hand: None }));
    let microsoft = uri("https://login.microsoftonline.com/common/oauth2/v2.0/token");
    let account = Account { token_uri: microsoft.into(), ..account("work") };
    bench.keeper.reload(config(vec![account]), PORTS, bench.now);
    let Err(NoRevocation { by_hand: Some((provider, page)) }) = ask(&mut bench) else { panic!("no page") };
    assert_eq!((provider, page), ("Microsoft", "https://myapps.microsoft.com/"));
    bench.collect();
    assert!(bench.requests.is_empty());
}

#[test]
fn a_new_configuration_ends_what_it_makes_void() {
    let mut bench = Bench::revocable(Some("rt-0"), 3600);
    bench.keeper.refresh("work", bench.now).unwrap();
    bench.collect();
    bench.asks_for_revocation(WAITER);
    bench.keeper.reload(config(vec![account("work")]), PORTS, bench.now);
    bench.collect();
    assert_eq!(bench.why_not(), "the configuration changed");
    let mut bench = Bench::revocable(Some("rt-0"), 3600);
    bench.asks_for_revocation(WAITER);
    let other = Account { client_id: "other".into(), ..revocable("work") };
    bench.keeper.reload(config(vec![other]), PORTS, bench.now);
    bench.collect();
    assert_eq!(bench.told(), RevocationEnd::Overtaken);
}

#[test]
fn a_restore_does_not_bring_back_what_is_being_revoked() {
    let mut bench = Bench::revocable(None, 600);
    let mut dump = bench.keeper.dump(bench.now);
    dump.accounts[0].expires = dump.accounts[0].expires.plus(seconds(86_400));
    dump.accounts[0].lineage = None;
    bench.asks_for_revocation(WAITER);
    assert_eq!(bench.keeper.restore(dump, bench.now).kept, ["work".into()]);
    bench.server_says(200, "");
    assert_eq!((bench.told(), bench.token()), (revoked(), None));
}

#[test]
fn a_stop_tells_who_waits_and_a_poll_on_a_device_waits_its_turn() {
    let mut bench = Bench::new(vec![on_device(revocable("work"))]);
    bench.keeper.show("work", bench.now).unwrap();
    bench.collect();
    bench.asks_for_revocation(WAITER);
    assert!(bench.revoked.is_empty(), "the request for codes is in flight");
    bench.keeper.stop();
    bench.collect();
    assert_eq!(bench.told(), RevocationEnd::Dismissed(Dismissal::Stopping));
}

#[test]
fn who_revokes_is_known_where_somebody_does() {
    let revocation_uri = Some(uri("https://revoke.example/r").into());
    let bench = Bench::new(vec![account("home"), Account { revocation_uri, ..account("work") }]);
    assert_eq!(bench.keeper.revocation_host("work"), Some("revoke.example"));
    assert_eq!(bench.keeper.revocation_host("home"), None);
}
