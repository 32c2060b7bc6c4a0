//! Clients that sign in by themselves: fetched without being asked, and ended by no error.

use pizauth_common::config::{Account, ClientAuth};
use pizauth_common::ipc::message::{Candidate, Import, Method, State};

use super::bench::{Bench, PORTS, account, config, issued, reason, seconds, some_time, transient};
use crate::http::Lost;
use crate::keeper::{
    Demand, Happened, HookVerdict, Login, NotImported, Refreshed, Renewing, Shown, SignInStage, TokenEvent,
    Waited, WaiterId,
};
use crate::oauth::outcome::Outcome;
use crate::testing::{by_assertion, by_itself, json_answer};

fn application() -> Account {
    by_itself(account("work"))
}

/// What was saved has been read, and the first token is being asked for.
fn fetching() -> Bench {
    let mut bench = Bench::new(vec![application()]);
    bench.keeper.begin_fetching(bench.now);
    bench.collect();
    bench
}

fn active() -> Bench {
    let mut bench = fetching();
    let job = bench.request();
    bench.answer(job, issued("at-0", None, 3600));
    bench
}

fn shown(bench: &mut Bench) -> Shown {
    let shown = bench.keeper.show("work", bench.now).unwrap();
    bench.collect();
    shown
}

fn renewing(last_error: Option<&str>, needs_attention: bool, refresh_in: u64) -> Renewing {
    let last_error = last_error.map(crate::oauth::outcome::Reason::new);
    Renewing { last_error, needs_attention, refresh_in: seconds(refresh_in) }
}

fn refused(bench: &mut Bench, status: u16, body: &str) {
    let job = bench.request();
    bench.requests.clear();
    bench.keeper.answered(job, Ok(json_answer(status, body)), bench.now);
    bench.collect();
}

#[test]
fn the_first_token_is_fetched_without_being_asked_for_once_what_was_saved_is_there() {
    let mut bench = Bench::new(vec![application(), account("home")]);
    bench.pass(60);
    assert!(bench.requests.is_empty());
    bench.keeper.begin_fetching(bench.now);
    bench.collect();
    let form = bench.forms()[0].to_owned();
    let expected = "grant_type=client_credentials&scope=mail.read+offline_access&client_id=client%26id\
                    &client_secret=s3cret";
    assert_eq!(form, expected);
    let job = bench.request();
    bench.answer(job, issued("at-0", None, 3600));
    assert_eq!(shown(&mut bench), Shown::AccessToken("at-0".into()));
    assert_eq!(bench.events(), [TokenEvent::New]);
    assert_eq!((bench.reminders(), bench.errors()), (0, 0), "nobody is asked for anything");
    let is_final = |event: &crate::keeper::AccountEvent| event.what == Happened::NoRefreshToken;
    assert!(!bench.told.iter().any(is_final));
}

#[test]
fn it_is_renewed_like_any_other_and_a_refresh_token_is_of_no_use() {
    let mut bench = fetching();
    let job = bench.request();
    bench.answer(job, issued("at-0", Some("rt-0"), 3600));
    bench.pass(3600 - 90 - 1);
    assert!(bench.requests.is_empty());
    bench.pass(1);
    assert!(bench.forms()[0].starts_with("grant_type=client_credentials&"));
    let job = bench.request();
    bench.answer(job, issued("at-1", None, 3600));
    assert_eq!(bench.events(), [TokenEvent::New, TokenEvent::Refreshed]);
    assert!(
        bench.told.iter().any(|event| matches!(event.what, Happened::TokenRefreshed { rotated: false, .. }))
    );
    let row = &bench.keeper.status(bench.now)[0];
    assert!(row.refreshable && !row.needs_user && !row.last_was_sign_in && row.state == State::Active);
}

#[test]
fn one_that_signs_in_whose_name_it_asks_is_like_the_others_but_for_what_it_sends() {
    let mut bench = Bench::new(vec![by_assertion(account("work"))]);
    bench.keeper.begin_fetching(bench.now);
    bench.collect();
    assert_eq!(bench.keeper.login("work", None, bench.now).unwrap(), Login::ByItself);
    let kind = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    let expected = format!("grant_type={}", kind.replace(':', "%3A"));
    assert_eq!(bench.forms(), [expected.as_str()]);
    let asked = |happened: &Happened| *happened == Happened::RequestStarted { grant: kind };
    assert!(bench.told.iter().any(|event| asked(&event.what)));
    let job = bench.request();
    bench.answer(job, issued("at-0", None, 3600));
    bench.pass(3600 - 90);
    let [first, second] = bench.stamps[..] else { panic!("{:?}", bench.stamps) };
    assert_eq!((first.issued, second.issued.0 - first.issued.0), (some_time().wall, 3600 - 90));
    assert_ne!(first.id, second.id);
    refused(&mut bench, 401, r#"{"error":"unauthorized_client"}"#);
    let row = &bench.keeper.status(bench.now)[0];
    assert!(row.needs_attention && row.state == State::Active, "{row:?}");
    assert!(row.last_error.as_ref().unwrap().contains("domain-wide delegation of exactly these scopes"));
    let user = Account { grant: account("work").grant, ..by_assertion(account("work")) };
    bench.keeper.reload(config(vec![user]), PORTS, bench.now);
    assert_eq!(bench.keeper.status(bench.now)[0].state, State::Empty, "it is no token that a user gave");
}

#[test]
fn show_says_what_keeps_the_first_token() {
    let mut bench = fetching();
    assert_eq!(shown(&mut bench), Shown::Fetching(renewing(None, false, 0)));
    let row = &bench.keeper.status(bench.now)[0];
    assert!(row.refreshable, "as with a token");
    assert!(row.in_flight && !row.needs_user && row.state == State::Fetching);
    let job = bench.request();
    bench.answer(job, transient(true));
    // The pause is cut by who asks.
    assert_eq!(
        shown(&mut bench),
        Shown::Fetching(renewing(Some("http status 503: the answer is empty"), false, 0))
    );
    assert_eq!(bench.requests.len(), 1);
    let row = &bench.keeper.status(bench.now)[0];
    assert!(!row.last_was_sign_in && row.method.is_none());
}

#[test]
fn no_error_ends_it() {
    for (status, error) in
        [(400, "invalid_grant"), (401, "invalid_client"), (403, "invalid_grant"), (400, "x")]
    {
        for mut bench in [fetching(), active()] {
            bench.pass(3600);
            refused(&mut bench, status, &format!(r#"{{"error":"{error}"}}"#));
            let row = &bench.keeper.status(bench.now)[0];
            assert!(row.needs_attention && row.needs_user, "{error}: {row:?}");
            assert!(row.state == State::Fetching || row.state == State::Active, "{error}: {row:?}");
            assert_eq!(bench.errors(), 1);
            assert!(!matches!(shown(&mut bench), Shown::Pending(_)));
            assert!(bench.requests.is_empty(), "show does not try again what needs a person");
            bench.pass(3600);
            let job = bench.request();
            bench.answer(job, issued("at-9", None, 3600));
            assert_eq!(shown(&mut bench), Shown::AccessToken("at-9".into()), "{error}");
        }
    }
}

#[test]
fn refusals_without_a_reason_are_transient_however_many_they_are() {
    let mut bench = fetching();
    for _ in 0..5 {
        bench.fail_once(Outcome::RefusedSilently(reason()));
    }
    assert!(!bench.keeper.status(bench.now)[0].needs_attention);
    assert!(bench.next_request().is_some());
}

#[test]
fn a_hook_that_gives_up_leaves_it_to_a_person() {
    let mut bench = fetching();
    for _ in 0..6 {
        bench.fail_once(transient(true));
    }
    let question = bench.questions[0];
    bench.keeper.command_finished(question, HookVerdict::GiveUp, bench.now);
    let row = &bench.keeper.status(bench.now)[0];
    assert!(row.needs_attention && row.state == State::Fetching);
}

#[test]
fn refresh_fetches_also_what_needs_attention() {
    let mut bench = fetching();
    refused(&mut bench, 401, r#"{"error":"invalid_client"}"#);
    assert!(bench.requests.is_empty());
    let refreshed = bench.keeper.refresh("work", bench.now).unwrap();
    bench.collect();
    assert_eq!(refreshed, Refreshed::Scheduled { refresh_in: seconds(0) });
    bench.request();
}

#[test]
fn nobody_is_led_through_a_sign_in() {
    let mut bench = Bench::new(vec![application()]);
    for method in [None, Some(Method::Browser), Some(Method::Device)] {
        assert_eq!(bench.keeper.login("work", method, bench.now).unwrap(), Login::ByItself);
    }
    bench.collect();
    assert_eq!((bench.requests.len(), bench.reminders()), (0, 0));
    let bench = fetching();
    assert_eq!(bench.keeper.stage("work", bench.now).unwrap(), SignInStage::SignedOut(None));
}

#[test]
fn no_refresh_token_can_be_brought_along() {
    let mut bench = Bench::new(vec![application()]);
    let candidates = vec![Candidate::of("rt".into())];
    let import = Import { account: "work".to_owned(), candidates, ..Import::default() };
    assert_eq!(bench.keeper.import(&import, bench.now), Err(NotImported::ByItself));
}

#[test]
fn revoke_forgets_and_who_asks_next_has_it_fetched_anew() {
    let mut bench = active();
    bench.keeper.revoke("work", bench.now).unwrap();
    bench.pass(7200);
    assert!(bench.requests.is_empty());
    let row = &bench.keeper.status(bench.now)[0];
    assert!(!row.needs_user && row.state == State::Empty);
    assert_eq!(bench.keeper.needs_authorization("work", bench.now), Ok(false));
    assert_eq!(bench.keeper.lacks_token("work", bench.now), Ok(true), "a restore may bring it");
    assert_eq!(shown(&mut bench), Shown::Fetching(renewing(None, false, 0)));
    let job = bench.request();
    bench.keeper.revoke("work", bench.now).unwrap();
    bench.answer(job, issued("late", None, 3600));
    assert_eq!(bench.keeper.status(bench.now)[0].state, State::Empty, "what is revoked stays away");
    assert_eq!(
        bench.keeper.refresh("work", bench.now).unwrap(),
        Refreshed::Scheduled { refresh_in: seconds(0) }
    );
}

#[test]
fn a_reload_fetches_what_it_adds_and_what_it_has_ended() {
    let mut bench = active();
    let added = by_itself(account("more"));
    let other = Account { client_id: "other".into(), ..application() };
    bench.keeper.reload(config(vec![other.clone(), added]), PORTS, bench.now);
    bench.collect();
    assert_eq!(bench.requests.len(), 2);
    let rotated = Account { client_auth: ClientAuth::Post("new".into()), ..other };
    bench.keeper.reload(config(vec![rotated]), PORTS, bench.now);
    bench.collect();
    assert_eq!(bench.keeper.status(bench.now)[0].state, State::Fetching, "how it proves itself may change");
}

#[test]
fn a_reload_looks_again_at_what_needed_attention() {
    let mut bench = fetching();
    refused(&mut bench, 401, r#"{"error":"invalid_client"}"#);
    bench.keeper.reload(config(vec![application()]), PORTS, bench.now);
    bench.collect();
    bench.request();
}

#[test]
fn it_is_in_a_dump_while_it_is_valid_and_a_restore_makes_a_fetch_needless() {
    let mut bench = active();
    let dump = bench.keeper.dump(bench.now);
    assert_eq!(dump.accounts.len(), 1);
    assert_eq!(dump.accounts[0].refresh_token, None);
    let mut other = Bench::new(vec![application()]);
    assert_eq!(other.keeper.restore(dump.clone(), other.now).restored, ["work".into()]);
    other.keeper.begin_fetching(other.now);
    other.collect();
    assert!(other.requests.is_empty());
    assert_eq!(shown(&mut other), Shown::AccessToken("at-0".into()));
    other.pass(3600 - 90);
    assert!(other.forms()[0].starts_with("grant_type=client_credentials&"), "it is renewed");
    bench.requests.clear();
    bench.rest(3600);
    assert!(bench.keeper.dump(bench.now).accounts.is_empty(), "anybody can fetch another one");
    let mut late = Bench::new(vec![application()]);
    late.rest(3600);
    let skipped = late.keeper.restore(dump.clone(), late.now).skipped;
    assert_eq!(skipped.len(), 1);
    let mut users = Bench::new(vec![account("work")]);
    assert_eq!(users.keeper.restore(dump, users.now).skipped.len(), 1, "it is no token of the user");
}

#[test]
fn who_waits_hears_of_the_token_or_of_what_keeps_it() {
    let mut bench = fetching();
    let until = bench.now.moment.plus(seconds(20));
    let demand = Demand::Token { min_valid: seconds(0) };
    bench.keeper.wait("work", WaiterId(1), demand, until, bench.now).unwrap();
    let job = bench.request();
    bench.requests.clear();
    bench.keeper.answered(
        job,
        Err(Lost { sent: false, why: "no network".to_owned(), needs_person: false, is_unresolved: false }),
        bench.now,
    );
    bench.collect();
    bench.pass(3);
    let job = bench.request();
    bench.answer(job, issued("at-0", None, 3600));
    assert_eq!(bench.answered, [(WaiterId(1), Waited::Token("at-0".into()))]);
    let mut bench = fetching();
    bench.keeper.wait("work", WaiterId(1), demand, until, bench.now).unwrap();
    refused(&mut bench, 401, r#"{"error":"invalid_client"}"#);
    assert!(
        matches!(bench.answered.as_slice(), [(_, Waited::Failed(why))] if why.contains("invalid_client"))
    );
}

#[test]
fn nothing_is_fetched_while_the_daemon_stops() {
    let mut bench = Bench::new(vec![application()]);
    bench.keeper.stop();
    bench.keeper.begin_fetching(bench.now);
    bench.collect();
    assert!(bench.requests.is_empty());
    assert_eq!(shown(&mut bench), Shown::Stopping);
}

#[test]
fn the_bucket_holds_for_it_too() {
    let mut bench = fetching();
    for _ in 0..3 {
        let job = bench.request();
        bench.answer(job, transient(true));
        bench.keeper.refresh("work", bench.now).unwrap();
        bench.collect();
    }
    assert!(bench.requests.is_empty());
    assert_eq!(
        bench.keeper.refresh("work", bench.now).unwrap(),
        Refreshed::Scheduled { refresh_in: seconds(10) }
    );
}
