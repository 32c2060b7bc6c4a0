use super::bench::{Bench, account, issued, reason, refreshed_now, seconds, transient};
use crate::keeper::{HookVerdict, JobId, Refreshed, Renewing, Shown, TokenEvent};
use crate::oauth::outcome::{Outcome, Reason};

fn shown(bench: &mut Bench) -> Shown {
    let shown = bench.keeper.show("work", bench.now).unwrap();
    bench.collect();
    shown
}

#[test]
fn a_refresh_comes_before_expiry() {
    let mut bench = Bench::active(Some("rt-0"), 3600);
    bench.pass(3600 - 90 - 60 - 1);
    assert!(bench.requests.is_empty());
    bench.pass(1);
    let job = bench.request();
    assert!(bench.requests[0].1.contains("refresh_token=rt-0"));
    assert_eq!(shown(&mut bench), Shown::AccessToken("at-0".into()), "still valid");
    bench.answer(job, issued("at-1", None, 3600));
    assert_eq!(shown(&mut bench), Shown::AccessToken("at-1".into()));
    assert_eq!(bench.events(), [TokenEvent::Refreshed]);
}

#[test]
fn refresh_at_least_caps_a_long_life() {
    let mut bench = Bench::active(Some("rt-0"), 86_400);
    bench.pass(90 * 60 - 60);
    bench.request();
}

#[test]
fn a_short_life_is_refreshed_at_its_half() {
    for (lifetime, before_expiry, due) in [(30, 90, 15), (100, 91, 50), (100, 90, 10), (1, 0, 0)] {
        let mut account = account("work");
        account.refresh_before_expiry = seconds(before_expiry);
        let mut bench = Bench::new(vec![account]);
        let job = bench.exchange("work");
        bench.answer(job, issued("at-0", Some("rt-0"), lifetime));
        let in_seconds = bench.next_request().unwrap().since(bench.now.moment).as_secs();
        assert_eq!(in_seconds, due, "a life of {lifetime} s");
    }
}

#[test]
fn a_refresh_token_stays_until_it_is_replaced() {
    let mut bench = Bench::active(Some("rt-0"), 3600);
    bench.fail_once(issued("at-1", None, 3600));
    bench.fail_once(issued("at-2", Some("rt-1"), 3600));
    bench.pass(3600);
    assert!(bench.requests[0].1.contains("refresh_token=rt-1"));
}

#[test]
fn a_lifetime_of_nothing_is_no_storm() {
    let mut bench = Bench::active(Some("rt-0"), 0);
    let mut requests = 0;
    for _ in 0..100 {
        bench.pass(1);
        if let [(job, _)] = bench.requests.as_slice() {
            bench.answer(*job, issued("at", None, 0));
            requests += 1;
        }
    }
    assert!((10..=13).contains(&requests), "{requests} requests in 100 seconds");
}

#[test]
fn an_expired_token_is_not_shown_and_is_refreshed() {
    let mut bench = Bench::active(Some("rt-0"), 3600);
    bench.rest(3600);
    assert_eq!(shown(&mut bench), refreshed_now());
    bench.request();
    assert_eq!(bench.keeper.refresh("work", bench.now), Ok(Refreshed::Scheduled { refresh_in: seconds(0) }));
    bench.collect();
    bench.request();
}

#[test]
fn a_clock_that_is_set_back_shows_no_expired_token() {
    let mut bench = Bench::active(Some("rt-0"), 3600);
    bench.rest(3600);
    bench.now.wall = bench.now.wall.minus(seconds(86_400));
    assert_eq!(shown(&mut bench), refreshed_now());
}

#[test]
fn a_token_without_a_refresh_token_lives_until_it_expires() {
    let mut bench = Bench::active(None, 3600);
    bench.pass(3600 - 61);
    assert_eq!(shown(&mut bench), Shown::AccessToken("at-0".into()));
    assert_eq!(bench.keeper.refresh("work", bench.now), Ok(Refreshed::Impossible));
    bench.pass(1);
    assert!(matches!(shown(&mut bench), Shown::Pending(_)));
}

#[test]
fn pauses_stay_while_unreached_and_grow_once_answered() {
    for (reached, longest) in [(false, 44), (true, 900)] {
        let mut bench = Bench::active(Some("rt-0"), 3600);
        let mut last = 0;
        for _ in 0..12 {
            bench.fail_once(transient(reached));
            last = bench.next_request().unwrap().since(bench.now.moment).as_secs();
            assert!((36..=longest).contains(&last), "{last} s");
        }
        assert_eq!(last > 44, reached);
    }
}

#[test]
fn a_night_without_a_network_makes_the_first_answered_failure_no_worse() {
    let mut bench = Bench::active(Some("rt-0"), 3600);
    for reached in [true, true, true, false, false, true] {
        bench.fail_once(transient(reached));
    }
    let pause = bench.keeper.poll_timeout().unwrap().since(bench.now.moment).as_secs();
    assert!((36..=44).contains(&pause), "{pause} s");
}

#[test]
fn what_went_wrong_is_forgotten_after_a_success() {
    let mut bench = Bench::active(Some("rt-0"), 3600);
    bench.fail_once(transient(true));
    assert!(bench.keeper.status(bench.now)[0].last_error.is_some());
    bench.fail_once(issued("at-1", None, 3600));
    assert_eq!(bench.keeper.status(bench.now)[0].last_error, None);
}

#[test]
fn refresh_cuts_a_pause_short_but_not_a_retry_after() {
    let mut bench = Bench::active(Some("rt-0"), 3600);
    bench.fail_once(transient(true));
    bench.keeper.refresh("work", bench.now).unwrap();
    bench.collect();
    let job = bench.request();
    bench
        .answer(job, Outcome::Transient { reason: reason(), retry_after: Some(seconds(600)), reached: true });
    bench.keeper.refresh("work", bench.now).unwrap();
    assert_eq!(bench.next_request(), Some(bench.now.moment.plus(seconds(600))));
    bench.pass(599);
    assert!(bench.requests.is_empty());
    bench.pass(1);
    bench.request();
}

#[test]
fn an_absurd_retry_after_is_an_hour() {
    let mut bench = Bench::active(Some("rt-0"), 3600);
    let absurd = Some(seconds(u64::MAX));
    bench.fail_once(Outcome::Transient { reason: reason(), retry_after: absurd, reached: true });
    assert_eq!(bench.next_request(), Some(bench.now.moment.plus(seconds(3600))));
    bench.rest(600);
    let Shown::Expired(Renewing { needs_attention: false, refresh_in, .. }) = shown(&mut bench) else {
        panic!("{:?}", shown(&mut bench));
    };
    assert_eq!(refresh_in, seconds(3000), "who asks is told how long the server makes us wait");
}

#[test]
fn invalid_grant_ends_the_session_and_says_so_once() {
    let mut bench = Bench::active(Some("rt-0"), 3600);
    bench.fail_once(Outcome::Ended(reason()));
    assert_eq!((bench.events(), bench.errors()), (vec![TokenEvent::Invalidated], 1));
    bench.pass(86_400);
    assert!(bench.requests.is_empty(), "nothing happens by itself");
    assert_eq!(bench.reminders(), 0, "nor does a new authorization begin");
}

#[test]
fn a_session_that_ends_at_the_age_of_a_week_gets_a_hint() {
    let mut bench = Bench::active(Some("rt-0"), 3600);
    bench.rest(7 * 86_400);
    bench.fail_once(Outcome::Ended(reason()));
    let message = bench.keeper.status(bench.now)[0].last_error.clone().unwrap();
    assert!(message.contains("7 days"), "{message}");
}

#[test]
fn what_needs_attention_keeps_the_session_and_is_tried_hourly() {
    let mut bench = Bench::active(Some("rt-0"), 3600);
    let refusal = || Outcome::NeedsAttention(Reason::with_cause("invalid_client", "at 12:00: wrong secret"));
    bench.fail_once(refusal());
    assert_eq!((bench.events(), bench.errors()), (vec![], 1));
    assert!(bench.keeper.status(bench.now)[0].needs_attention);
    bench.rest(200);
    let Shown::Expired(Renewing { last_error: Some(_), needs_attention: true, refresh_in }) =
        shown(&mut bench)
    else {
        panic!("{:?}", shown(&mut bench));
    };
    assert!((3300..3600).contains(&refresh_in.as_secs()), "{refresh_in:?}");
    assert!(bench.requests.is_empty(), "a mail program that asks every minute is no new reason to try");
    bench.pass(3600);
    let job = bench.request();
    bench
        .answer(job, Outcome::NeedsAttention(Reason::with_cause("invalid_client", "at 13:00: wrong secret")));
    assert_eq!(bench.errors(), 1, "the same cause is reported once");
    bench.keeper.refresh("work", bench.now).unwrap();
    bench.collect();
    let job = bench.request();
    bench.answer(job, issued("at-1", None, 3600));
    bench.fail_once(refusal());
    assert_eq!(bench.errors(), 2, "after a success it is news again");
}

#[test]
fn a_server_that_invents_causes_is_not_reported_for_ever() {
    let mut bench = Bench::active(Some("rt-0"), 3600);
    for number in 0..100 {
        bench.fail_once(Outcome::NeedsAttention(Reason::new(&format!("cause-{number}"))));
    }
    assert_eq!(bench.errors(), 16);
    bench.fail_once(issued("at-1", None, 3600));
    bench.fail_once(Outcome::NeedsAttention(reason()));
    assert_eq!(bench.errors(), 17, "after a success there is room again");
}

#[test]
fn the_hook_is_asked_after_every_sixth_failure_and_may_end_the_session() {
    let mut bench = Bench::active(Some("rt-0"), 3600);
    for _ in 0..5 {
        bench.fail_once(transient(false));
    }
    assert_eq!(bench.questions, []);
    bench.fail_once(transient(false));
    let [job] = bench.questions[..] else { panic!("{:?}", bench.questions) };
    bench.keeper.command_finished(job, HookVerdict::KeepTrying, bench.now);
    for _ in 0..6 {
        bench.fail_once(transient(false));
    }
    let second = bench.questions[1];
    bench.keeper.command_finished(job, HookVerdict::GiveUp, bench.now);
    bench.collect();
    assert_eq!(bench.events(), [], "an old ticket is worth nothing");
    bench.keeper.command_finished(second, HookVerdict::GiveUp, bench.now);
    bench.collect();
    assert_eq!((bench.events(), bench.errors()), (vec![TokenEvent::Invalidated], 1));
}

#[test]
fn the_hook_is_not_asked_sooner_where_callers_have_a_server_tried_that_nobody_reaches() {
    let mut bench = Bench::active(Some("rt-0"), 3600);
    bench.rest(7200);
    let begun = bench.now.moment;
    while bench.questions.is_empty() {
        bench.keeper.show("work", bench.now).unwrap();
        bench.fail_once(transient(false));
    }
    // Five pauses of 36 seconds at least, and each try within two seconds.
    let asked_after = bench.now.moment.since(begun);
    assert!(seconds(180) <= asked_after && asked_after < seconds(192), "{asked_after:?}");
    // A server that answers is asked by each.
    bench.fail_once(Outcome::NeedsAttention(reason()));
    bench.questions.clear();
    for _ in 0..6 {
        assert_eq!(bench.questions, []);
        bench.keeper.refresh("work", bench.now).unwrap();
        bench.fail_once(transient(true));
    }
    assert_eq!(bench.questions.len(), 1);
}

/// Lets six refreshes fail, and returns the ticket of the question that follows.
fn asked(bench: &mut Bench) -> JobId {
    bench.questions.clear();
    bench.told.clear();
    for _ in 0..6 {
        bench.fail_once(transient(false));
    }
    let [job] = bench.questions[..] else { panic!("{:?}", bench.questions) };
    job
}

#[test]
fn a_verdict_on_failures_that_are_over_does_not_end_the_session() {
    let mut bench = Bench::active(Some("rt-0"), 3600);
    let first = asked(&mut bench);
    bench.fail_once(issued("at-1", None, 3600));
    let second = asked(&mut bench);
    bench.fail_once(Outcome::NeedsAttention(reason()));
    let third = asked(&mut bench);
    for (job, events) in [(first, vec![]), (second, vec![]), (third, vec![TokenEvent::Invalidated])] {
        bench.keeper.command_finished(job, HookVerdict::GiveUp, bench.now);
        bench.collect();
        assert_eq!(bench.events(), events);
    }
}

#[test]
fn a_late_answer_after_a_revoke_changes_nothing() {
    let mut bench = Bench::active(Some("rt-0"), 3600);
    bench.keeper.refresh("work", bench.now).unwrap();
    bench.collect();
    let job = bench.request();
    bench.keeper.revoke("work", bench.now).unwrap();
    bench.answer(job, issued("late", Some("late"), 3600));
    assert!(matches!(shown(&mut bench), Shown::Pending(_)));
    assert_eq!(bench.events(), [TokenEvent::Revoked]);
}

#[test]
fn three_refusals_without_a_reason_in_a_row_need_attention() {
    let silent = || Outcome::RefusedSilently(reason());
    let mut bench = Bench::active(Some("rt-0"), 3600);
    for outcome in [silent(), silent(), transient(true), silent(), silent()] {
        bench.fail_once(outcome);
        assert!(!bench.keeper.status(bench.now)[0].needs_attention);
    }
    assert_eq!(bench.errors(), 0);
    bench.fail_once(silent());
    assert!(bench.keeper.status(bench.now)[0].needs_attention);
    assert_eq!((bench.errors(), bench.events()), (1, vec![]), "the session is kept");
    bench.fail_once(silent());
    assert!(bench.keeper.status(bench.now)[0].needs_attention, "an hour later it is no other");
    bench.fail_once(issued("at-1", None, 3600));
    bench.fail_once(silent());
    assert!(!bench.keeper.status(bench.now)[0].needs_attention, "counted anew");
}
