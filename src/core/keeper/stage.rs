//! The stages of a sign-in, as whoever leads its user through it is told them, and how they are told apart.

use pizauth_common::ipc::message::State;
use sha2::{Digest, Sha256};

use super::invitation::Invitation;
use super::renewal::Renewing;
use crate::oauth::outcome::Reason;
use crate::prelude::*;

/// Where an account stands, for whoever leads its user through a sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignInStage {
    /// This host has been asked for what a sign-in begins with (a code for the user, or the endpoints), and has not
    /// answered.
    Starting(String),
    /// The user has to do something.
    Pending(Invitation),
    /// The authorization is being completed.
    Exchanging {
        /// Why the last try to do so failed, if one did.
        last_error: Option<Reason>,
    },
    /// There is a valid access token.
    SignedIn {
        /// Whether it can be refreshed.
        refreshable: bool,
        /// What a person has to mend before that.
        attention: Option<Reason>,
        /// Who has signed in in place of the one that `login_hint` names, or `user`.
        signed_in_as: Option<String>,
    },
    /// The access token has expired and can be refreshed.
    Expired(Renewing),
    /// The last sign-in has failed, and none is under way.
    Failed(Reason),
    /// No sign-in is under way, and there is no access token; why, where somebody has had the tokens forgotten.
    SignedOut(Option<&'static str>),
}

/// Tells the stages apart that a caller may have seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StageMark([u8; 32]);

impl StageMark {
    /// Of an account in this state, and of what was said of it: URL and code count where it is pending, an error where
    /// its authorization is being completed.
    pub fn of(state: State, url: Option<&str>, user_code: Option<&str>, last_error: Option<&str>) -> Self {
        let said = match state {
            State::Pending => [url, user_code],
            State::Exchanging => [last_error, None],
            State::Empty | State::Starting | State::Active | State::Fetching => [None, None],
        };
        let mut digest = Sha256::new_with_prefix(state.as_str());
        for text in said {
            // No text has such a byte.
            digest.update([0xff, u8::from(text.is_some())]);
            digest.update(text.unwrap_or_default());
        }
        Self(digest.finalize().into())
    }
}

impl SignInStage {
    /// What it differs by from others.
    pub fn mark(&self) -> StageMark {
        let plain = |state| StageMark::of(state, None, None, None);
        match self {
            Self::Starting(_) => plain(State::Starting),
            Self::Pending(invitation) => invitation.mark(),
            Self::Exchanging { last_error } => {
                let error = last_error.as_ref().map(Reason::as_str);
                StageMark::of(State::Exchanging, None, None, error)
            }
            Self::SignedIn { .. } | Self::Expired(_) => plain(State::Active),
            Self::Failed(_) | Self::SignedOut(_) => plain(State::Empty),
        }
    }
}

impl Invitation {
    /// That of the stage in which this is what the user has to do.
    pub fn mark(&self) -> StageMark {
        let code = self.code.as_ref().map(|code| code.user_code.as_str());
        StageMark::of(State::Pending, Some(&self.url), code, None)
    }
}
