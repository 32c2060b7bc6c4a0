//! `git-credential-pizauth`: what git asks of its credential helpers, by git itself.

mod http_server;

use std::env;

use pizauth_test_server::{Endpoint, RefreshTokens};

use crate::support::{Call, Ran, Running, Sandbox, Setup};
use http_server::HttpServer;

const USER: &str = "user = \"me@example.org\";";
const HTTPS: &str = "protocol=https\nhost=git.example.org\n";
const SMTP: &str = "protocol=smtp\nhost=smtp.example.org:587\n";

/// git with the account `work` for every server, as README has it; none where git is not there.
fn git(sandbox: &Sandbox) -> Option<Call> {
    let path = env::var_os("PATH").unwrap();
    if !env::split_paths(&path).any(|directory| directory.join("git").is_file()) {
        eprintln!("left out: there is no git");
        return None;
    }
    let bin = sandbox.path("bin");
    if !bin.exists() {
        std::fs::create_dir(&bin).unwrap();
        sandbox.multiplexer().args(["--install", "bin"]).run().exits(0);
    }
    let path = env::join_paths([bin].into_iter().chain(env::split_paths(&path))).unwrap();
    let git = sandbox.program("git").env("PATH", path).env("GIT_TERMINAL_PROMPT", "0");
    let git =
        git.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_ASKPASS", "").env("GIT_CONFIG_GLOBAL", "/dev/null");
    Some(git.args([
        "-c",
        "credential.helper=pizauth work",
        "-c",
        "user.name=A",
        "-c",
        "user.email=a@example.org",
    ]))
}

fn credential(git: Call, operation: &str, input: &str) -> Ran {
    git.args(["credential", operation]).stdin(input).run()
}

/// The helper as git runs it.
fn helper(running: &Running, operation: &str, input: impl Into<Vec<u8>>) -> Ran {
    running.sandbox.multiplexer().args(["git-credential", "work", operation]).stdin(input).run()
}

fn value<'a>(out: &'a str, key: &str) -> Option<&'a str> {
    out.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
}

#[test]
fn git_fills_in_user_token_and_its_end() {
    let running = Setup::new().account("work", USER).start();
    let Some(git) = git(&running.sandbox) else { return };
    let token = running.sign_in("work");
    let out = credential(git, "fill", SMTP).exits(0).out();
    assert_eq!(value(&out, "username"), Some("me@example.org"));
    assert_eq!(value(&out, "password"), Some(token.as_str()));
    let expires = running.status_of("work")["expires"].to_string();
    assert_eq!(value(&helper(&running, "get", SMTP).exits(0).out(), "password_expiry_utc"), Some(&*expires));
}

#[test]
fn what_git_approves_is_left_alone_and_what_it_rejects_is_refreshed() {
    let running = Running::start();
    let git = || git(&running.sandbox);
    let Some(approving) = git() else { return };
    let token = running.sign_in("work");
    let of = |password: &str| format!("{HTTPS}username=oauth2\npassword={password}\n");
    credential(approving, "approve", &of(&token)).exits(0);
    credential(git().unwrap(), "reject", &of("another")).exits(0);
    helper(&running, "erase", HTTPS).exits(0).prints_nothing();
    assert_eq!(running.server.log().count(Endpoint::Refresh), 0);
    assert_eq!(running.token("work"), token);
    credential(git().unwrap(), "reject", &of(&token)).exits(0);
    running.wait_for_other_token("work", &token);
}

#[test]
fn git_pushes_over_http_with_a_bearer_token() {
    let running = Running::start();
    let git = || git(&running.sandbox).map(|git| git.env("GIT_TRACE_CURL", "0"));
    if git().is_none() {
        return;
    }
    let (there, here) = (running.sandbox.path("there"), running.sandbox.path("here"));
    std::fs::create_dir_all(&there).unwrap();
    let bare = there.join("mail.git");
    let run = |words: &[&str]| git().unwrap().args(words).run().exits(0);
    let (bare_path, here_path) = (bare.to_str().unwrap(), here.to_str().unwrap());
    run(&["init", "-q", "--bare", bare_path]);
    run(&["init", "-q", "-b", "main", here_path]);
    run(&["-C", here_path, "commit", "-q", "--allow-empty", "-m", "first"]);
    let token = running.sign_in("work");
    let server = HttpServer::start(&there, &token);
    let url = server.url("mail.git");
    let push = || git().unwrap().args(["-C", here_path, "push", "-q", &url, "main"]).run();
    push().exits(0);
    let head = |repository: &str| run(&["-C", repository, "rev-parse", "main"]).line();
    assert_eq!(head(bare_path), head(here_path));
    // What the server refuses is erased: the daemon has another one for the next try.
    server.accept_only("another token");
    assert_ne!(push().code(), 0);
    let fresh = running.wait_for_other_token("work", &token);
    server.accept_only(&fresh);
    run(&["-C", here_path, "commit", "-q", "--allow-empty", "-m", "second"]);
    push().exits(0);
    assert_eq!(head(bare_path), head(here_path));
}

#[test]
fn who_has_not_signed_in_is_told_where_and_git_gets_nothing() {
    let running = Running::start();
    let ran = running.sandbox.multiplexer().args(["git-credential", "wrok", "get"]).stdin(HTTPS).run();
    ran.exits(1).prints_nothing().says("did you mean \"work\"?");
    // Nobody waits that long here: the daemon stops.
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| helper(&running, "get", HTTPS));
        crate::support::eventually("the wait", || {
            (running.status_of("work")["state"] == "pending").then_some(())
        });
        running.stop();
        let ran = waiting.join().unwrap().exits(1).prints_nothing();
        ran.says("Access token unavailable until authorised with URL").says("pizauthd is stopping");
    });
    helper(&running, "get", HTTPS).exits(2).prints_nothing();
}

#[test]
fn a_token_that_came_without_a_refresh_token_is_forgotten_when_it_is_refused() {
    let running = Setup::new().policy(|policy| policy.refresh_tokens = RefreshTokens::Never).start();
    let token = running.sign_in("work");
    helper(&running, "erase", format!("{HTTPS}credential={token}\n")).exits(0).prints_nothing();
    assert_eq!(running.status_of("work")["state"], "empty");
    // There is no present token, and none is begun for it.
    helper(&running, "erase", format!("{HTTPS}credential={token}\n")).exits(0).prints_nothing();
    assert_eq!(running.status_of("work")["state"], "empty");
}

#[test]
fn what_git_would_not_say_is_refused_in_words_and_no_operation_is_unknown() {
    let running = Running::start();
    running.sign_in("work");
    let open = helper(&running, "get", "protocol=http\nhost=git.example.org\n");
    open.exits(1).prints_nothing().says("no access token is given to \"git.example.org\" by http");
    helper(&running, "get", "protocol=http\nhost=127.0.0.1:3000\n").exits(0);
    let no_request = "not a request of git on stdin: ";
    for (input, why) in [
        (Vec::new(), "it names no protocol"),
        (b"\x00\xff\n".to_vec(), "it is not UTF-8"),
        (b"rubbish".to_vec(), "a line has no '='"),
        (vec![b'x'; 1 << 20], "it is over 262144 bytes"),
    ] {
        for operation in ["get", "erase"] {
            let ran = helper(&running, operation, input.clone()).exits(1).prints_nothing();
            ran.says(&format!("{no_request}{why}"));
        }
    }
    for operation in ["store", "capability", "", "GET"] {
        helper(&running, operation, "rubbish").exits(0).prints_nothing();
    }
    running.sandbox.multiplexer().args(["git-credential", "work"]).run().exits(64).prints_nothing();
}
