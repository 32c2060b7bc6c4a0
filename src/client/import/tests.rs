use std::fs;
use std::path::PathBuf;

use pizauth_common::config;

use super::{Found, Unreadable, recognise};

fn samples() -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/import");
    let read =
        |path: PathBuf| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap());
    let files = fs::read_dir(folder).unwrap().map(|file| read(file.unwrap().path()));
    let mut samples: Vec<_> =
        files.filter(|(name, _)| !["README.md", "verdicts"].contains(&name.as_str())).collect();
    samples.sort();
    samples
}

fn verdict(name: &str, input: &[u8]) -> String {
    match recognise(input) {
        Ok(Found { program, candidates, facts }) => {
            let candidates = candidates.iter().map(|it| {
                let told = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
                let family = if it.is_family { " family" } else { "" };
                let (client, label) = (told(&it.client_id), told(&it.label));
                format!("  {} client {client} label {label}{family}\n", it.refresh_token.expose())
            });
            let facts = facts.as_comments().lines().map(|line| format!("  {line}\n")).collect::<String>();
            format!("{name}: {}\n{}{facts}", program.unwrap_or("?"), candidates.collect::<String>())
        }
        Err(why) => format!("{name}: refused: {}\n", why.told("work")),
    }
}

#[test]
fn every_file_has_its_verdict() {
    let verdicts: String = samples().iter().map(|(name, input)| verdict(name, input)).collect();
    let golden = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/import/verdicts");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&golden, &verdicts).unwrap();
    }
    assert_eq!(verdicts, fs::read_to_string(golden).unwrap());
}

#[test]
fn a_file_without_its_refresh_token_is_refused() {
    let mut lacking = 0;
    for (name, input) in samples().into_iter().filter(|(_, input)| recognise(input).is_ok()) {
        let text = String::from_utf8(input).unwrap();
        let keys = [
            "\"refresh_token\"",
            "\"secret\"",
            "\\\"secret\\\"",
            "\"RefreshToken\"",
            "\\\"RefreshToken\\\"",
            "token_endpoint=",
        ];
        for key in keys.into_iter().filter(|key| text.contains(key)) {
            lacking += 1;
            let without = text.replace(key, &key.replace("en", "em").replace("secret", "sacred"));
            assert_eq!(refused(without), Unreadable::NoRefreshToken, "{name} without {key}");
        }
    }
    assert!(lacking >= 12, "{lacking} of them were tried");
}

fn refused(input: impl AsRef<[u8]>) -> Unreadable {
    recognise(input.as_ref()).unwrap_err()
}

fn token(input: impl AsRef<[u8]>) -> String {
    let found = recognise(input.as_ref()).unwrap();
    assert_eq!(found.candidates.len(), 1);
    found.candidates[0].refresh_token.expose().to_owned()
}

#[test]
fn what_is_around_a_token_does_not_matter() {
    for input in [
        "1//x",
        " \n1//x\r\n",
        "\u{feff}1//x",
        "\u{feff} {\"refresh_token\":\"1//x\"}\n",
        "{\"refresh_token\":\"1\\/\\/x\",\"a\":1.5}",
    ] {
        assert_eq!(token(input), "1//x", "{input:?}");
    }
}

#[test]
fn a_token_is_printable_and_not_endless() {
    assert_eq!(token("x".repeat(64 << 10)).len(), 64 << 10);
    assert_eq!(refused("x".repeat((64 << 10) + 1)), Unreadable::NoToken);
    assert_eq!(refused("\u{e9}"), Unreadable::NoToken);
    assert_eq!(refused("{\"refresh_token\":\"1\\u001b[2J\"}"), Unreadable::NoToken);
    assert_eq!(refused(" ".repeat(1 << 20)), Unreadable::Empty);
    assert_eq!(refused(" ".repeat((1 << 20) + 1)), Unreadable::TooLarge);
    assert_eq!(refused("{\"refresh_token\":\"\"}"), Unreadable::NoRefreshToken);
    assert_eq!(refused("{\"refresh_token\":1}"), Unreadable::NoRefreshToken);
}

#[test]
fn other_encodings_and_ciphers_are_named() {
    let utf_16 = |mark: &[u8]| {
        [mark, "{\"a\":1}".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>().as_slice()].concat()
    };
    assert_eq!(refused(utf_16(&[0xff, 0xfe])), Unreadable::Utf16);
    assert_eq!(refused("1\0/\0/\0x\0"), Unreadable::Utf16);
    for first in [0x84, 0x85, 0x8c, 0xc1, 0xc3] {
        assert_eq!(refused([first, 1, 0xfe, 0xff]), Unreadable::OpenPgp);
    }
    assert_eq!(refused(b"age-encryption.org/v1\n-> X25519 \xff\n"), Unreadable::Age);
    assert_eq!(refused("-----BEGIN AGE ENCRYPTED FILE-----\n"), Unreadable::Age);
    assert_eq!(refused(b"SQLite format 3\0\x10\xff"), Unreadable::Sqlite);
    assert_eq!(refused("SQLite format 3\0"), Unreadable::Sqlite);
    assert_eq!(refused(b"\x01\xff"), Unreadable::Unknown);
}

#[test]
fn what_is_no_token_is_not_taken_for_one() {
    assert_eq!(refused("null\n"), Unreadable::NoRefreshToken);
    assert_eq!(refused("https://login.example.org/?code=x"), Unreadable::Unknown);
    assert_eq!(refused("[a]\nb = 1"), Unreadable::Ini);
    assert_eq!(refused("imaps+xoauth2://me:x@[::1"), Unreadable::BrokenUrl);
    assert_eq!(refused("imaps://me:x@host"), Unreadable::Unknown);
    assert_eq!(refused("imaps+xoauth2://me@host?token_endpoint=x"), Unreadable::NoRefreshToken);
    let sealed = r#"{"me@example.org":{"token_salt":"a","refresh_token":"gAAAAABx"}}"#;
    assert_eq!(refused(sealed), Unreadable::SealedByProxy);
    assert_eq!(refused(r#"{"token_salt":"a","refresh_token":"gAAAAABx"}"#), Unreadable::SealedByProxy);
    // A server may make its tokens like that.
    assert_eq!(token(r#"{"refresh_token":"gAAAAABx"}"#), "gAAAAABx");
}

#[test]
fn of_the_tokens_of_a_user_for_other_scopes_the_newest_is_taken() {
    let entry = |secret: &str, time: &str, client: &str| {
        format!(
            r#""{secret}":{{"secret":"{secret}","client_id":"{client}","home_account_id":"u.t",
            "last_modification_time":"{time}"}}"#
        )
    };
    let entries =
        [entry("a", "900", "c"), entry("b", "1000", "c"), entry("d", "", "c"), entry("e", "1", "other")];
    let found = recognise(format!(r#"{{"RefreshToken":{{{}}}}}"#, entries.join(",")).as_bytes()).unwrap();
    let tokens: Vec<_> = found.candidates.iter().map(|it| it.refresh_token.expose()).collect();
    assert_eq!(tokens, ["b", "e"]);
}

#[test]
fn a_cache_may_have_so_many_tokens_and_no_more() {
    let entry = |number| format!(r#""{number}":{{"secret":"x","client_id":"c"}}"#);
    let cache =
        |count| format!(r#"{{"RefreshToken":{{{}}}}}"#, (0..count).map(entry).collect::<Vec<_>>().join(","));
    assert_eq!(recognise(cache(64).as_bytes()).unwrap().candidates.len(), 64);
    assert_eq!(refused(cache(65)), Unreadable::TooMany);
    assert_eq!(refused(cache(0)), Unreadable::NoRefreshToken);
}

#[test]
fn what_is_printed_as_configuration_means_what_the_file_says() {
    let file = r#"{"refresh_token":"x","auth_uri":"https://as.example/a","token_uri":"https://as.example/t",
        "client_id":"a\"b\\c","scope":["p\"q","r"],"user":"me\u001b[2J"}"#;
    let comments = recognise(file.as_bytes()).unwrap().facts.as_comments();
    let options = comments.lines().filter_map(|line| line.strip_prefix("// ").filter(|it| it.ends_with(';')));
    let account = format!("account \"x\" {{ {} }}", options.collect::<String>());
    let checked = config::parse(&account, "x").expect("a configuration");
    let account = &checked.config.accounts[0];
    assert_eq!(&*account.client_id, "a\"b\\c");
    assert_eq!(account.scopes[..], ["p\"q", "r"]);
    assert_eq!(account.user, None);
}

#[test]
fn nothing_of_a_file_drives_a_terminal_or_shows_a_secret() {
    let hostile = "{\"refresh_token\":\"x\",\"user\":\"\u{9b}31m\\u001b[2J\\\"\",\
                   \"scope\":\"a \u{202e}b\",\"client_secret\":\"hunter2\"}";
    let comments = recognise(hostile.as_bytes()).unwrap().facts.as_comments();
    assert_eq!(
        comments,
        "// client_secret: there is one, not shown here\n\
         // scopes: not shown here, since it has characters that cannot be seen\n\
         // user: not shown here, since it has characters that cannot be seen\n"
    );
}
