use super::bench::{Bench, account, config, issued, reason, transient};
use crate::http::Answer;
use crate::keeper::{
    HookVerdict, Invitation, JobId, ListenerPorts, RedirectVerdict, Refreshed, Shown, TokenEvent,
};
use crate::oauth::outcome::{Outcome, Reason};
use crate::testing::json_answer;
use pizauth_common::config::ClientAuth;
use pizauth_common::ipc::message::State;

fn vague() -> Outcome {
    Outcome::RefusedVaguely(Reason::with_cause("invalid_request", "Token has been revoked"))
}

fn refreshed(bench: &mut Bench) -> Refreshed {
    let refreshed = bench.keeper.refresh("work", bench.now).unwrap();
    bench.collect();
    refreshed
}

/// A session that has been refreshed once, and then refused in these ways.
fn refused(refusals: impl IntoIterator<Item = Outcome>) -> Bench {
    let mut bench = Bench::active(Some("rt-0"), 3600);
    bench.fail_once(issued("at-1", None, 86_400));
    for refusal in refusals {
        bench.fail_once(refusal);
    }
    bench
}

/// A session whose refresh token seems to be dead, and the URL of the new authorization.
fn suspect() -> (Bench, String) {
    let mut bench = refused([vague(), vague()]);
    let Refreshed::Pending(Invitation { url, .. }) = refreshed(&mut bench) else {
        panic!("no new authorization")
    };
    (bench, url)
}

/// The refresh token that a dump has.
fn saved(bench: &Bench) -> String {
    let snapshot = bench.keeper.dump(bench.now);
    snapshot.accounts[0].refresh_token.as_ref().unwrap().expose().to_owned()
}

fn shows(bench: &mut Bench, access_token: &str) -> bool {
    bench.keeper.show("work", bench.now) == Ok(Shown::AccessToken(access_token.into()))
}

/// Lets six refreshes fail, and returns the question whether that is transient.
fn fail_six_times(bench: &mut Bench) -> JobId {
    (0..6).for_each(|_| bench.fail_once(transient(true)));
    let [question] = std::mem::take(&mut bench.questions)[..] else { panic!("not one question") };
    question
}

#[test]
fn a_second_refusal_in_vague_words_after_a_success_offers_a_new_authorization() {
    let mut bench = refused([vague()]);
    assert!(matches!(refreshed(&mut bench), Refreshed::Scheduled { .. }));
    bench.fail_once(vague());
    assert_eq!((bench.errors(), bench.reminders()), (2, 0), "what helps now is news, and nothing has begun");
    let Refreshed::Pending(first) = refreshed(&mut bench) else { panic!("no new authorization") };
    bench.rest(2);
    let Refreshed::Pending(second) = refreshed(&mut bench) else { panic!("no new authorization") };
    assert_ne!(first, second, "each refresh makes a new URL");
    assert_eq!(bench.reminders(), 2);
    assert!(shows(&mut bench, "at-1"), "it is good until it expires");
    assert_eq!(saved(&bench), "rt-0");
    let status = bench.keeper.status(bench.now).remove(0);
    assert!(
        status.state == State::Active
            && status.needs_attention
            && status.last_error.unwrap().contains("pizauth refresh")
    );
}

#[test]
fn who_signs_in_has_a_new_session_and_nothing_of_the_old_one() {
    let (mut bench, url) = suspect();
    let verdict = bench.keeper.redirect(&Bench::redirect_request(&url), bench.now);
    assert_eq!(verdict, RedirectVerdict::Exchanging("work".into(), None));
    bench.collect();
    assert!(shows(&mut bench, "at-1") && saved(&bench) == "rt-0", "also while the code is exchanged");
    bench.told.clear();
    let job = bench.request();
    bench.answer(job, issued("at-2", Some("rt-2"), 3600));
    assert!(shows(&mut bench, "at-2") && saved(&bench) == "rt-2");
    assert_eq!(bench.events(), [TokenEvent::New]);
}

#[test]
fn a_sign_in_that_fails_leaves_what_there_was() {
    for denied in [false, true] {
        let (mut bench, url) = suspect();
        let mut request = Bench::redirect_request(&url);
        if denied {
            let query = request.query.expose().replace("code=c0de", "error=access_denied");
            request.query = query.as_str().into();
        }
        bench.keeper.redirect(&request, bench.now);
        bench.collect();
        if !denied {
            let job = bench.request();
            bench.answer(job, Outcome::Ended(reason()));
        }
        assert!(shows(&mut bench, "at-1") && saved(&bench) == "rt-0");
        assert_eq!(bench.events(), [TokenEvent::Refreshed], "no session has ended or begun");
        let status = bench.keeper.status(bench.now).remove(0);
        assert!(status.last_was_sign_in && status.needs_attention);
        assert!(matches!(refreshed(&mut bench), Refreshed::Pending(_)));
    }
}

#[test]
fn a_refresh_that_works_after_all_makes_the_sign_in_needless() {
    let (mut bench, url) = suspect();
    bench.fail_once(issued("at-2", Some("rt-1"), 3600));
    assert_eq!(saved(&bench), "rt-1");
    assert!(matches!(refreshed(&mut bench), Refreshed::Scheduled { .. }));
    let verdict = bench.keeper.redirect(&Bench::redirect_request(&url), bench.now);
    assert_eq!(verdict, RedirectVerdict::AlreadySignedIn("work".into()));
}

#[test]
fn a_session_that_ends_meanwhile_leaves_the_url() {
    let (mut bench, url) = suspect();
    bench.fail_once(Outcome::Ended(reason()));
    assert_eq!(bench.keeper.show("work", bench.now), Ok(Shown::Pending(Invitation { url, code: None })));
}

#[test]
fn an_expired_token_is_shown_as_the_url() {
    let (mut bench, url) = suspect();
    bench.rest(86_400);
    assert_eq!(bench.keeper.show("work", bench.now), Ok(Shown::Pending(Invitation { url, code: None })));
}

#[test]
fn a_refresh_in_flight_is_forgotten_for_a_code_and_comes_again_if_that_fails() {
    let (mut bench, url) = suspect();
    bench.pass(3600);
    let late = bench.request();
    bench.keeper.redirect(&Bench::redirect_request(&url), bench.now);
    bench.collect();
    let exchange = bench.requests.iter().find(|(job, _)| *job != late).unwrap().0;
    bench.answer(late, vague());
    bench.answer(exchange, Outcome::Ended(reason()));
    let job = bench.request();
    assert!(bench.requests[0].1.contains("refresh_token=rt-0"));
    bench.answer(job, issued("at-2", None, 3600));
    assert!(shows(&mut bench, "at-2"));
}

#[test]
fn settings_that_may_be_at_fault_are_not_held_against_the_refresh_token() {
    let mut never_refreshed = Bench::active(Some("rt-0"), 3600);
    never_refreshed.fail_once(vague());
    never_refreshed.fail_once(vague());
    let client = Outcome::NeedsAttention(Reason::with_cause("invalid_client", "wrong secret"));
    let of_the_client = refused([client.clone(), client.clone(), vague(), client, vague()]);
    let mut changed = refused([vague(), vague()]);
    let mut account = account("work");
    account.client_auth = ClientAuth::Post("new".into());
    changed.keeper.reload(config(vec![account]), super::bench::PORTS, changed.now);
    changed.collect();
    for _ in 0..3 {
        changed.fail_once(vague());
    }
    for mut bench in [never_refreshed, of_the_client, changed] {
        assert!(matches!(refreshed(&mut bench), Refreshed::Scheduled { .. }));
    }
}

#[test]
fn three_refusals_without_a_word_offer_it_too_and_two_do_not() {
    let silent = || Outcome::RefusedSilently(reason());
    let mut bench = refused([silent(), silent()]);
    assert!(matches!(refreshed(&mut bench), Refreshed::Scheduled { .. }));
    bench.fail_once(silent());
    assert!(matches!(refreshed(&mut bench), Refreshed::Pending(_)));
}

#[test]
fn a_restored_session_has_its_refreshes_behind_it() {
    let dump = refused([]).keeper.dump(super::bench::some_time());
    let mut bench = Bench::new(vec![account("work")]);
    bench.keeper.restore(dump, bench.now);
    bench.fail_once(vague());
    bench.fail_once(vague());
    assert!(matches!(refreshed(&mut bench), Refreshed::Pending(_)));
}

#[test]
fn another_port_voids_the_url_and_nothing_else() {
    let (mut bench, url) = suspect();
    let moved = ListenerPorts { http: Some(1), https: None };
    bench.keeper.reload(config(vec![account("work")]), moved, bench.now);
    bench.collect();
    assert!(shows(&mut bench, "at-1") && saved(&bench) == "rt-0");
    let verdict = bench.keeper.redirect(&Bench::redirect_request(&url), bench.now);
    assert_ne!(verdict, RedirectVerdict::Exchanging("work".into(), None));
}

#[test]
fn a_revoke_forgets_the_session_and_the_url() {
    let (mut bench, url) = suspect();
    bench.keeper.redirect(&Bench::redirect_request(&url), bench.now);
    bench.keeper.revoke("work", bench.now).unwrap();
    bench.collect();
    assert_eq!(bench.events().last(), Some(&TokenEvent::Revoked));
    assert_eq!(bench.keeper.status(bench.now)[0].state, State::Empty);
}

#[test]
fn whatever_4xx_outlives_the_access_token_the_user_hears_of_it() {
    let body = |status| match status % 3 {
        0 => "",
        1 => r#"{"error":"invalid_request"}"#,
        _ => r#"{"error":"Forbidden"}"#,
    };
    for status in 400..500 {
        let mut bench = Bench::active(Some("rt-0"), 3600);
        for _ in 0..3600 {
            bench.pass(1);
            if let [(job, _)] = bench.requests[..] {
                let answer: Answer = json_answer(status, body(status));
                bench.requests.clear();
                bench.keeper.answered(job, Ok(answer), bench.now);
                bench.collect();
            }
        }
        assert!(bench.told.iter().any(|event| event.error_message().is_some()), "{status} in silence");
    }
}

#[test]
fn a_sign_in_that_fails_leaves_the_session_as_it_was() {
    let (mut bench, url) = suspect();
    let question = fail_six_times(&mut bench);
    let page = Bench::redirect_request(&url);
    assert!(matches!(bench.keeper.redirect(&page, bench.now), RedirectVerdict::Exchanging(..)));
    bench.keeper.command_finished(question, HookVerdict::GiveUp, bench.now);
    bench.collect();
    let job = bench.request();
    bench.answer(job, Outcome::Ended(reason()));
    assert_eq!(saved(&bench), "rt-0", "the verdict was on tokens that were set aside");
    assert_eq!(bench.keeper.redirect(&page, bench.now), RedirectVerdict::NotFound, "it has signed in nobody");
    fail_six_times(&mut bench);
}
