//! What real servers mean by their refusals, and what to do: data, not decisions. The verdict never
//! depends on it, since servers change what their numbers mean.

use core::time::Duration;

use crate::prelude::*;

#[cfg(test)]
mod tests;

/// Google ends the refresh tokens of an application in "Testing" after this time.
const TESTING_LIFETIME: Duration = Duration::from_secs(7 * 86400);

/// How far from it an end is still blamed on it: a little early for clocks, a day late for machines that slept.
const BEFORE: Duration = Duration::from_secs(2 * 3600);
const AFTER: Duration = Duration::from_secs(24 * 3600);

/// For an exchange that brought no refresh token.
pub(crate) const NO_REFRESH_TOKEN: &str = "the authorization server gave no refresh token: Google needs \
     auth_uri_fields = { \"prompt\": \"consent\" }, Microsoft the scope \"offline_access\"";

/// For refusals that no setting explains.
pub(crate) const SUSPECT_GRANT: &str = "a refresh has succeeded with these settings, so the refresh token must be at \
     fault: pizauth refresh now begins a new sign-in, and the session is kept until that succeeds";

/// For an `invalid_grant` that ends no grant.
pub(super) const REFUSED_FOR_NOW: &str = "it is refused for now: try again later, or ask the administrator";

/// Hints by the number that Microsoft puts at the start of `error_description`.
const BY_NUMBER: &[(&str, &str)] = &[
    (
        "AADSTS50011",
        "the redirect URI is not the registered one: register http://localhost as a mobile or desktop redirect",
    ),
    ("AADSTS50034", "there is no such user in this tenant: check the tenant in auth_uri and token_uri"),
    (
        "AADSTS50194",
        "the application is for one organization: write its tenant ID as tenant or in both URIs, not common or \
         organizations",
    ),
    ("AADSTS50076", "a second factor is required: authorize again"),
    ("AADSTS50078", "the second factor has expired: authorize again"),
    ("AADSTS50079", "a second factor must be set up first: sign in to the account in a browser"),
    ("AADSTS50089", "the session has expired: authorize again"),
    ("AADSTS50105", "the user is not assigned to this application: ask the administrator"),
    ("AADSTS50126", "user name or password is wrong"),
    ("AADSTS50196", "it was asked too often in a short time: wait some minutes, then try again"),
    ("AADSTS50173", "the password was changed: authorize again"),
    ("AADSTS53003", "a policy of the organization blocks this sign-in: ask the administrator"),
    ("AADSTS54005", "the authorization code was used already: authorize again"),
    ("AADSTS65001", "consent is missing: authorize again and agree, or ask the administrator"),
    ("AADSTS70000", "the grant is not valid for these scopes: authorize again"),
    (
        "AADSTS70008",
        "the token or code has expired (a refresh token does after 90 days without use): authorize again",
    ),
    ("AADSTS70011", "a scope is not valid: all scopes must belong to one resource"),
    ("AADSTS70043", "the organization's sign-in frequency policy ended the session: authorize again"),
    ("AADSTS700016", "the application is unknown in this tenant: check client_id and the tenant in the URIs"),
    ("AADSTS700025", "this is a public client: remove client_secret"),
    (
        "AADSTS700027",
        "the certificate is not registered for the application, or another one is: upload it there",
    ),
    ("AADSTS700082", "the refresh token was not used for 90 days: authorize again"),
    (
        "AADSTS700084",
        "the refresh token of a single-page application lives for a day: register a desktop application",
    ),
    ("AADSTS7000215", "client_secret is wrong: take the secret's value, not its ID"),
    ("AADSTS7000218", "this is a confidential client: set client_secret, or allow public client flows"),
    ("AADSTS7000222", "client_secret has expired: make a new one and reload"),
    ("AADSTS90002", "there is no such tenant: check tenant, or auth_uri and token_uri"),
    (
        "AADSTS9002346",
        "the application is for personal accounts only: write consumers as the tenant, or in both URIs",
    ),
    ("AADSTS9002313", "the request is malformed: check client_id and the scopes"),
];

/// Who has no revocation endpoint (RFC 7009): the beginning of `token_uri`, what people call them, and the page on
/// which a user takes back what applications may do.
const PAGES_OF_GRANTS: &[(&str, &str, &str)] = &[
    ("https://login.microsoftonline.com/consumers/", "Microsoft", "https://account.live.com/consent/Manage"),
    ("https://login.microsoftonline.com/", "Microsoft", "https://myapps.microsoft.com/"),
    ("https://github.com/", "GitHub", "https://github.com/settings/applications"),
];

/// Hints by `error`.
const BY_CODE: &[(&str, &str)] = &[
    (
        "invalid_client",
        "check client_id and client_secret, which may have expired, and client_auth, which has to be as the client is \
         registered (client_secret_post is \"post\", client_secret_basic \"basic\"), then reload",
    ),
    (
        "unauthorized_client",
        "the client is not registered for this: check that its registration has the grants authorization_code and \
         refresh_token, and is for what client_auth says (client_secret_post is \"post\", client_secret_basic \
         \"basic\")",
    ),
    ("invalid_scope", "check scopes"),
    ("invalid_target", "check resource, which has to name what the token is for (RFC 8707)"),
    ("redirect_uri_mismatch", "register the redirect URI exactly as redirect_uri has it"),
    ("org_internal", "the application is only for members of its organization"),
    ("admin_policy_enforced", "a policy of the organization blocks the application: ask the administrator"),
    ("invalid_rapt", "the organization wants a new sign-in: authorize again"),
    ("interaction_required", "the server wants you to sign in: revoke the account and authorize it again"),
    ("consent_required", "the server wants your consent: revoke the account and authorize it again"),
    ("login_required", "the server wants you to sign in: revoke the account and authorize it again"),
    ("invalid_grant", "authorize again"),
];

/// What the same numbers mean where the user signs in on another device.
const DEVICE_BY_NUMBER: &[(&str, &str)] = &[
    ("AADSTS53003", "your organisation blocks the device flow; use grant = \"authorization_code\""),
    (
        "AADSTS7000218",
        "the registration does not let clients without a secret sign in: set \"Allow public client flows\" there, or \
         client_secret here",
    ),
];

/// What the same codes mean there.
const DEVICE_BY_CODE: &[(&str, &str)] = &[
    (
        "unauthorized_client",
        "the client is not registered for the device flow: check that its registration has the grant device_code",
    ),
    ("device_flow_disabled", "switch the device flow on in the registration of the application"),
    ("invalid_scope", "check scopes; some servers take fewer of them from a device: Google none for mail"),
];

/// What the same numbers mean where the client signs in by itself.
const APPLICATION_BY_NUMBER: &[(&str, &str)] = &[
    (
        "AADSTS700016",
        "the application is unknown in this tenant: check client_id and tenant, and that the administrator has agreed \
         to it there",
    ),
    (
        "AADSTS70011",
        "the one scope of an application ends in \"/.default\": \"https://outlook.office365.com/.default\"",
    ),
    (
        "AADSTS1002012",
        "the one scope of an application ends in \"/.default\": \"https://outlook.office365.com/.default\"",
    ),
    ("AADSTS53003", "a policy of the organization blocks this application: ask the administrator"),
];

/// What the same codes mean there.
const APPLICATION_BY_CODE: &[(&str, &str)] = &[
    ("invalid_grant", "the server refuses what the client signs in by itself with: ask who runs it"),
    (
        "unauthorized_client",
        "the client is not registered to sign in by itself: check that its registration has the grant \
         client_credentials, and is for what client_auth says",
    ),
    ("access_denied", "the application has not been given this right: ask the administrator"),
];

/// What the same codes mean where the client signs in whose name it asks.
const ASSERTION_BY_CODE: &[(&str, &str)] = &[
    (
        "unauthorized_client",
        "the client may not ask for this user: at Google the administrator of the domain has to give it domain-wide \
         delegation of exactly these scopes",
    ),
    (
        "invalid_grant",
        "check subject, who has to be a user of the domain, the key, which may have been deleted at the server, and \
         the clock of this machine",
    ),
    ("invalid_client", "check client_id: at Google it is what the key file calls client_email"),
];

/// How a client proves who it is, as far as advice depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// By a secret, or not at all.
    Usual,
    /// By a key.
    Key,
    /// By a key that a certificate is for.
    Certificate,
}

impl Proof {
    fn hint_for(self, code: &str) -> Option<&'static str> {
        if code != "invalid_client" {
            return None;
        }
        match self {
            Self::Usual => None,
            Self::Key => Some(
                "check client_id, and that the public half of client_key_file is registered for it, under \
                 client_key_id where the server has names for keys",
            ),
            Self::Certificate => Some(
                "is client_certificate_file registered, and still valid? openssl x509 -noout -enddate -fingerprint \
                 -sha256 -in FILE",
            ),
        }
    }
}

/// A refusal, and behind it in parentheses what to do about it, where that is known.
pub(super) fn with_hint(text: &str, hint: Option<&str>) -> String {
    match hint {
        Some(hint) => format!("{text} ({hint})"),
        None => text.to_owned(),
    }
}

/// What to do about a refusal: by its number where the description has one, else by its code.
pub(super) fn hint_for(proof: Proof, code: &str, description: &str) -> Option<&'static str> {
    let by_number = number(description).and_then(|number| find(BY_NUMBER, number));
    by_number.or_else(|| proof.hint_for(code)).or_else(|| find(BY_CODE, code))
}

/// The same for a sign-in on another device.
pub(super) fn hint_for_device(proof: Proof, code: &str, description: &str) -> Option<&'static str> {
    let by_number = number(description).and_then(|number| find(DEVICE_BY_NUMBER, number));
    by_number.or_else(|| find(DEVICE_BY_CODE, code)).or_else(|| hint_for(proof, code, description))
}

/// The same for a client that signs in by itself.
pub(super) fn hint_for_application(proof: Proof, code: &str, description: &str) -> Option<&'static str> {
    let by_number = number(description).and_then(|number| find(APPLICATION_BY_NUMBER, number));
    let by_any_number = || number(description).and_then(|number| find(BY_NUMBER, number));
    by_number
        .or_else(by_any_number)
        .or_else(|| find(APPLICATION_BY_CODE, code))
        .or_else(|| hint_for(proof, code, ""))
}

/// The same for one that signs in whose name it asks.
pub(super) fn hint_for_assertion(code: &str, description: &str) -> Option<&'static str> {
    find(ASSERTION_BY_CODE, code).or_else(|| hint_for_application(Proof::Usual, code, description))
}

/// Why an `invalid_grant` came to a session of this age, where the age says something.
pub(crate) fn hint_for_age(session_age: Duration) -> Option<&'static str> {
    let suspicious = TESTING_LIFETIME.saturating_sub(BEFORE)..TESTING_LIFETIME.saturating_add(AFTER);
    suspicious.contains(&session_age).then_some(
        "at Google, refresh tokens end after 7 days while the consent screen is in \"Testing\": publish the \
         application",
    )
}

/// The number of Microsoft's error, as in `AADSTS50076: Due to…`.
pub(super) fn number(description: &str) -> Option<&str> {
    description.split(|c: char| !c.is_ascii_alphanumeric()).find(|word| word.starts_with("AADSTS"))
}

/// Where a user revokes by hand what no endpoint does, and what people call that provider.
pub(crate) fn page_of_grants(token_uri: &str) -> Option<(&'static str, &'static str)> {
    let page = PAGES_OF_GRANTS.iter().find(|(beginning, ..)| token_uri.starts_with(beginning));
    page.map(|(_, provider, page)| (*provider, *page))
}

fn find(table: &[(&str, &'static str)], key: &str) -> Option<&'static str> {
    table.iter().find(|(name, _)| *name == key).map(|(_, hint)| *hint)
}
