//! What the options of one account say, each for itself.

use std::sync::Arc;

use super::client;
use super::client_key::{self, ClientKeyDraft, HasClientKey};
use super::client_secret::{self, ClientSecretDraft, HasClientSecret};
use super::global;
use super::grant_name::GrantName;
use super::options::{Elsewhere, Rule};
use super::refresh_times::{self, HasRefreshTimes, RefreshTimes};
use crate::config::presets::Preset;
use crate::config::uri::Uri;

/// The values of the options that are there and can be read.
#[derive(Default)]
pub(super) struct AccountDraft {
    pub(super) grant: Option<GrantName>,
    pub(super) provider: Option<&'static Preset>,
    pub(super) tenant: Option<String>,
    pub(super) auth_uri: Option<Uri>,
    pub(super) device_auth_uri: Option<Uri>,
    pub(super) issuer: Option<Arc<Uri>>,
    /// The issuer, where it is asked for endpoints.
    pub(super) asked: Option<Arc<Uri>>,
    pub(super) token_uri: Option<Uri>,
    pub(super) revocation_uri: Option<Uri>,
    pub(super) client_id: Option<String>,
    pub(super) client_secret: ClientSecretDraft,
    pub(super) client_auth: Option<client::Method>,
    pub(super) client_key: ClientKeyDraft,
    pub(super) scopes: Option<Vec<String>>,
    pub(super) subject: Option<String>,
    pub(super) redirect_uri: Option<Uri>,
    pub(super) auth_uri_fields: Option<Vec<(String, String)>>,
    pub(super) login_hint: Option<String>,
    pub(super) user: Option<String>,
    pub(super) resource: Option<Vec<String>>,
    pub(super) token_uri_fields: Option<Vec<(String, String)>>,
    pub(super) refresh_times: RefreshTimes,
}

impl HasClientKey for AccountDraft {
    fn client_key(&mut self) -> &mut ClientKeyDraft {
        &mut self.client_key
    }
}

impl HasClientSecret for AccountDraft {
    fn client_secret(&mut self) -> &mut ClientSecretDraft {
        &mut self.client_secret
    }
}

impl HasRefreshTimes for AccountDraft {
    fn refresh_times(&mut self) -> &mut RefreshTimes {
        &mut self.refresh_times
    }
}

pub(super) const RULES: &[Rule<AccountDraft>] = &[
    Rule::new("auth_uri", |draft, given, problems| draft.auth_uri = given.endpoint(problems)),
    Rule::new("auth_uri_fields", |draft, given, problems| {
        draft.auth_uri_fields = given.auth_uri_fields(problems);
    }),
    Rule::new("client_auth", |draft, given, problems| draft.client_auth = given.client_auth(problems)),
    Rule::new("client_id", |draft, given, problems| draft.client_id = given.string(problems)),
    Rule::new("device_auth_uri", |draft, given, problems| draft.device_auth_uri = given.endpoint(problems)),
    Rule::new("grant", |draft, given, problems| draft.grant = GrantName::read(given, problems)),
    Rule::new("issuer", |draft, given, problems| draft.issuer = given.issuer(problems)),
    Rule::new("login_hint", |draft, given, problems| {
        draft.login_hint = given.string(problems);
        let message = "'login_hint' is deprecated: move it into auth_uri_fields = { \"login_hint\": \"…\" }";
        problems.warning(given.name, message);
    }),
    Rule::new("provider", |draft, given, problems| draft.provider = given.provider(problems)),
    Rule::new("redirect_uri", |draft, given, problems| draft.redirect_uri = given.uri(problems)),
    Rule::new("resource", |draft, given, problems| draft.resource = given.resources(problems)),
    Rule::new("revocation_uri", |draft, given, problems| draft.revocation_uri = given.endpoint(problems)),
    Rule::new("scopes", |draft, given, problems| draft.scopes = given.list(problems)),
    Rule::new("subject", |draft, given, problems| draft.subject = given.user(problems)),
    Rule::new("tenant", |draft, given, problems| draft.tenant = given.tenant(problems)),
    Rule::new("token_uri", |draft, given, problems| draft.token_uri = given.endpoint(problems)),
    Rule::new("token_uri_fields", |draft, given, problems| {
        draft.token_uri_fields = given.token_uri_fields(problems);
    }),
    Rule::new("user", |draft, given, problems| draft.user = given.user(problems)),
    client_secret::written_rule(),
    client_secret::command_rule(),
    client_key::file_rule(),
    client_key::certificate_rule(),
    client_key::id_rule(),
    client_key::algorithm_rule(),
    refresh_times::at_least_rule(),
    refresh_times::before_expiry_rule(),
    refresh_times::retry_rule(),
];

pub(super) const ELSEWHERE: Elsewhere =
    Elsewhere { names: global::option_names, message: "is a global option: move it out of the account" };

/// What the options are called.
pub(super) fn option_names() -> Vec<&'static str> {
    RULES.iter().map(|rule| rule.name).collect()
}
