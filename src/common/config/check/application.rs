//! Grants by which a client signs in by itself.

use super::options::Seen;
use super::provider::Provider;
use crate::config::client_auth::ClientAuth;
use crate::config::grant::{Application, Grant};
use crate::config::problems::Problems;

/// What is about a user who signs in.
const OF_SIGN_INS: [&str; 5] =
    ["auth_uri", "auth_uri_fields", "device_auth_uri", "login_hint", "redirect_uri"];

/// Microsoft's tenants that are no organization.
const SHARED_TENANTS: [&str; 3] = ["common", "organizations", "consumers"];

/// `grant = "client_credentials"`. `place` is the account's.
pub(super) fn read<'a>(
    provider: Option<&Provider>,
    place: &'a str,
    seen: &Seen<'_, 'a>,
    problems: &mut Problems<'a>,
) -> Grant {
    let grant = Grant::Application(Application::ClientCredentials);
    let name = grant.name();
    for option in OF_SIGN_INS {
        if let Some(unused) = seen.place(option) {
            let message = format!("'{option}' has no effect with grant = \"{name}\": no user signs in");
            problems.warning(unused, message);
        }
    }
    if provider.and_then(Provider::tenant).is_some_and(|tenant| SHARED_TENANTS.contains(&tenant)) {
        let message = format!("grant = \"{name}\" needs your organization's tenant = \"TENANT-ID\"");
        problems.error(seen.place("tenant").or(seen.place("grant")).unwrap_or(place), message);
    }
    grant
}

/// Whoever signs in by itself has to prove who it is.
pub(super) fn check_proof<'a>(
    grant: &Grant,
    client_auth: &ClientAuth,
    seen: &Seen<'_, 'a>,
    problems: &mut Problems<'a>,
) {
    if grant.application().is_some()
        && *client_auth == ClientAuth::None
        && !has_unusable_proof(seen)
        && let Some(place) = seen.place("grant")
    {
        let message = format!(
            "grant = \"{}\" needs a client_secret or a client_key_file: nothing else proves who asks",
            grant.name()
        );
        problems.error(place, message);
    }
}

/// Something is there that was reported as wrong already.
fn has_unusable_proof(seen: &Seen) -> bool {
    seen.get("client_key_file").is_some()
}
