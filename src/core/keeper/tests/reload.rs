use pizauth_common::config::{Account, ClientAuth};

use super::bench::{Bench, PORTS, account, config, issued, reason, seconds};
use crate::keeper::{ListenerPorts, Shown, TokenEvent};
use crate::oauth::outcome::Outcome;
use crate::testing::{code_grant_mut, uri};

fn reloaded(bench: &mut Bench, accounts: Vec<Account>) {
    bench.keeper.reload(config(accounts), PORTS, bench.now);
    bench.collect();
}

#[test]
fn a_security_relevant_change_drops_the_session() {
    let changes: [fn(&mut Account); 6] = [
        |account| code_grant_mut(account).auth_uri = uri("https://other.example/authorize").into(),
        |account| {
            code_grant_mut(account).auth_uri_fields = [("prompt".to_owned(), "consent".to_owned())].into()
        },
        |account| account.client_id = "other".into(),
        |account| code_grant_mut(account).redirect_uri = uri("http://localhost/other").into(),
        |account| account.scopes = ["smtp".to_owned()].into(),
        |account| account.token_uri = uri("https://other.example/token").into(),
    ];
    for change in changes {
        let mut bench = Bench::active(Some("rt-0"), 3600);
        let mut changed = account("work");
        change(&mut changed);
        reloaded(&mut bench, vec![changed]);
        assert_eq!(bench.events(), [TokenEvent::Invalidated]);
        assert!(matches!(bench.keeper.show("work", bench.now), Ok(Shown::Pending(_))));
    }
}

#[test]
fn a_new_secret_or_other_times_keep_the_session() {
    let mut bench = Bench::active(Some("rt-0"), 3600);
    let mut changed = account("work");
    changed.client_auth = ClientAuth::Post("new".into());
    changed.refresh_before_expiry = seconds(1800);
    reloaded(&mut bench, vec![changed]);
    assert_eq!(bench.events(), []);
    assert_eq!(bench.keeper.show("work", bench.now), Ok(Shown::AccessToken("at-0".into())));
    bench.pass(1800 - 60);
    assert!(bench.requests[0].1.contains("client_secret=new"), "the new times hold, and the new secret");
}

#[test]
fn a_refresh_that_has_been_promised_comes_after_a_reload_too() {
    let mut bench = Bench::active(Some("rt-0"), 3600);
    for token in ["at-1", "at-2", "at-3"] {
        bench.keeper.refresh("work", bench.now).unwrap();
        bench.fail_once(issued(token, None, 3600));
    }
    bench.keeper.refresh("work", bench.now).unwrap();
    bench.collect();
    assert!(bench.requests.is_empty(), "the bucket holds it back");
    reloaded(&mut bench, vec![account("work")]);
    bench.pass(30);
    bench.request();
}

#[test]
fn reminders_come_at_the_new_interval() {
    let mut bench = Bench::new(vec![account("work")]);
    bench.url("work");
    let mut sooner = config(vec![account("work")]);
    sooner.auth_notify_interval = seconds(5);
    bench.keeper.reload(sooner, PORTS, bench.now);
    bench.pass(5);
    assert_eq!(bench.reminders(), 2, "one at once, one after the new interval");
}

#[test]
fn other_accounts_keep_theirs_and_a_removed_one_loses_it() {
    let mut bench = Bench::active(Some("rt-0"), 3600);
    reloaded(&mut bench, vec![account("work"), account("play")]);
    assert_eq!(bench.events(), []);
    reloaded(&mut bench, vec![account("play")]);
    assert_eq!(bench.events(), [TokenEvent::Invalidated]);
    assert!(bench.keeper.show("work", bench.now).is_err());
}

#[test]
fn what_is_in_flight_for_a_changed_account_is_dropped() {
    let mut bench = Bench::active(Some("rt-0"), 3600);
    bench.keeper.refresh("work", bench.now).unwrap();
    bench.collect();
    let job = bench.request();
    let mut changed = account("work");
    changed.client_id = "other".into();
    reloaded(&mut bench, vec![changed]);
    bench.answer(job, issued("late", Some("late"), 3600));
    assert_eq!(bench.events(), [TokenEvent::Invalidated]);
    assert!(matches!(bench.keeper.show("work", bench.now), Ok(Shown::Pending(_))));
}

#[test]
fn what_needs_attention_is_tried_again() {
    let mut bench = Bench::active(Some("rt-0"), 3600);
    bench.fail_once(Outcome::NeedsAttention(reason()));
    bench.rest(100);
    reloaded(&mut bench, vec![account("work")]);
    bench.request();
}

#[test]
fn a_url_for_a_port_that_is_gone_is_gone() {
    let mut bench = Bench::new(vec![account("work")]);
    let url = bench.url("work");
    reloaded(&mut bench, vec![account("work")]);
    assert_eq!(bench.url("work"), url, "the same port, the same URL");
    let ports = ListenerPorts { http: Some(9999), https: None };
    bench.keeper.reload(config(vec![account("work")]), ports, bench.now);
    assert!(bench.url("work").contains("9999"));
}

#[test]
fn a_redirect_uri_has_the_port_of_its_schemes_listener() {
    let mut over_tls = account("tls");
    code_grant_mut(&mut over_tls).redirect_uri = uri("https://localhost/").into();
    let mut bench = Bench::new(vec![]);
    let ports = ListenerPorts { http: Some(1111), https: Some(2222) };
    bench.keeper.reload(config(vec![account("plain"), over_tls]), ports, bench.now);
    assert!(bench.url("plain").contains("localhost%3A1111"));
    assert!(bench.url("tls").contains("localhost%3A2222"));
}

#[test]
fn a_reload_in_the_middle_of_an_exchange_does_not_disturb_it() {
    let mut bench = Bench::new(vec![account("work")]);
    let job = bench.exchange("work");
    let ports = ListenerPorts { http: Some(9999), https: None };
    bench.keeper.reload(config(vec![account("work")]), ports, bench.now);
    bench.answer(job, issued("at-1", None, 3600));
    assert_eq!(bench.keeper.show("work", bench.now), Ok(Shown::AccessToken("at-1".into())));
}
