//! Whatever is printed is read again as the same account.

use std::fs;
use std::path::Path;

use super::*;
use crate::config::presets::PRESETS;
use crate::config::{Config, parse};

/// The account of a configuration that has no errors.
fn accounts(text: &str) -> Vec<Account> {
    let Config { accounts, .. } =
        parse(text, "printed.conf").unwrap_or_else(|report| panic!("{report}\n{text}")).config;
    accounts
}

#[test]
fn an_account_that_is_printed_is_the_same_but_for_its_secret() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conf/ok");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|file| file.extension().is_some_and(|extension| extension == "conf"));
    let mut count = 0;
    for account in files.flat_map(|file| accounts(&fs::read_to_string(file).unwrap())) {
        let printed = print(&account);
        assert!(!printed.contains("hunter2"), "{printed}");
        // Without a secret it would be an error.
        let with_secret =
            printed.replace("// client_secret: there is one, not shown here", "client_secret = \"hunter2\";");
        let with_secret = with_secret.replace("// client_auth", "client_auth");
        let is_application = account.grant.application().is_some();
        let printed = if is_application { with_secret } else { printed };
        let listeners = "http_listen = \"127.0.0.1:0\"; https_listen = \"127.0.0.1:0\";\n";
        let client_auth = &account.client_auth;
        let is_shown = is_application || client_auth.key().is_some() || client_auth.secret_cmd().is_some();
        let client_auth = if is_shown { account.client_auth.clone() } else { ClientAuth::None };
        let expected = Account { client_auth, ..account };
        assert_eq!(accounts(&format!("{listeners}{printed}")), [expected], "{printed}");
        count += 1;
    }
    assert!(count > 30, "tests/conf/ok has lost its files");
}

#[test]
fn times_have_the_unit_that_people_would_write() {
    for (seconds, text) in
        [(0, "0s"), (90, "90s"), (5400, "90m"), (7200, "2h"), (86_400, "1d"), (86_460, "1441m")]
    {
        assert_eq!(time(Duration::from_secs(seconds)), text);
    }
}

/// A change of what is printed here signs people out: it needs a line in CHANGES.md that says so.
#[test]
fn presets_are_what_they_were() {
    let account =
        |name: &str| format!("account \"{name}\" {{ provider = \"{name}\"; client_id = \"id\"; }}\n");
    let text: String = PRESETS.iter().map(|preset| account(preset.name)).collect();
    let printed: String = accounts(&text).iter().map(print).collect();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conf/presets.expected");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&file, &printed).unwrap();
    }
    assert_eq!(fs::read_to_string(&file).unwrap_or_default(), printed, "BLESS=1 accepts it");
}
