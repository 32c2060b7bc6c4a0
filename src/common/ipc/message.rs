//! The messages: a [`Request`] from a caller, an [`Answer`] from the daemon, as JSON inside a frame.
//!
//! A message is an object with one member, which has the message's name and holds what it says. So the name comes
//! first, and serde reads the rest straight into the right fields; with a name among them it would have to keep all
//! of them aside until it has found that. A message with nothing to say has braces, too: later releases may add to it.
//! `pizauth-ipc(7)` documents each with an example, and the golden files in `tests/ipc` pin them.

use serde::{Deserialize, Serialize};

pub use super::access_token::{Refresh, Revoke, Show};
pub use super::account_status::{AccountStatus, Method, State};
pub use super::import::{Candidate, Import, Imported, MAX_BYTES as MAX_IMPORT, MAX_CANDIDATES};
pub use super::pending::Pending;
pub use super::refusal::Refusal;
pub use super::saved_state::SavedState;
pub use super::sign_in::{Await, Login, SignedIn};
pub use super::startup_cmd::StartupCmd;
use crate::dump::Dump;
use crate::secret::{self, Secret};
use crate::unix_time::UnixTime;

/// What a caller asks for. Accounts are named as the configuration spells them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// The access token of an account.
    Show(Show),
    /// A refresh now, or a new authorization where there is no token.
    Refresh(Refresh),
    /// Where an account stands, and a sign-in where it needs one.
    Login(Login),
    /// The same, once it has changed.
    Await(Await),
    /// The address that the browser of a sign-in has ended at.
    Redirect {
        /// The account.
        account: String,
        /// The whole address: it holds a code.
        #[serde(with = "secret::exposed")]
        url: Secret,
    },
    /// Forget the tokens of an account and cancel what is under way.
    Revoke(Revoke),
    /// Read the configuration again.
    Reload {},
    /// The whole token state.
    Dump {},
    /// Take a token state back.
    Restore {
        /// The token state.
        dump: Dump,
    },
    /// Take a refresh token that another program has kept.
    Import(Import),
    /// The state of every account.
    Status {},
    /// What the daemon listens on.
    Info {},
    /// Stop the daemon.
    Shutdown {},
}

impl Request {
    /// Its name in a frame; the golden files are called so, too.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Show(_) => "show",
            Self::Refresh(_) => "refresh",
            Self::Login(_) => "login",
            Self::Await(_) => "await",
            Self::Redirect { .. } => "redirect",
            Self::Revoke(_) => "revoke",
            Self::Reload {} => "reload",
            Self::Dump {} => "dump",
            Self::Restore { .. } => "restore",
            Self::Import(_) => "import",
            Self::Status {} => "status",
            Self::Info {} => "info",
            Self::Shutdown {} => "shutdown",
        }
    }

    /// Bytes of what makes some of them long: of a dump, or of refresh tokens.
    pub fn long_bytes(&self) -> usize {
        match self {
            Self::Restore { dump } => dump.expose().len(),
            Self::Import(import) => import.bytes(),
            _ => 0,
        }
    }
}

/// What the daemon answers about an account, and why it has not done something: short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Response {
    /// To `show`: a valid access token.
    AccessToken {
        /// The token, printable ASCII.
        #[serde(with = "secret::exposed")]
        access_token: Secret,
    },
    /// To `show` with a `format`: a valid access token in that form, without a newline.
    Output {
        /// Fit to be printed.
        #[serde(with = "secret::exposed")]
        text: Secret,
    },
    /// To `show`, `refresh`, `login`, `await` and `redirect`: the user has to sign in.
    Pending(Pending),
    /// To `show`, `refresh`, `login` and `await`: a server has been asked for what a sign-in begins with, and has not
    /// answered.
    Starting {
        /// Who was asked: for a code for the user, or for the endpoints.
        host: String,
    },
    /// To `show`, `refresh`, `login`, `await` and `redirect`: the authorization code is being exchanged; no URL to
    /// visit.
    Exchanging {
        /// Why the last try failed, if one did.
        #[serde(default)]
        last_error: Option<String>,
    },
    /// To `show`, `login`, `await` and `redirect`: the access token has expired and can be refreshed.
    Expired(Expired),
    /// To `show`: the client signs in by itself, and has no access token yet.
    Fetching(Expired),
    /// To `refresh`: a refresh is under way or will start as soon as it may.
    RefreshScheduled {
        /// Seconds until it begins; 0 where it begins now or is under way.
        #[serde(default)]
        refresh_in: u64,
    },
    /// To `refresh` of who has waited: there is a new access token.
    Refreshed {
        /// When it expires.
        expires: Option<UnixTime>,
    },
    /// To `revoke`.
    Revoked {
        /// The host that has revoked them, where one was asked to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remote: Option<String>,
    },
    /// To any request: it was not done. What it has begun goes on: a refresh, a sign-in, the try of an imported refresh
    /// token.
    Refused {
        /// For programs.
        kind: Refusal,
        /// For people: lower case, no full stop; may have several lines.
        message: String,
        /// With `not_valid_long_enough`: seconds for which the access token is valid.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        valid_for: Option<u64>,
    },
}

impl Response {
    /// A refusal of this kind.
    pub fn refused(kind: Refusal, message: String) -> Self {
        Self::Refused { kind, message, valid_for: None }
    }
}

/// What the daemon answers about itself and all accounts, which may be long, and to who leads through a sign-in. Apart
/// from [`Response`], so that the small commands have no code for what they never ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    /// To `login`, `await` and `redirect`: there is a valid access token.
    SignedIn(SignedIn),
    /// To `await` and `redirect`: the sign-in has come to nothing.
    Failed {
        /// Why, for people.
        message: String,
    },
    /// To `reload`.
    Reloaded {
        /// Warnings about the configuration file, ready to print.
        warnings: Vec<String>,
    },
    /// To `dump`.
    Dump {
        /// The token state.
        dump: Dump,
    },
    /// To `restore`.
    Restored {
        /// Accounts whose tokens were taken from the dump.
        restored: Vec<String>,
        /// Accounts whose present tokens are at least as good.
        kept: Vec<String>,
        /// Accounts of the dump that could not be taken.
        skipped: Vec<Skipped>,
    },
    /// To `import`.
    Imported(Imported),
    /// To `status`, sorted by account.
    Status {
        /// A row for each account.
        accounts: Vec<AccountStatus>,
        /// Whether what it restores is there.
        #[serde(default)]
        startup_cmd: StartupCmd,
        /// How tokens are saved.
        #[serde(default)]
        saved_state: SavedState,
    },
    /// To `info`.
    Info(DaemonInfo),
    /// To `shutdown`. The connection stays open until the daemon is gone.
    ShuttingDown {
        /// Whether the caller may wait for that; not from inside one of the daemon's own hooks.
        wait: bool,
    },
}

/// Any answer of the daemon. Which of the two it is, its frame says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// A short one.
    Response(Response),
    /// One that may be long.
    Report(Report),
}

impl From<Response> for Answer {
    fn from(response: Response) -> Self {
        Self::Response(response)
    }
}

impl From<Report> for Answer {
    fn from(report: Report) -> Self {
        Self::Report(report)
    }
}

/// Of an access token that has expired, or is not there yet: what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expired {
    /// Why the last refresh failed, if it did.
    pub last_error: Option<String>,
    /// Whether a person has to mend something before a refresh can succeed.
    pub needs_attention: bool,
    /// Seconds until the next refresh may begin; 0 where it begins now or is under way.
    pub refresh_in: u64,
}

/// An account of a dump that `restore` did not take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// The account in the dump.
    pub account: String,
    /// Why it was not taken.
    pub reason: String,
}

/// What the running daemon says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaemonInfo {
    /// Its version.
    pub version: String,
    /// Its process id.
    pub pid: u32,
    /// Tells it from every other daemon that ever ran: a random number, in hexadecimal.
    #[serde(default)]
    pub instance: String,
    /// How its `startup_cmd` has fared.
    #[serde(default)]
    pub startup_cmd: StartupCmd,
    /// How it saves tokens.
    #[serde(default)]
    pub saved_state: SavedState,
    /// The configuration file it was started with.
    pub config_file: String,
    /// The extra socket, where there is one.
    #[serde(default)]
    pub extra_socket: Option<String>,
    /// The port of the HTTP redirect listener.
    pub http_port: Option<u16>,
    /// The port of the HTTPS redirect listener.
    pub https_port: Option<u16>,
    /// The public key of the HTTPS certificate: upper-case hex with colons.
    pub https_public_key: Option<String>,
    /// SHA-256 of the HTTPS certificate: upper-case hex with colons.
    pub https_fingerprint: Option<String>,
}
