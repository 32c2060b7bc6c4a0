//! Sign-ins that have come to nothing.

use pizauth_common::ipc::message::Method;

use super::entry::Entry;
use super::event::Happened;
use super::outbox::Outbox;
use super::token_state::{ActiveToken, Kept, TokenState};
use crate::moment::Now;
use crate::oauth::outcome::Reason;
use crate::oauth::served::{Lacking, has_none};

/// An authorization came to nothing: back to the tokens that it would have taken the place of, if there are any.
pub(super) fn authorization_failed(
    entry: &mut Entry,
    tokens: Option<ActiveToken>,
    reason: Reason,
    now: Now,
    outbox: &mut Outbox,
) {
    entry.state = TokenState::Empty;
    entry.failed(&reason, now.moment);
    if let Some(token) = tokens {
        entry.state = TokenState::Active(token);
    }
    let is_news = entry.told.is_news(&reason);
    outbox.tell(entry, Happened::AuthorizationFailed { reason, is_news });
}

/// The same of whatever stage a sign-in is at.
pub(super) fn sign_in_failed(entry: &mut Entry, reason: Reason, now: Now, outbox: &mut Outbox) {
    let tokens = match &mut entry.state {
        TokenState::Exchanging(exchange) => {
            let kept = exchange.kept.take().map(Kept::back);
            // Its page, loaded again, would tell of tokens that it has not brought.
            entry.forget_used();
            kept
        }
        _ => entry.take_tokens(),
    };
    authorization_failed(entry, tokens, reason, now, outbox);
}

/// The issuer no longer has the endpoint that a sign-in was to begin at.
pub(super) fn lose_endpoint(entry: &mut Entry, now: Now, outbox: &mut Outbox) {
    if let (TokenState::Starting(starting), Some(issuer)) = (&entry.state, entry.account.asks()) {
        let reason = has_none(issuer, endpoint_of(starting.by.method()));
        sign_in_failed(entry, reason, now, outbox);
    }
}

/// What a sign-in by this method begins at.
pub(super) fn endpoint_of(method: Method) -> Lacking {
    match method {
        Method::Browser => "authorization_endpoint",
        Method::Device => "device_authorization_endpoint",
    }
}
