//! The device grant (RFC 8628): codes, the page where the user types one, and the polls.

use serde_json::{Value, json};

use crate::html;
use crate::policy::Policy;
use crate::store::{Approval, DeviceCode, Polled, Store};
use crate::token::Refusal;
use crate::wire::{Request, Response};

/// The device authorization endpoint (RFC 8628 §3.1). The client is known already.
pub(crate) fn authorize(
    request: &Request,
    client_id: &str,
    policy: &Policy,
    store: &mut Store,
    issuer: &str,
) -> Value {
    let approval = Approval {
        client_id: client_id.to_owned(),
        redirect_uri: String::new(),
        scope: request.form("scope").unwrap_or_default().to_owned(),
        code_challenge: String::new(),
        offline: true,
    };
    let (device_code, user_code) = store.issue_device_code(approval, policy.device_code_lifetime);
    json!({
        "device_code": device_code,
        "user_code": user_code,
        "verification_uri": format!("{issuer}/verify"),
        "verification_uri_complete": format!("{issuer}/verify?user_code={user_code}"),
        "expires_in": policy.device_code_lifetime.as_secs(),
        "interval": policy.device_interval.as_secs(),
    })
}

/// What a poll gets (RFC 8628 §3.5) where it does not get a token.
pub(crate) fn refusal(polled: Polled) -> Refusal {
    match polled {
        Polled::Unknown => Refusal(400, "invalid_grant", "unknown or used device_code"),
        Polled::Expired => Refusal(400, "expired_token", "the device_code has expired"),
        Polled::Denied => Refusal(400, "access_denied", "the user pressed Deny"),
        Polled::Pending => Refusal(400, "authorization_pending", "the user has not decided"),
        Polled::TooSoon => Refusal(400, "slow_down", "sooner than the interval"),
    }
}

/// The page where the user types the code, and what its buttons do.
pub(crate) fn page(request: &Request, store: &mut Store) -> Response {
    let decided = request.form("user_code").zip(request.form("decision"));
    let Some((user_code, decision)) = decided else {
        return Response::html(
            200,
            html::page("Sign in", &form(request.query("user_code").unwrap_or_default())),
        );
    };
    let decision = if decision == "approve" { DeviceCode::Approved } else { DeviceCode::Denied };
    match store.decide_device_code(user_code, decision) {
        true => Response::html(200, html::page("Done", "<p>Go back to your device.</p>")),
        false => Response::html(400, html::page("Unknown code", &form(user_code))),
    }
}

fn form(user_code: &str) -> String {
    format!(
        "<form method=\"post\" action=\"/verify\">\n<p>The code that your device shows: \
         <input name=\"user_code\" value=\"{}\"></p>\n\
         <button name=\"decision\" value=\"approve\">Approve</button>\n\
         <button name=\"decision\" value=\"deny\">Deny</button>\n</form>",
        html::escape(user_code)
    )
}
