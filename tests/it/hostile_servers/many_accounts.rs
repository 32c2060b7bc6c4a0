//! A thousand accounts whose refresh is due at the same second.

use pizauth_test_server::{AuthServer, Endpoint, Fault, Gate};
use serde_json::json;

use crate::support::consumption::{bound, threads};
use crate::support::upstream_dump::{Session, upstream_dump};
use crate::support::{Running, Setup, WATCH, eventually, server};

/// Token requests under way at a time.
pub(super) const AT_ONCE: usize = 8;
/// Threads of the daemon.
const MOST_THREADS: u64 = 32;

/// So many names of accounts.
pub(super) fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("a{number}")).collect()
}

/// A daemon with sessions that are all overdue, and a gate that the server's answers wait at.
fn all_due(count: usize) -> (Running, Gate) {
    let names = names(count);
    let running = names.iter().fold(Setup::new(), |setup, name| setup.account(name, "")).start();
    let gate = Gate::closed();
    let tokens = json!({"access_token": "refreshed", "token_type": "Bearer", "expires_in": 3600});
    all_due_behind(&running, &names, Fault::json(200, &tokens).held(&gate));
    (running, gate)
}

/// Gives these accounts sessions that are overdue, which the server will answer so.
pub(super) fn all_due_behind(running: &Running, names: &[String], answer: Fault) {
    running.server.script_always(Endpoint::Refresh, Some(answer));
    let client_ids: Vec<String> = names.iter().map(|name| format!("client-of-{name}")).collect();
    let session = |(account, client_id)| {
        let access_token = "old";
        Session { account, client_id, access_token, obtained_ago: 60, expires_in: 60 }
    };
    let sessions: Vec<Session<'_>> =
        names.iter().map(String::as_str).zip(client_ids.iter().map(String::as_str)).map(session).collect();
    let dump = upstream_dump(&running.server, &sessions);
    running.sandbox.applet("restore").stdin(dump).run().exits(0).says_not("skipped");
}

#[test]
fn a_thousand_accounts_due_at_once_are_refreshed_eight_at_a_time() {
    let count = bound("PIZAUTH_TEST_ACCOUNTS", 1000);
    let (running, gate) = all_due(count);
    running.wait_arrived(Endpoint::Refresh, AT_ONCE);
    std::thread::sleep(WATCH);
    assert_eq!(running.server.log().count(Endpoint::Refresh), AT_ONCE, "nobody else is on the way");
    let mut most_threads = threads(running.daemon.pid());
    assert_eq!(running.token("a0"), "old", "show does not wait");
    gate.open();
    eventually("all refreshes", || {
        most_threads = most_threads.max(threads(running.daemon.pid()));
        (running.server.log().count(Endpoint::Refresh) >= count).then_some(())
    });
    let last = format!("a{}", count - 1);
    for account in ["a0", &last] {
        assert_eq!(running.wait_for_other_token(account, "old"), "refreshed");
    }
    assert_eq!(running.server.log().peak_in_flight(), AT_ONCE);
    assert!(most_threads <= MOST_THREADS, "{most_threads} threads");
    assert_eq!(running.server.log().count(Endpoint::Refresh), count, "each of them once");
}

#[test]
fn accounts_of_a_server_that_says_nothing_do_not_hold_up_those_of_another() {
    let running = Running::start();
    let tokens = json!({"access_token": "refreshed", "token_type": "Bearer", "expires_in": 3600});
    running.server.script_always(Endpoint::Refresh, Some(Fault::json(200, &tokens)));
    let mute = server();
    let gate = Gate::closed();
    mute.script_always(Endpoint::Refresh, Some(Fault::json(200, &json!({})).held(&gate)));
    let healthy = std::fs::read_to_string(running.sandbox.config_file()).unwrap();
    let work = &healthy[healthy.find("account").unwrap()..];
    let at_mute = work
        .replace(&running.server.auth_uri(), &mute.auth_uri())
        .replace(&running.server.token_uri(), &mute.token_uri());
    let names: Vec<String> = (0..100).map(|number| format!("a{number}")).collect();
    let others: String = names.iter().map(|name| at_mute.replace("work", name)).collect();
    running.sandbox.write_config(&format!("{healthy}{others}"));
    running.sandbox.applet("reload").run().exits(0);

    let restore = |server: &AuthServer, names: &[String]| {
        let clients: Vec<String> = names.iter().map(|name| format!("client-of-{name}")).collect();
        let session = |(account, client_id)| Session {
            account,
            client_id,
            access_token: "old",
            obtained_ago: 60,
            expires_in: 60,
        };
        let names = names.iter().map(String::as_str);
        let sessions: Vec<_> = names.zip(clients.iter().map(String::as_str)).map(session).collect();
        running
            .sandbox
            .applet("restore")
            .stdin(upstream_dump(server, &sessions))
            .run()
            .exits(0)
            .says_not("skipped");
    };
    restore(&mute, &names);
    eventually("as many requests as a mute server gets", || {
        (mute.log().count(Endpoint::Refresh) == 2).then_some(())
    });
    restore(&running.server, &["work".to_owned()]);
    assert_eq!(running.wait_for_other_token("work", "old"), "refreshed");
    assert_eq!(mute.log().count(Endpoint::Refresh), 2, "no third one is on its way to it");
    gate.open();
}
