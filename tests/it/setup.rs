//! `pizauth setup`, by options and at a terminal.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use pizauth_test_server::wire::Response;
use pizauth_test_server::{AuthServer, Endpoint, Fault, Gate, Policy, browser};
use serde_json::json;

use crate::support::{Call, PATIENCE, Running, Sandbox, Terminal};

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
    drop(terminal);
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
    let url = terminal.shows("To sign in to work, open").line_with("http://");
    assert_eq!(browser::approve(&url).expect("the browser's way through").status, 200);
    terminal.shows("work: signed in").shows("pizauth-show --wait 20s work");
    terminal.ends(0);
    assert_ne!(sandbox.applet("show").args(["work"]).run().exits(0).line(), "");
    sandbox.multiplexer().args(["shutdown"]).run().exits(0);
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

fn server() -> AuthServer {
    AuthServer::start(Policy::default()).expect("an authorization server")
}

#[test]
fn an_issuer_is_asked_and_what_it_says_written_out() {
    let (server, sandbox) = (server(), Sandbox::new());
    let options = ["me@example.org", "--issuer", server.issuer(), "--client-id", "mail", "--yes"];
    setup(&sandbox, &options).run().exits(0);
    let written = config(&sandbox);
    for line in [
        format!("issuer = \"{}\";", server.issuer()),
        format!("auth_uri = \"{}\";", server.auth_uri()),
        format!("token_uri = \"{}\";", server.token_uri()),
        format!("device_auth_uri = \"{}\";", server.device_auth_uri()),
        format!("revocation_uri = \"{}\";", server.revocation_uri()),
        "client_id = \"mail\";".to_owned(),
        "scopes = [\n        \"urn:ietf:params:oauth:scope:mail\",\n        \"offline_access\"\n    ];"
            .to_owned(),
        "user = \"me@example.org\";".to_owned(),
        "auth_uri_fields = { \"login_hint\": \"me@example.org\", \"prompt\": \"consent\" };".to_owned(),
    ] {
        assert!(written.contains(&line), "{line} is not in:\n{written}");
    }
    assert!(!written.contains("redirect_uri") && !written.contains("client_auth"), "{written}");
    assert_eq!(server.log().count(Endpoint::Registration), 0);
    // Nothing is left to be asked when the daemon starts.
    sandbox.multiplexer().args(["check"]).run().exits(0);
    let all_given = ["--endpoints", "https://as.example/a https://as.example/t", "--yes"];
    let options =
        ["--issuer", "https://as.example", "--client-id", "x", "--scopes", "one two", "--name", "git"];
    setup(&sandbox, &options).args(all_given).run().exits(0);
    let more = config(&sandbox)[written.len()..].to_owned();
    let account = "\naccount \"git\" {\n    issuer = \"https://as.example\";\n    auth_uri = \"https://as.example/a\";\n    \
                   token_uri = \"https://as.example/t\";\n    client_id = \"x\";\n    scopes = [\n        \"one\",\n        \
                   \"two\"\n    ];\n}\n";
    assert_eq!(more, account);
}

#[test]
fn an_issuer_that_is_of_no_use_is_told_and_nothing_is_written() {
    let (server, sandbox) = (server(), Sandbox::new());
    let document = |issuer: &str| Fault::rewrite(&[("issuer", Some(json!(issuer)))]);
    for (fault, why) in [
        (document(&format!("{}/", server.issuer())), "write that as issuer"),
        (document("https://evil.example"), "it is another one"),
        (Fault::rewrite(&[("require_pushed_authorization_requests", Some(json!(true)))]), "RFC 9126"),
        (Fault::rewrite(&[("token_endpoint", None)]), "has no token_endpoint that can be used"),
        (Fault::answer(Response::see_other("https://evil.example/")), "never followed"),
        (Fault::endless(), "longer than 1 MiB"),
        (Fault::json(503, &json!({})), "http status 503"),
        (Fault::close(), "the connection was closed"),
    ] {
        server.script_always(Endpoint::Metadata, Some(fault));
        let ran = setup(&sandbox, &["--issuer", server.issuer(), "--client-id", "x", "--yes"]).run().exits(1);
        ran.says(why).says("cannot set up an account by this issuer");
    }
    server.script_always(Endpoint::Metadata, None);
    for (options, why) in [
        (&["--issuer", "http://as.example"][..], "plain http"),
        (&["--issuer", "https://a.example", "--provider", "google"], "needs neither --issuer"),
        (&["--endpoints", "https://a.example/a", "--name", "x"], "two URIs with a blank between them"),
    ] {
        setup(&sandbox, options).args(["--yes", "me@example.org"]).run().exits(1).says(why);
    }
    assert_eq!(config(&sandbox), "");
}

#[test]
fn at_a_terminal_an_issuer_that_fails_may_be_mended_or_left_out() {
    let (server, sandbox) = (server(), Sandbox::new());
    let call = setup(&sandbox, &["me@example.invalid", "--issuer", &format!("{}/", server.issuer())]);
    let mut terminal = Terminal::run(call);
    terminal.shows("Name of the account").types("work\n");
    terminal.shows("write that as issuer").shows("Its issuer").types("example\n");
    terminal.shows("is not an absolute URI").shows("Its issuer").types(&format!("{}\n", server.issuer()));
    terminal.shows("It knows these scopes: openid email offline_access urn:ietf:params:oauth:scope:mail");
    terminal.shows("[urn:ietf:params:oauth:scope:mail offline_access]: ").types("imap smtp\n");
    terminal.shows("registers clients by itself. Register one now? [Y/n]: ").types("n\n");
    terminal.shows("http://localhost/").shows("imap smtp").shows("Client identifier").types("mine\n");
    terminal.shows("A command that prints its secret").shows("Enter): ").types("\n");
    terminal.shows("Its secret").shows("Enter): ").types("\n");
    terminal.shows("issuer = ").shows("? [Y/n]: ").types("y\n");
    terminal.shows("Start it? [Y/n]: ").types("n\n");
    terminal.ends(2);
    assert!(config(&sandbox).contains("client_id = \"mine\""), "{}", config(&sandbox));
    server.script_always(Endpoint::Metadata, Some(Fault::json(404, &json!({}))));
    let mut terminal = Terminal::run(setup(&sandbox, &["--issuer", server.issuer(), "--name", "x"]));
    terminal.shows("Address of the mailbox (none: just Enter): ").types("\n");
    terminal.shows("says nothing of itself").shows("Its issuer").types("\n");
    terminal.shows("Its authorization endpoint").types("\x03");
    assert!(terminal.ends(1).contains("left: nothing has been written"));
}

#[test]
fn a_client_is_registered_and_signs_in() {
    let (server, sandbox) = (server(), Sandbox::new());
    server.script(Endpoint::Registration, Fault::oauth_error(400, "invalid_redirect_uri", "one, please"));
    let call = setup(&sandbox, &["me@example.org", "--issuer", server.issuer(), "--name", "work", "--yes"]);
    let mut terminal = Terminal::run(call.env("BROWSER", "true"));
    terminal.shows("the registration access token of this client is not kept");
    terminal.shows("Registered: the client client-").shows("redirect_uri = \"http://127.0.0.1/\"");
    let url = terminal.shows("To sign in to work, open").line_with("http://");
    assert!(url.contains("redirect_uri=http%3A%2F%2F127.0.0.1"), "{url}");
    assert_eq!(browser::approve(&url).expect("the browser's way through").status, 200);
    terminal.shows("work: signed in");
    terminal.ends(0);
    assert_ne!(sandbox.applet("show").args(["work"]).run().exits(0).line(), "");
    sandbox.multiplexer().args(["shutdown"]).run().exits(0);
}

#[test]
fn who_leaves_while_a_server_is_asked_is_heard_at_once() {
    let (server, sandbox) = (server(), Sandbox::new());
    for (endpoint, shown) in
        [(Endpoint::Metadata, "what it offers ..."), (Endpoint::Registration, "Register one now? [Y/n]: ")]
    {
        let gate = Gate::closed();
        server.script_always(endpoint, Some(Fault::none().held(&gate)));
        let options = ["me@example.org", "--issuer", server.issuer(), "--name", "x", "--scopes", "imap"];
        let mut terminal = Terminal::run(setup(&sandbox, &options));
        terminal.shows(shown).types(if endpoint == Endpoint::Registration { "\n" } else { "" });
        let entries = server
            .log()
            .wait_for(PATIENCE, |log| log.iter().any(|entry| entry.endpoint == endpoint).then_some(()));
        assert!(entries.is_some(), "it is asked");
        terminal.types("\x03");
        assert!(terminal.ends(1).contains("left: nothing has been written"), "{endpoint:?}");
        gate.open();
        server.script_always(endpoint, None);
    }
    assert_eq!(config(&sandbox), "");
}

#[test]
fn a_secret_that_comes_by_registration_is_kept_as_a_typed_one_is() {
    let (server, sandbox) = (server(), Sandbox::new());
    let client = json!({"client_id": "new", "client_secret": "s3cret", "client_secret_expires_at": 4_000_000_000_u64,
        "token_endpoint_auth_method": "client_secret_basic", "scope": "imap", "redirect_uris": ["http://localhost/"]});
    server.script_always(Endpoint::Registration, Some(Fault::json(201, &client)));
    let options = ["--issuer", server.issuer(), "--scopes", "imap smtp", "--yes", "--name"];
    let ran = setup(&sandbox, &options).args(["one"]).run().exits(0);
    let ran =
        ran.says("It may not ask for these scopes, which are left out: smtp").says("is good until 2096-10-0");
    ran.says("// client_secret: not shown here").says_not("s3cret");
    let written = config(&sandbox);
    for line in
        ["client_secret = \"s3cret\";", "client_auth = \"basic\";", "scopes = [\n        \"imap\"\n    ];"]
    {
        assert!(written.contains(line), "{line} is not in:\n{written}");
    }
    fs::set_permissions(sandbox.config_file(), fs::Permissions::from_mode(0o644)).expect("its mode");
    let ran = setup(&sandbox, &options).args(["two"]).run().exits(1);
    ran.says("can be read by others")
        .says("knows the client new, and has given it a secret")
        .says_not("s3cret");
    assert_eq!(config(&sandbox), written);
}

#[test]
fn a_registration_that_fails_is_told_and_nothing_is_written() {
    let (server, sandbox) = (server(), Sandbox::new());
    let options = ["me@example.org", "--issuer", server.issuer(), "--yes"];
    server.script_always(
        Endpoint::Registration,
        Some(Fault::oauth_error(400, "invalid_redirect_uri", "https!")),
    );
    let ran = setup(&sandbox, &options).run().exits(1).says("invalid_redirect_uri: https!");
    ran.says("no client has been registered, and nothing written; --client-id gives one");
    server.script_always(Endpoint::Metadata, Some(Fault::rewrite(&[("registration_endpoint", None)])));
    setup(&sandbox, &options).run().exits(64).says("--client-id is not given");
    server.script_always(Endpoint::Metadata, None);
    let mut terminal =
        Terminal::run(setup(&sandbox, &["me@example.org", "--issuer", server.issuer(), "--name", "x"]));
    terminal.shows("Scopes").types("\n").shows("Register one now? [Y/n]: ").types("\n");
    terminal.shows("https!").shows("Client identifier").types("\x04");
    assert!(terminal.ends(1).contains("left: nothing has been written"));
    server.script_always(Endpoint::Registration, None);
    let mut terminal =
        Terminal::run(setup(&sandbox, &["me@example.org", "--issuer", server.issuer(), "--name", "x"]));
    terminal.shows("Scopes").types("\n").shows("Register one now? [Y/n]: ").types("\n");
    terminal.shows("Add this to ").types("n\n");
    let last = terminal.ends(1);
    let known = format!("nothing has been written, but {} knows the client client-", server.issuer());
    assert!(last.contains(&known), "{last}");
    assert_eq!(config(&sandbox), "");
}

#[test]
fn a_client_that_somebody_supplies_for_an_issuer_is_offered_before_one_is_registered() {
    let (server, sandbox) = (server(), Sandbox::new());
    let directory = sandbox.config_file().with_file_name("pizauth");
    fs::create_dir(&directory).expect("a directory");
    fs::write(directory.join("clients"), format!("{} of-the-university\n", server.issuer())).expect("a file");
    setup(&sandbox, &["me@example.org", "--issuer", server.issuer(), "--yes"]).run().exits(0);
    assert!(config(&sandbox).contains("client_id = \"of-the-university\""), "{}", config(&sandbox));
    assert_eq!(server.log().count(Endpoint::Registration), 0);
}
