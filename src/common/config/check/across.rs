//! What single options cannot tell: values that are good alone and will hardly do together. Warnings, never errors.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use super::global::Global;
use super::microsoft;
use super::options::Seen;
use crate::config::endpoint::Endpoint;
use crate::config::model::{Account, ListenAddress};
use crate::config::problems::Problems;
use crate::config::uri::{Scheme, Uri};
use crate::this_machine::is_this_machine;

/// Something that a provider wants: without it there is no session, or none that lasts.
struct Need {
    hosts: &'static [&'static str],
    is_met: fn(&Account) -> bool,
    /// The option to point at where it is missing.
    option: &'static str,
    message: &'static str,
}

const NEEDS: [Need; 6] = [
    Need {
        hosts: microsoft::HOSTS,
        is_met: |account| {
            account.grant.application().is_some()
                || account
                    .scopes
                    .iter()
                    .flat_map(|scope| scope.split(' '))
                    .any(|scope| scope == "offline_access")
        },
        option: "scopes",
        message: "Microsoft gives a refresh token only for the scope \"offline_access\": without it every session \
                  ends with its first access token",
    },
    Need {
        hosts: microsoft::HOSTS,
        is_met: |account| {
            account.grant.application().is_none()
                || (!account.scopes.is_empty()
                    && account.scopes.iter().all(|scope| scope.ends_with("/.default")))
        },
        option: "scopes",
        message: "Microsoft gives an application an access token for one scope only, which ends in \"/.default\": for \
                  mail \"https://outlook.office365.com/.default\"",
    },
    Need {
        hosts: &["accounts.google.com"],
        is_met: |account| {
            account
                .grant
                .auth_uri_fields()
                .iter()
                .any(|(key, value)| key == "prompt" && value.contains("consent"))
        },
        option: "auth_uri_fields",
        message: "Google gives a refresh token at the first consent only, unless auth_uri_fields has \
                  \"prompt\": \"consent\"",
    },
    Need {
        hosts: &["api.login.yahoo.com", "api.login.aol.com"],
        is_met: |account| account.grant.redirect_uri().is_none_or(|uri| uri.scheme() == Scheme::Https),
        option: "redirect_uri",
        message: "Yahoo and AOL take https redirects only: redirect_uri = \"https://localhost:PORT/\", with the PORT \
                  of https_listen",
    },
    Need {
        hosts: &["oauth2.googleapis.com"],
        is_met: |account| {
            account.grant.application().is_some()
                || !account.scopes.iter().any(|scope| scope.contains("mail.google.com"))
        },
        option: "grant",
        message: "Google's device flow refuses mail scopes: use \"authorization_code\"",
    },
    Need {
        hosts: &["oauth2.googleapis.com"],
        is_met: |account| account.grant.jwt_bearer().is_none() || !account.scopes.is_empty(),
        option: "scopes",
        message: "Google gives a service account nothing without a scope: for mail \"https://mail.google.com/\"",
    },
];

/// Looks at `account`, whose options are `seen` and whose name stands at `place`.
pub(super) fn check<'a>(
    account: &Account,
    seen: &Seen<'_, 'a>,
    place: &'a str,
    global: &Global,
    problems: &mut Problems<'a>,
) {
    let at = |option| seen.place(option).unwrap_or(place);
    for (option, value) in credentials(account) {
        if let Some(why) = doubt_of(value) {
            problems.warning(at(option), format!("'{option}' {why}"));
        }
    }
    for (option, uri) in known_endpoints(account) {
        let is_written = seen.get(option).is_some();
        if is_written && uri.parsed().path().split('/').any(is_of_a_template) {
            problems.warning(
                at(option),
                format!("'{option}' has a placeholder in it, as \"YOUR-TENANT-ID\": fill it in"),
            );
        }
    }
    for (option, message) in unaskable(account) {
        problems.warning(at(option), message);
    }
    let begins_at = sign_in_host(account);
    for need in NEEDS.iter().filter(|need| need.hosts.contains(&begins_at) && !(need.is_met)(account)) {
        problems.warning(at(need.option), need.message);
    }
    let Some(code) = account.grant.browser() else { return };
    let written = (code.auth_uri.known(), account.token_uri.known());
    if let (Some(auth_uri), Some(token_uri)) = written
        && let Some(doubt) = doubt_of_endpoints(auth_uri.parsed(), token_uri.parsed())
    {
        problems.warning(at("auth_uri"), doubt);
    }
    if let Some((option, listener)) = listener(&code.redirect_uri, global) {
        let doubts = [port(&code.redirect_uri, option, listener), host(&code.redirect_uri, option, listener)];
        doubts.into_iter().flatten().for_each(|doubt| problems.warning(at("redirect_uri"), doubt));
    }
}

/// The endpoints, each with its option.
fn endpoints(account: &Account) -> impl Iterator<Item = (&'static str, &Endpoint)> {
    let auth_uri = account.grant.browser().map(|browser| ("auth_uri", &browser.auth_uri));
    let device = account.grant.device().map(|device| ("device_auth_uri", &device.device_auth_uri));
    let revocation = account.revocation_uri.as_ref().map(|endpoint| ("revocation_uri", endpoint));
    let all = [auth_uri, device, Some(("token_uri", &account.token_uri)), revocation];
    all.into_iter().flatten()
}

/// The endpoints that no issuer is asked for, each with its option.
fn known_endpoints(account: &Account) -> impl Iterator<Item = (&'static str, &Uri)> {
    endpoints(account).filter_map(|(option, endpoint)| Some((option, endpoint.known()?)))
}

/// Where pizauthd itself sends requests, each with its option. The authorization endpoint is the browser's.
fn asked_uris(account: &Account) -> impl Iterator<Item = (&'static str, &Uri)> {
    let issuer = endpoints(account).find_map(|(_, endpoint)| endpoint.issuer());
    let known = known_endpoints(account).filter(|(option, _)| *option != "auth_uri");
    issuer.map(|issuer| ("issuer", &**issuer)).into_iter().chain(known)
}

/// Options whose URIs cannot be asked, each with the reason: attohttpc and rustls look for no IPv6 address in a
/// certificate.
fn unaskable(account: &Account) -> impl Iterator<Item = (&'static str, String)> {
    let is_unaskable =
        |uri: &Uri| uri.scheme() == Scheme::Https && matches!(uri.parsed().host(), Some(Host::Ipv6(_)));
    asked_uris(account).filter(move |(_, uri)| is_unaskable(uri)).map(|(option, _)| {
        let why = "an IPv6 address is not looked for in a certificate: write a name, or an IPv4 address";
        (option, format!("'{option}' cannot be asked, since {why}"))
    })
}

/// The host of the endpoint that a sign-in begins at, or of the issuer that is asked for it.
fn sign_in_host(account: &Account) -> &str {
    account.grant.endpoint().unwrap_or(&account.token_uri).anchor().host()
}

/// The identifier and the secret that the provider gave the client, each with its option.
fn credentials(account: &Account) -> impl Iterator<Item = (&'static str, &str)> {
    let secret = account.client_auth.secret().map(|secret| ("client_secret", secret.expose()));
    [("client_id", &*account.client_id)].into_iter().chain(secret)
}

fn doubt_of(value: &str) -> Option<&'static str> {
    if value.is_empty() {
        Some("is empty: fill in what the provider gave the application")
    } else if value.contains('…') || value.contains("...") || is_of_a_template(value) {
        Some("looks like a placeholder: fill in what the provider gave the application")
    } else if value.contains(|c: char| c.is_whitespace() || c.is_control()) {
        Some("has white space or a control character in it, which is sent as it stands")
    } else {
        None
    }
}

/// Whether it begins like a placeholder of a template, such as `your-client-id`.
pub(super) fn is_of_a_template(text: &str) -> bool {
    let beginning = text.get(..5).unwrap_or_default();
    beginning.eq_ignore_ascii_case("your-") || beginning.eq_ignore_ascii_case("your_")
}

fn doubt_of_endpoints(auth_uri: &Url, token_uri: &Url) -> Option<&'static str> {
    let [leads_to_token, leads_to_auth] = [is_named(auth_uri, "token"), is_named(token_uri, "auth")];
    if leads_to_token && leads_to_auth {
        Some(
            "'auth_uri' looks like the token endpoint, and 'token_uri' like \
            the authorization endpoint: are they exchanged?",
        )
    } else if auth_uri == token_uri && (leads_to_token || leads_to_auth) {
        Some("'auth_uri' and 'token_uri' are the same: one of them is that of the other endpoint")
    } else {
        None
    }
}

/// Whether the last part of its path has `word` in it, and does not name both endpoints.
fn is_named(uri: &Url, word: &str) -> bool {
    let last = uri.path_segments().and_then(|mut parts| parts.next_back()).unwrap_or_default();
    last.contains(word) && !(last.contains("token") && last.contains("auth"))
}

fn listener<'g>(redirect: &Uri, global: &'g Global) -> Option<(&'static str, &'g ListenAddress)> {
    let listeners = global.listeners.as_ref()?;
    Some(match redirect.scheme() {
        Scheme::Http => ("http_listen", listeners.http()?),
        Scheme::Https => ("https_listen", listeners.https()?),
    })
}

fn port(redirect: &Uri, option: &str, listener: &ListenAddress) -> Option<String> {
    let named = redirect.parsed().port().filter(|port| *port != 0 && *port != listener.port)?;
    let host = listener.host_in_uri();
    Some(format!(
        "'redirect_uri' names port {named}, which is replaced by that of the listener: \
         for this very port set {option} = \"{host}:{named}\""
    ))
}

/// What is to be said where a browser on this machine would not find the listener.
fn host(redirect: &Uri, option: &str, listener: &ListenAddress) -> Option<String> {
    let wanted = addresses(redirect.host());
    match listener.host.parse() {
        Ok(bound) if !wanted.is_empty() && !wanted.iter().any(|wanted| reaches(bound, *wanted)) => {
            Some(format!(
                "'redirect_uri' leads to {}, where nobody listens: {option} is at {}",
                redirect.host(),
                listener.host_in_uri()
            ))
        }
        Ok(_) if wanted.is_empty() && is_this_machine(&listener.host_in_uri()) => Some(format!(
            "'redirect_uri' leads to {}, but {option} can be reached from this machine only: \
             nothing comes back unless that name leads here",
            redirect.host()
        )),
        _ => None,
    }
}

/// The addresses that a browser tries for a host; none where only the name service knows.
fn addresses(host: &str) -> Vec<IpAddr> {
    match host.trim_start_matches('[').trim_end_matches(']').parse() {
        Ok(address) => vec![address],
        Err(_) if is_this_machine(host) => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
        Err(_) => Vec::new(),
    }
}

/// Whether a socket bound to one address takes connections to another. One bound to `::` takes IPv4, too.
fn reaches(bound: IpAddr, wanted: IpAddr) -> bool {
    bound == wanted || (bound.is_unspecified() && (bound.is_ipv6() || wanted.is_ipv4()))
}
