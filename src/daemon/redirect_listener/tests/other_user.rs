//! Browsers of other users; these tests need root, to become one.

use std::process::{Command, Stdio};

use pizauth_common::config::RedirectPeer;

use super::super::Settings;
use super::support::*;

/// What a process of another uid is answered. `None`: we cannot start one.
fn ask_as_another(port: u16) -> Option<String> {
    let script = format!(
        "exec 3<>/dev/tcp/127.0.0.1/{port}; printf 'GET /?code=c HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n' >&3; \
         cat <&3"
    );
    let asked = Command::new("setpriv")
        .args(["--reuid=65534", "--clear-groups", "bash", "-c", &script])
        .stderr(Stdio::null())
        .output()
        .ok()?;
    asked.status.success().then(|| String::from_utf8(asked.stdout).unwrap())
}

#[test]
fn a_browser_of_another_user_is_refused_with_a_page() {
    let bench = Bench::http(http_only("127.0.0.1", 0));
    let Some(answer) = ask_as_another(bench.port()) else { return };
    assert_eq!(status(&answer), "403 Forbidden");
    assert!(answer.contains("redirect_peer"), "{answer}");
    assert!(bench.requests.try_recv().is_err(), "the loop was asked");
}

#[test]
fn a_browser_of_another_user_can_be_let_in() {
    let mut bench = Bench::http(http_only("127.0.0.1", 0));
    let lets_in = Settings { redirect_peer: RedirectPeer::Any, ..http_only("127.0.0.1", 0) };
    bench.reconfigure(lets_in).unwrap();
    // The acceptor has the new settings once it serves a connection that was made after them.
    assert_eq!(status(&bench.ask(ROOT_VISIT)), "200 OK");
    let Some(answer) = ask_as_another(bench.port()) else { return };
    assert_eq!(status(&answer), "200 OK");
}
