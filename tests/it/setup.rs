//! `pizauth setup`: options, and the files that it reads and writes.

mod issuer;
mod terminal;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use pizauth_test_server::browser;

use crate::support::{Call, Running, Sandbox, Terminal};

fn setup(sandbox: &Sandbox, options: &[&str]) -> Call {
    sandbox.multiplexer().args(["setup"]).args(options)
}

fn config(sandbox: &Sandbox) -> String {
    fs::read_to_string(sandbox.config_file()).unwrap_or_default()
}

/// Everything that is asked for an account at Microsoft.
const WORK: &[&str] =
    &["me@example.org", "--provider", "microsoft", "--client-id", "abc", "--tenant", "example.org", "--yes"];

/// A set-up that hears this of whoever takes the mail of a domain.
fn asking_for_exchangers(sandbox: &Sandbox, answer: &str) -> Call {
    let programs = sandbox.path("programs");
    fs::create_dir(&programs).expect("a directory");
    fs::write(programs.join("host"), format!("#!/bin/sh\necho \"$3 mail is handled by {answer}\"\n"))
        .expect("a script");
    fs::set_permissions(programs.join("host"), fs::Permissions::from_mode(0o755)).expect("its mode");
    let path = std::env::var("PATH").unwrap_or_default();
    setup(sandbox, &["me@example.invalid"]).env("PATH", format!("{}:{path}", programs.display()))
}

/// A file of clients, as a university or a firm supplies it.
fn supply_clients(sandbox: &Sandbox, lines: &str) {
    let directory = sandbox.config_file().with_file_name("pizauth");
    fs::create_dir(&directory).expect("a directory");
    fs::write(directory.join("clients"), lines).expect("a file");
}

/// The end of a set-up: `work` is approved in the browser and has an access token, and the daemon is shut down. Returns
/// the URL that was to be opened.
#[track_caller]
fn signs_in(sandbox: &Sandbox, mut terminal: Terminal) -> String {
    let url = terminal.shows("To sign in to work, open").line_with("http://");
    assert_eq!(browser::approve(&url).expect("the browser's way through").status, 200);
    terminal.shows("work: signed in").shows("pizauth-show --wait 20s work");
    terminal.ends(0);
    assert_ne!(sandbox.applet("show").args(["work"]).run().exits(0).line(), "");
    sandbox.multiplexer().args(["shutdown"]).run().exits(0);
    url
}

#[test]
fn options_answer_every_question_and_the_account_is_a_valid_one() {
    let sandbox = Sandbox::new();
    let lines = setup(&sandbox, WORK).run().exits(0).out();
    assert!(lines.contains("    host smtp.office365.com\n    port 587\n"), "{lines}");
    let file = fs::metadata(sandbox.config_file()).expect("a configuration");
    assert_eq!(file.mode() & 0o777, 0o600);
    let printed = sandbox.multiplexer().args(["check", "--print", "example"]).run().exits(0).out();
    for line in
        ["/example.org/oauth2/v2.0/token\"", "client_id = \"abc\"", "SMTP.Send", "user = \"me@example.org\""]
    {
        assert!(printed.contains(line), "{line} is not in:\n{printed}");
    }
}

#[test]
fn without_a_terminal_it_says_at_its_end_how_to_sign_in() {
    let sandbox = Sandbox::new();
    let last = |call: Call| call.run().exits(0).stderr.lines().last().map(str::to_owned).unwrap_or_default();
    let told = last(setup(&sandbox, WORK));
    assert_eq!(told, "pizauth setup: to sign in: pizauthd, then pizauth login example");
    let elsewhere = sandbox.path("else where.conf").to_string_lossy().into_owned();
    let told = last(setup(&sandbox, WORK).args(["-c", &elsewhere]));
    let start = format!("pizauthd -c '{elsewhere}'");
    assert_eq!(told, format!("pizauth setup: to sign in: {start}, then pizauth login example"));
    let running = Running::start();
    let told = last(setup(&running.sandbox, WORK));
    assert_eq!(told, "pizauth setup: to sign in: pizauth login example");
    let refused = running.sandbox.applet("show").args(["example"]).run().exits(1);
    refused.says("Access token unavailable until authorised with URL");
}

#[test]
fn a_daemon_that_reads_another_file_is_not_asked_to_sign_in() {
    let running = Running::start();
    let other = running.sandbox.path("other.conf").to_string_lossy().into_owned();
    let refused = setup(&running.sandbox, WORK).args(["-c", &other]).run().exits(1);
    refused.says(&format!(
        "reads another file (pizauth info): pizauth shutdown, then pizauthd -c {other}, then pizauth login example"
    ));
    assert!(std::fs::read_to_string(other).unwrap().contains("account \"example\""));
}

#[test]
fn a_second_account_gets_another_name_and_leaves_the_first_as_it_is() {
    let sandbox = Sandbox::new();
    setup(&sandbox, WORK).run().exits(0);
    let first = config(&sandbox);
    setup(&sandbox, WORK).run().exits(0);
    let both = config(&sandbox);
    assert!(both.starts_with(&first) && both[first.len()..].contains("account \"example2\""), "{both}");
    let taken = setup(&sandbox, WORK).args(["--name", "example"]).run().exits(1);
    taken.says("there is an account 'example' already");
    assert_eq!(config(&sandbox), both);
}

#[test]
fn without_a_terminal_the_missing_answer_is_named_and_nothing_is_written() {
    let sandbox = Sandbox::new();
    for (options, missing) in [
        (&[][..], "the address is not given"),
        (&["me@gmail.com"], "--name is not given"),
        (&["me@gmail.com", "--yes"], "--client-id is not given"),
        (&["--provider", "github"], "--name is not given"),
        (&["me@gmail.com", "--name", "x", "--client-id", "x"], "--client-secret-cmd is not given"),
    ] {
        setup(&sandbox, options).run().exits(64).says(missing);
    }
    assert_eq!(config(&sandbox), "");
}

#[test]
fn impossible_answers_are_refused_in_words_and_nothing_is_written() {
    let sandbox = Sandbox::new();
    for (options, why) in [
        (&["me@icloud.com"][..], "icloud.com offers no OAuth2 for mail"),
        (&["example.org"], "'example.org' is no mail address"),
        (&["@example.org"], "is no mail address"),
        (&["me@x.org", "--provider", "gogle"], "unknown provider 'gogle', did you mean 'google'?"),
        (
            &["me@x.org", "--provider", "microsoft", "--tenant", "a b", "--client-id", "x", "--yes"],
            "that would be no configuration",
        ),
    ] {
        setup(&sandbox, options).run().exits(1).says(why);
    }
    assert_eq!(config(&sandbox), "");
    sandbox.write_config("account \"old\" {");
    setup(&sandbox, WORK).run().exits(1).says("nothing is added to what is wrong already");
    assert_eq!(config(&sandbox), "account \"old\" {");
}

#[test]
fn providers_of_all_kinds_get_along_in_one_file() {
    let sandbox = Sandbox::new();
    for (address, options) in [
        ("me@yahoo.com", &["--client-secret-cmd", "pass show y"][..]),
        ("you@yahoo.com", &["--client-secret-cmd", "pass show y"]),
        ("me@fastmail.com", &[]),
        ("me@gmail.com", &["--client-secret-cmd", "pass show g"]),
    ] {
        setup(&sandbox, &[address, "--client-id", "id", "--yes"]).args(options).run().exits(0);
    }
    let text = config(&sandbox);
    assert_eq!(text.matches("https_listen").count(), 1, "{text}");
    sandbox.multiplexer().args(["check"]).run().exits(0);
    let refused = setup(&sandbox, &["me@gmail.com", "--client-id", "id", "--tenant", "t", "--yes"]).run();
    refused.exits(1).says("has no tenants: leave out --tenant");
}

#[test]
fn what_cannot_be_written_is_printed() {
    let sandbox = Sandbox::new();
    let below_a_file = sandbox.write("file", "").join("pizauth.conf");
    let below_a_file = below_a_file.to_string_lossy();
    let ran = setup(&sandbox, WORK).args(["-c", &below_a_file]).run().exits(1);
    ran.says("not a directory");
}

#[test]
fn clients_that_somebody_supplies_are_offered() {
    let sandbox = Sandbox::new();
    supply_clients(&sandbox, "# ours\nmicrosoft of-the-university\n");
    setup(&sandbox, &["me@example.org", "--provider", "microsoft", "--yes"]).run().exits(0);
    assert!(config(&sandbox).contains("client_id = \"of-the-university\""), "{}", config(&sandbox));
}
