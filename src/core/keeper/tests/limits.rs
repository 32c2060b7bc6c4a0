use super::bench::{Bench, account, issued, seconds, transient};
use crate::keeper::{Invitation, JobId, MAX_IN_FLIGHT, Refreshed, Shown};
use crate::moment::Moment;

#[test]
fn no_more_than_eight_requests_are_under_way() {
    let names: Vec<String> = (0..100).map(|number| format!("account-{number:03}")).collect();
    let mut bench = Bench::new(names.iter().map(|name| account(name)).collect());
    for name in &names {
        bench.come_back(name);
    }
    let mut answered = 0;
    while let Some((job, _)) = bench.requests.first().cloned() {
        assert!(bench.requests.len() <= MAX_IN_FLIGHT);
        bench.answer(job, issued("at", Some("rt"), 3600));
        answered += 1;
    }
    assert_eq!(answered, 100);
}

#[test]
fn requests_that_nobody_waits_for_still_count() {
    let names: Vec<String> = (0..9).map(|number| format!("account-{number}")).collect();
    let mut bench = Bench::new(names.iter().map(|name| account(name)).collect());
    let first = bench.exchange(&names[0]);
    bench.answer(first, issued("at", None, 3600));
    bench.keeper.revoke(&names[0], bench.now).unwrap();
    for name in &names[..8] {
        bench.exchange(name);
        bench.keeper.revoke(name, bench.now).unwrap();
    }
    bench.come_back(&names[8]);
    assert_eq!(bench.requests.len(), 8);
    assert_eq!(bench.keeper.poll_timeout(), None, "waiting for a place costs no wake-up");
    let first = bench.requests[0].0;
    bench.answer(first, transient(true));
    assert_eq!(bench.requests.len(), 8, "the ninth took the place");
}

#[test]
fn no_time_value_can_panic() {
    let mut bench = Bench::active(Some("rt-0"), u64::MAX);
    for moment in [Moment(0), Moment(u64::MAX)] {
        bench.now.moment = moment;
        bench.keeper.handle_timeout(bench.now);
        bench.keeper.show("work", bench.now).unwrap();
        bench.keeper.status(bench.now);
        bench.keeper.dump(bench.now);
    }
}

#[test]
fn an_answer_nobody_asked_for_is_ignored() {
    let mut bench = Bench::active(Some("rt-0"), 3600);
    bench.answer(JobId(999), issued("forged", None, 3600));
    assert_eq!(bench.events(), []);
    assert_eq!(bench.keeper.status(bench.now)[0].obtained, Some(bench.now.wall.minus(seconds(60))));
}

#[test]
fn debug_shows_accounts_and_no_secret() {
    let mut bench = Bench::active(Some("rt-0"), 3600);
    let text = format!("{:?}", bench.keeper);
    assert!(text.contains("work"), "{text}");
    assert!(!text.contains("at-0") && !text.contains("rt-0"), "{text}");
    bench.keeper.revoke("work", bench.now).unwrap();
    bench.exchange("work");
    let text = format!("{:?}", bench.keeper);
    assert!(!text.contains("c0de"), "{text}");
}

#[test]
fn early_and_repeated_timeouts_are_harmless() {
    let mut bench = Bench::active(Some("rt-0"), 3600);
    for _ in 0..10 {
        bench.keeper.handle_timeout(bench.now);
    }
    bench.collect();
    assert!(bench.requests.is_empty() && bench.told.is_empty());
}

#[test]
fn a_daemon_that_stops_finishes_what_is_in_flight_and_starts_nothing() {
    let mut bench = Bench::active(Some("rt-0"), 3600);
    bench.keeper.refresh("work", bench.now).unwrap();
    bench.collect();
    bench.keeper.stop();
    assert!(bench.keeper.is_busy());
    let job = bench.request();
    bench.answer(job, issued("at-1", Some("rt-1"), 0));
    assert!(!bench.keeper.is_busy());
    bench.pass(3600);
    assert!(bench.requests.is_empty());
    assert!(bench.keeper.dump(bench.now).accounts[0].refresh_token.is_some());
}

#[test]
fn a_daemon_that_stops_begins_no_authorization() {
    let mut bench = Bench::new(vec![account("work")]);
    bench.keeper.stop();
    assert_eq!(bench.keeper.show("work", bench.now), Ok(Shown::Stopping));
    assert_eq!(bench.keeper.refresh("work", bench.now), Ok(Refreshed::Stopping));
    bench.collect();
    assert!(bench.told.is_empty(), "{:?}", bench.told);
}

#[test]
fn a_daemon_that_stops_shows_what_is_there_and_promises_no_refresh() {
    let mut bench = Bench::active(Some("rt-0"), 3600);
    bench.keeper.stop();
    assert_eq!(bench.keeper.show("work", bench.now), Ok(Shown::AccessToken("at-0".into())));
    assert_eq!(bench.keeper.refresh("work", bench.now), Ok(Refreshed::Stopping));
    bench.rest(3600);
    assert_eq!(bench.keeper.show("work", bench.now), Ok(Shown::Stopping));
    bench.collect();
    assert!(bench.requests.is_empty());
}

#[test]
fn a_daemon_that_stops_still_tells_what_is_under_way() {
    let mut bench = Bench::new(vec![account("work"), account("play")]);
    let url = bench.url("play");
    bench.exchange("work");
    bench.keeper.stop();
    assert_eq!(bench.keeper.show("play", bench.now), Ok(Shown::Pending(Invitation { url, code: None })));
    assert_eq!(bench.keeper.show("work", bench.now), Ok(Shown::Exchanging { last_error: None }));
    assert_eq!(bench.keeper.refresh("work", bench.now), Ok(Refreshed::Stopping));
}
