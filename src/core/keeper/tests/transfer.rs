use super::bench::{Bench, PORTS, account, config, counting_entropy, issued, refreshed_now, seconds};
use crate::keeper::{Keeper, RedirectVerdict, Shown};
use crate::moment::Moment;
use crate::prelude::*;
use crate::snapshot::{AccountSnapshot, Fingerprint, Snapshot};

#[test]
fn a_dump_restores_into_a_new_daemon() {
    let mut bench = Bench::active(Some("rt-0"), 3600);
    let dump = bench.keeper.dump(bench.now);
    bench.keeper = Keeper::new(config(vec![account("work")]), PORTS, counting_entropy());
    bench.now.moment = Moment(5_000);
    let done = bench.keeper.restore(dump, bench.now);
    assert_eq!(done.restored, ["work".into()]);
    assert_eq!(bench.keeper.show("work", bench.now), Ok(Shown::AccessToken("at-0".into())));
    let status = &bench.keeper.status(bench.now)[0];
    assert_eq!(status.expires, Some(bench.now.wall.plus(seconds(3600 - 60))));
    bench.pass(3600);
    assert!(bench.requests[0].1.contains("refresh_token=rt-0"));
}

#[test]
fn an_authorization_that_a_restore_has_made_needless_ends_on_a_page_that_says_so() {
    let dump = {
        let bench = Bench::active(Some("rt-0"), 3600);
        bench.keeper.dump(bench.now)
    };
    let mut bench = Bench::new(vec![account("work")]);
    let url = bench.url("work");
    bench.keeper.restore(dump, bench.now);
    let come_back = |bench: &mut Bench| bench.keeper.redirect(&Bench::redirect_request(&url), bench.now);
    assert_eq!(come_back(&mut bench), RedirectVerdict::AlreadySignedIn("work".into()));
    assert_eq!(come_back(&mut bench), RedirectVerdict::AlreadySignedIn("work".into()));
    assert_eq!(bench.keeper.show("work", bench.now), Ok(Shown::AccessToken("at-0".into())));
    bench.keeper.revoke("work", bench.now).unwrap();
    assert_eq!(come_back(&mut bench), RedirectVerdict::NotFound, "nothing is good after a revoke");
}

#[test]
fn what_would_make_the_next_dump_too_large_is_told_at_the_restore_and_left_where_it_is() {
    let names: Vec<_> = (0..200).map(|number| format!("account {number:03}")).collect();
    let mut keeper =
        Keeper::new(config(names.iter().map(|name| account(name)).collect()), PORTS, counting_entropy());
    let now = Bench::new(Vec::new()).now;
    // Each refresh token is twice as long in a dump as it is.
    let saved = |name: &String| AccountSnapshot {
        account: name.as_str().into(),
        fingerprint: Fingerprint::of_account(&account(name)),
        access_token: Some("a".repeat(65_536).as_str().into()),
        refresh_token: Some("\"".repeat(65_536).as_str().into()),
        obtained: now.wall,
        expires: now.wall.plus(seconds(3600)),
        lineage: None,
    };
    let mut restore = |names: &[String]| {
        let accounts = names.iter().map(saved).collect();
        (keeper.restore(Snapshot { accounts }, now), keeper.dump(now))
    };
    let (first, _) = restore(&names[..60]);
    assert_eq!((first.restored.len(), first.skipped.len()), (60, 0));
    let (second, dump) = restore(&names[50..]);
    let all = second.restored.len() + second.kept.len() + second.skipped.len();
    assert!(all == 150 && second.kept.len() == 10 && second.restored.len() >= 30, "{second:?}");
    assert!(second.skipped.iter().all(|(_, why)| why.contains("would have room")));
    assert_eq!(dump.accounts.len(), 60 + second.restored.len());
    let dump = dump.encode_to_fit(&mut |bytes| bytes.fill(7));
    assert!(Snapshot::decode(&dump).is_ok(), "the next dump can be restored, too: {}", dump.len());
}

#[test]
fn a_token_that_is_older_than_the_boot_keeps_its_times() {
    let mut bench = Bench::active(Some("rt-0"), 7200);
    bench.rest(3600);
    let dump = bench.keeper.dump(bench.now);
    let obtained = dump.accounts[0].obtained;
    bench.keeper = Keeper::new(config(vec![account("work")]), PORTS, counting_entropy());
    bench.now.moment = Moment::BOOT.plus(seconds(20));
    bench.keeper.restore(dump, bench.now);
    let status = &bench.keeper.status(bench.now)[0];
    assert_eq!(status.obtained, Some(obtained));
    assert_eq!(
        status.next_refresh,
        Some(obtained.plus(seconds(90 * 60))),
        "refresh_at_least counts from there"
    );
}

#[test]
fn a_token_that_has_expired_for_good_gives_way_to_anything_better() {
    let dump = {
        let bench = Bench::active(Some("rt-0"), 30);
        bench.keeper.dump(bench.now)
    };
    let mut bench = Bench::active(None, 60);
    assert_eq!(bench.keeper.restore(dump, bench.now).restored, ["work".into()]);
}

#[test]
fn an_old_dump_does_not_replace_a_newer_token() {
    let mut bench = Bench::active(Some("rt-0"), 3600);
    let dump = bench.keeper.dump(bench.now);
    bench.fail_once(issued("at-1", Some("rt-1"), 3600));
    let done = bench.keeper.restore(dump, bench.now);
    assert_eq!((done.restored.len(), done.kept), (0, vec!["work".into()]));
    assert_eq!(bench.keeper.show("work", bench.now), Ok(Shown::AccessToken("at-1".into())));
}

#[test]
fn a_later_generation_of_the_session_is_taken_whatever_the_clock_says() {
    let mut elsewhere = Bench::active(Some("rt-0"), 3600);
    let mut bench = Bench::new(vec![account("work")]);
    bench.keeper.restore(elsewhere.keeper.dump(elsewhere.now), bench.now);
    elsewhere.fail_once(issued("at-1", Some("rt-1"), 60));
    bench.now.wall = bench.now.wall.plus(seconds(86_400));
    let done = bench.keeper.restore(elsewhere.keeper.dump(elsewhere.now), bench.now);
    assert_eq!(done.restored, ["work".into()]);
}

#[test]
fn a_clock_that_is_set_back_makes_no_dump_newer() {
    let mut bench = Bench::active(Some("rt-0"), 3600);
    let dump = bench.keeper.dump(bench.now);
    bench.fail_once(issued("at-1", Some("rt-1"), 3600));
    bench.now.wall = bench.now.wall.minus(seconds(86_400));
    assert_eq!(bench.keeper.restore(dump, bench.now).kept, ["work".into()]);
}

#[test]
fn a_refresh_token_is_not_given_up_for_a_longer_access_token() {
    let mut without = Bench::active(None, 86_400);
    let dump = without.keeper.dump(without.now);
    let mut bench = Bench::active(Some("rt-0"), 3600);
    assert_eq!(bench.keeper.restore(dump, bench.now).kept, ["work".into()]);
    without.rest(86_400);
    assert!(without.keeper.dump(without.now).accounts.is_empty(), "nothing in it is good for anything");
}

#[test]
fn a_token_without_an_end_stays_one_over_a_restart() {
    let mut bench = Bench::active(None, 315_360_000);
    for _ in 0..2 {
        let status = &bench.keeper.status(bench.now)[0];
        assert_eq!((status.expires, status.usable, status.needs_user), (None, true, false));
        bench.rest(86_400);
        let dump = bench.keeper.dump(bench.now);
        assert_eq!(dump.accounts[0].expires, dump.accounts[0].obtained.plus(seconds(315_360_000)));
        bench.keeper = Keeper::new(config(vec![account("work")]), PORTS, counting_entropy());
        bench.now.moment = Moment::BOOT.plus(seconds(20));
        assert_eq!(bench.keeper.restore(dump, bench.now).restored, ["work".into()]);
    }
    assert!(Bench::active(Some("rt-0"), 315_360_000).keeper.status(bench.now)[0].expires.is_some());
}

/// What becomes of the access token of another session with this lifetime, where there is one for an hour.
fn is_taken(present_refresh_token: Option<&str>, lifetime: u64) -> bool {
    let mut dump = {
        let bench = Bench::active(None, lifetime);
        bench.keeper.dump(bench.now)
    };
    dump.accounts[0].lineage.as_mut().unwrap().session += 1000;
    let mut bench = Bench::active(present_refresh_token, 3600);
    !bench.keeper.restore(dump, bench.now).restored.is_empty()
}

#[test]
fn a_token_of_another_session_has_to_live_longer_and_replaces_no_refresh_token() {
    assert!(is_taken(None, 3601));
    assert!(!is_taken(None, 3600));
    assert!(!is_taken(None, 3599));
    assert!(!is_taken(Some("rt-0"), 86_400));
}

#[test]
fn a_token_that_was_obtained_just_now_is_not_refreshed_at_once() {
    let mut bench = Bench::new(vec![account("work")]);
    let job = bench.exchange("work");
    bench.answer(job, issued("at-0", Some("rt-0"), 3600));
    let dump = bench.keeper.dump(bench.now);
    bench.keeper = Keeper::new(config(vec![account("work")]), PORTS, counting_entropy());
    bench.keeper.restore(dump, bench.now);
    bench.collect();
    assert!(bench.requests.is_empty());
}

#[test]
fn accounts_that_do_not_fit_are_named() {
    let bench = Bench::active(Some("rt-0"), 3600);
    let dump = bench.keeper.dump(bench.now);
    let mut changed = account("work");
    changed.client_id = "other".into();
    for accounts in [vec![changed], vec![account("play")]] {
        let mut other = Bench::new(accounts);
        let done = other.keeper.restore(dump.clone(), other.now);
        assert_eq!((done.skipped.len(), done.restored.len()), (1, 0));
    }
}

#[test]
fn a_dump_spares_the_user_an_authorization_that_has_been_asked_for() {
    let dump = {
        let bench = Bench::active(Some("rt-0"), 3600);
        bench.keeper.dump(bench.now)
    };
    let mut bench = Bench::new(vec![account("work")]);
    bench.url("work");
    assert_eq!(bench.keeper.restore(dump, bench.now).restored, ["work".into()]);
    assert_eq!(bench.keeper.show("work", bench.now), Ok(Shown::AccessToken("at-0".into())));
    bench.collect();
    let reminders = bench.reminders();
    bench.pass(3600);
    assert_eq!(bench.reminders(), reminders, "nobody is reminded any more");
}

#[test]
fn an_exchange_is_newer_than_any_dump() {
    let dump = {
        let bench = Bench::active(Some("rt-0"), 3600);
        bench.keeper.dump(bench.now)
    };
    let mut bench = Bench::new(vec![account("work")]);
    bench.exchange("work");
    assert_eq!(bench.keeper.restore(dump, bench.now).kept, ["work".into()]);
    assert_eq!(bench.keeper.show("work", bench.now), Ok(Shown::Exchanging { last_error: None }));
}

#[test]
fn a_clock_that_lags_gives_a_restored_token_no_longer_life() {
    for (refresh_token, requests) in [(Some("rt-0"), 1), (None, 0)] {
        let mut bench = Bench::active(refresh_token, 3600);
        let dump = bench.keeper.dump(bench.now);
        bench.keeper = Keeper::new(config(vec![account("work")]), PORTS, counting_entropy());
        bench.now.wall = bench.now.wall.minus(seconds(5 * 366 * 86_400));
        bench.keeper.restore(dump, bench.now);
        let status = &bench.keeper.status(bench.now)[0];
        assert_eq!(status.obtained, Some(bench.now.wall));
        assert_eq!(status.expires, Some(bench.now.wall.plus(seconds(3600))));
        bench.collect();
        assert_eq!(bench.requests.len(), requests, "nobody knows how old it is");
    }
}

#[test]
fn absurd_times_in_a_dump_are_clamped() {
    let mut bench = Bench::active(Some("rt-0"), 3600);
    let mut dump = bench.keeper.dump(bench.now);
    dump.accounts[0].expires.0 = u64::MAX;
    dump.accounts[0].obtained.0 = u64::MAX;
    bench.keeper = Keeper::new(config(vec![account("work")]), PORTS, counting_entropy());
    assert_eq!(bench.keeper.restore(dump, bench.now).restored, ["work".into()]);
    let status = &bench.keeper.status(bench.now)[0];
    assert!(status.expires.unwrap() <= bench.now.wall.plus(seconds(11 * 366 * 86_400)));
    assert!(status.obtained.unwrap() <= bench.now.wall);
}

#[test]
fn an_access_token_that_has_expired_is_neither_kept_nor_dumped() {
    let mut bench = Bench::active(Some("rt-0"), 600);
    bench.keeper.stop();
    bench.pass(600);
    assert!(!format!("{:?}", bench.keeper).contains("access_token: Some"), "{:?}", bench.keeper);
    let dump = bench.keeper.dump(bench.now);
    assert_eq!((&dump.accounts[0].access_token, dump.accounts[0].refresh_token.is_some()), (&None, true));
    let mut other = Bench::new(vec![account("work")]);
    assert_eq!(other.keeper.restore(dump, bench.now).restored, ["work".into()]);
    assert_eq!(other.keeper.show("work", bench.now), Ok(refreshed_now()));
}
