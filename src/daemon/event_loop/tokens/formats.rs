//! The forms in which `show` gives an access token: a row each.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pizauth_common::ipc::message::Refusal;
use pizauth_common::secret::Secret;
use pizauth_common::terminal::{cut, printable_json};
use pizauth_common::unix_time::UnixTime;
use pizauth_core::keeper::TokenFacts;
use serde::Serialize;

use crate::event_loop::answers::Refused;

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Format {
    name: &'static str,
    /// Whether it names the user of the mailbox.
    pub(super) needs_user: bool,
    text: fn(&Shown<'_>) -> String,
}

/// What there is to say.
pub(super) struct Shown<'a> {
    pub(super) account: &'a str,
    pub(super) access_token: &'a str,
    pub(super) facts: &'a TokenFacts,
}

impl Shown<'_> {
    fn user(&self) -> &str {
        self.facts.user.as_deref().unwrap_or_default()
    }
}

const FORMATS: [Format; 6] = [
    Format::plain("token", |shown| shown.access_token.to_owned()),
    Format::plain("bearer", |shown| format!("Bearer {}", shown.access_token)),
    // RFC 6750 §2.1.
    Format::plain("header", |shown| format!("Authorization: Bearer {}", shown.access_token)),
    // What Google and Microsoft document.
    Format::sasl("xoauth2", |shown| {
        format!("user={}\x01auth=Bearer {}\x01\x01", shown.user(), shown.access_token)
    }),
    // RFC 7628 §3.1, with the GS2 header of RFC 5801 §4; a bearer token needs neither host nor port.
    Format::sasl("oauthbearer", |shown| {
        let user = shown.user().replace('=', "=3D").replace(',', "=2C");
        format!("n,a={user},\x01auth=Bearer {}\x01\x01", shown.access_token)
    }),
    Format::plain("json", json),
];

/// Of all forms.
pub(in crate::event_loop) fn names() -> String {
    FORMATS.map(|format| format.name).join(", ")
}

impl Format {
    const fn plain(name: &'static str, text: fn(&Shown<'_>) -> String) -> Self {
        Self { name, needs_user: false, text }
    }

    /// A response as a mail server takes it, before it is in base64.
    const fn sasl(name: &'static str, text: fn(&Shown<'_>) -> String) -> Self {
        Self { name, needs_user: true, text }
    }

    /// The row of this name.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn named(name: &str) -> Result<Self, Refused> {
        FORMATS.into_iter().find(|format| format.name == name).ok_or_else(|| {
            let mut shown = name.to_owned();
            cut(&mut shown, 60);
            Refused(Refusal::BadFormat, format!("unknown format {shown:?}: there are {}", names()))
        })
    }

    /// The access token in this form.
    pub(super) fn of(self, shown: &Shown<'_>) -> Secret {
        let text = Secret::new((self.text)(shown));
        if self.needs_user { Secret::new(STANDARD.encode(text.expose())) } else { text }
    }
}

#[derive(Serialize)]
struct Document<'a> {
    show_format_version: u32,
    account: &'a str,
    access_token: &'a str,
    token_type: &'static str,
    obtained: UnixTime,
    expires: Option<UnixTime>,
    user: Option<&'a str>,
}

fn json(shown: &Shown<'_>) -> String {
    let document = Document {
        show_format_version: 1,
        account: shown.account,
        access_token: shown.access_token,
        token_type: "Bearer",
        obtained: shown.facts.obtained,
        expires: shown.facts.expires,
        user: shown.facts.user.as_deref(),
    };
    let json = Secret::new(serde_json::to_string(&document).unwrap_or_default());
    printable_json(json.expose()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown_as(format: &str, user: Option<&str>) -> String {
        let facts = TokenFacts { user: user.map(Into::into), obtained: UnixTime(100), expires: None };
        let shown = Shown { account: "wörk", access_token: "t\"0", facts: &facts };
        Format::named(format).unwrap_or_else(|_| panic!("{format}")).of(&shown).expose().to_owned()
    }

    fn decoded(text: &str) -> String {
        String::from_utf8(STANDARD.decode(text).unwrap()).unwrap()
    }

    #[test]
    fn every_form_is_what_programs_expect() {
        let user = Some("a,b=c@example.org");
        for (format, expected) in [
            ("token", "t\"0"),
            ("bearer", "Bearer t\"0"),
            ("header", "Authorization: Bearer t\"0"),
            (
                "json",
                concat!(
                    r#"{"show_format_version":1,"account":"wörk","access_token":"t\"0","token_type":"Bearer","#,
                    r#""obtained":100,"expires":null,"user":"a,b=c@example.org"}"#
                ),
            ),
        ] {
            assert_eq!(shown_as(format, user), expected);
        }
        let xoauth2 = decoded(&shown_as("xoauth2", user));
        assert_eq!(xoauth2, "user=a,b=c@example.org\x01auth=Bearer t\"0\x01\x01");
        let oauthbearer = decoded(&shown_as("oauthbearer", user));
        assert_eq!(oauthbearer, "n,a=a=2Cb=3Dc@example.org,\x01auth=Bearer t\"0\x01\x01");
        assert!(shown_as("json", None).ends_with(r#""user":null}"#));
    }

    #[test]
    fn an_unknown_form_is_told_with_those_that_there_are() {
        for name in ["", "Token", "sasl", &"x".repeat(10_000)] {
            let Err(Refused(Refusal::BadFormat, why)) = Format::named(name) else { panic!("{name}") };
            assert!(why.ends_with("there are token, bearer, header, xoauth2, oauthbearer, json"), "{why}");
            assert!(why.len() < 200);
        }
    }
}
