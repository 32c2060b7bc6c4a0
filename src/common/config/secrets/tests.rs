//! No diagnostic shows a piece of a `client_secret`, whatever is wrong around it. Every piece has `QZX` in it.

use crate::config::parse;

/// What the diagnostics of a text say, in the long form and in the short one; nothing where it has none.
fn said(text: &str) -> String {
    match parse(text, "pizauth.conf") {
        Ok(checked) => format!("{}{}", checked.warnings, checked.warnings.lines().join("\n")),
        Err(report) => format!("{report}{}", report.lines().join("\n")),
    }
}

fn shows_a_piece(said: &str) -> bool {
    said.to_ascii_uppercase().contains("QZX")
}

#[test]
fn what_is_named_like_a_secret_is_found() {
    let found = |text: &str| {
        super::find(text).0.into_iter().map(|secret| text[secret].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found("x client_secret = \"hunter2\"; y"), ["\"hunter2\"; y"]);
    assert_eq!(found("x client_secret = \"hunter2\"; scopes = y"), ["hunter2"]);
    for text in [
        "x SECRETS: hunter2;y",
        "x { \"client-secret\": \"hunter2\" }",
        "x secret// = \"hunter2\";",
        "x secret \"hunter2",
        "x secret=\"\",secret='hunter2'",
    ] {
        let found = found(text);
        assert!(found.iter().any(|secret| secret.contains("hunter2")), "{text}: {found:?}");
    }
}

/// In an account, the lines about the secret, with what follows them: in each something is wrong.
const BROKEN: &[&str] = &[
    "client_secret\n    \"QZX1\";",
    "client_secret\n    \"QZX1-secret-QZX2\";",
    "client_secret\n\n    // from the console\n    \"QZX1\"; x",
    "client_secret // = \"x\"\n    \"QZX1\"; x = 1;",
    "client_secret\n    QZX1;",
    "client_secret\n    QZX1==;",
    "client_secret =\n    QZX1=QZX2;",
    "client_secret =\n    'QZX1'; x",
    "client_secret \"QZX1\" scopes = 1;",
    "client_secret = \"QZX1\"\n    x = 1;",
    "client_secret = \"QZX1\" \"QZX2\"; x",
    "client_secret = \"QZX1\";QZX2\";",
    "client_secret = \"QZX1\";QZX2=QZX3\";",
    "client_secret = \"QZX1\",QZX2\";",
    "client_secret = \"QZX1\" }QZX2\";",
    "client_secret = \"QZX1\" //QZX2\"; x\n",
    "client_secret = \"QZX1\nQZX2\"; x = 1;",
    "client_secret = \"QZX1\nQZX2 = x\"; x = 1;",
    "client_secret = \"{ \"type\": \"QZX1\",\n    \"QZX2\": \"QZX3\" }\"; x",
    "client_secret = \"QZX1;",
    "client_secret = \"QZX1\\\"; x = 1;",
    "client_secret = \"QZX1\\QZX2\"; x = 1;",
    "client_secret = //QZX1;\n    scopes = 1;",
    "client_secret : \"QZX1\"; x",
    "client_secret == QZX1; x",
    "client_secret = { QZX1 }; x",
    "client_secret = [QZX1]; QZX2 x",
    "client_secrt = \"QZX1\";",
    "client_secrt \"QZX1\";",
    "client_secrt\n    \"QZX1\"; x",
    "client_secrt = //QZX1",
    "clientsecrt=QZX1 x",
    "x client_secrt = \"QZX1\";",
    "x clientSecret QZX1",
    "secrt = \"QZX1\";",
    "password = QZX1;",
    "\"client_secret\": \"QZX1\", \"x\": 1",
    "scopes = [\"x\", client_secret = \"QZX1\"];",
    "auth_uri_fields = { \"client_secret\": \"QZX1\", x };",
    "login_hint = \"ann;\n    client_secret = \"QZX1\"; x",
    "login_hint = \"ann; client_secret = \"QZX1\"; x",
    "login_hint = https://x; client_secret\n    \"QZX1\"; x",
    "/* client_secret = \"QZX1\" */",
    "# client_secret = \"QZX1\"",
];

#[test]
fn no_piece_of_a_secret_is_shown_whatever_is_wrong_around_it() {
    let mut shown = Vec::new();
    for broken in BROKEN {
        for after in ["", "\n    scopes = 1;", "\n    client_id = \"id\"\n"] {
            for (open, close) in
                [("account \"work\" {\n    ", "\n}\n"), ("account \"work\" { ", " }"), ("", "")]
            {
                let text = format!("{open}{broken}{after}{close}");
                let said = said(&text);
                assert!(!said.is_empty(), "nothing is wrong with\n{text}");
                if shows_a_piece(&said) {
                    shown.push(format!("{text}\n--\n{said}"));
                }
            }
        }
    }
    assert!(shown.is_empty(), "{} shown:\n{}", shown.len(), shown.join("\n=====\n"));
}

#[test]
fn no_character_that_is_missing_or_too_many_shows_a_piece() {
    let text = "account \"a\" {\n  client_id = \"id\"; x\n  client_secret = \"QZX1/QZX2=QZX3\"; y\n  scopes = 1; }\n";
    for (at, _) in text.char_indices() {
        let rest = &text[at + 1..];
        for put in ["", "\"", "\\", ";", "\n", "=", "{", "}", "//", "\";", "\"\n", "\\\"", "é", "\u{200b}"] {
            for changed in
                [format!("{}{put}{rest}", &text[..at]), format!("{}{put}{}", &text[..at], &text[at..])]
            {
                let said = said(&changed);
                assert!(!shows_a_piece(&said), "{changed}\n--\n{said}");
            }
        }
    }
}

#[test]
fn not_even_one_character_of_a_secret_is_quoted() {
    for (secret, character) in
        [("$x", "$"), ("\"x\"%y", "%"), ("é", "é"), ("#x", "#"), ("\"x\n@\" & \"", "&")]
    {
        let said = said(&format!("account \"a\" {{\n    client_secret = {secret};\n}}"));
        assert!(!said.contains(character) && !said.contains("U+"), "{said}");
    }
}

#[test]
fn what_is_not_secret_is_shown() {
    for text in [
        "account \"a\" {\n    client_secret = \"QZX1\";\n    shown = 1;\n}",
        "account \"a\" {\n    client_secret = \"QZX1\"; // from the console\n    shown = 1;\n}",
        "account \"a\" {\n    client_secret \"QZX1\";\n    shown = 1;\n}",
        "account \"a\" {\n    client_secret = \"QZX1\"; scopes = shown;\n}",
        "account \"a\" {\n    client_secret = QZX1;\n    scopes = shown;\n}",
        "account \"a\" {\n    client_secret = \"QZX1\" }\nshown = 1;",
        "// the client_secret is from the console\nshown = 1;",
        "startup_cmd = \"secret-tool lookup mail pizauth\";\nshown = 1;",
    ] {
        let said = said(text);
        assert!(said.contains("shown") && !said.contains("QZX"), "{text}\n--\n{said}");
    }
}
