//! What people are told of the accounts when they ask.

use pizauth_common::config::Account;
use pizauth_common::unix_time::UnixTime;

use super::bench::{Bench, account, issued, reason, some_time};
use crate::keeper::{Happened, Summary, TokenFacts, UnknownAccount};
use crate::oauth::outcome::Outcome;
use crate::testing::{by_itself, json_answer, on_device};

fn mailbox_of(user: &str, account: Account) -> Account {
    Account { user: Some(user.into()), ..account }
}

fn summary(bench: &Bench) -> String {
    bench.keeper.summary(bench.now).to_string()
}

#[test]
fn accounts_are_named_in_order_with_whose_mailbox_they_are_for() {
    let bench = Bench::new(vec![account("work"), mailbox_of("me@example.org", account("home"))]);
    assert_eq!(bench.keeper.account_names().collect::<Vec<_>>(), ["home", "work"]);
    assert_eq!(bench.keeper.user("home"), Ok(Some("me@example.org")));
    assert_eq!(bench.keeper.user("work"), Ok(None));
    assert_eq!(bench.keeper.user("play"), Err(UnknownAccount));
}

#[test]
fn of_an_access_token_all_but_itself_is_told() {
    let mut bench = Bench::new(vec![mailbox_of("me@example.org", account("work"))]);
    assert_eq!(bench.keeper.token_facts("work", bench.now), None);
    let job = bench.exchange("work");
    bench.answer(job, issued("at-0", Some("rt-0"), 3600));
    bench.rest(60);
    let obtained = some_time().wall;
    let expires = Some(UnixTime(obtained.0 + 3600));
    let facts = TokenFacts { user: Some("me@example.org".into()), obtained, expires };
    assert_eq!(bench.keeper.token_facts("work", bench.now), Some(facts));
}

#[test]
fn a_summary_counts_those_with_a_token_and_those_that_need_their_user() {
    let mut bench = Bench::new(["a", "b", "c", "d"].map(account).to_vec());
    assert_eq!(bench.keeper.summary(bench.now), Summary { usable: 0, needs_user: 4 });
    assert_eq!(summary(&bench), "0 active, 4 need you");
    for (name, told) in [("a", "1 active, 3 need you"), ("b", "2 active, 2 need you")] {
        let job = bench.exchange(name);
        bench.answer(job, issued("at-0", Some("rt-0"), 3600));
        assert_eq!(summary(&bench), told);
    }
    let refused = |bench: &mut Bench, name: &str| {
        bench.keeper.refresh(name, bench.now).unwrap();
        bench.fail_once(Outcome::NeedsAttention(reason()));
    };
    refused(&mut bench, "a");
    assert_eq!(summary(&bench), "2 active, 3 need you", "a token may be good to its end");
    for name in ["c", "d"] {
        let job = bench.exchange(name);
        bench.answer(job, issued("at-0", Some("rt-0"), 3600));
    }
    assert_eq!(summary(&bench), "4 active, 1 needs you");
    assert_eq!(Summary::default().to_string(), "0 active");
}

#[test]
fn who_needs_a_user_and_who_lacks_a_token_is_known() {
    let mut bench = Bench::new(vec![by_itself(account("own")), on_device(account("work"))]);
    let by_themselves = ["own", "work", "play"].map(|name| bench.keeper.signs_in_by_itself(name));
    assert_eq!(by_themselves, [true, false, false]);
    assert_eq!(bench.keeper.lacks_token("play", bench.now), Err(UnknownAccount));
    assert_eq!(bench.keeper.lacks_token("own", bench.now), Ok(true));
    bench.keeper.begin_fetching(bench.now);
    bench.collect();
    assert_eq!(bench.keeper.lacks_token("own", bench.now), Ok(false), "it is under way");
    assert_eq!(bench.keeper.lacks_token("work", bench.now), Ok(true));
}

#[test]
fn the_log_has_a_word_for_what_came_of_a_request() {
    let codes = r#"{"device_code":"dc","user_code":"AB","verification_uri":"https://as.example/d"}"#;
    for (status, body, word) in [(200, codes, "issued"), (400, r#"{"error":"invalid_client"}"#, "ended")] {
        let mut bench = Bench::new(vec![on_device(account("work"))]);
        bench.keeper.show("work", bench.now).unwrap();
        bench.collect();
        bench.keeper.answered(bench.request(), Ok(json_answer(status, body)), bench.now);
        bench.collect();
        let outcome = bench.told.iter().find_map(|event| match event.what {
            Happened::RequestEnded { outcome, .. } => Some(outcome),
            _ => None,
        });
        assert_eq!(outcome, Some(word));
    }
}
