//! `pizauth revoke --remote`: the server revokes first, and nothing is lost when it says no.

use pizauth_test_server::wire::Response;
use pizauth_test_server::{Endpoint, Fault, Gate};

use crate::support::{Ran, Running, Setup};

const REVOCABLE: &str = "revocation_uri = \"@ISSUER@/revoke\";";

fn start() -> (Running, String) {
    let running = Setup::new().account("work", REVOCABLE).start();
    let token = running.sign_in("work");
    (running, token)
}

fn answer(response: Response) -> Fault {
    Fault::answer(response)
}

fn answer_with(status: u16, content_type: &str, body: &str) -> Fault {
    answer(Response::new(status, content_type, body))
}

fn revoke_remotely(running: &Running) -> Ran {
    running.sandbox.applet("revoke").args(["--remote", "work"]).run()
}

#[test]
fn the_token_is_dead_at_the_server_and_forgotten_here() {
    let (running, token) = start();
    let ran = revoke_remotely(&running).exits(0);
    assert_eq!(ran.line(), "work: revoked at 127.0.0.1 and forgotten");
    assert!(!running.server.is_live(&token));
    let request = running.wait_finished(Endpoint::Revocation, 1).request;
    assert_eq!(request.form("token_type_hint"), Some("refresh_token"));
    assert_eq!(request.form("client_id"), Some("client-of-work"));
    running.pending_url("work");
    let log = running.daemon.log();
    let refresh_token = request.form("token").unwrap();
    assert!(!log.contains(refresh_token) && !log.contains(&token), "{log}");
}

#[test]
fn when_the_server_says_no_everything_stays_as_it_was() {
    let (running, token) = start();
    for (fault, words) in [
        (
            answer(Response::new(503, "text/plain", "busy").header("Retry-After", "120")),
            "it asks for a pause of 2 min",
        ),
        (Fault::oauth_error(401, "invalid_client", "no"), "invalid_client: no"),
        (
            answer(Response::new(302, "text/plain", "").header("Location", "http://127.0.0.1:1/")),
            "never followed",
        ),
    ] {
        running.server.script(Endpoint::Revocation, fault);
        let ran = revoke_remotely(&running).exits(1).prints_nothing();
        let ran = ran.says("not revoked: ").says(words).says("work is still signed in");
        ran.says("\"pizauth revoke work\" forgets it here only");
        assert_eq!(running.token("work"), token);
    }
    running.revoke("work").exits(0).prints_nothing();
    assert_eq!(running.server.log().count(Endpoint::Revocation), 3, "a plain revoke tells no server");
}

#[test]
fn hostile_answers_are_bounded_and_drive_no_terminal() {
    let (running, token) = start();
    for fault in [
        answer_with(400, "application/json", "{\"error\":\"x\",\"error_description\":\"\\u001b[2J\"}"),
        answer_with(400, "text/plain", &"x".repeat(3 << 20)),
        answer_with(500, "text/html", "<html><title>\u{1b}]0;x\u{7}</title>"),
    ] {
        running.server.script(Endpoint::Revocation, fault);
        let ran = revoke_remotely(&running).exits(1).prints_nothing();
        assert!(!ran.stderr.contains(['\x1b', '\x07']) && ran.stderr.len() < 6000, "{:?}", ran.stderr);
        assert_eq!(running.token("work"), token);
    }
}

#[test]
fn a_plain_revoke_meanwhile_wins() {
    let (running, _) = start();
    let gate = Gate::closed();
    running.server.script(Endpoint::Revocation, Fault::none().held(&gate));
    std::thread::scope(|scope| {
        let remote = scope.spawn(|| revoke_remotely(&running));
        running.wait_arrived(Endpoint::Revocation, 1);
        running.revoke("work").exits(0);
        remote.join().unwrap().exits(1).says("was forgotten here meanwhile");
        gate.open();
    });
    running.pending_url("work");
}

#[test]
fn what_cannot_be_asked_for_says_what_helps() {
    let running = Setup::new().account("work", "").start();
    let token = running.sign_in("work");
    let ran = revoke_remotely(&running).exits(1).prints_nothing();
    ran.says("work has no revocation endpoint: set revocation_uri");
    assert_eq!(running.token("work"), token);
    let nobody = running.sandbox.applet("revoke").args(["--remote", "wrok"]).run().exits(1);
    nobody.says("\"wrok\"");
}

#[test]
fn a_token_that_is_not_there_need_not_be_revoked() {
    let running = Setup::new().account("work", REVOCABLE).start();
    assert_eq!(
        revoke_remotely(&running).exits(0).line(),
        "work: there was nothing to revoke; it is forgotten"
    );
    assert_eq!(running.server.log().count(Endpoint::Revocation), 0);
}

#[test]
fn a_server_that_is_down_costs_nothing_but_the_answer() {
    let (mut running, token) = start();
    running.server.go_down();
    revoke_remotely(&running).exits(1).says("not revoked: cannot").says("work is still signed in");
    assert_eq!(running.token("work"), token);
}
