//! What a file of another program says besides the token, and a configuration is written from.

use pizauth_common::config::string_literal;
use pizauth_common::terminal::is_unsafe;

use super::json::{Object, Value};

/// No more scopes are shown: nobody would read them.
const MOST_SCOPES: usize = 100;

/// Values that an account of a configuration has options for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Facts {
    pub(super) client_id: Option<String>,
    /// The secret itself is not kept, since it is not to be shown.
    pub(super) has_client_secret: bool,
    pub(super) issuer: Option<String>,
    pub(super) auth_uri: Option<String>,
    pub(super) token_uri: Option<String>,
    pub(super) scopes: Vec<String>,
    pub(super) user: Option<String>,
}

impl Facts {
    pub(super) fn of(object: &Object) -> Self {
        let text = |keys: &[&str]| keys.iter().find_map(|key| object.text(key)).map(str::to_owned);
        Self {
            client_id: text(&["client_id"]),
            has_client_secret: object.text("client_secret").is_some(),
            issuer: text(&["issuer_url"]),
            auth_uri: text(&["auth_uri"]),
            token_uri: text(&["token_uri", "token_endpoint"]),
            scopes: ["scope", "scopes"].iter().filter_map(|key| object.get(key)).flat_map(words).collect(),
            user: text(&["email", "user", "username"]),
        }
    }

    /// As comments of a configuration file, a line each. Nothing of it drives a terminal.
    pub fn as_comments(&self) -> String {
        let option = |name: &str, value: &Option<String>| {
            value.as_ref().map(|value| comment(name, &string_literal(value))).unwrap_or_default()
        };
        let scopes: Vec<_> =
            self.scopes.iter().take(MOST_SCOPES).map(|scope| string_literal(scope)).collect();
        let secret =
            if self.has_client_secret { "// client_secret: there is one, not shown here\n" } else { "" };
        let lines = [
            option("issuer", &self.issuer),
            option("auth_uri", &self.auth_uri),
            option("token_uri", &self.token_uri),
            option("client_id", &self.client_id),
            secret.to_owned(),
            if scopes.is_empty() {
                String::new()
            } else {
                comment("scopes", &format!("[{}]", scopes.join(", ")))
            },
            option("user", &self.user),
        ];
        lines.concat()
    }
}

/// Scopes, from a list or from one text with blanks between them (RFC 6749 §3.3).
fn words(value: &Value) -> Vec<String> {
    match value {
        Value::Text(text) => text.expose().split_whitespace().map(str::to_owned).collect(),
        Value::List(values) => values.iter().flat_map(words).collect(),
        Value::Object(_) | Value::Other => Vec::new(),
    }
}

/// An option with its value. The configuration has no escape for what drives a terminal or cannot be seen.
fn comment(name: &str, value: &str) -> String {
    if value.contains(is_unsafe) {
        format!("// {name}: not shown here, since it has characters that cannot be seen\n")
    } else {
        format!("// {name} = {value};\n")
    }
}
