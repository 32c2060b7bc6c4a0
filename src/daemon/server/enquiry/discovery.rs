//! What an issuer says of itself, in the words of RFC 8414 §2.

use pizauth_common::config::Uri;
use pizauth_core::http::{Answer, Lost, Request};
use pizauth_core::oauth::metadata::{self, Metadata, MetadataRequest};
use serde_json::{Map, Value};

use super::{Failed, Found};

/// Looks at the two places where metadata may be.
///
/// # Errors
/// There are none that can be used, or nobody who would say.
pub(super) fn discover(
    issuer: &Uri,
    ask: impl Fn(Request) -> Result<Answer, Lost>,
) -> Result<Box<Metadata>, Failed> {
    let mut nowhere = Vec::new();
    let mut next = Some(MetadataRequest::new(issuer.clone()));
    while let Some(request) = next {
        let http = request.http();
        let uri = http.uri.clone();
        match request.outcome(ask(http)) {
            metadata::Found::Metadata(metadata) => return Ok(metadata),
            metadata::Found::Unusable(reason) => return Err(Failed::ForGood(reason.to_string())),
            metadata::Found::Transient { reason, .. } => {
                return Err(Failed::ForNow(format!("{uri}: {reason}")));
            }
            metadata::Found::NotHere(reason) => nowhere.push(format!("{uri}: {reason}")),
        }
        next = request.elsewhere();
    }
    Err(Failed::ForGood(format!("{} says nothing of itself: {}", issuer.written(), nowhere.join("; "))))
}

/// The metadata that have been checked, and nothing else of the document.
pub(super) fn told(issuer: &Uri, metadata: &Metadata) -> Found {
    let mut told = Map::new();
    told.insert("issuer".to_owned(), issuer.written().into());
    for (member, endpoint) in [
        ("authorization_endpoint", &metadata.authorization_endpoint),
        ("token_endpoint", &metadata.token_endpoint),
        ("device_authorization_endpoint", &metadata.device_authorization_endpoint),
        ("revocation_endpoint", &metadata.revocation_endpoint),
        ("registration_endpoint", &metadata.registration_endpoint),
    ] {
        if let Some(endpoint) = endpoint {
            told.insert(member.to_owned(), endpoint.written().into());
        }
    }
    let methods =
        [("client_secret_basic", metadata.secrets.basic), ("client_secret_post", metadata.secrets.post)];
    let methods: Vec<_> = methods.into_iter().filter_map(|(method, taken)| taken.then_some(method)).collect();
    told.insert("token_endpoint_auth_methods_supported".to_owned(), methods.into());
    told.insert("scopes_supported".to_owned(), metadata.scopes.clone().into());
    told.insert("authorization_response_iss_parameter_supported".to_owned(), metadata.promises_iss.into());
    let remarks = remarks(issuer.written(), &told, metadata.lacks_s256);
    Found { json: Value::Object(told), remarks }
}

fn remarks(issuer: &str, told: &Map<String, Value>, lacks_s256: bool) -> Vec<String> {
    let needed = ["authorization_endpoint", "token_endpoint"];
    let missing = needed.into_iter().filter(|member| !told.contains_key(*member));
    let missing = missing.map(|member| format!("{issuer} has no {member} that can be used"));
    let unlisted = format!(
        "{issuer} does not list S256 among its code_challenge_methods_supported: it is used all the same"
    );
    missing.chain(lacks_s256.then_some(unlisted)).collect()
}
