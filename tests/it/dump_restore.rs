//! `pizauth dump` and `pizauth restore`: what goes out comes back, and nothing bad gets in.

use pizauth_test_server::Endpoint;
use rustix::process::Signal;

use crate::support::upstream_dump::{Session, plaintext, sealed, upstream_dump};
use crate::support::{Ran, Running, Sandbox, Setup, eventually};

fn dump(running: &Running) -> Vec<u8> {
    running.sandbox.applet("dump").run().exits(0).stdout
}

fn restore(running: &Running, dump: impl Into<Vec<u8>>) -> Ran {
    running.sandbox.applet("restore").stdin(dump).run()
}

#[test]
fn a_token_survives_a_restart_of_the_daemon() {
    let mut running = Running::start();
    let token = running.sign_in("work");
    let dump = dump(&running);
    running.sandbox.applet("shutdown").run().exits(0);
    running.daemon = running.sandbox.start();
    restore(&running, dump).exits(0);
    assert_eq!(running.token("work"), token);
    running.refresh("work").exits(0);
    running.wait_for_other_token("work", &token);
}

#[test]
fn no_secret_can_be_found_in_a_dump_by_looking_at_it() {
    let running = Setup::new().account("work", "client_secret = \"the-client-secret\";");
    let running = running
        .policy(|policy| {
            drop(policy.client_secrets.insert("client-of-work".into(), "the-client-secret".into()))
        })
        .start();
    let access_token = running.sign_in("work");
    let refresh_token = running.wait_finished(Endpoint::Exchange, 1).refresh_token().unwrap();
    let dump = dump(&running);
    for secret in [access_token.as_str(), refresh_token.as_str(), "the-client-secret"] {
        assert!(!dump.windows(secret.len()).any(|window| window == secret.as_bytes()));
    }
}

#[test]
fn every_damaged_dump_is_refused_whole_and_changes_nothing() {
    let running = Running::start();
    running.sign_in("work");
    let dump = dump(&running);
    running.revoke("work").exits(0);
    let mut damaged = vec![Vec::new(), b"not a dump at all".to_vec(), vec![0; 4096]];
    damaged.extend([1, 8, dump.len() / 2, dump.len() - 1].map(|length| dump[..length].to_vec()));
    damaged.push([dump.as_slice(), b"\n"].concat());
    damaged.push(String::from_utf8_lossy(&dump).replace('\n', "\r\n").into_bytes());
    damaged.extend((0..dump.len()).step_by(dump.len() / 24 + 1).map(|place| flipped(&dump, place)));
    for bytes in damaged {
        restore(&running, bytes).exits(1).prints_nothing();
        assert_eq!(running.status_of("work")["state"], "empty");
    }
    restore(&running, dump).exits(0);
    running.token("work");
}

fn flipped(bytes: &[u8], place: usize) -> Vec<u8> {
    let mut copy = bytes.to_vec();
    copy[place] ^= 0x10;
    copy
}

#[test]
fn an_active_token_is_never_replaced_by_an_older_one() {
    let running = Running::start();
    let first = running.sign_in("work");
    let old = dump(&running);
    running.refresh("work").exits(0);
    let second = running.wait_for_other_token("work", &first);
    restore(&running, old).exits(0);
    assert_eq!(running.token("work"), second);
}

#[test]
fn a_changed_account_is_skipped_and_named_and_the_others_restored() {
    let mut running = Setup::new().account("work", "").account("home", "").start();
    running.sign_in("work");
    let home = running.sign_in("home");
    let dump = dump(&running);
    running.sandbox.applet("shutdown").run().exits(0);
    let text = std::fs::read_to_string(running.sandbox.config_file()).unwrap();
    running.sandbox.write_config(&text.replace("client-of-work", "another"));
    running.daemon = running.sandbox.start();
    restore(&running, dump).exits(0).says("work");
    assert_eq!(running.token("home"), home);
    running.pending_url("work");
}

#[test]
fn an_account_that_is_not_configured_any_more_is_named() {
    let mut running = Setup::new().account("work", "").account("home", "").start();
    running.sign_in("work");
    let dump = dump(&running);
    running.sandbox.applet("shutdown").run().exits(0);
    let text = std::fs::read_to_string(running.sandbox.config_file()).unwrap();
    running.sandbox.write_config(&text.replace("account \"work\"", "account \"away\""));
    running.daemon = running.sandbox.start();
    restore(&running, dump).exits(0).says("work");
}

#[test]
fn upstreams_dump_is_restored() {
    let running = Running::start();
    let dump = upstream_dump(&running.server, &[upstreams("client-of-work")]);
    restore(&running, dump).exits(0);
    assert_eq!(running.token("work"), "upstreams-access-token");
}

#[test]
fn upstreams_dump_of_another_client_or_with_trailing_bytes_is_not() {
    let running = Running::start();
    restore(&running, upstream_dump(&running.server, &[upstreams("another")])).exits(0).says("work");
    let mut plain = plaintext(&running.server, &[upstreams("client-of-work")]);
    restore(&running, flipped(&sealed(&plain), 40)).exits(1);
    plain.push(0);
    restore(&running, sealed(&plain)).exits(1);
    assert_eq!(running.status_of("work")["state"], "empty");
}

#[test]
fn without_a_daemon_the_exit_status_is_2_and_nothing_is_printed() {
    let sandbox = Sandbox::new();
    sandbox.applet("dump").run().exits(2).prints_nothing();
    sandbox.applet("restore").stdin("anything").run().exits(2).prints_nothing();
}

/// The session that upstream would have dumped.
fn upstreams(client_id: &str) -> Session<'_> {
    let access_token = "upstreams-access-token";
    Session { account: "work", client_id, access_token, obtained_ago: 60, expires_in: 3600 }
}

#[test]
fn a_stop_before_startup_cmd_has_ended_opens_the_dump_to_nobody() {
    let show = env!("CARGO_BIN_EXE_pizauth-show");
    let running = Running::starting(&format!(
        "startup_cmd = \"'{show}' work 2> asked; exec sleep 600\"; token_event_cmd = \"exec sleep 600\";"
    ));
    running.approve_asked("asked");
    running.daemon.signal(Signal::TERM);
    running.daemon.wait_for_log(&["event=stopping"]);
    running.sandbox.applet("dump").run().exits(1).prints_nothing().says("startup_cmd");
    running.daemon.signal(Signal::INT);
    assert_eq!(running.daemon.wait().code(), Some(0));
}

#[test]
fn before_startup_cmd_has_ended_only_a_hook_of_the_daemon_gets_a_dump() {
    let [show, dump] = ["show", "dump"].map(|applet| format!("'{}-{applet}'", env!("CARGO_BIN_EXE_pizauth")));
    let until = |file: &str| format!("until test -e {file}; do sleep 0.05; done");
    let running = Running::starting(&format!(
        "startup_cmd = \"{show} work 2> asked; {}; {dump} > new; mv new dump; {}\";",
        until("approved"),
        until("go")
    ));
    running.sandbox.applet("dump").run().exits(1).prints_nothing().says("startup_cmd");
    running.approve_asked("asked");
    let token = running.token("work");
    running.sandbox.write("approved", "");
    let dump = eventually("a dump", || std::fs::read(running.sandbox.path("dump")).ok());
    running.sandbox.write("go", "");
    eventually("readiness", || (running.sandbox.applet("dump").run().code() == 0).then_some(()));
    running.revoke("work").exits(0);
    running.sandbox.applet("restore").stdin(dump).run().exits(0);
    assert_eq!(running.token("work"), token);
}

#[test]
fn where_dumps_are_for_hooks_nobody_else_gets_one() {
    let dump = format!("'{}-dump' > new; mv new dump", env!("CARGO_BIN_EXE_pizauth"));
    let hooks = format!("dump_callers = \"hooks\"; token_event_cmd = \"{dump}\";");
    let running = Setup::new().global(&hooks).start();
    let token = running.sign_in("work");
    let dump = eventually("a hook's dump", || std::fs::read(running.sandbox.path("dump")).ok());
    running.sandbox.applet("dump").run().exits(1).prints_nothing().says("dump_callers");
    running.daemon.wait_for_log(&["event=caller_refused reason=dump_callers pid="]);
    running.revoke("work").exits(0);
    running.sandbox.applet("restore").stdin(dump).run().exits(0);
    assert_eq!(running.token("work"), token);
    let text = std::fs::read_to_string(running.sandbox.config_file()).unwrap();
    running.sandbox.write_config(&text.replace("\"hooks\"", "\"any\""));
    running.sandbox.applet("reload").run().exits(0);
    running.sandbox.applet("dump").run().exits(0);
}

#[test]
fn what_a_restore_has_done_is_told_however_much_it_has_skipped() {
    let running = Running::start();
    // Each control character takes six bytes in the answer.
    let strangers: Vec<String> =
        (0..820).map(|number| format!("{number}{}", "\u{1}".repeat(3_500))).collect();
    let mut sessions = vec![upstreams("client-of-work")];
    sessions.extend(strangers.iter().map(|account| Session { account, ..upstreams("client-of-work") }));
    restore(&running, upstream_dump(&running.server, &sessions))
        .exits(0)
        .says("320 other accounts are skipped, too");
    assert_eq!(running.token("work"), "upstreams-access-token");
}
