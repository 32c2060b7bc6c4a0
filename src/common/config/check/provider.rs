//! What `provider` and `tenant` come to.

use super::across::is_of_a_template;

use super::options::{Given, Seen};
use crate::config::presets::{PRESETS, Preset, TENANT};
use crate::config::problems::Problems;
use crate::config::syntax::Value;
use crate::config::uri::Uri;

/// A preset, and the tenant in it.
#[derive(Debug)]
pub(super) struct Provider {
    preset: &'static Preset,
    tenant: Option<String>,
}

impl Provider {
    /// What these options say together.
    pub(super) fn new<'a>(
        preset: Option<&'static Preset>,
        tenant: Option<String>,
        seen: &Seen<'_, 'a>,
        problems: &mut Problems<'a>,
    ) -> Option<Self> {
        if let Some(given) = seen.get("tenant").filter(|_| has_no_tenants(preset, seen)) {
            let message = "'tenant' goes with provider = \"microsoft\" or \"microsoft-personal\" only";
            problems.error(given.name, message);
        }
        let preset = preset?;
        Some(Self { preset, tenant: tenant.or(preset.tenant.map(str::to_owned)) })
    }

    pub(super) fn auth_uri(&self) -> Option<Uri> {
        self.uri(self.preset.auth_uri)
    }

    pub(super) fn device_auth_uri(&self) -> Option<Uri> {
        self.uri(self.preset.device_auth_uri?)
    }

    pub(super) fn token_uri(&self) -> Option<Uri> {
        self.uri(self.preset.token_uri)
    }

    /// Where the server of [`Provider::token_uri`] revokes tokens.
    pub(super) fn revocation_uri(&self) -> Option<Uri> {
        self.uri(self.preset.revocation_uri?)
    }

    /// What the server of [`Provider::auth_uri`] calls itself.
    pub(super) fn issuer(&self) -> Option<Uri> {
        self.uri(self.preset.issuer?)
    }

    /// The tenant, where the provider has tenants.
    pub(super) fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// The scopes that an account for a user has, where it names none.
    pub(super) fn scopes(&self) -> Vec<String> {
        self.preset.scopes.iter().map(|scope| (*scope).to_owned()).collect()
    }

    /// Its fields, less those whose key the account writes itself, and then the account's.
    pub(super) fn auth_uri_fields(&self, own: Vec<(String, String)>) -> Vec<(String, String)> {
        let fields = self.preset.auth_uri_fields.iter();
        let others = fields.filter(|(key, _)| !own.iter().any(|(own_key, _)| own_key == key));
        let mut all: Vec<_> = others.map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        all.extend(own);
        all
    }

    fn uri(&self, written: &str) -> Option<Uri> {
        let tenant = self.tenant.as_deref().unwrap_or_default();
        Uri::parse(written.replace(TENANT, tenant)).ok()
    }
}

/// Whether `tenant` makes no sense here. Where the provider could not be read it may.
fn has_no_tenants(preset: Option<&Preset>, seen: &Seen) -> bool {
    match preset {
        Some(preset) => preset.tenant.is_none(),
        None => seen.get("provider").is_none(),
    }
}

impl<'a> Given<'_, 'a> {
    pub(super) fn provider(&self, problems: &mut Problems<'a>) -> Option<&'static Preset> {
        self.one_of(PRESETS.iter().map(|preset| (preset.name, preset)), problems)
    }

    /// A tenant: it will stand in the path of a URI.
    pub(super) fn tenant(&self, problems: &mut Problems<'a>) -> Option<String> {
        let Value::String(_) = self.value else { return self.wrong_type("a string", problems) };
        let tenant = self.string(problems)?;
        let is_usual = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        if is_of_a_template(&tenant) {
            problems.warning(self.value.place(), "'tenant' is a placeholder: fill it in");
        }
        if tenant.chars().all(is_usual) && tenant.contains(|c: char| c.is_ascii_alphanumeric()) {
            return Some(tenant);
        }
        let message = "'tenant' is the ID or a domain of the organization: letters, digits, '.' and '-' only";
        problems.error(self.value.place(), message);
        None
    }
}
