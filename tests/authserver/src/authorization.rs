//! The authorization endpoint (RFC 6749 §4.1.1, RFC 7636 §4.3): a page with two buttons, and what they do.

use url::{Host, Url};

use crate::html;
use crate::policy::{Policy, RefreshTokens};
use crate::store::{Approval, Store};
use crate::wire::{Request, Response};

/// A request that may be shown to the user.
struct Asked {
    client_id: String,
    redirect_uri: Url,
    state: String,
    scope: String,
    code_challenge: String,
    prompt: String,
    offline: bool,
}

/// What is wrong with a request.
enum Wrong {
    /// Nothing may be sent back to the redirect URI: the user is told.
    Untrusted(&'static str),
    /// The redirect URI is told.
    Refused(Box<Asked>, &'static str, &'static str),
}

/// The page with the buttons.
pub(crate) fn show(request: &Request, issuer: &str) -> Response {
    match ask(request) {
        Ok(asked) if asked.prompt == "none" => respond(&asked, &[("error", "login_required")], issuer),
        Ok(asked) => Response::html(200, consent_page(request, &asked)),
        Err(wrong) => refuse(wrong, issuer),
    }
}

/// A button was pressed.
pub(crate) fn decide(request: &Request, policy: &Policy, store: &mut Store, issuer: &str) -> Response {
    let asked = match ask(request) {
        Ok(asked) => asked,
        Err(wrong) => return refuse(wrong, issuer),
    };
    if request.form("decision") != Some("approve") {
        let denied = [("error", "access_denied"), ("error_description", "the user pressed Deny")];
        return respond(&asked, &denied, issuer);
    }
    let approval = Approval {
        offline: refresh_token_due(policy, &asked, store.consent(&asked.client_id)),
        client_id: asked.client_id.clone(),
        redirect_uri: request.query("redirect_uri").unwrap_or_default().to_owned(),
        scope: asked.scope.clone(),
        code_challenge: asked.code_challenge.clone(),
    };
    let code = store.issue_code(approval, policy.code_lifetime);
    respond(&asked, &[("code", &code)], issuer)
}

fn refresh_token_due(policy: &Policy, asked: &Asked, consented_before: bool) -> bool {
    match policy.refresh_tokens {
        RefreshTokens::Always => true,
        RefreshTokens::Never => false,
        RefreshTokens::OfflineConsent => asked.offline && (!consented_before || asked.prompt == "consent"),
    }
}

fn ask(request: &Request) -> Result<Asked, Wrong> {
    let field = |name| request.query(name).unwrap_or_default().to_owned();
    if field("client_id").is_empty() {
        return Err(Wrong::Untrusted("client_id is missing"));
    }
    let Some(redirect_uri) = Url::parse(&field("redirect_uri")).ok().filter(is_loopback) else {
        return Err(Wrong::Untrusted("redirect_uri is missing or not a loopback URI (RFC 8252 §7.3)"));
    };
    let asked = Asked {
        client_id: field("client_id"),
        redirect_uri,
        state: field("state"),
        scope: field("scope"),
        code_challenge: field("code_challenge"),
        prompt: field("prompt"),
        offline: field("access_type") == "offline",
    };
    let refused = |asked, error, why| Err(Wrong::Refused(Box::new(asked), error, why));
    if field("response_type") != "code" {
        return refused(asked, "unsupported_response_type", "response_type must be code");
    }
    if field("code_challenge_method") != "S256" || asked.code_challenge.len() != 43 {
        return refused(asked, "invalid_request", "a code_challenge with S256 is required");
    }
    if asked.state.is_empty() {
        return refused(asked, "invalid_request", "state is missing");
    }
    Ok(asked)
}

fn is_loopback(uri: &Url) -> bool {
    matches!(uri.scheme(), "http" | "https")
        && match uri.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
}

fn refuse(wrong: Wrong, issuer: &str) -> Response {
    match wrong {
        Wrong::Untrusted(why) => Response::html(400, html::page("Bad request", &html::escape(why))),
        Wrong::Refused(asked, error, why) => {
            respond(&asked, &[("error", error), ("error_description", why)], issuer)
        }
    }
}

/// The authorization response: RFC 6749 §4.1.2, with `iss` as in RFC 9207.
fn respond(asked: &Asked, fields: &[(&str, &str)], issuer: &str) -> Response {
    let mut uri = asked.redirect_uri.clone();
    uri.query_pairs_mut().extend_pairs(fields).append_pair("state", &asked.state).append_pair("iss", issuer);
    Response::see_other(uri.as_str())
}

fn consent_page(request: &Request, asked: &Asked) -> String {
    let body = format!(
        "<p><b>{}</b> asks for access to: {}</p>\n<form method=\"post\" action=\"/authorize?{}\">\n\
         <button name=\"decision\" value=\"approve\">Approve</button>\n\
         <button name=\"decision\" value=\"deny\">Deny</button>\n</form>\n\
         <p>This is the test server of pizauth: nothing real is at stake.</p>",
        html::escape(&asked.client_id),
        html::escape(if asked.scope.is_empty() { "nothing in particular" } else { &asked.scope }),
        html::escape(&request.raw_query)
    );
    html::page("Sign in", &body)
}
