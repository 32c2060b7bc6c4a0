//! What a checked configuration is: the types that the other rooms work with.

use std::sync::Arc;
use std::time::Duration;

use super::client_auth::ClientAuth;
use super::client_key::ClientKey;
use super::endpoint::Endpoint;
use super::grant::Grant;
use super::sharing::share;
use super::uri::Uri;
use super::user_path::UserPath;
use crate::account_name::AccountName;

/// A configuration that has been checked: whatever is here makes sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// At least one, in the order of the file, names unique.
    pub accounts: Vec<Account>,
    /// The user's commands.
    pub hooks: HookCommands,
    /// Time between reminders of a pending authorization.
    pub auth_notify_interval: Duration,
    /// Where the redirect comes back.
    pub listeners: Listeners,
    /// Who may connect to the redirect listeners over loopback.
    pub redirect_peer: RedirectPeer,
    /// Who is given dumps.
    pub dump_callers: DumpCallers,
    /// A second socket, where nothing but access tokens can be had.
    pub extra_socket: Option<ExtraSocket>,
    /// Where tokens outlive the daemon, if they do.
    pub saved_state: Option<SavedState>,
}

/// One `account "name" { … }`, with the global defaults filled in. What many accounts have in common is there once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub name: AccountName,
    /// The token endpoint (RFC 6749 §3.2).
    pub token_uri: Endpoint,
    /// Where tokens are revoked (RFC 7009 §2), where the server does that.
    pub revocation_uri: Option<Endpoint>,
    /// What the authorization server calls itself (RFC 8414 §2), where that is known.
    pub issuer: Option<Arc<Uri>>,
    /// RFC 6749 §2.2.
    pub client_id: Arc<str>,
    /// RFC 6749 §2.3.
    pub client_auth: ClientAuth,
    /// RFC 6749 §3.3.
    pub scopes: Arc<[String]>,
    /// RFC 8707: what the token is for, in every request for one.
    pub resource: Arc<[String]>,
    /// Extra fields of each request to the token endpoint, in order.
    pub token_uri_fields: Arc<[(String, String)]>,
    /// How it comes to its first token.
    pub grant: Grant,
    /// Whose mailbox it is, as a mail server knows them; printable.
    pub user: Option<Arc<str>>,
    /// A token is refreshed after this time although still valid.
    pub refresh_at_least: Duration,
    /// A token is refreshed this long before it expires.
    pub refresh_before_expiry: Duration,
    /// Time between tries after a transient failure.
    pub refresh_retry: Duration,
}

impl Account {
    /// What its client signs with, where it signs anything.
    pub fn key(&self) -> Option<&Arc<ClientKey>> {
        self.client_auth.key().or_else(|| Some(&self.grant.jwt_bearer()?.key))
    }

    /// What is asked for (RFC 6749 §3.3), where anything is.
    pub fn scope(&self) -> Option<String> {
        Some(self.scopes.join(" ")).filter(|scope| !scope.is_empty())
    }

    /// The issuer that is asked for endpoints, where the configuration lacks one that a token cannot be had without.
    pub fn asks(&self) -> Option<&Arc<Uri>> {
        let begins_at = self.grant.endpoint().and_then(Endpoint::issuer);
        self.token_uri.issuer().or(begins_at)
    }

    /// Uses the other account's values where its own are the same: of 10,000 accounts at one server this saves a
    /// quarter of the memory.
    pub(super) fn share_with(&mut self, other: Option<&Self>) {
        let Some(other) = other else { return };
        self.token_uri.share_with(&other.token_uri);
        if let (Some(own), Some(other)) = (&mut self.revocation_uri, &other.revocation_uri) {
            own.share_with(other);
        }
        if let (Some(own), Some(other)) = (&mut self.issuer, &other.issuer) {
            share(own, other);
        }
        share(&mut self.client_id, &other.client_id);
        share(&mut self.scopes, &other.scopes);
        share(&mut self.resource, &other.resource);
        share(&mut self.token_uri_fields, &other.token_uri_fields);
        self.grant.share_with(&other.grant);
    }
}

/// The `*_cmd` options, for `$SHELL -c`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HookCommands {
    /// An account needs authorizing.
    pub auth_notify_cmd: Option<String>,
    /// An error concerning an account.
    pub error_notify_cmd: Option<String>,
    /// Once the socket accepts commands.
    pub startup_cmd: Option<String>,
    /// On each token event.
    pub token_event_cmd: Option<String>,
    /// Asked after every 6th consecutive transient refresh failure.
    pub transient_error_if_cmd: Option<String>,
}

impl HookCommands {
    /// Each of them.
    pub fn all(&self) -> [Option<&str>; 5] {
        let Self { auth_notify_cmd, error_notify_cmd, startup_cmd, token_event_cmd, transient_error_if_cmd } =
            self;
        [auth_notify_cmd, error_notify_cmd, startup_cmd, token_event_cmd, transient_error_if_cmd]
            .map(Option::as_deref)
    }
}

/// How tokens are saved: by two filters, for `$SHELL -c`, and in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedState {
    /// What it reads it writes encrypted.
    pub encrypt_cmd: String,
    /// What that has written it writes as it was.
    pub decrypt_cmd: String,
    /// The file; the default one where none is named.
    pub file: Option<UserPath>,
}

impl SavedState {
    /// What the option for `encrypt_cmd` is called.
    pub const ENCRYPT_CMD: &'static str = "state_encrypt_cmd";
    /// What the option for `decrypt_cmd` is called.
    pub const DECRYPT_CMD: &'static str = "state_decrypt_cmd";
}

/// The redirect listeners. There is always one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listeners {
    /// `https_listen = none`.
    Http(ListenAddress),
    /// `http_listen = none`.
    Https(ListenAddress),
    /// Both.
    Both {
        /// `http_listen`.
        http: ListenAddress,
        /// `https_listen`.
        https: ListenAddress,
    },
}

impl Listeners {
    /// The address of the HTTP listener.
    pub fn http(&self) -> Option<&ListenAddress> {
        match self {
            Self::Http(http) | Self::Both { http, .. } => Some(http),
            Self::Https(_) => None,
        }
    }

    /// The address of the HTTPS listener.
    pub fn https(&self) -> Option<&ListenAddress> {
        match self {
            Self::Https(https) | Self::Both { https, .. } => Some(https),
            Self::Http(_) => None,
        }
    }
}

/// `HOST:PORT` of a `*_listen` option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenAddress {
    /// A name or an address; IPv6 without its brackets.
    pub host: String,
    /// 0: any free port.
    pub port: u16,
}

impl ListenAddress {
    /// The host as URIs write it: IPv6 in its brackets.
    pub fn host_in_uri(&self) -> String {
        if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() }
    }
}

/// Who is given dumps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DumpCallers {
    /// Whoever reaches the command socket.
    Any,
    /// Only the daemon's own hooks.
    Hooks,
}

/// A socket that can be lent to another machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtraSocket {
    /// Where it is.
    pub place: ExtraPlace,
    /// Whose access tokens can be had there; at least one, each of the configuration.
    pub accounts: Vec<AccountName>,
}

/// Where the extra socket is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExtraPlace {
    /// A name beside the command socket.
    Beside(String),
    /// A path of its own.
    At(UserPath),
}

/// Who may connect to the redirect listeners over loopback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectPeer {
    /// Only a process of our uid, or root's.
    SameUser,
    /// Whoever can.
    Any,
}
