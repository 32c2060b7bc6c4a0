//! Grants by which a client signs in by itself.

use super::client_key;
use super::client_secret;
use super::draft::AccountDraft;
use super::grant_name::GrantName;
use super::microsoft::SHARED_TENANTS;
use super::options::Seen;
use super::provider::Provider;
use crate::config::client_auth::ClientAuth;
use crate::config::grant::{Application, Grant, JwtBearer};
use crate::config::problems::Problems;

/// Options that are about a user who signs in.
const OF_SIGN_INS: [&str; 5] =
    ["auth_uri", "auth_uri_fields", "device_auth_uri", "login_hint", "redirect_uri"];

/// Options by which a client proves who it is, which a signed grant makes needless.
const PROOFS: [&str; 3] = ["client_auth", "client_secret", "client_secret_cmd"];

const SUBJECT: &str = "subject";

/// `grant = "client_credentials"`. `place` is the account's.
pub(super) fn client_credentials<'a>(
    provider: Option<&Provider>,
    place: &'a str,
    seen: &Seen<'_, 'a>,
    problems: &mut Problems<'a>,
) -> Grant {
    let grant = Grant::Application(Application::ClientCredentials);
    check(grant.name(), provider, place, seen, problems);
    grant
}

/// `grant = "jwt_bearer"`; none where something is missing, which is reported. `place` is the account's.
pub(super) fn jwt_bearer<'a>(
    draft: &mut AccountDraft,
    provider: Option<&Provider>,
    place: &'a str,
    seen: &Seen<'_, 'a>,
    problems: &mut Problems<'a>,
) -> Option<Grant> {
    for unused in PROOFS.into_iter().filter_map(|option| seen.get(option)) {
        let message = format!(
            "'{}' has no effect with grant = \"jwt_bearer\": what the key signs is all that is sent",
            unused.name
        );
        problems.warning(unused.name, message);
    }
    let (key, subject) = (draft.client_key.take()?, draft.subject.take()?.into());
    let grant = Grant::Application(Application::JwtBearer(JwtBearer { key, subject }));
    check(grant.name(), provider, place, seen, problems);
    Some(grant)
}

/// Complains where there is nothing to sign with, or nobody to sign for. `place` is the account's.
pub(super) fn report_missing<'a>(place: &'a str, seen: &Seen<'_, 'a>, problems: &mut Problems<'a>) {
    for option in [client_key::FILE, SUBJECT].into_iter().filter(|option| seen.get(option).is_none()) {
        problems.error(place, format!("this account has no {option}, which grant = \"jwt_bearer\" needs"));
    }
}

pub(super) fn report_unused_subject<'a>(grant: GrantName, seen: &Seen<'_, 'a>, problems: &mut Problems<'a>) {
    if let Some(unused) = seen.place(SUBJECT).filter(|_| grant != GrantName::JwtBearer) {
        problems.warning(unused, "'subject' has no effect without grant = \"jwt_bearer\"");
    }
}

fn check<'a>(
    name: &str,
    provider: Option<&Provider>,
    place: &'a str,
    seen: &Seen<'_, 'a>,
    problems: &mut Problems<'a>,
) {
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
}

/// Whoever asks for itself has to prove who it is.
pub(super) fn check_proof<'a>(
    grant: &Grant,
    client_auth: &ClientAuth,
    seen: &Seen<'_, 'a>,
    problems: &mut Problems<'a>,
) {
    if !grant.is_for_user()
        && *client_auth == ClientAuth::None
        && !has_unusable_proof(seen)
        && let Some(place) = seen.place("grant")
    {
        let message = format!(
            "grant = \"{}\" needs a client_secret, a client_secret_cmd or a client_key_file: nothing else proves who \
             asks",
            grant.name()
        );
        problems.error(place, message);
    }
}

/// Where nothing proves who the client is: whether that is because of an option that has been reported as wrong
/// already.
fn has_unusable_proof(seen: &Seen) -> bool {
    seen.get("client_key_file").is_some() || client_secret::is_unusable(seen)
}
