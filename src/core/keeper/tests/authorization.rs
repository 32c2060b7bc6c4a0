use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pizauth_common::config::{Account, Scheme};
use pizauth_common::ipc::message::State;
use pizauth_common::secret::Secret;

use super::bench::{Bench, PORTS, account, config, counting_entropy, issued, reason, seconds, transient};
use crate::keeper::{Happened, Invitation, Keeper, RedirectVerdict, Refreshed, Shown, TokenEvent};
use crate::oauth::outcome::Outcome;
use crate::testing::{code_grant_mut, json_answer, uri};

#[test]
fn show_gives_the_same_url_and_refresh_a_new_one() {
    let mut bench = Bench::new(vec![account("work")]);
    let first = bench.url("work");
    assert_eq!(bench.url("work"), first);
    let Ok(Refreshed::Pending(Invitation { url: second, .. })) = bench.keeper.refresh("work", bench.now)
    else {
        panic!()
    };
    assert_ne!(second, first);
    bench.pass(1);
    assert_eq!(bench.reminders(), 2, "one for each URL that was made");
}

#[test]
fn urls_that_are_replaced_again_and_again_are_told_once_a_second_and_the_last_one_of_all() {
    let mut bench = Bench::new(vec![account("work")]);
    let mut last = String::new();
    for _ in 0..100 {
        bench.keeper.revoke("work", bench.now).unwrap();
        bench.url("work");
        let Ok(Refreshed::Pending(Invitation { url, .. })) = bench.keeper.refresh("work", bench.now) else {
            panic!()
        };
        last = url;
    }
    bench.collect();
    assert_eq!(bench.reminders(), 1);
    bench.pass(1);
    assert_eq!(bench.reminders(), 2);
    let told = bench.told.iter().rev().find_map(|event| match &event.what {
        Happened::AuthorizationPending { url, .. } => Some(url.clone()),
        _ => None,
    });
    assert_eq!(told, Some(last));
    bench.pass(15 * 60 - 1);
    assert_eq!(bench.reminders(), 2, "and then it is as with any other");
}

#[test]
fn a_listener_that_is_back_makes_urls_new() {
    let mut bench = Bench::new(vec![account("work"), account("idle")]);
    let old = bench.url("work");
    bench.pass(5);
    bench.keeper.renew_pending(&[Scheme::Https], bench.now);
    assert_eq!(bench.url("work"), old);
    bench.keeper.renew_pending(&[Scheme::Http], bench.now);
    bench.collect();
    assert_eq!(bench.reminders(), 2, "and the user is told");
    assert_ne!(bench.url("work"), old);
    assert_eq!(bench.keeper.status(bench.now)[0].state, State::Empty, "nothing begins for the other one");
    assert_eq!(bench.keeper.redirect_scheme("work"), Some(Scheme::Http));
}

#[test]
fn a_daemon_that_stops_leaves_a_pending_url_as_it_is() {
    let mut bench = Bench::new(vec![account("work")]);
    let url = bench.url("work");
    bench.pass(1);
    bench.keeper.stop();
    bench.keeper.renew_pending(&[Scheme::Http], bench.now);
    bench.collect();
    assert_eq!(bench.url("work"), url);
    assert_eq!(bench.reminders(), 1, "and nobody is told of another");
}

#[test]
fn an_unknown_account_is_said_to_be_unknown() {
    let mut bench = Bench::new(vec![account("work")]);
    assert!(bench.keeper.show("play", bench.now).is_err());
    assert!(bench.keeper.refresh("play", bench.now).is_err());
    assert!(bench.keeper.revoke("play", bench.now).is_err());
}

#[test]
fn who_has_neither_a_token_nor_a_way_to_one_needs_authorization() {
    let needs = |bench: &Bench| bench.keeper.needs_authorization("work", bench.now).unwrap();
    let mut bench = Bench::new(vec![account("work")]);
    assert!(needs(&bench) && bench.keeper.needs_authorization("play", bench.now).is_err());
    bench.url("work");
    assert!(needs(&bench), "pending is no token");
    let job = bench.exchange("work");
    assert!(!needs(&bench), "it is being completed");
    bench.answer(job, issued("at-1", None, 60));
    assert!(!needs(&bench));
    bench.rest(60);
    assert!(needs(&bench), "spent");
    let mut bench = Bench::active(Some("rt-0"), 60);
    bench.rest(60);
    assert!(!needs(&bench), "it can be refreshed");
}

#[test]
fn reminders_go_on_while_the_user_is_awaited() {
    let mut bench = Bench::new(vec![account("work")]);
    bench.url("work");
    bench.pass(15 * 60 * 3 + 1);
    assert_eq!(bench.reminders(), 4);
}

#[test]
fn reminders_are_at_least_a_second_apart() {
    let mut impatient = config(vec![account("work")]);
    impatient.auth_notify_interval = Duration::ZERO;
    let mut bench = Bench::new(vec![]);
    bench.keeper = Keeper::new(impatient, PORTS, counting_entropy());
    bench.url("work");
    assert_eq!(bench.keeper.poll_timeout(), Some(bench.now.moment.plus(seconds(1))));
}

#[test]
fn a_code_becomes_a_token() {
    let mut bench = Bench::new(vec![account("work")]);
    let job = bench.exchange("work");
    assert!(bench.requests[0].1.contains("code=c0de"));
    assert_eq!(bench.keeper.show("work", bench.now), Ok(Shown::Exchanging { last_error: None }));
    assert_eq!(bench.keeper.refresh("work", bench.now), Ok(Refreshed::Exchanging { last_error: None }));
    bench.answer(job, issued("at-1", Some("rt-1"), 3600));
    assert_eq!(bench.keeper.show("work", bench.now), Ok(Shown::AccessToken("at-1".into())));
    assert_eq!(bench.events(), [TokenEvent::New]);
    assert_eq!(bench.ends(), ["signed in"]);
}

#[test]
fn a_state_is_good_once() {
    let mut bench = Bench::new(vec![account("work")]);
    let url = bench.url("work");
    let request = Bench::redirect_request(&url);
    for _ in 0..2 {
        assert_eq!(
            bench.keeper.redirect(&request, bench.now),
            RedirectVerdict::Exchanging("work".into(), None)
        );
        bench.collect();
    }
    let job = bench.request();
    bench.answer(job, issued("at-1", None, 3600));
    assert_eq!(bench.keeper.redirect(&request, bench.now), RedirectVerdict::AlreadySignedIn("work".into()));
    bench.keeper.revoke("work", bench.now).unwrap();
    assert_eq!(bench.keeper.redirect(&request, bench.now), RedirectVerdict::NotFound);
}

#[test]
fn a_used_state_does_not_answer_the_next_request() {
    let mut bench = Bench::new(vec![account("work")]);
    let old = Bench::redirect_request(&bench.url("work"));
    let job = bench.exchange("work");
    bench.answer(job, Outcome::Ended(reason()));
    let url = bench.url("work");
    assert_eq!(bench.keeper.redirect(&old, bench.now), RedirectVerdict::NotFound);
    assert_eq!(bench.url("work"), url, "which goes on waiting");
}

#[test]
fn a_request_for_another_host_path_or_state_is_not_found() {
    let mut bench = Bench::new(vec![account("work")]);
    let right = Bench::redirect_request(&bench.url("work"));
    let mut host = right.clone();
    host.host = "evil.example:4567".to_owned();
    let mut path = right.clone();
    path.path = "/other".to_owned();
    let mut state = right.clone();
    state.query = "code=c0de&state=guess".into();
    for wrong in [host, path, state] {
        assert_eq!(bench.keeper.redirect(&wrong, bench.now), RedirectVerdict::NotFound, "{wrong:?}");
    }
    assert!(matches!(bench.keeper.redirect(&right, bench.now), RedirectVerdict::Exchanging(..)));
}

#[test]
fn a_denied_authorization_is_told_and_leaves_nothing() {
    let mut bench = Bench::new(vec![account("work")]);
    let mut request = Bench::redirect_request(&bench.url("work"));
    let denied = request.query.expose().replace("code=c0de", "error=access_denied&error_description=no");
    request.query = Secret::new(denied);
    let RedirectVerdict::Denied(_, why) = bench.keeper.redirect(&request, bench.now) else { panic!() };
    assert!(why.as_str().contains("access_denied"), "{why}");
    bench.collect();
    assert_eq!((bench.errors(), bench.requests.len()), (1, 0));
    assert!(bench.keeper.status(bench.now)[0].last_error.is_some());
}

#[test]
fn an_exchange_is_tried_again_only_while_the_server_was_not_reached() {
    let mut bench = Bench::new(vec![account("work")]);
    let job = bench.exchange("work");
    for _ in 1..10 {
        bench.answer(job, transient(false));
        assert!(bench.ends().is_empty());
        bench.pass(120);
        assert_eq!(bench.request(), job);
    }
    bench.answer(job, transient(false));
    assert_eq!(bench.ends(), ["failed"], "the tenth try was the last");

    bench.rest(600);
    let job = bench.exchange("work");
    bench.answer(job, transient(true));
    bench.pass(3600);
    assert!(bench.requests.is_empty(), "the code may have been seen");
}

#[test]
fn the_pauses_of_an_exchange_grow_to_a_minute() {
    let mut bench = Bench::new(vec![account("work")]);
    let job = bench.exchange("work");
    for _ in 1..10 {
        bench.answer(job, transient(false));
        bench.pass(120);
    }
    let pauses: Vec<u64> = bench.told.iter().filter_map(|event| pause_of(&event.what)).collect();
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
}

fn pause_of(what: &Happened) -> Option<u64> {
    match what {
        Happened::ExchangeRetried { pause, .. } => Some(pause.as_secs()),
        _ => None,
    }
}

#[test]
fn nothing_but_its_answer_ends_an_exchange() {
    let mut bench = Bench::new(vec![account("work")]);
    let job = bench.exchange("work");
    bench.pass(3600);
    assert_eq!(bench.reminders(), 1, "no reminder during the exchange");
    bench.answer(job, Outcome::Ended(reason()));
    assert_eq!(bench.ends(), ["failed"]);
    assert_eq!((bench.errors(), bench.events()), (1, vec![]));
}

#[test]
fn a_revoke_cancels_the_exchange() {
    let mut bench = Bench::new(vec![account("work")]);
    let job = bench.exchange("work");
    bench.keeper.revoke("work", bench.now).unwrap();
    bench.collect();
    assert_eq!(bench.ends(), ["revoked"]);
    bench.answer(job, issued("late", Some("late"), 3600));
    assert!(matches!(bench.keeper.show("work", bench.now), Ok(Shown::Pending(_))));
    assert_eq!(bench.events(), []);
}

#[test]
fn exchanges_have_a_bucket_of_their_own() {
    let mut bench = Bench::new(vec![account("work")]);
    let job = bench.exchange("work");
    bench.answer(job, issued("at", Some("rt"), 3600));
    for _ in 0..3 {
        bench.keeper.refresh("work", bench.now).unwrap();
        bench.collect();
        let (job, _) = bench.requests[0].clone();
        bench.answer(job, issued("at", None, 3600));
    }
    bench.keeper.refresh("work", bench.now).unwrap();
    bench.collect();
    assert!(bench.requests.is_empty(), "the fourth refresh waits");
    bench.keeper.revoke("work", bench.now).unwrap();
    bench.come_back("work");
    assert_eq!(bench.requests.len(), 1, "a code may be good for seconds only");
}

#[test]
fn the_fourth_exchange_waits() {
    let mut bench = Bench::new(vec![account("work")]);
    for _ in 0..3 {
        let job = bench.exchange("work");
        bench.answer(job, Outcome::Ended(reason()));
    }
    bench.come_back("work");
    assert!(bench.requests.is_empty(), "the fourth waits");
    assert_eq!(bench.keeper.poll_timeout(), Some(bench.now.moment.plus(seconds(10))));
}

#[test]
fn an_answer_of_another_issuer_is_not_taken_to_this_one() {
    let mut configured = account("work");
    configured.issuer = Some(uri("https://as.example").into());
    let mut bench = Bench::new(vec![configured]);
    let request = |url: &str, iss: &str| {
        let mut request = Bench::redirect_request(url);
        request.query = format!("{}&iss={iss}", request.query.expose()).as_str().into();
        request
    };
    let url = bench.url("work");
    let verdict = bench.keeper.redirect(&request(&url, "https://other.example"), bench.now);
    bench.collect();
    assert!(
        matches!(verdict, RedirectVerdict::Denied(_, reason) if reason.as_str().contains("other.example"))
    );
    assert!(bench.requests.is_empty(), "the code is not sent");
    assert!(matches!(bench.told.last().unwrap().what, Happened::AuthorizationFailed { is_news: true, .. }));
    let again = bench.keeper.redirect(&request(&url, "https://as.example"), bench.now);
    assert_eq!(again, RedirectVerdict::NotFound, "the state is spent");
    let url = bench.url("work");
    let verdict = bench.keeper.redirect(&request(&url, "https://as.example"), bench.now);
    assert!(matches!(verdict, RedirectVerdict::Exchanging(..)));
}

#[test]
fn who_has_signed_in_in_place_of_the_one_who_is_meant_is_told_and_shown() {
    let by_hint = || {
        let mut account = account("work");
        let fields = [("prompt", "consent"), ("login_hint", "me@example.org")];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        code_grant_mut(&mut account).auth_uri_fields = fields.into();
        account
    };
    let by_user = || Account { user: Some("me@example.org".into()), ..account("work") };
    let of_another = Account { user: Some("boss@example.org".into()), ..by_hint() };
    for (account, user, somebody_else) in [
        (by_hint(), "boss@example.org", true),
        (by_hint(), "Me@example.org", false),
        (by_user(), "boss@example.org", true),
        (by_user(), "me@example.org", false),
        (of_another, "me@example.org", false),
        (account("work"), "boss@example.org", false),
    ] {
        let mut bench = Bench::new(vec![account]);
        let job = bench.exchange("work");
        let claims = URL_SAFE_NO_PAD.encode(format!(r#"{{"email":"{user}"}}"#));
        let body = format!(r#"{{"access_token":"at","token_type":"bearer","id_token":"e30.{claims}.c2ln"}}"#);
        bench.keeper.answered(job, Ok(json_answer(200, &body)), bench.now);
        bench.collect();
        let expected = somebody_else.then(|| user.to_owned());
        assert_eq!(bench.keeper.status(bench.now)[0].signed_in_as, expected);
        let told = bench.told.iter().find_map(|event| match &event.what {
            Happened::OtherUser { user } => Some(user.clone()),
            _ => None,
        });
        assert_eq!(told, expected);
    }
}

#[test]
fn what_an_exchange_brings_that_was_cancelled_is_not_taken_for_the_next() {
    let mut bench = Bench::new(vec![account("work")]);
    let cancelled = bench.exchange("work");
    bench.keeper.revoke("work", bench.now).unwrap();
    let job = bench.exchange("work");
    bench.answer(cancelled, issued("at-0", Some("rt-0"), 3600));
    assert_eq!(bench.keeper.status(bench.now)[0].state, State::Exchanging);
    bench.answer(job, issued("at-1", Some("rt-1"), 3600));
    assert_eq!(bench.keeper.show("work", bench.now), Ok(Shown::AccessToken("at-1".into())));
}
