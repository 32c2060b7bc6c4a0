//! `pizauth reload` and SIGHUP: what a changed configuration does to the tokens.

use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::Signal;

use crate::support::{Running, Sandbox, Setup, eventually};

/// Replaces the configuration file and reloads it.
fn change(running: &Running, from: &str, to: &str) -> crate::support::Ran {
    rewrite(running, from, to);
    running.sandbox.applet("reload").run()
}

fn rewrite(running: &Running, from: &str, to: &str) {
    let text = std::fs::read_to_string(running.sandbox.config_file()).unwrap();
    assert!(text.contains(from), "{text}");
    running.sandbox.write_config(&text.replace(from, to));
}

#[test]
fn an_unchanged_configuration_keeps_the_tokens() {
    let running = Running::start();
    let token = running.sign_in("work");
    running.sandbox.applet("reload").run().exits(0).prints_nothing();
    assert_eq!(running.token("work"), token);
}

#[test]
fn a_broken_configuration_is_reported_with_its_place_and_changes_nothing() {
    let running = Running::start();
    let token = running.sign_in("work");
    change(&running, "client_id", "clientid").exits(1).says("pizauth.conf:").says("client_id");
    assert_eq!(running.token("work"), token);
}

#[test]
fn a_missing_or_unreadable_configuration_changes_nothing() {
    let running = Running::start();
    let token = running.sign_in("work");
    std::fs::remove_file(running.sandbox.config_file()).unwrap();
    running.sandbox.applet("reload").run().exits(1).says("pizauth.conf");
    std::fs::create_dir(running.sandbox.config_file()).unwrap();
    running.sandbox.applet("reload").run().exits(1).says("pizauth.conf");
    assert_eq!(running.token("work"), token);
}

#[test]
fn a_fifo_is_an_error_and_does_not_hang() {
    let running = Running::start();
    std::fs::remove_file(running.sandbox.config_file()).unwrap();
    running.sandbox.program("mkfifo").args([running.sandbox.config_file()]).run().exits(0);
    running.sandbox.applet("reload").run().exits(1).says("pizauth.conf");
    running.pending_url("work");
}

#[test]
fn each_security_relevant_field_drops_the_token_of_that_account_only() {
    let changes = [
        ("client_id = \"client-of-work\"", "client_id = \"another\""),
        ("/authorize\";", "/authorize/\";"),
        ("/token\";", "/token/\";"),
        ("scopes = [\"imap\", \"smtp\"];\n  redirect", "scopes = [\"imap\"];\n  redirect"),
        ("redirect_uri = \"http://localhost/a\"", "redirect_uri = \"http://localhost/b\""),
        ("\"login_hint\": \"a\"", "\"login_hint\": \"b\""),
        ("[\"https://a.example/\"]", "[]"),
        ("{\"x\": \"1\"}", "{\"x\": \"2\"}"),
    ];
    let fields = "redirect_uri = \"http://localhost/a\"; auth_uri_fields = {\"login_hint\": \"a\"}; \
                  resource = [\"https://a.example/\"]; token_uri_fields = {\"x\": \"1\"};";
    for (from, to) in changes {
        let hook = "token_event_cmd = \"echo $PIZAUTH_ACCOUNT $PIZAUTH_EVENT >> events\";";
        let running = Setup::new().global(hook).account("work", fields).start();
        running.sign_in("work");
        change(&running, from, to).exits(0);
        assert_eq!(running.status_of("work")["state"], "empty", "after {from} became {to}");
        eventually("token_invalidated", || {
            running.sandbox.read("events").contains("work token_invalidated").then_some(())
        });
    }
}

#[test]
fn a_provider_that_comes_to_the_same_keeps_the_session() {
    let running = Running::start();
    let token = running.sign_in("work");
    let file = running.sandbox.config_file();
    let provider =
        std::fs::read_to_string(file).unwrap().replace("client_id", "provider = \"github\"; client_id");
    running.sandbox.write_config(&provider);
    running.sandbox.applet("reload").run().exits(0);
    assert_eq!(running.token("work"), token, "what an account writes counts more");
    running.sandbox.write_config(&provider.replace("scopes", "// scopes"));
    running.sandbox.applet("reload").run().exits(0);
    assert_eq!(running.status_of("work")["state"], "empty", "these are other scopes");
}

#[test]
fn other_accounts_keep_their_tokens() {
    let running = Setup::new().account("work", "").account("home", "").start();
    running.sign_in("work");
    let home = running.sign_in("home");
    change(&running, "client-of-work", "another").exits(0);
    running.pending_url("work");
    assert_eq!(running.token("home"), home);
}

#[test]
fn callers_meet_no_error_while_the_configuration_changes() {
    let running = Setup::new().account("work", "").account("home", "").start();
    let token = running.sign_in("work");
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    assert_eq!(running.token("work"), token);
                }
            });
        }
        for _ in 0..20 {
            change(&running, "client-of-home", "another-of-home").exits(0);
            change(&running, "another-of-home", "client-of-home").exits(0);
        }
        is_over.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_changed_client_secret_keeps_the_session() {
    let running = Setup::new()
        .policy(|policy| drop(policy.client_secrets.insert("client-of-work".into(), "old".into())))
        .account("work", "client_secret = \"old\";")
        .start();
    let token = running.sign_in("work");
    running.server.change_policy(|policy| {
        policy.client_secrets.insert("client-of-work".into(), "new".into());
    });
    change(&running, "\"old\"", "\"new\"").exits(0);
    assert_eq!(running.token("work"), token);
    running.refresh("work").exits(0);
    running.wait_for_other_token("work", &token);
}

#[test]
fn an_account_can_be_added_and_removed() {
    let running = Setup::new().account("work", "").account("home", "").start();
    running.sign_in("home");
    change(&running, "account \"home\"", "account \"away\"").exits(0);
    running.show("home").exits(1).says("home");
    running.pending_url("away");
}

#[test]
fn a_hangup_signal_reloads() {
    let running = Setup::new().account("work", "").start();
    rewrite(&running, "account \"work\"", "account \"home\"");
    running.daemon.signal(Signal::HUP);
    eventually("the new account", || running.show("home").stderr.contains("URL").then_some(()));
}

#[test]
fn without_a_daemon_the_exit_status_is_2() {
    Sandbox::new().applet("reload").run().exits(2);
}
