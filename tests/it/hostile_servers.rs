//! Token endpoints that are slow, endless, absurd, point elsewhere, or are asked by a thousand accounts at once.

#[cfg(target_os = "linux")]
mod many_accounts;
#[cfg(target_os = "linux")]
mod memory;

use pizauth_test_server::wire::Response;
use pizauth_test_server::{Endpoint, Fault, browser};
use serde_json::json;

use crate::support::{Setup, WATCH, eventually, server};

#[test]
fn bodies_that_never_end_and_servers_that_say_nothing_cost_that_refresh_only() {
    let names = ["mute", "dripping", "endless", "cut off", "healthy"];
    let running = names.iter().fold(Setup::new(), |setup, name| setup.account(name, "")).start();
    let answer = || Response::json(200, &json!({"access_token": "x".repeat(2000), "token_type": "Bearer"}));
    let faults = [Fault::mute(), Fault::drip(answer()), Fault::endless(), Fault::truncate(answer())];
    let tokens = names.map(|name| running.sign_in(name));
    for (index, (name, fault)) in names.iter().zip(faults).enumerate() {
        running.server.script(Endpoint::Refresh, fault);
        running.refresh(name).exits(0);
        running.wait_arrived(Endpoint::Refresh, index + 1);
    }
    // Nobody waits for them.
    running.refresh("healthy").exits(0);
    running.wait_for_other_token("healthy", &tokens[4]);
    for (name, token) in names.iter().zip(&tokens).take(4) {
        let row = eventually("the end of the refresh", || {
            Some(running.status_of(name)).filter(|row| row["last_error"].is_string())
        });
        assert_eq!(row["needs_attention"], false, "{name}: {row}");
        assert_eq!(running.token(name), *token, "{name}");
    }
}

#[test]
fn a_redirecting_token_endpoint_leads_nowhere() {
    let elsewhere = server();
    let statuses = [301, 302, 303, 307, 308];
    let name = |status: u16| format!("a{status}");
    let running = statuses.iter().fold(Setup::new(), |setup, s| setup.account(&name(*s), "")).start();
    let redirect = |status| {
        let tokens = json!({"access_token": "not-to-be-taken", "token_type": "Bearer"});
        Fault::answer(Response::json(status, &tokens).header("Location", &elsewhere.token_uri()))
    };
    for status in statuses {
        let account = name(status);
        running.server.script(Endpoint::Exchange, redirect(status));
        let page = browser::approve(&running.pending_url(&account)).unwrap();
        assert!(page.body.contains(&format!("http status {status}")), "{}", page.body);
        let token = running.sign_in(&account);
        running.server.script(Endpoint::Refresh, redirect(status));
        running.refresh(&account).exits(0);
        eventually("the end of the refresh", || {
            running.status_of(&account)["last_error"].is_string().then_some(())
        });
        assert_eq!(running.token(&account), token);
    }
    assert!(elsewhere.log().entries().is_empty(), "{:?}", elsewhere.log().entries());
}

#[test]
fn absurd_lifetimes_neither_harm_anybody_nor_make_a_storm() {
    let lifetimes = ["0", "1", "-1", "1e12", "1e18", "-1e300", "1e300", "\"NaN\"", "NaN", "\"1e999\"", "[]"];
    let name = |index: usize| format!("a{index}");
    let setup = (0..lifetimes.len()).fold(Setup::new(), |setup, index| setup.account(&name(index), ""));
    let running = setup.start();
    for (index, lifetime) in lifetimes.iter().enumerate() {
        let body = format!(
            "{{\"access_token\":\"a\",\"token_type\":\"Bearer\",\"refresh_token\":\"r\",\"expires_in\":{lifetime}}}"
        );
        let absurd = Fault::answer(Response::new(200, "application/json", body));
        running.server.script(Endpoint::Exchange, absurd.clone());
        running.server.script_always(Endpoint::Refresh, Some(absurd));
        browser::approve(&running.pending_url(&name(index))).unwrap();
        running.refresh(&name(index));
        running.sandbox.applet("status").run().exits(0);
        running.sandbox.applet("dump").run().exits(0);
    }
    std::thread::sleep(WATCH);
    for (index, lifetime) in lifetimes.iter().enumerate() {
        let client = format!("client-of-{}", name(index));
        let of_client =
            |entry: &&pizauth_test_server::Entry| entry.request.form("client_id") == Some(&client);
        let requests = running.server.log().entries().iter().filter(of_client).count();
        // The bucket's three, and those that its refill allows while this test runs.
        assert!((1..=6).contains(&requests), "{requests} requests after expires_in {lifetime}");
    }
    assert!(!running.daemon.log().contains("panicked"));
}
