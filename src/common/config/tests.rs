//! What the golden files of tests/conf cannot show: the values of a good configuration, and limits.

use std::sync::Arc;
use std::time::Duration;

use super::{Checked, ClientAuth, Grant, Listeners, RedirectPeer, parse};

const ACCOUNT: &str = r#"account "work" {
    auth_uri = "https://auth.example/authorize/";
    token_uri = "https://auth.example/token";
    client_id = "id";
}"#;

fn checked(text: &str) -> Checked {
    parse(text, "pizauth.conf").unwrap_or_else(|report| panic!("{report}"))
}

#[test]
fn defaults_are_those_of_the_manual() {
    let Checked { config, warnings } = checked(ACCOUNT);
    assert!(warnings.is_empty(), "{warnings}");
    assert_eq!(config.auth_notify_interval, Duration::from_secs(15 * 60));
    assert_eq!(config.redirect_peer, RedirectPeer::SameUser);
    let Listeners::Both { http, https } = &config.listeners else { panic!("{:?}", config.listeners) };
    assert_eq!((http.host.as_str(), http.port, http), ("127.0.0.1", 0, https));
    let [account] = config.accounts.as_slice() else { panic!("{config:?}") };
    assert_eq!(account.name.as_str(), "work");
    let Grant::AuthorizationCode { browser: code, device: None } = &account.grant else {
        panic!("{account:?}")
    };
    assert_eq!(code.auth_uri.anchor().written(), "https://auth.example/authorize/");
    assert_eq!(code.redirect_uri.written(), "http://localhost/");
    assert_eq!(account.client_auth, ClientAuth::None);
    assert!(account.scopes.is_empty() && code.auth_uri_fields.is_empty());
    assert_eq!(account.refresh_at_least, Duration::from_secs(90 * 60));
    assert_eq!(account.refresh_before_expiry, Duration::from_secs(90));
    assert_eq!(account.refresh_retry, Duration::from_secs(40));
}

#[test]
fn an_account_overrides_what_stands_globally_also_after_it() {
    let own = ACCOUNT.replace('}', "refresh_retry = 2m; }");
    let other = ACCOUNT.replace("work", "home");
    let config = checked(&format!("{own}{other} refresh_retry = 7s; refresh_at_least = 1d;")).config;
    let times: Vec<_> = config.accounts.iter().map(|a| (a.refresh_retry, a.refresh_at_least)).collect();
    let day = Duration::from_secs(24 * 60 * 60);
    assert_eq!(times, [(Duration::from_secs(120), day), (Duration::from_secs(7), day)]);
}

#[test]
fn accounts_share_what_they_have_in_common_and_nothing_else() {
    let other = ACCOUNT.replace("work", "home").replace("/token", "/other");
    let accounts = checked(&format!("{ACCOUNT}{other}")).config.accounts;
    let [work, home] = accounts.as_slice() else { panic!("{accounts:?}") };
    let (at_work, at_home) = (work.grant.browser().unwrap(), home.grant.browser().unwrap());
    assert!(std::ptr::eq(at_work.auth_uri.anchor(), at_home.auth_uri.anchor()));
    assert!(Arc::ptr_eq(&at_work.redirect_uri, &at_home.redirect_uri));
    assert_eq!(
        (work.token_uri.anchor().written(), home.token_uri.anchor().written()),
        ("https://auth.example/token", "https://auth.example/other")
    );
}

#[test]
fn a_report_has_a_line_for_each_diagnostic() {
    let report = parse("client_idd = 1s;\nstartup_cmd = \"true\"\n", "my\nfile").unwrap_err();
    let lines = report.lines();
    assert_eq!(lines[0], "my<U+000A>file:1:1: unknown option 'client_idd' (did you mean 'client_id'?)");
    assert_eq!(lines.len(), 2);
    assert!(!report.is_empty());
}

#[test]
fn more_than_fifty_errors_are_counted() {
    let report = parse(&"x = 1s;".repeat(5000), "pizauth.conf").unwrap_err();
    assert_eq!(report.lines().len(), 51);
    assert_eq!(report.lines()[50], "and 4950 more");
}

#[test]
fn what_can_never_work_is_an_error() {
    let hook = |bytes: usize| format!("startup_cmd = \"{}\";{ACCOUNT}", "x".repeat(bytes));
    assert!(checked(&hook(128 * 1024 - 1)).warnings.is_empty());
    let report = parse(&hook(1 << 20), "pizauth.conf").unwrap_err();
    assert!(report.lines()[0].contains("1:1: a command cannot have more than 131071 bytes"), "{report}");
    let named = |bytes: usize| ACCOUNT.replace("work", &"x".repeat(bytes));
    assert_eq!(checked(&named(1024)).config.accounts.len(), 1);
    let report = parse(&named(70_000), "pizauth.conf").unwrap_err();
    assert!(
        report.lines()[0].contains("1:1: the name of an account cannot have more than 1024 bytes"),
        "{report}"
    );
}

#[test]
fn more_accounts_than_status_can_tell_of_are_an_error() {
    let accounts = |count: usize| {
        (0..count).map(|n| ACCOUNT.replace("work", &format!("{n:01024}")) + "\n").collect::<String>()
    };
    let most = (16 << 20) / (512 + 1024);
    let report = parse(&accounts(most + 1), "pizauth.conf").unwrap_err();
    let expected =
        format!(":{}:1: there are too many accounts: status can tell of the first {most}", most * 5 + 1);
    assert!(report.lines()[0].contains(&expected), "{report}");
}

/// Each would take minutes if much of the text were read again for each of its pieces.
#[test]
fn hostile_texts_are_read_in_linear_time() {
    let pieces = [
        "a=\"\\\"\n",
        "\"\\",
        "\\\"",
        "a \"\\\"\n",
        "a=[\",",
        "a=[\"x\",\n",
        "a={",
        "{",
        "}",
        "a",
        "a\n",
        "// \n",
        "account \"",
        "account \"a\" {",
        "account\n",
        "client_secret=\"\n",
        "client_secret = \"x\";",
        "client_secret\n",
        "secret \"",
        "// secret\n",
        "a=\"x\n\" b;\n",
        "a=[\n",
        "a=\"b\" \"c\" ",
        "é",
        "\u{feff}",
        "a=1s;",
        "client_ide=1s;",
        "a=\"x",
        "x=\"\\z\\z\\z\";",
    ];
    for piece in pieces {
        let text = piece.repeat((1 << 16) / piece.len());
        let report = parse(&text, "pizauth.conf").unwrap_err();
        assert!((1..=51).contains(&report.lines().len()), "{piece:?}");
        let lead = format!("client_secret = \"{text}");
        assert!(parse(&lead, "pizauth.conf").is_err(), "{piece:?}");
    }
}
