//! The states of an account. What must not exist cannot be written down here: no refresh without a refresh
//! token, no second request while one is in flight, no reminder that disturbs an exchange.

mod active_token;
mod kept;

use core::mem;
use core::time::Duration;

use pizauth_common::ipc::message::Method;
use pizauth_common::secret::Secret;

pub(super) use active_token::ActiveToken;
pub(super) use kept::Kept;

use super::invitation::Invitation;
use super::renewal::Renewal;
use super::tickets::JobId;
use crate::moment::Moment;
use crate::oauth::authorization_request::AuthorizationRequest;
use crate::oauth::device_request::DeviceAuthorization;
use crate::prelude::*;

/// Where an account is in the life of its token.
#[derive(Debug)]
pub(super) enum TokenState {
    /// No token, nothing under way.
    Empty,
    /// A server is asked for what a sign-in begins with: where that is, or codes for another device.
    Starting(Starting),
    /// An authorization request waits for the user's browser.
    Pending(PendingAuthorization),
    /// A code waits for the user to type it on another device.
    OnDevice(Box<DeviceSignIn>),
    /// The authorization code is being exchanged.
    Exchanging(Exchange),
    /// There is an access token.
    Active(ActiveToken),
    /// The first access token of a client that signs in by itself is asked for.
    Fetching(Renewal),
}

impl TokenState {
    /// The tokens, also while an authorization that may take their place is being completed.
    pub(super) fn token(&self) -> Option<&ActiveToken> {
        match self {
            Self::Active(token) => Some(token),
            Self::Exchanging(exchange) => exchange.kept.as_deref(),
            Self::Starting(starting) => starting.kept.as_deref(),
            Self::OnDevice(sign_in) => sign_in.kept.as_deref(),
            _ => None,
        }
    }

    pub(super) fn token_mut(&mut self) -> Option<&mut ActiveToken> {
        match self {
            Self::Active(token) => Some(token),
            Self::Exchanging(exchange) => exchange.kept.as_deref_mut(),
            Self::Starting(starting) => starting.kept.as_deref_mut(),
            Self::OnDevice(sign_in) => sign_in.kept.as_deref_mut(),
            Self::Empty | Self::Pending(_) | Self::Fetching(_) => None,
        }
    }

    /// What brings the next access token without a user, where nothing else is about to.
    pub(super) fn renewal(&self) -> Option<&Renewal> {
        match self {
            Self::Active(ActiveToken { renewal, .. }) | Self::Fetching(renewal) => Some(renewal),
            _ => None,
        }
    }

    pub(super) fn renewal_mut(&mut self) -> Option<&mut Renewal> {
        match self {
            Self::Active(ActiveToken { renewal, .. }) | Self::Fetching(renewal) => Some(renewal),
            _ => None,
        }
    }

    /// The authorization request that waits for the user, also where there are tokens meanwhile.
    pub(super) fn pending(&self) -> Option<&PendingAuthorization> {
        match self {
            Self::Pending(pending) => Some(pending),
            Self::Active(token) => token.sign_in.as_deref(),
            _ => None,
        }
    }

    /// What the user has to do to sign in, where it is known.
    pub(super) fn invitation(&self) -> Option<Invitation> {
        match self {
            Self::OnDevice(sign_in) => Some(sign_in.invitation()),
            _ => self.pending().map(PendingAuthorization::invitation),
        }
    }

    /// Whether a sign-in waits for the user, or is being prepared or completed.
    pub(super) fn awaits_sign_in(&self) -> bool {
        matches!(self, Self::Starting(_) | Self::OnDevice(_) | Self::Exchanging(_))
            || self.pending().is_some()
    }

    /// When the user hears of that, for the first time or again.
    pub(super) fn reminder(&self) -> Option<Reminder> {
        match self {
            Self::OnDevice(sign_in) => Some(sign_in.reminder),
            _ => self.pending().map(|pending| pending.reminder),
        }
    }

    pub(super) fn reminder_mut(&mut self) -> Option<&mut Reminder> {
        match self {
            Self::Pending(pending) => Some(&mut pending.reminder),
            Self::OnDevice(sign_in) => Some(&mut sign_in.reminder),
            Self::Active(token) => token.sign_in.as_deref_mut().map(|pending| &mut pending.reminder),
            _ => None,
        }
    }

    /// Whether a code waits for the user that has had its time.
    pub(super) fn has_dead_codes(&self, now: Moment) -> bool {
        matches!(self, Self::OnDevice(sign_in) if sign_in.expires_at <= now)
    }

    /// Forgets a sign-in that waits for a server or for the user: what is left are the tokens beside it.
    pub(super) fn without_sign_in(self) -> Self {
        let kept = match self {
            Self::Active(token) => return Self::Active(ActiveToken { sign_in: None, ..token }),
            Self::Starting(starting) => starting.kept,
            Self::OnDevice(sign_in) => sign_in.kept,
            Self::Pending(_) => None,
            Self::Empty | Self::Exchanging(_) | Self::Fetching(_) => return self,
        };
        kept.map_or(Self::Empty, |kept| Self::Active(kept.back()))
    }

    /// Takes the authorization request out, and with it the tokens that it may take the place of.
    pub(super) fn take_pending(&mut self) -> Option<(PendingAuthorization, Option<ActiveToken>)> {
        match mem::replace(self, Self::Empty) {
            Self::Pending(pending) => Some((pending, None)),
            Self::Active(mut token) => {
                let pending = token.sign_in.take();
                if pending.is_none() {
                    *self = Self::Active(token);
                    return None;
                }
                pending.map(|pending| (*pending, Some(token)))
            }
            other => {
                *self = other;
                None
            }
        }
    }
}

/// An authorization request that waits for the user.
#[derive(Debug)]
pub(super) struct PendingAuthorization {
    pub(super) request: AuthorizationRequest,
    pub(super) reminder: Reminder,
}

impl PendingAuthorization {
    pub(super) fn invitation(&self) -> Invitation {
        Invitation { url: self.request.url.clone(), code: None }
    }
}

/// When the user is told of what they have to do, for the first time or again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reminder {
    pub(super) at: Moment,
    pub(super) heard: Heard,
}

/// What the user knows of what they have to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    Nothing,
    /// They see it, and are told no more than that it has begun.
    SeesIt,
    /// They have been told.
    Told,
}

/// A sign-in that cannot begin yet: its issuer has to name the endpoints, or a server to give codes for another device.
#[derive(Debug)]
pub(super) struct Starting {
    pub(super) by: StartsBy,
    /// The user waits for that, and sees it without being told.
    pub(super) is_known: bool,
    pub(super) kept: Option<Kept>,
}

/// What a sign-in that cannot begin yet waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StartsBy {
    /// The endpoint where the user's browser begins.
    Browser,
    /// Codes for another device, which are to be asked for.
    Codes,
    /// The answer to that.
    CodesAskedFor { job: JobId },
}

impl StartsBy {
    pub(super) fn method(self) -> Method {
        match self {
            Self::Browser => Method::Browser,
            Self::Codes | Self::CodesAskedFor { .. } => Method::Device,
        }
    }
}

/// Codes that a server has given for a sign-in on another device.
#[derive(Debug)]
pub(super) struct DeviceSignIn {
    pub(super) given: DeviceAuthorization,
    pub(super) expires_at: Moment,
    /// As the server wants it.
    pub(super) interval: Duration,
    /// Between polls: the interval, doubled with each answer that decides nothing, until one does.
    pub(super) pause: Duration,
    pub(super) poll: Poll,
    pub(super) reminder: Reminder,
    pub(super) kept: Option<Kept>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Poll {
    /// The next one starts at `due`.
    Waiting { due: Moment },
    /// One is under way.
    InFlight { job: JobId },
}

/// A code on its way to become a token. The ticket is the same for all tries: a code is never sent twice,
/// so a further try exists only where none has reached the server.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) job: JobId,
    pub(super) code: Secret,
    pub(super) code_verifier: Secret,
    pub(super) redirect_uri: String,
    pub(super) tries: u32,
    pub(super) stage: ExchangeStage,
    pub(super) kept: Option<Kept>,
}

impl Exchange {
    /// Whether a try has come to nothing.
    pub(super) fn has_failed(&self) -> bool {
        let under_way = u32::from(self.stage == ExchangeStage::InFlight);
        self.tries > under_way
    }
}

/// Whether a try of the exchange is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ExchangeStage {
    /// The next try starts at `due`.
    Waiting { due: Moment },
    /// A try is under way.
    InFlight,
}
