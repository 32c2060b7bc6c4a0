//! Which changes of an account end its session.

use std::sync::Arc;
use std::time::Duration;

use pizauth_common::config::{Account, Application, ClientAuth, Grant, JwtBearer, parse};

use super::super::*;
use crate::testing::{account as named, by_assertion, code_grant_mut, key, uri};

fn account() -> Account {
    let mut account = Account {
        token_uri: uri("https://login.example.org/token").into(),
        client_id: "pizauth-test".into(),
        scopes: ["mail".to_owned(), "offline_access".to_owned()].into(),
        ..named("work")
    };
    let grant = code_grant_mut(&mut account);
    grant.auth_uri = uri("https://login.example.org/authorize").into();
    grant.auth_uri_fields = [("prompt".to_owned(), "consent".to_owned())].into();
    account
}

/// Whether an edit of the account ends its session.
fn ends_the_session(edit: impl FnOnce(&mut Account)) -> bool {
    let mut edited = account();
    edit(&mut edited);
    assert_ne!(edited, account(), "the edit changes something");
    Fingerprint::of_account(&edited) != Fingerprint::of_account(&account())
}

#[test]
fn what_the_tokens_are_bound_to_ends_the_session() {
    assert!(ends_the_session(|account| account.name = "home".into()));
    assert!(ends_the_session(
        |account| code_grant_mut(account).auth_uri = uri("https://login.example.org/other").into()
    ));
    assert!(ends_the_session(|account| account.token_uri = uri("http://login.example.org/token").into()));
    assert!(ends_the_session(|account| account.client_id = "pizauth-tests".into()));
    assert!(ends_the_session(|account| Arc::make_mut(&mut account.scopes).reverse()));
    assert!(ends_the_session(
        |account| code_grant_mut(account).redirect_uri = uri("http://localhost:8080/").into()
    ));
    assert!(ends_the_session(|account| Arc::make_mut(&mut code_grant_mut(account).auth_uri_fields)[0]
        .1
        .clear()));
}

#[test]
fn whose_the_tokens_are_ends_the_session_and_not_how_the_client_proves_itself() {
    let application = || Grant::Application(Application::ClientCredentials);
    assert!(ends_the_session(|account| account.grant = application()));
    let of =
        |account: &Account| Fingerprint::of_account(&Account { grant: application(), ..account.clone() });
    let with_secret = Account { client_auth: ClientAuth::Post("s".into()), ..account() };
    assert_eq!(of(&account()), of(&with_secret));
    assert_ne!(of(&account()), of(&Account { scopes: [].into(), ..account() }));
}

#[test]
fn in_whose_name_a_client_asks_ends_the_session_and_not_the_key_that_it_signs_with() {
    let of = |grant| Fingerprint::of_account(&Account { grant, ..account() });
    let signed = |certificate: Option<&str>, subject: &str| {
        of(Grant::Application(Application::JwtBearer(JwtBearer {
            key: key(certificate),
            subject: subject.into(),
        })))
    };
    let me = signed(None, "me@example.org");
    assert_eq!(signed(Some("/etc/cert.pem"), "me@example.org"), me);
    assert_ne!(signed(None, "you@example.org"), me);
    assert_ne!(of(Grant::Application(Application::ClientCredentials)), me);
    let other = Account { scopes: [].into(), ..account() };
    assert_ne!(
        Fingerprint::of_account(&by_assertion(other)),
        Fingerprint::of_account(&by_assertion(account()))
    );
}

#[test]
fn a_provider_in_the_place_of_what_it_stands_for_keeps_the_session() {
    let fingerprint = |fields: &str| {
        let text = format!("account \"work\" {{ client_id = \"id\"; {fields} }}");
        Fingerprint::of_account(&parse(&text, "pizauth.conf").unwrap().config.accounts[0])
    };
    let google = "auth_uri = \"https://accounts.google.com/o/oauth2/v2/auth\"; \
                  token_uri = \"https://oauth2.googleapis.com/token\"; scopes = [\"https://mail.google.com/\"]; \
                  auth_uri_fields = { \"prompt\": \"consent\", \"login_hint\": \"me@gmail.com\" };";
    let of_google = "provider = \"google\"; auth_uri_fields = { \"login_hint\": \"me@gmail.com\" };";
    assert_eq!(fingerprint(google), fingerprint(of_google));
    let of_tenant = |tenant: &str| fingerprint(&format!("provider = \"microsoft\"; tenant = \"{tenant}\";"));
    assert_eq!(of_tenant("common"), fingerprint("provider = \"microsoft\";"));
    assert_eq!(of_tenant("consumers"), fingerprint("provider = \"microsoft-personal\";"));
    assert_ne!(of_tenant("common"), of_tenant("organizations"));
}

#[test]
fn what_the_tokens_are_for_ends_the_session_where_it_is_set() {
    let (first, second) = ("https://a.example/".to_owned(), "https://b.example/".to_owned());
    let field = |key: &str| (key.to_owned(), "1".to_owned());
    assert!(ends_the_session(|account| account.resource = [first.clone()].into()));
    assert!(ends_the_session(|account| account.token_uri_fields = [field("x")].into()));
    let of = |resource: &[&String], fields: &[&str]| {
        let resource = resource.iter().copied().cloned().collect();
        let token_uri_fields = fields.iter().map(|key| field(key)).collect();
        Fingerprint::of_account(&Account { resource, token_uri_fields, ..account() })
    };
    assert_ne!(of(&[&first, &second], &[]), of(&[&second, &first], &[]));
    assert_ne!(of(&[&first], &["x"]), of(&[], &["x"]));
    assert_ne!(of(&[], &["x", "y"]), of(&[], &["y", "x"]));
}

#[test]
fn what_they_are_not_bound_to_keeps_the_session() {
    assert!(!ends_the_session(|account| account.client_auth = ClientAuth::Post("rotated".into())));
    assert!(!ends_the_session(|account| account.client_auth = ClientAuth::Basic("rotated".into())));
    assert!(!ends_the_session(|account| account.issuer = Some(uri("https://login.example.org").into())));
    assert!(!ends_the_session(|account| account.user = Some("me@example.org".into())));
    assert!(!ends_the_session(|account| account.refresh_at_least = Duration::ZERO));
    assert!(!ends_the_session(|account| account.refresh_before_expiry = Duration::ZERO));
    assert!(!ends_the_session(|account| account.refresh_retry = Duration::ZERO));
    assert!(!ends_the_session(
        |account| code_grant_mut(account).redirect_uri = uri("HTTP://localhost:80").into()
    ));
}

#[test]
fn lists_cannot_borrow_from_their_neighbours() {
    assert!(ends_the_session(|account| account.scopes = ["mailoffline_access".to_owned()].into()));
    assert!(ends_the_session(
        |account| code_grant_mut(account).auth_uri_fields = [("promptc".into(), "onsent".into())].into()
    ));
    let moved = |account: &mut Account| {
        let grant = code_grant_mut(account);
        let added = ("a".to_owned(), "b".to_owned());
        grant.auth_uri_fields = grant.auth_uri_fields.iter().cloned().chain([added]).collect();
        account.scopes = [].into();
    };
    assert!(ends_the_session(moved));
}

#[test]
fn the_fingerprint_stays_what_it_is() {
    let hex: String =
        Fingerprint::of_account(&account()).0.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "60a60d7ea42e6447ec9ebc72456332ab8954c34e9ea299ebd02a3a52284dfd67");
}
