//! tests/conf/{ok,bad}/NAME.conf with what is said about them in NAME.expected. BLESS=1 rewrites those.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Account, Checked, Config, Endpoint, Grant, ListenAddress, parse};

/// Stands in files as the value of a `client_secret` and must stand in no answer.
const SECRET: &str = "hunter2";

fn cases(kind: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conf").join(kind);
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut cases: Vec<_> =
        files.filter(|file| file.extension().is_some_and(|extension| extension == "conf")).collect();
    cases.sort();
    assert!(cases.len() >= 20, "tests/conf/{kind} has lost its files");
    cases
}

/// Compares what `judge` says about each file with what is expected.
fn compare(kind: &str, judge: impl Fn(Result<Checked, super::Report>) -> Option<String>) {
    let mut wrong = Vec::new();
    for case in cases(kind) {
        let text = String::from_utf8(fs::read(&case).unwrap()).unwrap();
        let name = case.file_name().unwrap().to_str().unwrap();
        let Some(said) = judge(parse(&text, name)) else {
            wrong.push(format!("{name}: not {kind}"));
            continue;
        };
        assert!(!said.contains(SECRET), "{name} shows the secret:\n{said}");
        let file = case.with_extension("expected");
        if std::env::var_os("BLESS").is_some() {
            fs::write(&file, &said).unwrap();
        }
        let expected = fs::read_to_string(&file).unwrap_or_default();
        if said != expected {
            wrong.push(format!("{name}: expected\n{expected}\nbut it is\n{said}"));
        }
    }
    assert!(wrong.is_empty(), "{}\n(BLESS=1 accepts what is said)", wrong.join("\n"));
}

#[test]
fn good_files_mean_what_is_expected() {
    compare("ok", |result| {
        let Checked { config, warnings } = result.ok()?;
        let warnings = if warnings.is_empty() { String::new() } else { format!("\n{warnings}\n") };
        Some(meaning(&config) + &warnings)
    });
}

#[test]
fn bad_files_are_refused_with_the_expected_words() {
    compare("bad", |result| Some(format!("{}\n", result.err()?)));
}

/// A line for whatever the file says, and for the times.
fn meaning(config: &Config) -> String {
    let mut text = String::new();
    let address = |address: Option<&ListenAddress>| {
        address.map_or("none".into(), |address| format!("{:?} port {}", address.host, address.port))
    };
    let Config { hooks, listeners, .. } = config;
    writeln!(text, "http {}; https {}", address(listeners.http()), address(listeners.https())).unwrap();
    writeln!(text, "peer {:?}; reminder {:?}", config.redirect_peer, config.auth_notify_interval).unwrap();
    if config.dump_callers == super::DumpCallers::Hooks {
        writeln!(text, "dumps for hooks only").unwrap();
    }
    if let Some(extra) = &config.extra_socket {
        writeln!(text, "extra socket {:?} for {:?}", extra.place, extra.accounts).unwrap();
    }
    let hooks = [
        ("auth_notify_cmd", &hooks.auth_notify_cmd),
        ("error_notify_cmd", &hooks.error_notify_cmd),
        ("startup_cmd", &hooks.startup_cmd),
        ("token_event_cmd", &hooks.token_event_cmd),
        ("transient_error_if_cmd", &hooks.transient_error_if_cmd),
    ];
    for (name, command) in hooks {
        if let Some(command) = command {
            writeln!(text, "{name} {command:?}").unwrap();
        }
    }
    if let Some(saved_state) = &config.saved_state {
        writeln!(text, "{saved_state:?}").unwrap();
    }
    config.accounts.iter().for_each(|account| text.push_str(&meaning_of_account(account)));
    text
}

fn meaning_of_endpoint(endpoint: &Endpoint) -> String {
    match endpoint {
        Endpoint::At(uri) => format!("{:?}", uri.written()),
        Endpoint::OfIssuer(issuer) => format!("as {:?} says", issuer.written()),
    }
}

fn meaning_of_account(account: &Account) -> String {
    let times = [account.refresh_at_least, account.refresh_before_expiry, account.refresh_retry];
    let mut lines = vec![format!("account {:?}", account.name.as_str())];
    if !matches!(account.grant, Grant::AuthorizationCode { .. }) {
        lines.push(
            if account.grant.device().is_some() { "by device" } else { account.grant.name() }.to_owned(),
        );
    }
    if let Some(device) = account.grant.device() {
        lines.push(format!("device {}", meaning_of_endpoint(&device.device_auth_uri)));
    }
    if let Some(browser) = account.grant.browser() {
        lines.push(format!("auth {}", meaning_of_endpoint(&browser.auth_uri)));
    }
    lines.push(format!("token {}", meaning_of_endpoint(&account.token_uri)));
    lines.extend(account.grant.jwt_bearer().map(|signed| format!("subject {:?}", signed.subject)));
    let revocation_uri = account.revocation_uri.iter();
    lines.extend(revocation_uri.map(|uri| format!("revocation {}", meaning_of_endpoint(uri))));
    lines.push(format!("client {:?}", account.client_id));
    if let Some(browser) = account.grant.browser() {
        lines.push(format!("redirect {:?}", browser.redirect_uri.written()));
    }
    lines.push(format!("refresh {times:?}"));
    lines.extend(account.issuer.iter().map(|issuer| format!("issuer {:?}", issuer.written())));
    if let Some(user) = &account.user {
        lines.push(format!("user {user:?}"));
    }
    if let Some(secret) = account.client_auth.secret() {
        lines.push(format!("secret of {} bytes, {}", secret.expose().len(), account.client_auth.as_str()));
    }
    let command = account.client_auth.secret_cmd().into_iter();
    lines.extend(command.map(|command| format!("secret of {command:?}, {}", account.client_auth.as_str())));
    lines.extend(account.key().map(|key| format!("signs with {key:?}")));
    lines.extend(account.scopes.iter().map(|scope| format!("scope {scope:?}")));
    lines.extend(account.resource.iter().map(|resource| format!("resource {resource:?}")));
    let fields = account.grant.auth_uri_fields().iter();
    lines.extend(fields.map(|(key, value)| format!("field {key:?} = {value:?}")));
    let token_fields = account.token_uri_fields.iter();
    lines.extend(token_fields.map(|(key, value)| format!("token field {key:?} = {value:?}")));
    format!("{}\n", lines.join("\n    "))
}
