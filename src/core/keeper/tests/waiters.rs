//! Callers that wait for a token.

use std::time::Duration;

use pizauth_common::config::Account;

use super::bench::{Bench, account, config, issued, reason, seconds, transient};
use crate::keeper::{Demand, Dismissal, Happened, Renewing, Shown, Waited, WaiterId};
use crate::moment::Moment;
use crate::oauth::outcome::Outcome;

const ANY: Demand = Demand::Token { min_valid: Duration::ZERO };

fn for_so_long(min_valid: u64) -> Demand {
    Demand::Token { min_valid: seconds(min_valid) }
}

impl Bench {
    fn wait(&mut self, waiter: u64, demand: Demand, time: u64) {
        let until = self.now.moment.plus(seconds(time));
        self.keeper.wait("work", WaiterId(waiter), demand, until, self.now).unwrap();
        self.collect();
    }

    fn show_lasting(&mut self, min_valid: u64) -> Shown {
        let shown = self.keeper.show_lasting("work", seconds(min_valid), self.now).unwrap();
        self.collect();
        shown
    }

    /// How the callers that have been answered since the last call were.
    fn answers(&mut self) -> Vec<Waited> {
        std::mem::take(&mut self.answered).into_iter().map(|(_, how)| how).collect()
    }

    /// The pause after the last failure of a refresh.
    fn pause(&self) -> Duration {
        let mut pauses = self.told.iter().rev().filter_map(|event| match event.what {
            Happened::RefreshFailed { pause, .. } => Some(pause),
            _ => None,
        });
        pauses.next().expect("a refresh has failed")
    }
}

fn token(text: &str) -> Waited {
    Waited::Token(text.into())
}

#[test]
fn a_thousand_callers_wait_for_one_refresh() {
    let mut bench = Bench::active(Some("rt"), 3600);
    bench.rest(7200);
    for waiter in 0..1000 {
        assert!(matches!(bench.show_lasting(0), Shown::Expired(_)));
        bench.wait(waiter, ANY, 30);
    }
    let job = bench.request();
    bench.answer(job, issued("at-1", None, 3600));
    assert_eq!(bench.answers(), vec![token("at-1"); 1000]);
    assert!(bench.requests.is_empty());
}

#[test]
fn those_who_wait_are_known_by_account_until_they_are_answered_or_leave() {
    let mut bench = Bench::new(vec![account("work"), account("home")]);
    let waiters = |bench: &Bench, account| bench.keeper.waiters(account).collect::<Vec<_>>();
    bench.wait(2, ANY, 30);
    bench.wait(1, ANY, 60);
    assert_eq!(waiters(&bench, "work"), [WaiterId(1), WaiterId(2)]);
    assert_eq!((waiters(&bench, "home"), waiters(&bench, "away")), (vec![], vec![]));
    bench.pass(30);
    assert_eq!(bench.answers(), [Waited::Dismissed(Dismissal::TimeIsUp)]);
    assert_eq!(waiters(&bench, "work"), [WaiterId(1)]);
    bench.keeper.stop_waiting("work", WaiterId(1), bench.now);
    assert_eq!(waiters(&bench, "work"), []);
}

#[test]
fn a_server_that_was_not_reached_is_tried_again_at_once_while_somebody_waits() {
    let mut bench = Bench::active(Some("rt"), 3600);
    bench.rest(7200);
    bench.show_lasting(0);
    bench.wait(1, ANY, 90);
    for _ in 0..30 {
        bench.fail_once(transient(false));
        assert_eq!(bench.next_request(), Some(bench.now.moment.plus(seconds(2))));
    }
    bench.keeper.stop_waiting("work", WaiterId(1), bench.now);
    bench.fail_once(transient(false));
    assert!(bench.pause() > seconds(30), "nobody waits any more");
}

#[test]
fn a_server_that_has_answered_is_spared_whoever_waits() {
    let mut bench = Bench::active(Some("rt"), 3600);
    bench.rest(7200);
    bench.show_lasting(0);
    bench.wait(1, ANY, 20);
    bench.fail_once(transient(true));
    assert!(bench.pause() > seconds(30));
}

#[test]
fn what_cannot_help_any_more_is_told_at_once() {
    type End = fn(&mut Bench);
    let ends: [(End, &str); 4] = [
        (|bench| bench.fail_once(Outcome::Ended(reason())), "the session has ended: invalid_grant"),
        (|bench| bench.fail_once(Outcome::NeedsAttention(reason())), "refresh needs attention: "),
        (|bench| bench.keeper.revoke("work", bench.now).unwrap(), "the account was revoked"),
        (
            |bench| {
                let changed = Account { client_id: "another".into(), ..account("work") };
                bench.keeper.reload(config(vec![changed]), super::bench::PORTS, bench.now);
            },
            "the configuration changed",
        ),
    ];
    for (end, words) in ends {
        for demand in [ANY, Demand::NewToken] {
            let mut bench = Bench::active(Some("rt"), 3600);
            bench.rest(7200);
            bench.keeper.refresh("work", bench.now).unwrap();
            bench.wait(1, demand, 30);
            end(&mut bench);
            bench.collect();
            let answers = bench.answers();
            let [Waited::Failed(why)] = answers.as_slice() else { panic!("{answers:?}") };
            assert!(why.starts_with(words), "{why}");
            assert!(matches!(bench.keeper.why_not("work", bench.now), Ok(None | Some(Shown::Expired(_)))));
        }
    }
}

#[test]
fn a_sign_in_that_is_denied_ends_the_wait_and_one_that_succeeds_too() {
    let mut bench = Bench::new(vec![account("work")]);
    bench.url("work");
    bench.wait(1, ANY, 600);
    let job = bench.exchange("work");
    bench.answer(job, Outcome::Ended(reason()));
    let failed = "authorization failed: invalid_grant (authorize again)".to_owned();
    assert_eq!(bench.answers(), [Waited::Failed(failed)]);
    bench.url("work");
    bench.wait(2, ANY, 600);
    let job = bench.exchange("work");
    bench.answer(job, issued("at-1", None, 3600));
    assert_eq!(bench.answers(), [token("at-1")]);
}

#[test]
fn an_account_that_is_gone_is_unknown_and_a_daemon_that_stops_says_so() {
    let mut bench = Bench::new(vec![account("work"), account("home")]);
    bench.url("work");
    bench.wait(1, ANY, 600);
    bench.keeper.reload(config(vec![account("home")]), super::bench::PORTS, bench.now);
    bench.collect();
    assert_eq!(bench.answers(), [Waited::Dismissed(Dismissal::UnknownAccount)]);
    let mut bench = Bench::active(Some("rt"), 3600);
    bench.wait(1, Demand::NewToken, 600);
    bench.keeper.stop();
    bench.collect();
    assert_eq!(bench.answers(), [Waited::Dismissed(Dismissal::Stopping)]);
    assert!(bench.keeper.poll_timeout() > Some(bench.now.moment.plus(seconds(600))));
}

#[test]
fn who_waits_is_told_when_the_time_is_up_and_who_has_left_is_not() {
    let mut bench = Bench::new(vec![account("work")]);
    bench.url("work");
    let idle = bench.keeper.poll_timeout();
    bench.wait(1, ANY, 30);
    bench.wait(2, ANY, 20);
    bench.wait(3, ANY, 10);
    bench.keeper.stop_waiting("work", WaiterId(3), bench.now);
    bench.pass(19);
    assert_eq!(bench.answers(), []);
    bench.pass(1);
    assert_eq!(bench.answers(), [Waited::Dismissed(Dismissal::TimeIsUp)]);
    bench.pass(600);
    assert_eq!(bench.answers(), [Waited::Dismissed(Dismissal::TimeIsUp)]);
    assert_eq!(bench.keeper.poll_timeout(), idle, "nobody waits: nothing is due for it");
}

#[test]
fn a_token_with_too_little_left_is_refreshed_once_and_the_new_one_shown() {
    let mut bench = Bench::active(Some("rt"), 3600);
    bench.rest(3300);
    let Shown::TooShort { valid_for, renewal: Some(Renewing { refresh_in, .. }) } = bench.show_lasting(600)
    else {
        panic!("it has 4 minutes left");
    };
    assert_eq!((valid_for, refresh_in), (seconds(240), Duration::ZERO));
    bench.wait(1, for_so_long(600), 30);
    assert!(matches!(bench.show_lasting(600), Shown::TooShort { .. }));
    assert_eq!(bench.show_lasting(0), Shown::AccessToken("at-0".into()));
    let job = bench.request();
    bench.answer(job, issued("at-1", None, 500));
    assert_eq!(bench.answers(), [token("at-1")], "the server's tokens are never longer");
    assert_eq!(bench.show_lasting(600), Shown::AccessToken("at-1".into()));
    assert!(bench.requests.is_empty(), "and no second refresh is begun");
}

#[test]
fn tokens_that_never_live_so_long_are_shown_and_not_refreshed() {
    for (lifetime, min_valid) in [(3600, 3600), (3605, 3600), (600, 86_400), (3600, u64::MAX)] {
        let mut bench = Bench::active(Some("rt"), lifetime);
        assert_eq!(bench.show_lasting(min_valid), Shown::AccessToken("at-0".into()));
        assert!(bench.requests.is_empty());
    }
    let mut bench = Bench::active(Some("rt"), 3606);
    assert!(matches!(bench.show_lasting(3600), Shown::TooShort { .. }));
}

#[test]
fn a_token_that_cannot_be_refreshed_and_is_too_short_causes_no_authorization() {
    let mut bench = Bench::active(None, 3600);
    bench.rest(3300);
    let too_short = Shown::TooShort { valid_for: seconds(240), renewal: None };
    assert_eq!(bench.show_lasting(600), too_short);
    assert!(bench.told.is_empty() && bench.requests.is_empty());
}

#[test]
fn only_a_token_that_is_obtained_after_the_call_is_new() {
    let mut bench = Bench::active(Some("rt"), 3600);
    let job = {
        bench.keeper.refresh("work", bench.now).unwrap();
        bench.collect();
        bench.request()
    };
    bench.wait(1, Demand::NewToken, 30);
    assert_eq!(bench.answers(), []);
    bench.answer(job, issued("at-1", None, 3600));
    assert_eq!(bench.answers(), [token("at-1")]);
    bench.wait(2, Demand::NewToken, 30);
    bench.keeper.refresh("work", bench.now).unwrap();
    bench.fail_once(transient(true));
    bench.pass(31);
    assert_eq!(bench.answers(), [Waited::Dismissed(Dismissal::TimeIsUp)]);
}

#[test]
fn the_end_of_a_wait_is_the_next_thing_that_is_due() {
    let mut bench = Bench::active(Some("rt"), 36_000);
    bench.wait(1, Demand::NewToken, 30);
    assert_eq!(bench.keeper.poll_timeout(), Some(Moment(bench.now.moment.0 + 30_000)));
}

#[test]
fn why_there_is_no_token_can_be_asked_without_beginning_anything() {
    let mut bench = Bench::new(vec![account("work")]);
    assert_eq!(bench.keeper.why_not("work", bench.now), Ok(None), "an authorization would begin");
    assert!(matches!(bench.show_lasting(0), Shown::Pending(_)));
    assert!(matches!(bench.keeper.why_not("work", bench.now), Ok(Some(Shown::Pending(_)))));
    let mut bench = Bench::active(Some("rt"), 3600);
    bench.rest(7200);
    assert!(matches!(bench.keeper.why_not("work", bench.now), Ok(Some(Shown::Expired(_)))));
    assert!(bench.keeper.why_not("play", bench.now).is_err());
}
