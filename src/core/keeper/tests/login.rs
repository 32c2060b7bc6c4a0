//! A user who is led through a sign-in, and callers that hear where it stands.

use pizauth_common::config::{Account, Grant};
use pizauth_common::ipc::message::{Method, State};

use super::bench::{Bench, PORTS, account, config, issued, reason, seconds};
use crate::http::Answer;
use crate::keeper::{
    Demand, Dismissal, Happened, Invitation, ListenerPorts, Login, RedirectVerdict, Refreshed, Renewing,
    RevocationEnd, SignInStage, StageMark, Waited, WaiterId,
};
use crate::oauth::outcome::{Outcome, Reason};
use crate::oauth::pasted::PasteFault;
use crate::testing::{code_grant, json_answer, on_device, uri};

const CODES: &str = r#"{"device_code":"dc","user_code":"AB-CD","verification_uri":"https://as.example/d"}"#;

fn both_ways() -> Bench {
    let by_browser = account("work");
    let Grant::DeviceCode { device, .. } = on_device(by_browser.clone()).grant else { panic!() };
    let browser = code_grant(&by_browser).clone();
    let grant = Grant::AuthorizationCode { browser, device: Some(device) };
    Bench::new(vec![Account { grant, ..by_browser }])
}

impl Bench {
    pub(super) fn login(&mut self, method: Option<Method>) -> Login {
        let login = self.keeper.login("work", method, self.now).unwrap();
        self.collect();
        login
    }

    fn stage(&mut self) -> SignInStage {
        match self.login(None) {
            Login::At(stage) => stage,
            other => panic!("no stage but {other:?}"),
        }
    }

    fn login_url(&mut self) -> String {
        match self.stage() {
            SignInStage::Pending(Invitation { url, code: None }) => url,
            other => panic!("no URL but {other:?}"),
        }
    }

    fn codes_come(&mut self) {
        let job = self.request();
        self.requests.clear();
        self.keeper.answered(job, Ok::<Answer, _>(json_answer(200, CODES)), self.now);
        self.collect();
    }

    /// Waits for any other stage than the present one.
    fn wait_for_change(&mut self, waiter: u64) {
        let seen = self.keeper.stage("work", self.now).unwrap().mark();
        let until = self.now.moment.plus(seconds(600));
        self.keeper.wait("work", WaiterId(waiter), Demand::OtherStage(seen), until, self.now).unwrap();
        self.collect();
    }

    fn heard(&mut self) -> Vec<Waited> {
        std::mem::take(&mut self.answered).into_iter().map(|(_, how)| how).collect()
    }

    fn paste(&mut self, account: &str, address: &str) -> Result<RedirectVerdict, PasteFault> {
        let pasted = self.keeper.paste(account, &address.into(), self.now).unwrap();
        self.collect();
        pasted
    }

    /// Whether hooks were told of a URL or a code since the last call, one word for each time.
    fn told_of_sign_ins(&mut self) -> Vec<&'static str> {
        let told = std::mem::take(&mut self.told).into_iter();
        told.filter_map(|event| match event.what {
            Happened::AuthorizationPending { is_known: true, .. } => Some("known"),
            Happened::AuthorizationPending { is_known: false, .. } => Some("pending"),
            Happened::AuthorizationReminded { .. } => Some("reminded"),
            _ => None,
        })
        .collect()
    }
}

/// The address that the browser ends at after it was sent to `url`.
fn end_of(url: &str) -> String {
    let request = Bench::redirect_request(url);
    format!("http://{}{}?{}", request.host, request.path, request.query.expose())
}

#[test]
fn who_sits_there_is_not_told_by_hooks_and_is_reminded_only_later() {
    let mut bench = Bench::new(vec![account("work")]);
    let url = bench.login_url();
    assert_eq!(bench.login_url(), url, "a URL that waits is used again");
    bench.pass(15 * 60 - 1);
    assert_eq!(bench.told_of_sign_ins(), ["known"]);
    assert_eq!(bench.login_url(), url);
    bench.pass(15 * 60 - 1);
    assert!(bench.told_of_sign_ins().is_empty(), "the user was there just now");
    bench.pass(1);
    assert_eq!(bench.told_of_sign_ins(), ["reminded"]);
}

#[test]
fn a_url_that_show_has_begun_is_used_again_and_known_from_then_on() {
    let mut bench = Bench::new(vec![account("work")]);
    let url = bench.url("work");
    bench.collect();
    bench.rest(600);
    assert_eq!(bench.login_url(), url);
    bench.pass(15 * 60 - 1);
    assert_eq!(bench.told_of_sign_ins(), ["pending"]);
    // Within the second in which hooks are told of no other URL.
    bench.keeper.revoke("work", bench.now).unwrap();
    bench.url("work");
    bench.keeper.revoke("work", bench.now).unwrap();
    bench.url("work");
    bench.login_url();
    bench.pass(5);
    assert_eq!(bench.told_of_sign_ins(), ["pending", "known"]);
}

#[test]
fn another_method_takes_the_place_of_what_is_under_way_and_one_that_is_not_known_changes_nothing() {
    let mut bench = both_ways();
    let first = bench.login_url();
    assert_eq!(bench.login(Some(Method::Browser)), bench.login(None));
    let starting = Login::At(SignInStage::Starting("as.example".to_owned()));
    assert_eq!(bench.login(Some(Method::Device)), starting);
    assert_eq!(bench.login(None), starting, "what is under way goes on");
    bench.codes_come();
    assert_eq!(bench.told_of_sign_ins(), ["known", "known"]);
    let Login::At(SignInStage::Pending(Invitation { code: Some(code), .. })) =
        bench.login(Some(Method::Device))
    else {
        panic!("no code")
    };
    assert_eq!(code.user_code, "AB-CD");
    let Login::At(SignInStage::Pending(Invitation { url, code: None })) = bench.login(Some(Method::Browser))
    else {
        panic!("no URL")
    };
    assert_ne!(url, first);
    bench.pass(60);
    assert!(bench.requests.is_empty(), "nobody asks about the code any more");

    let mut bench = Bench::new(vec![account("work")]);
    assert_eq!(bench.login(Some(Method::Device)), Login::NoWay { method: Method::Device, issuer: None });
    assert_eq!(bench.keeper.status(bench.now)[0].state, State::Empty);
    let mut bench = Bench::new(vec![on_device(account("work"))]);
    assert_eq!(bench.login(Some(Method::Browser)), Login::NoWay { method: Method::Browser, issuer: None });
    assert!(bench.keeper.login("play", None, bench.now).is_err());
    bench.keeper.stop();
    assert_eq!(bench.login(None), Login::Stopping);
}

#[test]
fn who_is_signed_in_hears_so_and_what_has_expired_is_refreshed() {
    let mut bench = Bench::active(Some("rt"), 3600);
    let signed_in = SignInStage::SignedIn { refreshable: true, attention: None, signed_in_as: None };
    assert_eq!(bench.stage(), signed_in);
    bench.rest(7200);
    let renewing = Renewing { last_error: None, needs_attention: false, refresh_in: seconds(0) };
    assert_eq!(bench.stage(), SignInStage::Expired(renewing));
    bench.fail_once(Outcome::NeedsAttention(reason()));
    let SignInStage::Expired(Renewing { needs_attention: true, .. }) = bench.stage() else { panic!() };
    let mut bench = Bench::active(None, 3600);
    assert!(matches!(bench.stage(), SignInStage::SignedIn { refreshable: false, .. }));
    bench.rest(3600);
    bench.login_url();
}

#[test]
fn a_session_that_needs_attention_says_so_and_one_that_seems_dead_is_signed_in_to_beside_it() {
    let mut bench = Bench::active(Some("rt-0"), 3600);
    bench.fail_once(issued("at-1", None, 86_400));
    let vague = || Outcome::RefusedVaguely(Reason::with_cause("invalid_request", "Token has been revoked"));
    bench.fail_once(vague());
    assert!(matches!(bench.stage(), SignInStage::SignedIn { attention: Some(_), .. }));
    bench.keeper.refresh("work", bench.now).unwrap();
    bench.fail_once(vague());
    let url = bench.login_url();
    assert_eq!(bench.login_url(), url);
    bench.wait_for_change(1);
    let verdict = bench.keeper.redirect(&Bench::redirect_request(&url), bench.now);
    assert_eq!(verdict, RedirectVerdict::Exchanging("work".into(), None));
    bench.collect();
    assert_eq!(bench.heard(), [Waited::OtherStage]);
    bench.wait_for_change(2);
    let job = bench.request();
    bench.answer(job, Outcome::Ended(reason()));
    let failed = "authorization failed: invalid_grant (authorize again)".to_owned();
    assert_eq!(bench.heard(), [Waited::Failed(failed)], "and not that the old session is there");
    assert!(matches!(bench.keeper.stage("work", bench.now), Ok(SignInStage::Failed(_))));
    bench.login_url();
}

#[test]
fn a_session_that_ends_while_another_sign_in_waits_ends_nobodys_wait() {
    let mut bench = Bench::active(Some("rt-0"), 3600);
    bench.fail_once(issued("at-1", None, 86_400));
    for _ in 0..2 {
        bench.keeper.refresh("work", bench.now).unwrap();
        bench.fail_once(Outcome::RefusedVaguely(Reason::with_cause("invalid_request", "revoked")));
    }
    let url = bench.login_url();
    let until = bench.now.moment.plus(seconds(7200));
    bench.keeper.wait("work", WaiterId(1), Demand::NewToken, until, bench.now).unwrap();
    bench.pass(3600);
    bench.fail_once(Outcome::Ended(reason()));
    assert_eq!(bench.keeper.status(bench.now)[0].state, State::Pending);
    assert!(bench.heard().is_empty(), "the user may still sign in");
    bench.keeper.redirect(&Bench::redirect_request(&url), bench.now);
    bench.collect();
    let job = bench.request();
    bench.answer(job, issued("at-2", Some("rt-2"), 3600));
    assert_eq!(bench.heard(), [Waited::Token("at-2".into())]);
}

#[test]
fn every_step_of_a_sign_in_is_told_once_to_who_has_seen_the_one_before() {
    let mut bench = both_ways();
    bench.login(Some(Method::Device));
    bench.wait_for_change(1);
    assert!(bench.heard().is_empty());
    bench.codes_come();
    assert_eq!(bench.heard(), [Waited::OtherStage]);
    bench.wait_for_change(2);
    bench.login(Some(Method::Browser));
    assert_eq!(bench.heard(), [Waited::OtherStage], "another URL");
    bench.wait_for_change(3);
    let Ok(Refreshed::Pending(_)) = bench.keeper.refresh("work", bench.now) else { panic!() };
    bench.collect();
    assert_eq!(bench.heard(), [Waited::OtherStage], "and another one");
    bench.wait_for_change(4);
    let job = bench.exchange("work");
    assert_eq!(bench.heard(), [Waited::OtherStage]);
    bench.wait_for_change(5);
    let lost = Outcome::Transient { reason: reason(), retry_after: None, reached: false };
    bench.answer(job, lost);
    assert_eq!(bench.heard(), [Waited::OtherStage], "the server was not reached");
    bench.wait_for_change(6);
    bench.pass(1);
    assert!(bench.heard().is_empty());
    let job = bench.request();
    bench.answer(job, issued("at-1", Some("rt-1"), 3600));
    assert_eq!(bench.heard(), [Waited::OtherStage]);
    let signed_in = SignInStage::SignedIn { refreshable: true, attention: None, signed_in_as: None };
    assert_eq!(bench.keeper.stage("work", bench.now), Ok(signed_in));
}

#[test]
fn who_asks_for_a_change_that_has_been_is_told_at_once_and_who_waits_in_vain_when_the_time_is_up() {
    let mut bench = Bench::new(vec![account("work")]);
    bench.login_url();
    let until = bench.now.moment.plus(seconds(10));
    let old = Demand::OtherStage(StageMark::of(State::Pending, Some("https://old.example/"), None, None));
    bench.keeper.wait("work", WaiterId(1), old, until, bench.now).unwrap();
    bench.collect();
    assert_eq!(bench.heard(), [Waited::OtherStage]);
    bench.wait_for_change(2);
    bench.pass(599);
    assert!(bench.heard().is_empty());
    bench.pass(1);
    assert_eq!(bench.heard(), [Waited::Dismissed(Dismissal::TimeIsUp)]);
    assert_eq!(bench.keeper.status(bench.now)[0].state, State::Pending, "the URL stays");
}

#[test]
fn the_end_of_a_sign_in_is_told_with_its_reason() {
    type End = fn(&mut Bench);
    let ends: [(End, Waited); 5] = [
        (
            |bench| bench.keeper.revoke("work", bench.now).unwrap(),
            Waited::Failed("the account was revoked".into()),
        ),
        (
            |bench| {
                let until = bench.now.moment.plus(seconds(30));
                assert_eq!(bench.keeper.revoke_remotely("work", WaiterId(2), until, bench.now), Ok(Ok(())));
                bench.collect();
                assert_eq!(bench.revoked.remove(0), (WaiterId(2), RevocationEnd::Revoked { host: None }));
            },
            Waited::Failed("the account was revoked".into()),
        ),
        (
            |bench| bench.keeper.reload(config(vec![on_device(account("work"))]), PORTS, bench.now),
            Waited::Failed("the configuration changed".into()),
        ),
        (
            |bench| bench.keeper.reload(config(vec![account("home")]), PORTS, bench.now),
            Waited::Dismissed(Dismissal::UnknownAccount),
        ),
        (|bench| bench.keeper.stop(), Waited::Dismissed(Dismissal::Stopping)),
    ];
    for (end, how) in ends {
        let revocation_uri = Some(uri("https://as.example/revoke").into());
        let mut bench = Bench::new(vec![Account { revocation_uri, ..account("work") }]);
        bench.login_url();
        bench.wait_for_change(1);
        end(&mut bench);
        bench.collect();
        assert_eq!(bench.heard(), std::slice::from_ref(&how));
        // Who asks only now hears the same.
        if let Waited::Failed(why) = how {
            let stage = bench.keeper.stage("work", bench.now);
            assert!(matches!(stage, Ok(SignInStage::SignedOut(Some(told))) if told == why), "{stage:?}");
        }
    }
}

#[test]
fn a_token_that_has_expired_and_cannot_be_renewed_is_no_session() {
    let mut bench = Bench::active(None, 3600);
    let stage = |bench: &Bench| bench.keeper.stage("work", bench.now).unwrap();
    assert!(matches!(stage(&bench), SignInStage::SignedIn { refreshable: false, .. }));
    bench.pass(3600);
    assert_eq!(stage(&bench), SignInStage::SignedOut(None));
}

#[test]
fn a_pasted_address_is_as_good_as_the_browser_for_its_account_and_once() {
    let mut bench = Bench::new(vec![account("work"), account("home")]);
    let url = bench.login_url();
    let home = bench.url("home");
    assert_eq!(bench.paste("work", &end_of(&home)), Ok(RedirectVerdict::NotFound), "another account's");
    assert_eq!(bench.paste("home", &end_of(&url)), Ok(RedirectVerdict::NotFound));
    assert_eq!(bench.paste("work", "c0de"), Err(PasteFault::NoAddress));
    assert!(matches!(bench.paste("work", &url), Err(PasteFault::Elsewhere(_))));
    assert!(matches!(bench.paste("work", "http://localhost:4567/?x=y"), Ok(RedirectVerdict::BadRequest(_))));
    assert_eq!(bench.login_url(), url, "nothing of this has used it up");
    let exchanging = RedirectVerdict::Exchanging("work".into(), None);
    assert_eq!(bench.paste("work", &end_of(&url)), Ok(exchanging.clone()));
    assert_eq!(bench.paste("work", &end_of(&url)), Ok(exchanging), "as a page that is loaded once more");
    let job = bench.request();
    bench.answer(job, issued("at-1", Some("rt-1"), 3600));
    let again = bench.paste("work", &end_of(&url));
    assert_eq!(again, Ok(RedirectVerdict::AlreadySignedIn("work".into())));
    assert!(bench.requests.is_empty(), "the code was sent once");
    let denied = end_of(&home).replace("code=c0de", "error=access_denied");
    assert!(matches!(bench.paste("home", &denied), Ok(RedirectVerdict::Denied(..))));
    assert!(bench.keeper.paste("play", &"x".into(), bench.now).is_err());
    let mut bench = Bench::new(vec![on_device(account("work"))]);
    assert_eq!(bench.paste("work", "http://localhost:4567/?code=x"), Err(PasteFault::NoBrowser));
}

/// As where a provider of accounts that sign in on another device has an endpoint for browsers, too.
#[test]
fn where_no_listener_is_a_redirect_uri_keeps_its_own_port_and_what_is_pasted_counts() {
    let mut bench = both_ways();
    let account = bench.keeper.entries["work"].account.clone();
    bench.keeper.reload(config(vec![account]), ListenerPorts::default(), bench.now);
    let url = bench.login_url();
    assert!(url.contains("redirect_uri=http%3A%2F%2Flocalhost%2F&"), "{url}");
    let exchanging = RedirectVerdict::Exchanging("work".into(), None);
    let end = format!("http://localhost/?{}", Bench::redirect_request(&url).query.expose());
    assert_eq!(bench.paste("work", &end), Ok(exchanging));
    let (_, form) = bench.requests.pop().unwrap();
    assert!(form.contains("redirect_uri=http%3A%2F%2Flocalhost%2F&"), "{form}");
}
