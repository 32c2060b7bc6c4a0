//! While `startup_cmd` runs: what it restores is waited for, and what becomes of it is told.

use pizauth_test_server::{Endpoint, browser};
use serde_json::Value;

use crate::support::{Running, eventually};

const RESTORING: &str = "tokens are being restored";

/// A `startup_cmd` that does `first`, waits for a file `go`, restores `dump` if there is one, and waits for `end`.
fn restoring(first: &str) -> String {
    let restore = env!("CARGO_BIN_EXE_pizauth-restore");
    let until = |file: &str| format!("until test -e {file}; do sleep 0.05; done");
    let then = format!("test ! -e dump || '{restore}' < dump; touch restored; {}", until("end"));
    format!("startup_cmd = \"{first}{}; {then}\";", until("go"))
}

fn startup_cmd(running: &Running) -> (String, String) {
    let of = |command: &str, member: &dyn Fn(&Value) -> Value| {
        let ran = running.sandbox.applet(command).args(["-j"]).run().exits(0);
        let document: Value = serde_json::from_slice(&ran.stdout).unwrap();
        member(&document)["startup_cmd"].as_str().unwrap().to_owned()
    };
    (of("status", &Value::clone), of("info", &|document| document["server_info"].clone()))
}

fn is(state: &str) -> (String, String) {
    (state.to_owned(), state.to_owned())
}

#[test]
fn show_refresh_and_revoke_wait_for_the_restore_and_no_authorization_begins() {
    let mut running = Running::starting(&restoring(""));
    for command in ["show", "refresh", "revoke"] {
        running.sandbox.applet(command).args(["work"]).run().exits(1).prints_nothing().says(RESTORING);
        let unknown = running.sandbox.applet(command).args(["wrok"]).run().exits(1);
        unknown.says("no account").says_not(RESTORING);
    }
    assert_eq!(running.status_of("work")["state"], "empty");
    running.sandbox.write("go", "");
    running.sandbox.write("end", "");
    running.daemon.wait_for_log(&["event=ready"]);
    let token = running.sign_in("work");
    let dump = running.sandbox.applet("dump").run().exits(0).stdout;
    running.stop();

    ["go", "end", "restored"]
        .iter()
        .for_each(|file| std::fs::remove_file(running.sandbox.path(file)).unwrap());
    running.sandbox.write("dump", dump);
    running.restart_without_waiting();
    assert_eq!(startup_cmd(&running), is("running"));
    running.sandbox.applet("status").run().exits(0).says("startup_cmd has not ended");
    running.show("work").exits(1).prints_nothing().says(RESTORING);
    running.sandbox.write("go", "");
    eventually("the restore", || running.sandbox.path("restored").exists().then_some(()));
    assert_eq!(running.token("work"), token, "what is restored is shown before startup_cmd has ended");
    running.refresh("work").exits(0);
    assert!(!running.daemon.log().contains("event=authorization_pending"), "{}", running.daemon.log());
    running.sandbox.write("end", "");
    running.daemon.wait_for_log(&["event=ready"]);
    assert_eq!(startup_cmd(&running), is("ended"));
    running.sandbox.applet("status").run().exits(0).says_not("startup_cmd");
}

#[test]
fn an_authorization_that_a_restore_makes_needless_ends_on_a_page_that_says_signed_in() {
    let mut running = Running::start();
    let token = running.sign_in("work");
    let dump = running.sandbox.applet("dump").run().exits(0).stdout;
    running.stop();
    let show = env!("CARGO_BIN_EXE_pizauth-show");
    running.sandbox.prepend_config(&restoring(&format!("'{show}' work 2> asked; ")));
    running.sandbox.write("dump", dump);
    running.restart_without_waiting();
    let url = eventually("a URL", || {
        running.sandbox.read("asked").split_once(" URL ").map(|(_, url)| url.trim().to_owned())
    });
    running.show("work").exits(1).says(RESTORING);
    running.refresh("work").exits(1).says(RESTORING);
    running.sandbox.write("go", "");
    running.sandbox.write("end", "");
    running.daemon.wait_for_log(&["event=ready"]);
    let page = browser::approve(&url).unwrap();
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains("already signed in: work"), "{}", page.body);
    assert_eq!(running.token("work"), token);
    let exchanges =
        running.server.log().entries().iter().filter(|entry| entry.endpoint == Endpoint::Exchange).count();
    assert_eq!(exchanges, 1, "the code of a needless authorization is not used");
}

#[test]
fn a_startup_cmd_that_failed_is_told_until_somebody_restores() {
    let mut running = Running::start();
    let token = running.sign_in("work");
    let dump = running.sandbox.applet("dump").run().exits(0).stdout;
    running.stop();
    running.sandbox.prepend_config("startup_cmd = \"echo no passphrase >&2; exit 3\";");
    running.daemon = running.sandbox.start();
    assert_eq!(startup_cmd(&running), is("failed"));
    let told = running.sandbox.applet("status").run().exits(0).says("startup_cmd has failed");
    assert_eq!(told.out().lines().count(), 1, "a line an account: {}", told.out());
    running.sandbox.applet("status").args(["--accounts"]).run().exits(0).says_not("startup_cmd");
    running.sandbox.applet("restore").stdin(dump).run().exits(0);
    assert_eq!(startup_cmd(&running), is("ended"));
    running.sandbox.applet("status").run().exits(0).says_not("startup_cmd");
    assert_eq!(running.token("work"), token);
}

#[test]
fn without_a_startup_cmd_there_is_nothing_to_tell() {
    let running = Running::start();
    assert_eq!(startup_cmd(&running), is("none"));
    running.sandbox.applet("status").run().exits(0).says_not("startup_cmd");
}
