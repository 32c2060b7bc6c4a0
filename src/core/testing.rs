//! An account, and what a server says to it, for tests.

use std::sync::Arc;
use std::time::Duration;

use pizauth_common::config::{
    Account, Application, AuthorizationCode, ClientAuth, ClientKey, DeviceCode, Endpoint, Grant, JwtBearer,
    Uri, UserPath,
};

use crate::http::{Answer, Lost};
use crate::oauth::client_auth::Client;
use crate::oauth::metadata::Metadata;
use crate::oauth::outcome::{Issued, Outcome};
use crate::oauth::served::Served;

pub(crate) fn uri(written: &str) -> Uri {
    Uri::parse(written.to_owned()).unwrap()
}

/// A public client (no secret) with two scopes and the default times of the configuration language.
pub(crate) fn account(name: &str) -> Account {
    Account {
        name: name.into(),
        token_uri: uri("https://as.example/token").into(),
        revocation_uri: None,
        issuer: None,
        client_id: "client&id".into(),
        client_auth: ClientAuth::None,
        scopes: ["mail.read".to_owned(), "offline_access".to_owned()].into(),
        resource: [].into(),
        token_uri_fields: [].into(),
        grant: Grant::AuthorizationCode { browser: browser_grant(), device: None },
        user: None,
        refresh_at_least: Duration::from_secs(90 * 60),
        refresh_before_expiry: Duration::from_secs(90),
        refresh_retry: Duration::from_secs(40),
    }
}

/// The account and its endpoints, which are all written.
pub(crate) fn served(account: &Account) -> Served<'_> {
    Served::new(account, None).unwrap()
}

fn browser_grant() -> AuthorizationCode {
    AuthorizationCode {
        auth_uri: uri("https://as.example/auth").into(),
        auth_uri_fields: [].into(),
        redirect_uri: uri("http://localhost/").into(),
    }
}

/// The same account, whose user signs in on another device.
pub(crate) fn on_device(account: Account) -> Account {
    let device =
        DeviceCode { device_auth_uri: uri("https://as.example/device").into(), auth_uri_fields: [].into() };
    Account { grant: Grant::DeviceCode { device, browser: None }, ..account }
}

/// The same account, whose client signs in by itself.
pub(crate) fn by_itself(account: Account) -> Account {
    let client_auth = ClientAuth::Post("s3cret".into());
    Account { grant: Grant::Application(Application::ClientCredentials), client_auth, ..account }
}

/// The same account, whose client signs in the name of a user.
pub(crate) fn by_assertion(account: Account) -> Account {
    let signed = JwtBearer { key: key(None), subject: "me@example.org".into() };
    Account { grant: Grant::Application(Application::JwtBearer(signed)), ..account }
}

/// A key in a file that nobody reads.
pub(crate) fn key(certificate: Option<&str>) -> Arc<ClientKey> {
    let path = |path| UserPath::parse(path).unwrap();
    let certificate = certificate.map(path);
    Arc::new(ClientKey { file: path("/etc/key.pem"), certificate, id: None, algorithm: None })
}

/// Its client, whose secret is written where it has one.
pub(crate) fn client(account: &Account) -> Client<'_> {
    Client::of(served(account), None).expect("no command is asked")
}

/// The same account, which asks this issuer for whatever endpoints it may have.
pub(crate) fn asking(account: Account, issuer: &str) -> Account {
    let issuer = Arc::new(uri(issuer));
    let asked = || Endpoint::OfIssuer(Arc::clone(&issuer));
    let browser = AuthorizationCode { auth_uri: asked(), ..browser_grant() };
    let device = DeviceCode { device_auth_uri: asked(), auth_uri_fields: [].into() };
    let grant = match account.grant {
        Grant::AuthorizationCode { .. } => Grant::AuthorizationCode { browser, device: Some(device) },
        Grant::DeviceCode { .. } => Grant::DeviceCode { device, browser: Some(browser) },
        application @ Grant::Application(_) => application,
    };
    let (token_uri, revocation_uri) = (asked(), Some(asked()));
    Account { grant, token_uri, revocation_uri, issuer: Some(issuer), ..account }
}

/// What its authorization requests say.
pub(crate) fn code_grant(account: &Account) -> &AuthorizationCode {
    account.grant.browser().unwrap()
}

/// The same, to be changed.
pub(crate) fn code_grant_mut(account: &mut Account) -> &mut AuthorizationCode {
    match &mut account.grant {
        Grant::AuthorizationCode { browser, .. } | Grant::DeviceCode { browser: Some(browser), .. } => {
            browser
        }
        Grant::DeviceCode { .. } | Grant::Application(_) => panic!("it has no auth_uri"),
    }
}

/// What a server has to answer, or a network to do, for that to come of a token request.
pub(crate) fn answer_for(outcome: &Outcome) -> Result<Answer, Lost> {
    match outcome {
        Outcome::Issued(issued) => Ok(json_answer(200, &body_of(issued))),
        Outcome::Ended(_) => Ok(json_answer(400, r#"{"error":"invalid_grant"}"#)),
        Outcome::NeedsAttention(reason) | Outcome::RefusedVaguely(reason) => {
            let cause = reason.cause();
            Ok(json_answer(400, &format!(r#"{{"error":"{cause}","error_description":"{reason}"}}"#)))
        }
        Outcome::RefusedSilently(_) => Ok(json_answer(400, "")),
        Outcome::Transient { reason, reached: false, .. } => {
            Err(Lost { sent: false, why: reason.to_string(), needs_person: false, is_unresolved: false })
        }
        Outcome::Transient { retry_after, .. } => {
            let retry_after = retry_after.map(|pause| pause.as_secs().to_string());
            Ok(Answer { retry_after, ..json_answer(503, "") })
        }
    }
}

/// An answer with a body of JSON.
pub(crate) fn json_answer(status: u16, body: &str) -> Answer {
    Answer {
        status,
        content_type: Some("application/json".to_owned()),
        retry_after: None,
        date: None,
        signed: None,
        body: body.as_bytes().to_vec().into(),
    }
}

fn body_of(issued: &Issued) -> String {
    let token = |name: &str, token: &str| format!(r#""{name}":"{token}""#);
    let mut members = vec![
        token("access_token", issued.access_token.expose()),
        format!(r#""expires_in":{}"#, issued.lifetime.as_secs()),
    ];
    members.extend(issued.refresh_token.as_ref().map(|refresh| token("refresh_token", refresh.expose())));
    members.extend(issued.narrowed_scope.as_ref().map(|granted| token("scope", granted)));
    format!("{{{}}}", members.join(","))
}

/// A server that registers whoever asks, and has the device grant.
pub(crate) fn server_with_registration() -> Metadata {
    Metadata {
        registration_endpoint: Some(uri("https://as.example/register")),
        device_authorization_endpoint: Some(uri("https://as.example/device")),
        ..Metadata::default()
    }
}
