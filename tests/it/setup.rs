//! `pizauth setup`, by options and at a terminal.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use pizauth_test_server::{AuthServer, Policy, browser};

use crate::support::{Call, Sandbox, Terminal};

fn setup(sandbox: &Sandbox, options: &[&str]) -> Call {
    sandbox.multiplexer().args(["setup"]).args(options)
}

fn config(sandbox: &Sandbox) -> String {
    fs::read_to_string(sandbox.config_file()).unwrap_or_default()
}

/// Everything that is asked for an account at Microsoft.
const WORK: &[&str] =
    &["me@example.org", "--provider", "microsoft", "--client-id", "abc", "--tenant", "example.org", "--yes"];

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
        (&["me@gmail.com", "--name", "x", "--client-id", "x"], "--yes is not given"),
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
    let directory = sandbox.config_file().with_file_name("pizauth");
    fs::create_dir(&directory).expect("a directory");
    fs::write(directory.join("clients"), "# ours\nmicrosoft of-the-university\n").expect("a file");
    setup(&sandbox, &["me@example.org", "--provider", "microsoft", "--yes"]).run().exits(0);
    assert!(config(&sandbox).contains("client_id = \"of-the-university\""), "{}", config(&sandbox));
}

#[test]
fn at_a_terminal_it_asks_what_it_cannot_know_and_shows_no_secret() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::run(setup(&sandbox, &["me@gmail.com"]));
    terminal.shows("Name of the account").shows("[gmail]: ").types("\n");
    terminal.shows("https://console.cloud.google.com/").shows("https://mail.google.com/");
    terminal.shows("Client identifier").types("\n").shows("Client identifier").types("the-id\n");
    terminal.shows("Its secret").shows("Enter): ").types("s3cret\n");
    terminal.shows("// client_secret: not shown here").shows("? [Y/n]: ").types("maybe\n");
    terminal.shows("Please answer y or n.").types("y\n");
    terminal.shows("pizauthd is not running. Start it? [Y/n]: ");
    assert!(!terminal.has_shown("s3cret"));
    terminal.types("n\n");
    let last = terminal.ends(2);
    assert!(last.contains("the account is written; later: pizauthd"), "{last}");
    assert!(config(&sandbox).contains("client_secret = \"s3cret\""), "{}", config(&sandbox));
}

#[test]
fn a_secret_goes_into_no_file_that_others_can_read() {
    let sandbox = Sandbox::new();
    setup(&sandbox, WORK).run().exits(0);
    let before = config(&sandbox);
    fs::set_permissions(sandbox.config_file(), fs::Permissions::from_mode(0o644)).expect("its mode");
    let mut terminal = Terminal::run(setup(&sandbox, &["me@gmail.com", "--name", "g", "--client-id", "id"]));
    terminal.shows("Its secret").shows("Enter): ").types("s3cret\n");
    assert!(terminal.ends(1).contains("can be read by others"));
    assert_eq!(config(&sandbox), before);
}

#[test]
fn it_can_be_left_at_any_question_and_says_what_is_done() {
    let sandbox = Sandbox::new();
    for keys in ["\x03", "\x04"] {
        let mut terminal = Terminal::run(setup(&sandbox, &["me@gmail.com"]));
        terminal.shows("Name of the account").types(keys);
        assert!(terminal.ends(1).contains("left: nothing has been written"));
    }
    let account =
        ["me@example.com", "--provider", "microsoft", "--client-id", "abc", "--tenant", "x", "--name", "y"];
    let mut terminal = Terminal::run(setup(&sandbox, &account));
    terminal
        .shows("? [Y/n]: ")
        .types("y\n")
        .shows("pizauthd is not running. Start it? [Y/n]: ")
        .types("\x03");
    let last = terminal.ends(1);
    assert!(last.contains("left: the account is written; later: pizauthd, then pizauth login y"), "{last}");
}

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

#[test]
fn a_mail_exchanger_tells_whose_mailbox_it_is() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::run(asking_for_exchangers(&sandbox, "10 ASPMX.L.google.com."));
    terminal.shows("Looking up who takes the mail of example.invalid");
    terminal.shows("It is Google (Gmail, Workspace). Is the account there? [Y/n]: ").types("\n");
    terminal.shows("Name of the account, as programs call it [example]: ").types("\x04");
    terminal.ends(1);
}

#[test]
fn from_an_empty_home_to_an_access_token() {
    let server = AuthServer::start(Policy::default()).expect("an authorization server");
    let sandbox = Sandbox::new();
    let call = asking_for_exchangers(&sandbox, "10 mx.example.invalid.").env("BROWSER", "true");
    let mut terminal = Terminal::run(call);
    let (auth, token) = (server.auth_uri(), server.token_uri());
    for (question, answer) in [
        ("Number of the provider", "99"),
        ("Number of the provider", "11"),
        ("Name of the account", "work"),
        ("Its authorization endpoint", &auth),
        ("Its token endpoint", &token),
        ("Scopes", "one two"),
        ("Client identifier", "client"),
        ("Its secret: not shown here, it will stand in the file (none: just Enter): ", ""),
        ("? [Y/n]", "y"),
        ("Start it? [Y/n]", ""),
        ("Sign in now? [Y/n]", ""),
    ] {
        terminal.shows(question).types(&format!("{answer}\n"));
    }
    let url = terminal.shows("To sign in to work, open").line_with("http://");
    assert_eq!(browser::approve(&url).expect("the browser's way through").status, 200);
    terminal.shows("work: signed in").shows("pizauth-show --wait 20s work");
    terminal.ends(0);
    assert_ne!(sandbox.applet("show").args(["work"]).run().exits(0).line(), "");
    sandbox.multiplexer().args(["shutdown"]).run().exits(0);
}
