//! What callers are told whose account waits for its user.

use std::time::Duration;

use pizauth_common::account_name::as_argument;
use pizauth_common::ipc::message::{Method, Pending, Refusal, Response};
use pizauth_common::roughly::roughly;
use pizauth_core::keeper::{Invitation, UserCode};
use pizauth_core::moment::Now;
use pizauth_core::oauth::outcome::Reason;

use super::Rooms;
use super::answers::Refused;

impl Rooms {
    /// What the user has to do; `more`, where another answer follows.
    pub(super) fn pending(&self, account: &str, invitation: Invitation, more: bool, now: Now) -> Response {
        let Invitation { url, code } = invitation;
        let pending = Pending { more, ..Pending::at(url) };
        Response::Pending(match code {
            Some(UserCode { user_code, verification_uri, expires_at }) => Pending {
                method: Some(Method::Device),
                user_code: Some(user_code),
                verification_uri: Some(verification_uri),
                expires: Some(now.wall_at(expires_at)),
                ..pending
            },
            None => Pending {
                method: Some(Method::Browser),
                listener_error: self.listener_error(account),
                ..pending
            },
        })
    }

    /// Why no browser can come back.
    fn listener_error(&self, account: &str) -> Option<String> {
        let scheme = self.keeper.redirect_scheme(account)?;
        self.redirect_listener.why_missing(scheme).map(str::to_owned)
    }
}

/// Nobody knows where a sign-in to it would begin.
pub(super) fn unserved(account: &str, reason: &Reason, asked_in: Duration) -> Refused {
    let message = format!(
        "no access token for account {account:?}: {reason}; when that is mended: pizauth reload, or pizauth refresh {} \
         (it is asked again in {})",
        as_argument(account),
        roughly(asked_in)
    );
    Refused(Refusal::Ended, message)
}

/// There is no further code yet: nobody has used the last one.
pub(super) fn no_code_yet(account: &str, last_error: Option<Reason>, next_code_in: Duration) -> Refused {
    let why = last_error.map(|reason| format!(": {reason}")).unwrap_or_default();
    let message = format!(
        "the last sign-in to account {account:?} came to nothing{why}; show makes another code in {}, and at once \
         does: pizauth refresh {}",
        roughly(next_code_in),
        as_argument(account)
    );
    Refused(Refusal::NoCodeYet, message)
}
