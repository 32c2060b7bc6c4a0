//! Issuers in `pizauth setup`: what they say of themselves, and clients that they register.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use pizauth_test_server::wire::Response;
use pizauth_test_server::{Endpoint, Fault, Gate};
use serde_json::json;

use super::{config, setup, signs_in, supply_clients};
use crate::support::{PATIENCE, Sandbox, Terminal, server};

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
    let url = signs_in(&sandbox, terminal);
    assert!(url.contains("redirect_uri=http%3A%2F%2F127.0.0.1"), "{url}");
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
    supply_clients(&sandbox, &format!("{} of-the-university\n", server.issuer()));
    setup(&sandbox, &["me@example.org", "--issuer", server.issuer(), "--yes"]).run().exits(0);
    assert!(config(&sandbox).contains("client_id = \"of-the-university\""), "{}", config(&sandbox));
    assert_eq!(server.log().count(Endpoint::Registration), 0);
}
