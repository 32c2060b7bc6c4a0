//! What the daemon holds in memory of answers that are as large as may be, of eight requests at once.

use pizauth_test_server::wire::Response;
use pizauth_test_server::{Endpoint, Fault, Gate};

use super::many_accounts::{AT_ONCE, all_due_behind, names};
use crate::support::consumption::{memory_now, memory_peak};
use crate::support::{Running, Setup, eventually};

/// MiB above what the daemon has when idle, whatever eight servers send.
const MOST: u64 = 16;
/// The largest body that is taken, in bytes.
const LARGEST: usize = 1 << 20;

/// A body of the largest size: `begin`, `part` again and again, `end`.
fn filled(begin: &str, part: &[u8], end: &str) -> Vec<u8> {
    let parts = (LARGEST - begin.len() - end.len()) / part.len();
    [begin.as_bytes(), &part.repeat(parts), end.as_bytes()].concat()
}

fn bodies() -> Vec<(&'static str, Vec<u8>)> {
    let json = "application/json";
    let form = "application/x-www-form-urlencoded";
    let tokens = r#""access_token":"new","token_type":"Bearer","expires_in":3600"#;
    let member = |name: &str, open: &str| format!("{{{tokens},\"{name}\":{open}");
    vec![
        (json, filled(&member("other", "["), br#"{"":0},"#, "0]}")),
        (json, filled(&member("other", "["), b"[],", "0]}")),
        (json, filled(&member("scope", "["), br#""","#, r#""openid"]}"#)),
        (json, filled(&member("scope", "["), br#"{"":0},"#, "0]}")),
        (json, filled(&member("other", "\""), b"\x01", "\"}")),
        (json, filled(&member("other", "\""), b"\xff", "\"}")),
        (json, filled(&member("error_description", "\""), br"\u0001", "\"}")),
        (json, filled(&format!("{{{tokens}"), br#","":0"#, "}")),
        (json, filled("{\"access_token\":\"", b"a", "\"}")),
        (json, filled("", b"[", "")),
        (json, filled("", b"\xff", "")),
        (form, filled("access_token=new&scope=", b"%20", "")),
        (form, filled("access_token=new", b"&a", "")),
        ("text/html", filled("<", b"\xff", "")),
        ("text/html", filled("", b"<", "")),
        ("text/html", filled("", b"a ", "")),
    ]
}

#[test]
fn whatever_eight_servers_send_is_not_held_many_times_over() {
    let bodies = bodies();
    let accounts = names(bodies.len() * AT_ONCE);
    let setup = Setup::new().account("idle", "");
    let running = accounts.iter().fold(setup, |setup, name| setup.account(name, "")).start();
    // Code counts from its first use.
    running.sign_in("idle");
    let idle = memory_now(running.daemon.pid());
    for ((content_type, body), eight) in bodies.into_iter().zip(accounts.chunks(AT_ONCE)) {
        let begins = String::from_utf8_lossy(&body[..80]).into_owned();
        let answer = Fault::answer(Response::new(200, content_type, body));
        all_at_once(&running, eight, answer);
        let peak = memory_peak(running.daemon.pid());
        assert!(peak <= idle + MOST, "{peak} MiB at the peak, {idle} before, after {begins}");
    }
}

/// Lets eight refreshes be answered at the same moment, and waits until all are judged.
fn all_at_once(running: &Running, eight: &[String], answer: Fault) {
    let gate = Gate::closed();
    let arrived = running.server.log().count(Endpoint::Refresh);
    all_due_behind(running, eight, answer.held(&gate));
    running.wait_arrived(Endpoint::Refresh, arrived + eight.len());
    gate.open();
    for account in eight {
        let judged = format!("event=request_ended account=\"{account}\"");
        eventually("the end of the refresh", || running.daemon.log().contains(&judged).then_some(()));
    }
    // Those that failed are tried again only later, and of the others nothing is due.
    running.server.script_always(Endpoint::Refresh, None);
}
