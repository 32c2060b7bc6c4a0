//! Whether something stands in a configuration that nobody else may read.

use crate::config::grant::{Application, Grant, JwtBearer};
use crate::config::{Account, Config};

pub(super) fn holds_a_secret(config: &Config) -> bool {
    config.accounts.iter().any(has_a_secret)
}

fn has_a_secret(account: &Account) -> bool {
    // No grant has one: keys stand in files of their own. Whoever adds a grant sees this.
    let (Grant::AuthorizationCode { browser: _, device: _ }
    | Grant::DeviceCode { device: _, browser: _ }
    | Grant::Application(
        Application::ClientCredentials | Application::JwtBearer(JwtBearer { key: _, subject: _ }),
    )) = account.grant;
    account.client_auth.secret().is_some()
}
