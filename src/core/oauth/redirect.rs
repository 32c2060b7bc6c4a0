//! The authorization response that a browser brings back (RFC 6749 §4.1.2).

use alloc::borrow::Cow;

use pizauth_common::config::{Scheme, Uri};
use pizauth_common::secret::Secret;
use pizauth_common::terminal::is_printable_ascii;
use url::form_urlencoded;

use super::outcome::Reason;
use super::provider_hints::{Proof, hint_for, with_hint};
use super::redaction::Redaction;
use crate::prelude::*;

#[cfg(test)]
mod tests;

/// The request of a browser to a redirect listener, its head parsed and nothing decided yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectRequest {
    /// Which listener it came to.
    pub scheme: Scheme,
    /// The port of that listener.
    pub port: u16,
    /// The one `Host` header, as sent.
    pub host: String,
    /// The path in origin form, as sent.
    pub path: String,
    /// What follows the first `?`, as sent; empty without one. It may hold a code.
    pub query: Secret,
}

impl RedirectRequest {
    /// The host that the browser asked for, where it meant this listener's port. Browsers leave out a default port.
    fn host_name(&self) -> Option<&str> {
        let with_port = self.host.strip_suffix(&format!(":{}", self.port));
        let without = (self.port == self.scheme.default_port()).then_some(self.host.as_str());
        with_port.or(without)
    }

    /// Whether it came to this redirect URI: scheme, host, port and path.
    pub(super) fn comes_to(&self, redirect_uri: &Uri) -> bool {
        self.scheme == redirect_uri.scheme()
            && self.host_name().is_some_and(|name| has_host(redirect_uri, name))
            && self.path == redirect_uri.parsed().path()
    }
}

/// Whether the `Host` header names one of the configured redirect URIs. A page that made another name
/// resolve to us (DNS rebinding) fails here, before anything is looked up.
pub fn host_is_known<'a>(
    request: &RedirectRequest,
    redirect_uris: impl IntoIterator<Item = &'a Uri>,
) -> bool {
    request.host_name().is_some_and(|name| redirect_uris.into_iter().any(|uri| has_host(uri, name)))
}

/// Whether the request came to this redirect URI: scheme, host, port, path, and the URI's own query,
/// which the authorization server must retain (RFC 6749 §3.1.2) among the parameters that it adds.
pub fn answers(request: &RedirectRequest, redirect_uri: &Uri) -> bool {
    request.comes_to(redirect_uri)
        && has_all_of(request.query.expose(), redirect_uri.parsed().query().unwrap_or_default())
}

/// In any case. Asked of every account for every request: it must not cost much.
fn has_host(uri: &Uri, name: &str) -> bool {
    uri.host().eq_ignore_ascii_case(name)
}

/// Whether each parameter of `part` stands in `query`, as often as in `part`, in whatever encoding.
fn has_all_of(query: &str, part: &str) -> bool {
    let mut there: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    form_urlencoded::parse(part.as_bytes()).all(|wanted| {
        there
            .iter()
            .position(|parameter| *parameter == wanted)
            .map(|index| there.swap_remove(index))
            .is_some()
    })
}

/// What the authorization server says through the browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthorizationResponse {
    /// The user agreed (RFC 6749 §4.1.2).
    Code {
        /// Which authorization request this answers.
        state: Secret,
        /// The authorization code; good once.
        code: Secret,
        /// Who says that it answers (RFC 9207 §2).
        iss: Option<String>,
    },
    /// The user or the server refused (RFC 6749 §4.1.2.1).
    Error {
        /// Which authorization request this answers.
        state: Secret,
        /// `error: error_description`.
        reason: Reason,
        /// Who says that it answers (RFC 9207 §2).
        iss: Option<String>,
    },
}

impl AuthorizationResponse {
    /// Reads the query of the redirect. Parameters that nobody knows are ignored, and one without a
    /// value counts as absent (RFC 6749 §3.1, §4.1.2).
    ///
    /// # Errors
    /// The query is no authorization response.
    pub fn parse(query: &str) -> Result<Self, RedirectFault> {
        let parameters = Parameters::parse(query)?;
        let state = parameters.state.clone().map(secret).ok_or_else(|| parameters.without_state())?;
        let iss = parameters.iss.map(Cow::into_owned);
        match (parameters.code, parameters.error) {
            (Some(_), Some(_)) => Err(RedirectFault::CodeAndError),
            (None, None) => Err(RedirectFault::NeitherCodeNorError),
            (Some(code), None) if !is_printable_ascii(&code) => Err(RedirectFault::UnreadableCode),
            (Some(code), None) => Ok(Self::Code { state, code: secret(code), iss }),
            (None, Some(error)) => {
                let reason = reason(&error, parameters.error_description.as_deref(), &state);
                Ok(Self::Error { state, reason, iss })
            }
        }
    }

    /// Which authorization server says that it answers.
    pub(super) fn iss(&self) -> Option<&str> {
        match self {
            Self::Code { iss, .. } | Self::Error { iss, .. } => iss.as_deref(),
        }
    }

    /// What of it no message may show.
    pub(super) fn secrets(&self) -> Vec<Secret> {
        match self {
            Self::Code { state, code, .. } => [state.clone(), code.clone()].into(),
            Self::Error { state, .. } => [state.clone()].into(),
        }
    }

    /// The `state` parameter: to be compared in constant time, and good once.
    pub fn state(&self) -> &Secret {
        match self {
            Self::Code { state, .. } | Self::Error { state, .. } => state,
        }
    }
}

/// Why a query is no authorization response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectFault {
    /// `state`, `code`, `error` or `iss` stands more than once (RFC 6749 §3.1).
    Repeated,
    /// `state` is missing.
    NoState,
    /// `state` is missing in an error; what is to be done about it, where that is known.
    ErrorWithoutState(Option<&'static str>),
    /// Neither `code` nor `error`.
    NeitherCodeNorError,
    /// Both `code` and `error`.
    CodeAndError,
    /// The code is not printable ASCII (RFC 6749 appendix A.11).
    UnreadableCode,
}

impl RedirectFault {
    /// The rule that the query breaks, for the page that the browser shows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Repeated => "the address has a parameter more than once",
            Self::NoState => "the address has no state parameter",
            Self::ErrorWithoutState(hint) => hint.unwrap_or(
                "the authorization server has refused, and its answer does not say which sign-in is meant",
            ),
            Self::NeitherCodeNorError => "the address has neither a code nor an error",
            Self::CodeAndError => "the address has both a code and an error",
            Self::UnreadableCode => "the code in the address is not printable ASCII",
        }
    }
}

/// The parameters that concern us, decoded.
#[derive(Default)]
struct Parameters<'a> {
    state: Option<Cow<'a, str>>,
    code: Option<Cow<'a, str>>,
    error: Option<Cow<'a, str>>,
    error_description: Option<Cow<'a, str>>,
    /// RFC 9207 §2.
    iss: Option<Cow<'a, str>>,
}

impl<'a> Parameters<'a> {
    fn parse(query: &'a str) -> Result<Self, RedirectFault> {
        let mut all = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let place = match name.as_ref() {
                "state" => &mut all.state,
                "code" => &mut all.code,
                "error" => &mut all.error,
                "iss" => &mut all.iss,
                "error_description" => {
                    all.error_description.get_or_insert(value);
                    continue;
                }
                _ => continue,
            };
            if place.replace(value).is_some() {
                return Err(RedirectFault::Repeated);
            }
        }
        Ok(all.without_empty())
    }

    /// Nobody knows whether an authorization server has sent it: what it says is looked up, and not passed on.
    fn without_state(&self) -> RedirectFault {
        let Some(error) = &self.error else { return RedirectFault::NoState };
        let description = self.error_description.as_deref().unwrap_or_default();
        RedirectFault::ErrorWithoutState(hint_for(Proof::Usual, error, description))
    }

    /// RFC 6749 §3.1: parameters without a value are treated as if they were omitted.
    fn without_empty(self) -> Self {
        let filled = |value: Option<Cow<'a, str>>| value.filter(|text| !text.is_empty());
        Self {
            state: filled(self.state),
            code: filled(self.code),
            error: filled(self.error),
            error_description: filled(self.error_description),
            iss: filled(self.iss),
        }
    }
}

fn secret(text: Cow<'_, str>) -> Secret {
    Secret::new(text.into_owned())
}

fn reason(error: &str, description: Option<&str>, state: &Secret) -> Reason {
    let redaction = Redaction::of([state.clone()]);
    let text = match description {
        Some(description) => format!("{error}: {description}"),
        None => error.to_owned(),
    };
    let hint = hint_for(Proof::Usual, error, description.unwrap_or_default());
    let text = with_hint(&redaction.apply(&text), hint);
    Reason::with_cause(&redaction.apply(error), &text)
}
