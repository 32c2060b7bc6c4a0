//! How an account comes to its first token: which of its options that takes.

use std::sync::Arc;

use super::application;
use super::draft::AccountDraft;
use super::global::Global;
use super::grant_name::GrantName;
use super::options::Seen;
use super::provider::Provider;
use super::redirect::{REDIRECT_URI, check_listener};
use crate::config::endpoint::Endpoint;
use crate::config::grant::{AuthorizationCode, DeviceCode, Grant};
use crate::config::problems::Problems;
use crate::config::uri::Uri;

/// Complains where the endpoint is missing at which the sign-in begins. `place` is the account's.
pub(super) fn report_missing<'a>(
    place: &'a str,
    draft: &AccountDraft,
    seen: &Seen<'_, 'a>,
    problems: &mut Problems<'a>,
) {
    // Where `grant` is wrong nobody knows which endpoint it takes.
    let Some(name) = name(draft, seen) else { return };
    if name == GrantName::JwtBearer {
        return application::report_missing(place, seen, problems);
    }
    let Some(option) = name.endpoint() else { return };
    if seen.get(option).is_some() || is_supplied(name, draft, seen) {
        return;
    }
    if name == GrantName::DeviceCode && draft.provider.is_some_and(|preset| preset.name == "google") {
        let message = "Google's device flow refuses mail scopes; use \"authorization_code\" (and \"pizauth \
                       login --paste\" where there is no browser)";
        return problems.error(seen.place("grant").unwrap_or(place), message);
    }
    let why = match name {
        GrantName::DeviceCode => "grant = \"device_code\" needs",
        _ => "is mandatory",
    };
    problems.error(place, format!("this account has no {option}, which {why}"));
}

/// Whether the provider has that endpoint, or an issuer may. So may an issuer or a provider that could not be read.
fn is_supplied(name: GrantName, draft: &AccountDraft, seen: &Seen) -> bool {
    match (name, draft.provider) {
        _ if seen.get("issuer").is_some() => true,
        (GrantName::DeviceCode, Some(preset)) => preset.device_auth_uri.is_some(),
        _ => seen.get("provider").is_some(),
    }
}

/// Whether neither option nor provider, which the draft has been completed by, tell where a sign-in begins.
pub(super) fn lacks_endpoint(draft: &AccountDraft, seen: &Seen) -> bool {
    match name(draft, seen) {
        Some(GrantName::AuthorizationCode) => draft.auth_uri.is_none(),
        Some(GrantName::DeviceCode) => draft.device_auth_uri.is_none(),
        Some(GrantName::ClientCredentials | GrantName::JwtBearer) | None => false,
    }
}

/// What the options come to; none where one is missing, which is reported.
pub(super) fn read<'a>(
    draft: &mut AccountDraft,
    fields: Vec<(String, String)>,
    provider: Option<&Provider>,
    place: &'a str,
    seen: &Seen<'_, 'a>,
    global: &Global,
    problems: &mut Problems<'a>,
) -> Option<Grant> {
    let name = name(draft, seen)?;
    application::report_unused_subject(name, seen, problems);
    match name {
        GrantName::AuthorizationCode | GrantName::DeviceCode => {}
        GrantName::ClientCredentials => {
            return Some(application::client_credentials(provider, place, seen, problems));
        }
        GrantName::JwtBearer => return application::jwt_bearer(draft, provider, place, seen, problems),
    }
    let (auth_uri, device_auth_uri) = (draft.auth_uri.take(), draft.device_auth_uri.take());
    let redirect_uri = draft.redirect_uri.take();
    if name == GrantName::AuthorizationCode || seen.get("auth_uri").is_some() {
        check_listener(redirect_uri.as_ref(), place, seen, global, problems);
    } else if let (None, None, Some(unused)) = (&auth_uri, &draft.asked, seen.place("redirect_uri")) {
        let message = "'redirect_uri' has no effect: with grant = \"device_code\" no browser comes back";
        problems.warning(unused, message);
    }
    let redirect_uri = redirect_uri.or_else(|| Uri::parse(REDIRECT_URI.to_owned()).ok())?;
    let (asked, fields) = (draft.asked.as_ref(), Arc::from(fields));
    let device = Endpoint::of(device_auth_uri, asked)
        .map(|device_auth_uri| DeviceCode { device_auth_uri, auth_uri_fields: Arc::clone(&fields) });
    let browser = Endpoint::of(auth_uri, asked).map(|auth_uri| AuthorizationCode {
        auth_uri,
        redirect_uri: redirect_uri.into(),
        auth_uri_fields: fields,
    });
    Some(match name {
        GrantName::DeviceCode => Grant::DeviceCode { device: device?, browser },
        _ => Grant::AuthorizationCode { browser: browser?, device },
    })
}

fn name(draft: &AccountDraft, seen: &Seen) -> Option<GrantName> {
    match seen.get("grant") {
        Some(_) => draft.grant,
        None => Some(GrantName::AuthorizationCode),
    }
}
