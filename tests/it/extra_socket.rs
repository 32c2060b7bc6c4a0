//! The socket that is lent to another machine: access tokens of the listed accounts can be had there, and nothing else.

mod waiting;

use std::fs;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use pizauth_test_server::{Endpoint, Fault};
use serde_json::{Value, json};

use crate::support::callers::{LONG_REQUEST, REQUEST, VERSION, ask, frame};
use crate::support::{Call, Running, Setup};

/// A daemon with an extra socket for `work`, and `home` that is not listed.
fn lent() -> Running {
    to_lend().start()
}

fn to_lend() -> Setup {
    Setup::new()
        .global("extra_socket = \"extra.sock\"; extra_socket_accounts = [\"work\"];")
        .account("work", "")
        .account("home", "")
}

fn extra(running: &Running) -> PathBuf {
    running.sandbox.socket().with_file_name("extra.sock")
}

/// A command on the other machine.
fn there(running: &Running, command: &str) -> Call {
    running.sandbox.applet(command).env("PIZAUTH_SOCKET", extra(running))
}

/// Every request of the protocol, as the golden files have them.
fn requests() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ipc");
    let mut requests = Vec::new();
    for (folder, kind) in [(folder.join("requests"), REQUEST), (folder.join("long_requests"), LONG_REQUEST)] {
        for file in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
            requests.push((name, frame(VERSION, kind, fs::read_to_string(file).unwrap().trim_end())));
        }
    }
    requests
}

#[test]
fn of_all_requests_two_are_answered_and_the_others_change_nothing() {
    let running = lent();
    let token = running.sign_in("work");
    let refused = json!({ "refused": { "kind": "restricted", "message": "this socket only shows tokens" } });
    let mut answered: Vec<_> = requests()
        .into_iter()
        .filter(|(_, request)| ask(&extra(&running), request) != refused)
        .map(|(name, _)| name)
        .collect();
    answered.sort();
    assert_eq!(answered, ["show", "show_format", "show_waiting", "status"]);
    assert_eq!(running.token("work"), token, "revoked, restored or refreshed");
}

#[test]
fn a_listed_account_is_shown_and_no_other_one_is_known() {
    let running = lent();
    let token = running.sign_in("work");
    running.sign_in("home");
    assert_eq!(there(&running, "show").args(["work"]).run().exits(0).stdout, format!("{token}\n").as_bytes());
    running.daemon.wait_for_log(&["event=token_forwarded account=\"work\""]);
    let unlisted = there(&running, "show").args(["home"]).run().exits(1).prints_nothing();
    let absent = there(&running, "show").args(["h0me"]).run().exits(1).prints_nothing();
    let told = |text: &str, name: &str| text.replace(name, "NAME");
    assert_eq!(told(&unlisted.stderr, "home"), told(&absent.stderr, "h0me"));
    let status = there(&running, "status").args(["-j"]).run().exits(0).stdout;
    let status: Value = serde_json::from_slice(&status).unwrap();
    let accounts: Vec<_> = status["accounts"].as_array().unwrap().iter().map(|row| &row["account"]).collect();
    assert_eq!(accounts, ["work"]);
}

#[test]
fn nobody_signs_in_from_there_and_nothing_is_told_of_why() {
    let running = lent();
    let signed_out = "work has to be signed in where pizauthd runs";
    there(&running, "show").args(["work"]).run().exits(1).prints_nothing().says(signed_out);
    assert_eq!(running.status_of("work")["state"], "empty", "no authorization begins");
    let url = running.pending_url("work");
    there(&running, "show").args(["work"]).run().exits(1).says(signed_out).says_not(&url);
    assert_eq!(running.pending_url("work"), url, "it is as it was");
}

#[test]
fn what_went_wrong_with_a_refresh_is_not_told_there() {
    let running = lent();
    running.sign_in("work");
    let refusal = Fault::oauth_error(401, "invalid_client", "the words of the server");
    running.server.script(Endpoint::Refresh, refusal);
    running.refresh("work").exits(0);
    running.daemon.wait_for_log(&["event=needs_attention"]);
    let words = "the words of the server";
    assert!(running.sandbox.applet("status").run().out().contains(words));
    assert!(!there(&running, "status").run().out().contains(words));
}

#[test]
fn it_moves_with_a_reload_and_never_takes_what_is_anothers() {
    let running = lent();
    let info = |running: &Running| {
        let info = running.sandbox.applet("info").args(["-j"]).run().exits(0).stdout;
        serde_json::from_slice::<Value>(&info).unwrap()["server_info"]["extra_socket"].clone()
    };
    assert_eq!(info(&running), extra(&running).to_str().unwrap());
    let config = fs::read_to_string(running.sandbox.config_file()).unwrap();
    let at = |place: &Path| config.replace("\"extra.sock\"", &format!("{:?}", place.to_str().unwrap()));

    let foreign = running.sandbox.path("foreign.sock");
    let listener = UnixListener::bind(&foreign).unwrap();
    running.sandbox.write_config(&at(&foreign));
    running.sandbox.applet("reload").run().exits(1).says("in use by another program");
    let file = running.sandbox.write("file", "mine");
    running.sandbox.write_config(&at(&file));
    running.sandbox.applet("reload").run().exits(1).says("no socket is in its place");
    assert_eq!(fs::read(&file).unwrap(), b"mine");
    running.sandbox.write_config(&at(&running.sandbox.socket()));
    running.sandbox.applet("reload").run().exits(1).says("is the command socket itself");
    there(&running, "status").run().exits(0);

    // A socket that nobody listens at any more is nobody's.
    drop(listener);
    running.sandbox.write_config(&at(&foreign));
    running.sandbox.applet("reload").run().exits(0);
    assert!(!extra(&running).exists(), "the old one stays");
    running.sandbox.applet("status").env("PIZAUTH_SOCKET", &foreign).run().exits(0);
    running.sandbox.write_config(&config.replace("extra_socket", "// extra_socket"));
    running.sandbox.applet("reload").run().exits(0);
    assert!(!foreign.exists() && info(&running) == Value::Null);
}

#[test]
fn its_file_is_made_again_and_goes_with_the_daemon() {
    let running = lent();
    fs::remove_file(extra(&running)).unwrap();
    running.daemon.wait_for_log(&["event=socket_rebound", "extra.sock"]);
    there(&running, "status").run().exits(0);
    running.stop();
    assert!(!extra(&running).exists());
}

#[test]
fn a_start_is_refused_where_it_is_taken() {
    let running = lent();
    running.stop();
    let _listener = UnixListener::bind(extra(&running)).unwrap();
    running.sandbox.applet("server").args(["-d"]).run().exits(1).says("in use by another program");
    assert!(!running.sandbox.socket().exists(), "nothing is left behind");
}
