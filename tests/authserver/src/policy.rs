//! What the server does when nothing is scripted: lifetimes, rotation, secrets.

use std::collections::HashMap;
use std::time::Duration;

/// When a refresh token comes with the access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshTokens {
    /// Always.
    Always,
    /// Only for `access_type=offline`, and from the second time on only with `prompt=consent`, as Google does.
    OfflineConsent,
    /// Never.
    Never,
}

/// Where a client's secret has to be (RFC 6749 §2.3.1); in two places at once it is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretIs {
    /// In the body, or as Basic.
    Anywhere,
    /// In the body, `client_secret_post`.
    InTheBody,
    /// `client_secret_basic`.
    Basic,
}

/// The server's rules. Change them while it runs with [`crate::AuthServer::change_policy`].
#[derive(Clone, Debug)]
pub struct Policy {
    /// `expires_in` of an access token; it is introspected as inactive after that.
    pub access_token_lifetime: Duration,
    /// How long an authorization code can be exchanged.
    pub code_lifetime: Duration,
    /// How long the codes of the device grant are good.
    pub device_code_lifetime: Duration,
    /// The time that has to lie between polls.
    pub device_interval: Duration,
    /// Whether a refresh replaces the refresh token.
    pub rotate: bool,
    /// Whether use of a replaced refresh token ends the whole session (RFC 9700 §4.14.2).
    pub detect_reuse: bool,
    /// Whether the replaced refresh token that was used last is good all the same.
    pub forgive_last: bool,
    /// When a refresh token is issued.
    pub refresh_tokens: RefreshTokens,
    /// The secrets of confidential clients, by `client_id`; any other client is public and must send none.
    pub client_secrets: HashMap<String, String>,
    /// How those have to show it.
    pub secret_is: SecretIs,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            access_token_lifetime: Duration::from_secs(3600),
            code_lifetime: Duration::from_secs(60),
            device_code_lifetime: Duration::from_secs(600),
            device_interval: Duration::from_secs(5),
            rotate: false,
            detect_reuse: true,
            forgive_last: false,
            refresh_tokens: RefreshTokens::Always,
            client_secrets: HashMap::new(),
            secret_is: SecretIs::Anywhere,
        }
    }
}
