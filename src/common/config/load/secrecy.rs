//! Whether something stands in a configuration that nobody else may read. What is new in one does not compile until it is
//! named here, and so decided.

use crate::config::grant::{Application, Grant, JwtBearer};
use crate::config::{Account, Config};

pub(super) fn holds_a_secret(config: &Config) -> bool {
    let Config {
        accounts,
        hooks: _,
        auth_notify_interval: _,
        listeners: _,
        redirect_peer: _,
        dump_callers: _,
        extra_socket: _,
        saved_state: _,
    } = config;
    accounts.iter().any(has_a_secret)
}

fn has_a_secret(account: &Account) -> bool {
    let Account {
        name: _,
        token_uri: _,
        revocation_uri: _,
        issuer: _,
        client_id: _,
        client_auth,
        scopes: _,
        resource: _,
        token_uri_fields: _,
        grant,
        user: _,
        refresh_at_least: _,
        refresh_before_expiry: _,
        refresh_retry: _,
    } = account;
    // No grant has one. Keys stand in files of their own.
    let (Grant::AuthorizationCode { browser: _, device: _ }
    | Grant::DeviceCode { device: _, browser: _ }
    | Grant::Application(
        Application::ClientCredentials | Application::JwtBearer(JwtBearer { key: _, subject: _ }),
    )) = grant;
    client_auth.secret().is_some()
}
