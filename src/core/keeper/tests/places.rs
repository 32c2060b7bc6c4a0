use std::ops::Range;
use std::sync::Arc;

use pizauth_common::config::Account;

use super::bench::{Bench, account, config, issued, transient};
use crate::http::Lost;
use crate::keeper::places::{Errand, Flight, Host, Places, Requester, Turn};
use crate::keeper::tests::bench::PORTS;
use crate::keeper::{JobId, MAX_IN_FLIGHT, MAX_TO_SILENT_HOST};
use crate::snapshot::{AccountSnapshot, Fingerprint, Snapshot};
use crate::testing::{asking, json_answer, uri};

const MUTE: &str = "https://mute.example/token";
const OTHER: &str = "https://other.example/token";

fn at(token_uri: &str, name: &str) -> Account {
    Account { token_uri: uri(token_uri).into(), ..account(name) }
}

fn many(token_uri: &str, names: &[String]) -> Vec<Account> {
    names.iter().map(|name| at(token_uri, name)).collect()
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("account-{number:03}")).collect()
}

/// These accounts have sessions whose refresh is due.
fn all_due(bench: &mut Bench, names: &[String]) {
    have_due(bench, &many(MUTE, names));
}

fn have_due(bench: &mut Bench, accounts: &[Account]) {
    let due = |account: &Account| AccountSnapshot {
        account: account.name.clone(),
        fingerprint: Fingerprint::of_account(account),
        access_token: None,
        refresh_token: Some("rt".into()),
        obtained: bench.now.wall,
        expires: bench.now.wall,
        lineage: None,
    };
    let snapshot = Snapshot { accounts: accounts.iter().map(due).collect() };
    assert_eq!(bench.keeper.restore(snapshot, bench.now).restored.len(), accounts.len());
    bench.collect();
}

/// A bench with `count` accounts at the mute host whose refreshes have begun or wait, and one at another host.
fn waiting(count: usize) -> (Bench, Vec<String>) {
    let names = names(count);
    let mut accounts = many(MUTE, &names);
    accounts.push(at(OTHER, "other"));
    let mut bench = Bench::new(accounts);
    all_due(&mut bench, &names);
    (bench, names)
}

/// Whose requests are in flight.
fn in_flight(bench: &Bench) -> Vec<String> {
    let rows = bench.keeper.status(bench.now).into_iter();
    rows.filter(|row| row.in_flight).map(|row| row.account).collect()
}

/// The answer to the oldest request is lost on the way back.
fn lose_first(bench: &mut Bench) {
    let (job, _) = bench.requests.remove(0);
    let lost =
        Lost { sent: true, why: "it took too long".to_owned(), needs_person: false, is_unresolved: false };
    bench.keeper.answered(job, Err(lost), bench.now);
    bench.collect();
}

fn answer_first(bench: &mut Bench) {
    let (job, _) = bench.requests[0];
    bench.answer(job, issued("at", None, 3600));
}

/// These requests to the mute host are handed out.
fn take(places: &mut Places, jobs: Range<u64>) {
    let issuer = Arc::new(uri(MUTE));
    for job in jobs {
        let errand = Errand::OfIssuer(Arc::clone(&issuer));
        places.take(JobId(job), Flight { errand, host: Host::of(&issuer) });
    }
}

#[test]
fn a_hundred_accounts_at_a_mute_host_hold_up_nobody_at_another() {
    let (mut bench, names) = waiting(100);
    assert_eq!(in_flight(&bench), names[..MAX_TO_SILENT_HOST]);
    assert_eq!(bench.keeper.poll_timeout(), None, "who waits for a place causes no wake-up");
    let job = bench.exchange("other");
    bench.answer(job, issued("at", Some("rt"), 3600));
    let healthy = &bench.keeper.status(bench.now)[100];
    assert_eq!((healthy.account.as_str(), healthy.refreshable), ("other", true));
}

#[test]
fn an_exchange_waits_for_no_other_account_of_a_mute_host() {
    let (mut bench, mut names) = waiting(5);
    names.push("new".to_owned());
    let mut accounts = many(MUTE, &names);
    accounts.push(at(OTHER, "other"));
    bench.keeper.reload(config(accounts), PORTS, bench.now);
    bench.exchange("new");
    assert_eq!(in_flight(&bench), [names[0].clone(), names[1].clone(), "new".to_owned()]);
}

#[test]
fn everybody_gets_a_turn_whatever_becomes_of_the_others() {
    let (mut bench, _) = waiting(100);
    let mut turns = 0;
    while !bench.requests.is_empty() {
        assert!(bench.requests.len() <= MAX_TO_SILENT_HOST);
        lose_first(&mut bench);
        turns += 1;
    }
    assert_eq!(turns, 100);
}

#[test]
fn accounts_that_are_all_at_one_host_share_all_places() {
    let names = names(20);
    let mut bench = Bench::new(many(MUTE, &names));
    all_due(&mut bench, &names);
    assert_eq!(in_flight(&bench), names[..MAX_IN_FLIGHT]);
}

#[test]
fn another_port_is_another_host() {
    let names = names(20);
    let mut accounts = many(MUTE, &names);
    accounts.push(at("https://mute.example:8443/token", "other"));
    let mut bench = Bench::new(accounts);
    all_due(&mut bench, &names);
    assert_eq!(in_flight(&bench), names[..MAX_TO_SILENT_HOST]);
}

#[test]
fn an_answer_opens_all_places_and_a_lost_one_closes_them_again() {
    let (mut bench, _) = waiting(30);
    answer_first(&mut bench);
    assert_eq!(bench.requests.len(), MAX_IN_FLIGHT);
    lose_first(&mut bench);
    assert_eq!(bench.requests.len(), MAX_IN_FLIGHT - 1, "those that are under way stay so");
    while bench.requests.len() > MAX_TO_SILENT_HOST {
        lose_first(&mut bench);
    }
    lose_first(&mut bench);
    assert_eq!(bench.requests.len(), MAX_TO_SILENT_HOST);
    let (job, _) = bench.requests[0];
    bench.answer(job, transient(true));
    assert_eq!(bench.requests.len(), MAX_IN_FLIGHT, "an error is an answer, too");
}

#[test]
fn whoever_lost_interest_leaves_the_place_to_the_next() {
    let (mut bench, names) = waiting(5);
    bench.keeper.revoke(&names[2], bench.now).unwrap();
    let mut changed = many(MUTE, &names);
    changed[3].client_id = "other".into();
    changed.push(at(OTHER, "other"));
    bench.keeper.reload(config(changed), PORTS, bench.now);
    bench.collect();
    lose_first(&mut bench);
    assert_eq!(in_flight(&bench), [names[1].clone(), names[4].clone()]);
}

#[test]
fn an_account_that_moved_waits_no_longer() {
    let (mut bench, names) = waiting(3);
    let mut moved = many(MUTE, &names[..2]);
    moved.extend([at(OTHER, &names[2]), at(OTHER, "other")]);
    bench.keeper.reload(config(moved), PORTS, bench.now);
    bench.come_back(&names[2]);
    assert_eq!(in_flight(&bench), names);
}

#[test]
fn a_second_host_restricts_the_first() {
    let names = names(20);
    let mut bench = Bench::new(many(MUTE, &names));
    all_due(&mut bench, &names);
    let mut accounts = many(MUTE, &names);
    accounts.push(at(OTHER, "other"));
    bench.keeper.reload(config(accounts), PORTS, bench.now);
    (0..6).for_each(|_| lose_first(&mut bench));
    assert_eq!(bench.requests.len(), MAX_TO_SILENT_HOST, "no more began");
    bench.keeper.reload(config(many(MUTE, &names)), PORTS, bench.now);
    bench.collect();
    assert_eq!(bench.requests.len(), MAX_IN_FLIGHT, "and all may again when it is gone");
}

#[test]
fn a_host_that_an_issuer_has_named_is_known_after_a_reload_too() {
    let issuer = "https://login.example";
    let accounts: Vec<_> = names(20).iter().map(|name| asking(account(name), issuer)).collect();
    let mut bench = Bench::new(accounts.clone());
    bench.pass(0);
    let (question, _) = bench.requests.remove(0);
    let said = format!(
        r#"{{"issuer":"{issuer}","authorization_endpoint":"{issuer}/authorize","token_endpoint":"{MUTE}"}}"#
    );
    bench.keeper.answered(question, Ok(json_answer(200, &said)), bench.now);
    have_due(&mut bench, &accounts);
    assert_eq!(in_flight(&bench).len(), MAX_TO_SILENT_HOST);
    bench.keeper.reload(config(accounts), PORTS, bench.now);
    bench.collect();
    lose_first(&mut bench);
    assert_eq!(in_flight(&bench).len(), MAX_TO_SILENT_HOST);
}

#[test]
fn whether_a_host_answers_is_forgotten_at_a_reload_that_finds_nothing_under_way_there() {
    let accounts = [at(MUTE, "a"), at(OTHER, "b")];
    let mut places = Places::new(&accounts);
    let (host, requester) = (Host::of(&uri(MUTE)), Requester::Account("a".into()));
    take(&mut places, 0..1);
    places.give_back(JobId(0), true);
    take(&mut places, 1..3);
    places.reload(&accounts);
    assert!(places.is_free_or_wait(&host, &requester, Turn::First), "it has answered, and has requests");
    places.give_back(JobId(1), true);
    places.give_back(JobId(2), true);
    places.reload(&accounts);
    take(&mut places, 3..5);
    assert!(!places.is_free_or_wait(&host, &requester, Turn::First));
}

#[test]
fn who_only_asks_whether_a_user_has_signed_in_waits_for_a_place_behind_all_others() {
    let host = Host::of(&uri(MUTE));
    let mut places = Places::new(&[at(MUTE, "a"), at(OTHER, "b")]);
    take(&mut places, 0..MAX_TO_SILENT_HOST as u64);
    let polls = Requester::Account("a".into());
    assert!(!places.is_free_or_wait(&host, &polls, Turn::Last));
    places.give_back(JobId(0), false);
    assert_eq!(places.next_waiting(Turn::First), None);
    assert_eq!(places.next_waiting(Turn::Last), Some(polls));
}
