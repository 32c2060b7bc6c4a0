//! An authorization server by the name that it has for itself, its issuer: what it says of itself, and a client that it
//! is made to know. `pizauthd` asks it: nothing here has a network.

use std::process::{Child, Stdio};
use std::time::Duration;

use pizauth_common::cause::Cause;
use pizauth_common::secret::{self, Secret};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::child_output::read;
use super::own_command::own_command;

/// So long pizauthd may take: it makes three requests, each of at most 30 s.
const PATIENCE: Duration = Duration::from_secs(100);
/// No more of its answer is read, in bytes: it has endpoints, and at most a hundred scopes.
const LARGEST: usize = 256 << 10;

/// What it says of itself, as far as it can be used (RFC 8414 §2).
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Metadata {
    pub(super) authorization_endpoint: Option<String>,
    pub(super) token_endpoint: Option<String>,
    pub(super) device_authorization_endpoint: Option<String>,
    pub(super) revocation_endpoint: Option<String>,
    pub(super) registration_endpoint: Option<String>,
    pub(super) token_endpoint_auth_methods_supported: Vec<String>,
    pub(super) scopes_supported: Vec<String>,
}

/// A client that it has registered (RFC 7591 §3.2.1).
#[derive(Debug, Deserialize)]
pub(super) struct NewClient {
    pub(super) client_id: String,
    #[serde(default, deserialize_with = "some_secret")]
    pub(super) client_secret: Option<Secret>,
    /// In seconds since 1970; 0 for never.
    #[serde(default)]
    pub(super) client_secret_expires_at: u64,
    pub(super) token_endpoint_auth_method: String,
    /// The one to use, of those that it is registered with.
    pub(super) redirect_uris: [String; 1],
    /// The scopes that it may ask for, where the server says so.
    pub(super) scope: Option<String>,
}

fn some_secret<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    secret::exposed::deserialize(deserializer).map(Some)
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// pizauthd has told the user already.
    Told,
    /// pizauthd could not be run, or its output is no answer: why, which nobody has told yet.
    Untold(String),
}

/// What the issuer says of itself.
///
/// # Errors
/// Nothing that can be used.
pub(super) fn discover(issuer: &str) -> Result<Metadata, NoAnswer> {
    answer(&["server", "--discover", issuer])
}

/// Makes a client known to the issuer that will ask for these scopes.
///
/// # Errors
/// It has not been registered.
pub(super) fn register(issuer: &str, scopes: &[String]) -> Result<NewClient, NoAnswer> {
    answer(&["server", "--scope", &scopes.join(" "), "--register", issuer])
}

fn answer<T: DeserializeOwned>(words: &[&str]) -> Result<T, NoAnswer> {
    let started = own_command(words).and_then(|mut command| {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn()
    });
    let cannot =
        |why: &dyn std::fmt::Display| NoAnswer::Untold(format!("cannot run pizauthd to ask it: {why}"));
    let mut child = started.map_err(|error| cannot(&Cause(&error)))?;
    let printed = child.stdout.take().map(|mut stdout| read(&mut stdout, PATIENCE, LARGEST));
    let has_closed = matches!(&printed, Some(Ok(json)) if json.len() < LARGEST);
    let is_good = has_ended_well(&mut child, has_closed);
    match printed {
        Some(Ok(json)) if json.len() >= LARGEST => Err(cannot(&"its answer does not end")),
        Some(Ok(json)) if is_good => serde_json::from_slice(&json).map_err(|error| cannot(&error)),
        Some(Err(error)) => Err(cannot(&Cause(&error))),
        _ => Err(NoAnswer::Told),
    }
}

/// Whether it has come to a good end; it is not waited for any longer unless it has closed its output.
fn has_ended_well(child: &mut Child, has_closed: bool) -> bool {
    if !has_closed {
        let _ = child.kill();
    }
    child.wait().is_ok_and(|status| status.success())
}

/// What to ask for, of the scopes that a server tells of: mail where it has a scope for that, else who signs in; and to
/// stay signed in.
pub(super) fn usual_scopes(supported: &[String]) -> Vec<&str> {
    const MAIL: &str = "urn:ietf:params:oauth:scope:mail";
    let has = |scope: &&str| supported.iter().any(|supported| supported == scope);
    let wanted: &[&str] =
        if has(&MAIL) { &[MAIL, "offline_access"] } else { &["openid", "email", "offline_access"] };
    wanted.iter().copied().filter(has).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_is_asked_for_where_there_is_a_scope_for_it() {
        for (supported, usual) in [
            (
                "openid urn:ietf:params:oauth:scope:mail offline_access",
                "urn:ietf:params:oauth:scope:mail offline_access",
            ),
            ("urn:ietf:params:oauth:scope:mail contacts", "urn:ietf:params:oauth:scope:mail"),
            ("profile email openid offline_access", "openid email offline_access"),
            ("read_repository", ""),
            ("", ""),
        ] {
            let supported: Vec<_> = supported.split_whitespace().map(str::to_owned).collect();
            assert_eq!(usual_scopes(&supported).join(" "), usual, "{supported:?}");
        }
    }

    #[test]
    fn what_the_daemon_prints_is_understood() {
        let client: NewClient = serde_json::from_str(
            r#"{"client_id":"x","client_secret":"y","client_secret_expires_at":7,"redirect_uris":["http://localhost/"],
                "token_endpoint_auth_method":"client_secret_post"}"#,
        )
        .expect("a client");
        assert_eq!(client.client_secret.map(|secret| secret.expose().to_owned()).as_deref(), Some("y"));
        let client: NewClient = serde_json::from_str(
            r#"{"client_id":"x","redirect_uris":["http://127.0.0.1/"],"token_endpoint_auth_method":"none"}"#,
        )
        .expect("a client");
        assert!(client.client_secret.is_none() && client.scope.is_none());
    }
}
