//! What `token_event_cmd` is told of.

/// What happened to a token, for `token_event_cmd`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenEvent {
    /// An authorization succeeded.
    New,
    /// A refresh succeeded.
    Refreshed,
    /// The session was ended by the server, by the configuration or by a hook.
    Invalidated,
    /// The user revoked it.
    Revoked,
}

impl TokenEvent {
    /// The value of `PIZAUTH_EVENT`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "token_new",
            Self::Refreshed => "token_refreshed",
            Self::Invalidated => "token_invalidated",
            Self::Revoked => "token_revoked",
        }
    }
}
