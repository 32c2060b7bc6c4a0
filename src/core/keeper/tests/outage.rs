use super::bench::{Bench, issued, reason, seconds, transient};
use crate::oauth::outcome::Outcome;

const BEGINS: &str = "the access token has expired, and there is no new one yet: ";

/// A session whose refreshes fail until its access token has expired.
fn out() -> Bench {
    let mut bench = Bench::active(Some("rt-0"), 3600);
    let expiry = bench.now.moment.plus(seconds(3540));
    while bench.now.moment < expiry {
        assert_eq!(bench.outages(), [""; 0]);
        bench.fail_once(transient(true));
    }
    bench
}

#[test]
fn an_outage_is_told_once_and_so_is_its_end() {
    let mut bench = out();
    let told = bench.outages();
    assert!(told.len() == 1 && told[0].starts_with(BEGINS), "{told:?}");
    for _ in 0..3 {
        bench.fail_once(transient(true));
    }
    assert_eq!(bench.outages(), [""; 0]);
    bench.fail_once(issued("at-1", None, 3600));
    assert_eq!(bench.outages(), ["over"]);
    bench.fail_once(issued("at-2", None, 3600));
    assert_eq!(bench.outages(), [""; 0]);
}

#[test]
fn who_signs_in_anew_hears_that_it_is_over() {
    let mut bench = out();
    assert_eq!(bench.outages().len(), 1);
    bench.fail_once(Outcome::Ended(reason()));
    let job = bench.exchange("work");
    bench.answer(job, issued("at-1", None, 3600));
    assert_eq!(bench.outages(), ["over"]);
}

#[test]
fn a_refresh_that_comes_too_late_has_its_chance_first() {
    let mut bench = Bench::active(Some("rt-0"), 3600);
    bench.rest(86_400);
    bench.keeper.handle_timeout(bench.now);
    bench.fail_once(issued("at-1", None, 3600));
    assert_eq!(bench.outages(), [""; 0]);
    // The network had gone before the machine slept.
    bench.fail_once(transient(false));
    bench.rest(86_400);
    bench.keeper.handle_timeout(bench.now);
    assert_eq!(bench.outages(), [""; 0]);
    bench.fail_once(transient(false));
    assert_eq!(bench.outages().len(), 1);
}

#[test]
fn what_cannot_be_refreshed_says_how_to_get_a_refresh_token() {
    let mut bench = Bench::active(None, 3600);
    bench.pass(3600);
    let told = bench.outages();
    assert!(
        told.len() == 1 && told[0].contains("offline_access") && told[0].contains("pizauth refresh work")
    );
}
