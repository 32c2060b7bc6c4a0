//! What `grant` may be.

use super::options::Given;
use crate::config::problems::Problems;

/// The values of `grant`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GrantName {
    AuthorizationCode,
    DeviceCode,
    ClientCredentials,
    JwtBearer,
}

const NAMES: [(&str, GrantName); 4] = [
    ("authorization_code", GrantName::AuthorizationCode),
    ("device_code", GrantName::DeviceCode),
    ("client_credentials", GrantName::ClientCredentials),
    ("jwt_bearer", GrantName::JwtBearer),
];

impl GrantName {
    pub(super) fn read<'a>(given: &Given<'_, 'a>, problems: &mut Problems<'a>) -> Option<Self> {
        given.one_of(NAMES, problems)
    }

    /// The option for the endpoint that a sign-in begins at, where a user signs in.
    pub(super) fn endpoint(self) -> Option<&'static str> {
        match self {
            Self::AuthorizationCode => Some("auth_uri"),
            Self::DeviceCode => Some("device_auth_uri"),
            Self::ClientCredentials | Self::JwtBearer => None,
        }
    }
}
