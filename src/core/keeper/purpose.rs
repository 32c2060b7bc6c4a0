//! What a request is for: this decides who judges its answer.

use pizauth_common::config::{Account, Endpoint};
use pizauth_common::secret::Secret;

use super::effect::Effect;
use super::tickets::JobId;
use crate::http::{Answer, Lost, Stamp};
use crate::oauth::device_poll::{DevicePoll, Polled};
use crate::oauth::device_request::{DeviceAuthorization, DeviceRequest};
use crate::oauth::outcome::{Outcome, Reason};
use crate::oauth::revocation::{RevocationRequest, Revoked};
use crate::oauth::token_request::TokenRequest;

/// A request that has been handed out.
#[derive(Debug)]
pub(super) enum Purpose {
    /// A token, for a code or by a refresh.
    Token(TokenRequest),
    /// Codes for a sign-in on another device.
    Codes(DeviceRequest),
    /// Whether the user has signed in there.
    Poll(DevicePoll),
    /// The end of a token at its server.
    Revocation(RevocationRequest),
}

/// What its answer means, or the lack of one.
#[derive(Debug)]
pub(super) enum Meaning {
    Token(Outcome),
    Codes(Result<DeviceAuthorization, Reason>),
    Poll(Polled),
    Revocation(Revoked),
}

impl Purpose {
    /// What the log calls the request: its `grant_type`, where it has one.
    pub(super) fn logged_as(&self) -> &'static str {
        match self {
            Self::Token(request) => request.grant.as_str(),
            Self::Codes(_) => DeviceRequest::LOGGED_AS,
            Self::Poll(poll) => poll.request.grant.as_str(),
            Self::Revocation(_) => RevocationRequest::LOGGED_AS,
        }
    }

    /// Where such requests of an account go.
    pub(super) fn endpoint<'a>(&self, account: &'a Account) -> Option<&'a Endpoint> {
        match self {
            Self::Token(_) | Self::Poll(_) => Some(&account.token_uri),
            Self::Codes(_) => account.grant.device().map(|device| &device.device_auth_uri),
            Self::Revocation(_) => account.revocation_uri.as_ref(),
        }
    }

    /// What is to be done for it. What is to be signed for it gets a `stamp`.
    pub(super) fn effect(&self, job: JobId, stamp: impl FnOnce() -> Stamp) -> Effect {
        let mut request = match self {
            Self::Token(request) => request.http(),
            Self::Codes(request) => request.http(),
            Self::Poll(poll) => poll.http(),
            Self::Revocation(request) => request.http(),
        };
        if let Some(assertion) = &mut request.assertion {
            assertion.stamp = stamp();
        }
        Effect::Http { job, request }
    }

    /// The client's secret, where one is sent.
    pub(super) fn client_secret(&self) -> Option<&Secret> {
        match self {
            Self::Token(request) => request.client_secret(),
            Self::Codes(request) => request.client_secret(),
            Self::Poll(poll) => poll.request.client_secret(),
            Self::Revocation(request) => request.client_secret(),
        }
    }

    pub(super) fn judge(&self, result: Result<Answer, Lost>) -> Meaning {
        match self {
            Self::Token(request) => Meaning::Token(request.outcome(result)),
            Self::Codes(request) => Meaning::Codes(request.outcome(result)),
            Self::Poll(poll) => Meaning::Poll(poll.outcome(result)),
            Self::Revocation(request) => Meaning::Revocation(request.outcome(result)),
        }
    }
}

impl Meaning {
    /// Why the server does not do what it was asked for, where it does not and no later try can mend it.
    pub(super) fn refusal(&self) -> Option<&Reason> {
        match self {
            Self::Token(Outcome::NeedsAttention(reason))
            | Self::Codes(Err(reason))
            | Self::Poll(Polled::Failed(reason))
            | Self::Revocation(Revoked::NotDone(reason)) => Some(reason),
            _ => None,
        }
    }

    /// The same, where what the server refuses is what proves the client.
    pub(super) fn refusal_of_client(&self) -> Option<&Reason> {
        self.refusal().filter(|reason| reason.refuses_client())
    }

    /// In a word, for the log.
    pub(super) fn as_str(&self) -> &'static str {
        match self {
            Self::Token(outcome) => outcome.as_str(),
            Self::Codes(Ok(_)) => "issued",
            Self::Codes(Err(_)) => "ended",
            Self::Poll(polled) => polled.as_str(),
            Self::Revocation(revoked) => revoked.as_str(),
        }
    }
}
