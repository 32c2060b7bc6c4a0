//! A `state` is good once, and only where its account's redirect URI leads: scheme, host, port, path, query.

use url::form_urlencoded;

use super::{approved_query, start, state_of, visit};
use crate::support::{Door, Setup, state_in};

#[test]
fn a_state_is_good_at_the_listener_of_its_redirect_uri_only() {
    let running = start("");
    let (http, https) = (Door::http(&running.sandbox), Door::https(&running.sandbox));
    for (account, right, wrong) in [("work", &http, &https), ("tls", &https, &http)] {
        let query = approved_query(&running, account);
        assert_eq!(wrong.ask(visit(wrong, &query)).status(), Some(404), "{account}");
        assert_eq!(state_of(&running, account), "pending");
        let answer = right.ask(visit(right, &query));
        assert!(answer.body().contains(&format!("signed in: {account}")), "{answer:?}");
        let again = right.ask(visit(right, &query));
        assert!(again.body().contains(&format!("already signed in: {account}")), "{again:?}");
    }
}

#[test]
fn a_state_is_good_under_the_host_of_its_redirect_uri_only() {
    let hosts = ["localhost", "127.0.0.1", "[::1]", "mail.example"];
    let uri = |host: &str| format!("redirect_uri = \"http://{host}/\";");
    let running = hosts.iter().fold(Setup::new(), |setup, host| setup.account(host, &uri(host))).start();
    let door = Door::http(&running.sandbox);
    for account in hosts {
        let state = state_in(&running.pending_url(account));
        let denial = visit(&door, &format!("error=access_denied&state={state}"));
        let at = |host: &str| door.ask(denial.replace("localhost", host)).status();
        for other in hosts.iter().filter(|host| **host != account) {
            assert_eq!(at(other), Some(404), "the state of {account} at {other}");
            assert_eq!(state_of(&running, account), "pending");
        }
        assert_eq!(at(account), Some(200), "{account}");
    }
}

#[test]
fn a_visit_that_nothing_waits_for_is_logged_with_its_host_and_no_secret() {
    let running = start("");
    let door = Door::http(&running.sandbox);
    let query = approved_query(&running, "work");
    let foreign = visit(&door, &query).replace("localhost", "evil.example");
    assert_eq!(door.ask(foreign).status(), Some(404));
    running.daemon.wait_for_log(&["redirect_refused", "nothing waits for it at evil.example"]);
    let log = running.daemon.log();
    for (name, secret) in form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "iss") {
        assert!(!log.contains(secret.as_ref()), "{name} in the log:\n{log}");
    }
}

#[test]
fn the_query_of_a_redirect_uri_has_to_come_back() {
    let running = Setup::new().account("work", "redirect_uri = \"http://localhost/back?a=1&b=%20\";").start();
    let door = Door::http(&running.sandbox);
    let query = approved_query(&running, "work");
    let at = |target: &str| door.ask(visit(&door, "").replace("/?", target));
    let parameters = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "b");
    let without: String = parameters.map(|(name, value)| format!("{name}={value}&")).collect();
    assert_eq!(at(&format!("/back?{without}")).status(), Some(404));
    assert_eq!(state_of(&running, "work"), "pending");
    assert_eq!(at(&format!("/back?{query}")).status(), Some(200));
}
