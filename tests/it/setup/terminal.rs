//! The dialogue of `pizauth setup` at a terminal.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use super::{WORK, asking_for_exchangers, config, setup, signs_in};
use crate::support::{Sandbox, Terminal, server};

#[test]
fn at_a_terminal_it_asks_what_it_cannot_know_and_shows_no_secret() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::run(setup(&sandbox, &["me@gmail.com"]));
    terminal.shows("Name of the account").shows("[gmail]: ").types("\n");
    terminal.shows("https://console.cloud.google.com/").shows("https://mail.google.com/");
    terminal.shows("Client identifier").types("\n").shows("Client identifier").types("the-id\n");
    terminal.shows("A command that prints its secret").shows("Enter): ").types("\n");
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
fn a_command_that_prints_the_secret_is_written_and_not_run() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::run(setup(&sandbox, &["me@gmail.com", "--name", "g", "--client-id", "id"]));
    terminal.shows("A command that prints its secret").shows("Enter): ").types("touch ran; echo \"s\"\n");
    terminal.shows(r#"client_secret_cmd = "touch ran; echo \"s\"";"#).shows("? [Y/n]: ").types("y\n");
    terminal.shows("Start it? [Y/n]: ").types("n\n");
    terminal.ends(2);
    let by_option =
        ["me@gmail.com", "--yes", "--name", "h", "--client-id", "id", "--client-secret-cmd", "true"];
    setup(&sandbox, &by_option).run().exits(0);
    let written = config(&sandbox);
    assert!(written.contains(r#"client_secret_cmd = "touch ran; echo \"s\"";"#), "{written}");
    assert!(written.contains("client_secret_cmd = \"true\";"), "{written}");
    assert!(!sandbox.path("ran").exists());
}

#[test]
fn a_secret_goes_into_no_file_that_others_can_read() {
    let sandbox = Sandbox::new();
    setup(&sandbox, WORK).run().exits(0);
    let before = config(&sandbox);
    fs::set_permissions(sandbox.config_file(), fs::Permissions::from_mode(0o644)).expect("its mode");
    let mut terminal = Terminal::run(setup(&sandbox, &["me@gmail.com", "--name", "g", "--client-id", "id"]));
    terminal.shows("A command that prints its secret").shows("Enter): ").types("\n");
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

#[test]
fn ctrl_c_at_any_question_leaves_nothing_behind_but_what_was_agreed_to() {
    let answered = [
        ("Address of", "me@example.org\n"),
        ("Name of", "\n"),
        ("Client identifier", "id\n"),
        ("A command that prints its secret", "\n"),
        ("Its secret", "s\n"),
        ("Add this", "\n"),
        ("Start it", "\x03"),
    ];
    for (number, (last, _)) in answered.iter().enumerate() {
        let sandbox = Sandbox::new();
        let mut terminal = Terminal::run(setup(&sandbox, &["--provider", "google"]));
        for (question, answer) in &answered[..number] {
            terminal.shows(question).shows(": ").types(answer);
        }
        terminal.shows(last).shows(": ").types("\x03");
        let is_written = *last == "Start it";
        let told = if is_written {
            "left: the account is written; later: pizauthd"
        } else {
            "left: nothing has been written"
        };
        assert!(terminal.ends(1).contains(told), "{last}");
        assert_eq!(config(&sandbox).contains("account"), is_written, "{last}");
    }
}

#[test]
fn a_terminal_that_is_closed_leaves_nothing_half_written() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::run(setup(&sandbox, &["me@gmail.com", "--name", "x", "--client-id", "y"]));
    terminal.shows("A command that prints its secret").types("\n");
    terminal.shows("Its secret").types("s\n").shows("Add this");
    terminal.closes();
    assert_eq!(config(&sandbox), "");
}

#[test]
fn an_address_that_is_none_is_asked_for_again() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::run(setup(&sandbox, &[]));
    for wrong in ["me", "me@", "@gmail.com"] {
        terminal
            .shows("Address of the mailbox: ")
            .types(&format!("{wrong}\n"))
            .shows("it has to be NAME@DOMAIN.");
    }
    terminal.shows("Address of the mailbox: ").types("me@gmail.com\n").shows("[gmail]: ").types("\x03");
    terminal.ends(1);
}

#[test]
fn a_daemon_that_does_not_start_says_why_and_what_comes_then() {
    let sandbox = Sandbox::new();
    let call = setup(&sandbox, &["me@gmail.com", "--name", "x", "--client-id", "y"]);
    let missing = sandbox.path("missing/socket");
    let mut terminal = Terminal::run(call.env("PIZAUTH_SOCKET", &missing));
    terminal.shows("A command that prints its secret").types("\n");
    terminal.shows("Its secret").types("\n").shows("Add this").shows(": ").types("\n");
    terminal.shows("Start it?").shows(": ").types("\n").shows("no such file or directory");
    let told = terminal.ends(1);
    assert!(told.contains("did not start: mend what it says, then pizauthd, then pizauth login x"), "{told}");
}

#[test]
fn a_domain_that_nobody_knows_is_said_before_the_list() {
    for (answer, told) in [
        ("10 mx.example.net.", "mx.example.net. takes it, and is none of these providers'."),
        ("nobody", "nobody is known who takes the mail of example.invalid."),
    ] {
        let sandbox = Sandbox::new();
        let mut terminal = Terminal::run(asking_for_exchangers(&sandbox, answer));
        terminal.shows(told).shows("Number of the provider: ").types("\x03");
        terminal.ends(1);
    }
    let sandbox = Sandbox::new();
    // The terminal is begun by it.
    let programs = sandbox.path("programs");
    fs::create_dir(&programs).expect("a directory");
    let path = std::env::var("PATH").unwrap_or_default();
    let setsid = path.split(':').map(|place| Path::new(place).join("setsid")).find(|file| file.exists());
    symlink(setsid.expect("setsid"), programs.join("setsid")).expect("a link");
    let mut terminal = Terminal::run(setup(&sandbox, &["me@example.invalid"]).env("PATH", programs));
    terminal.shows("none of these programs is installed: host, dig, drill, kdig, resolvectl.");
    terminal.shows("Number of the provider: ").types("\x03");
    terminal.ends(1);
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
    let (server, sandbox) = (server(), Sandbox::new());
    let call = asking_for_exchangers(&sandbox, "10 mx.example.invalid.").env("BROWSER", "true");
    let mut terminal = Terminal::run(call);
    let (auth, token) = (server.auth_uri(), server.token_uri());
    for (question, answer) in [
        ("Number of the provider", "99"),
        ("Number of the provider", "11"),
        ("Name of the account", "work"),
        ("Its issuer", ""),
        ("Its authorization endpoint", &auth),
        ("Its token endpoint", &token),
        ("Scopes", "one two"),
        ("Client identifier", "client"),
        ("A command that prints its secret", ""),
        ("Its secret: not shown here, it will stand in the file (none: just Enter): ", ""),
        ("? [Y/n]", "y"),
        ("Start it? [Y/n]", ""),
        ("Sign in now? [Y/n]", ""),
    ] {
        terminal.shows(question).types(&format!("{answer}\n"));
    }
    signs_in(&sandbox, terminal);
}

#[test]
fn ctrl_c_while_somebody_is_to_sign_in_says_how_to_go_on() {
    let (server, sandbox) = (server(), Sandbox::new());
    let endpoints = format!("{} {}", server.auth_uri(), server.token_uri());
    for (name, last, told) in [
        ("x", "Sign in now? [Y/n]: ", "left: the account is written; later: pizauth login x"),
        (
            "y",
            "To sign in to y, open",
            "the account is written, and not signed in yet; to go on: pizauth login y",
        ),
    ] {
        let options = [
            "me@example.org",
            "--endpoints",
            &endpoints,
            "--scopes",
            "one",
            "--client-id",
            "id",
            "--name",
            name,
        ];
        let mut terminal = Terminal::run(setup(&sandbox, &options).env("BROWSER", "true"));
        terminal.shows("A command that prints its secret").types("\n").shows("Its secret").types("\n");
        terminal.shows("Add this").types("\n");
        match name {
            "x" => terminal.shows("Start it?").types("\n"),
            _ => terminal.shows("Sign in now?").types("\n"),
        };
        terminal.shows(last).types("\x03");
        let all = terminal.ends(1);
        assert!(all.contains(told), "{all}");
    }
    sandbox.multiplexer().args(["shutdown"]).run().exits(0);
}

#[test]
fn ctrl_c_while_a_mail_exchanger_is_looked_up_leaves_nothing_behind() {
    let sandbox = Sandbox::new();
    let call = asking_for_exchangers(&sandbox, "nobody");
    fs::write(sandbox.path("programs/host"), "#!/bin/sh\nexec sleep 600\n").expect("a script");
    let mut terminal = Terminal::run(call);
    terminal.shows("Looking up who takes the mail of example.invalid").types("\x03");
    let all = terminal.ends(1);
    assert!(all.contains("left: nothing has been written"), "{all}");
    assert_eq!(config(&sandbox), "");
}
