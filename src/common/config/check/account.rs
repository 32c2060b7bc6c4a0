//! One account.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use super::client_key::{self, HasClientKey};
use super::client_secret::{self, HasClientSecret};
use super::global::{self, Global};
use super::grant::{self, GrantName};
use super::options::{self, Elsewhere, Rule, Seen};
use super::provider::Provider;
use super::refresh_times::{self, HasRefreshTimes, RefreshTimes};
use super::{across, application, client, fields, user};
use crate::account_name::AccountName;
use crate::config::client_auth::ClientAuth;
use crate::config::endpoint::Endpoint;
use crate::config::grant::Grant;
use crate::config::model::{Account, Listeners};
use crate::config::presets::Preset;
use crate::config::problems::Problems;
use crate::config::snippet::visible;
use crate::config::syntax::AccountBlock;
use crate::config::uri::{Scheme, Uri};

/// The `redirect_uri` of an account that gives none.
pub(super) const REDIRECT_URI: &str = "http://localhost/";

/// A line of the log shows it whole.
const MAX_NAME_BYTES: usize = 1024;

const MANDATORY: [&str; 2] = ["token_uri", "client_id"];

#[derive(Default)]
pub(super) struct Draft {
    pub(super) grant: Option<GrantName>,
    pub(super) provider: Option<&'static Preset>,
    tenant: Option<String>,
    pub(super) auth_uri: Option<Uri>,
    pub(super) device_auth_uri: Option<Uri>,
    issuer: Option<Arc<Uri>>,
    /// The issuer, where it is asked for endpoints.
    pub(super) asked: Option<Arc<Uri>>,
    token_uri: Option<Uri>,
    revocation_uri: Option<Uri>,
    client_id: Option<String>,
    client_secret: client_secret::Draft,
    client_auth: Option<client::Method>,
    pub(super) client_key: client_key::Draft,
    scopes: Option<Vec<String>>,
    pub(super) subject: Option<String>,
    pub(super) redirect_uri: Option<Uri>,
    auth_uri_fields: Option<Vec<(String, String)>>,
    login_hint: Option<String>,
    user: Option<String>,
    resource: Option<Vec<String>>,
    token_uri_fields: Option<Vec<(String, String)>>,
    refresh_times: RefreshTimes,
}

impl HasClientKey for Draft {
    fn client_key(&mut self) -> &mut client_key::Draft {
        &mut self.client_key
    }
}

impl HasClientSecret for Draft {
    fn client_secret(&mut self) -> &mut client_secret::Draft {
        &mut self.client_secret
    }
}

impl HasRefreshTimes for Draft {
    fn refresh_times(&mut self) -> &mut RefreshTimes {
        &mut self.refresh_times
    }
}

const RULES: &[Rule<Draft>] = &[
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

const ELSEWHERE: Elsewhere =
    Elsewhere { names: global::option_names, message: "is a global option: move it out of the account" };

/// What the options are called.
pub(super) fn option_names() -> Vec<&'static str> {
    RULES.iter().map(|rule| rule.name).collect()
}

/// Reads one account; None when it lacks something, which is reported. `names` are those of the accounts
/// before it.
pub(super) fn read<'a>(
    block: &AccountBlock<'a>,
    global: &Global,
    names: &mut HashMap<String, &'a str>,
    problems: &mut Problems<'a>,
) -> Option<Account> {
    let name = name(block, names, problems);
    let mut draft = Draft::default();
    let seen = options::read(RULES, &ELSEWHERE, &mut draft, &block.fields, problems);
    let place = block.name.map_or(block.keyword, |name| name.0);
    if block.whole {
        grant::report_missing(place, &draft, &seen, problems);
        report_missing(place, &seen, problems);
    }
    let times = draft.refresh_times.or(&global.refresh_times);
    let (written, login_hint) = (draft.auth_uri_fields.take(), draft.login_hint.take());
    let own_fields = fields::of_authorization(written, login_hint, &seen, problems);
    let provider = Provider::new(draft.provider, draft.tenant.take(), &seen, problems);
    let provider = provider.as_ref();
    // Elsewhere than the provider's, it is another server.
    let revocation_uri_of_provider =
        provider.filter(|_| draft.token_uri.is_none()).and_then(Provider::revocation_uri);
    let issuer_of_provider = provider.filter(|_| draft.auth_uri.is_none()).and_then(Provider::issuer);
    let fields = match provider {
        Some(provider) => provider.auth_uri_fields(own_fields),
        None => own_fields,
    };
    let token_uri = draft.token_uri.take().or_else(|| provider?.token_uri());
    let lacks_one = token_uri.is_none() || grant::lacks_endpoint(&draft, provider, &seen);
    draft.asked = draft.issuer.clone().filter(|_| lacks_one);
    let asked = draft.asked.clone();
    let revocation_uri = draft.revocation_uri.take().or(revocation_uri_of_provider);
    let user = draft.user.take().or_else(|| user::hinted_at(&fields));
    client_key::report_missing(&seen, problems);
    let grant = grant::read(&mut draft, fields, provider, place, &seen, global, problems);
    let client_auth = match draft.grant {
        Some(GrantName::JwtBearer) => ClientAuth::None,
        _ => {
            let (key, secret) = (draft.client_key.take(), draft.client_secret.check(&seen, problems));
            client::auth(draft.client_auth, secret, key, asked.is_some(), &seen, problems)
        }
    };
    grant.iter().for_each(|grant| application::check_proof(grant, &client_auth, &seen, problems));
    let for_user = provider.filter(|_| grant.as_ref().is_some_and(Grant::is_for_user));
    let user = user.or_else(|| Some(grant.as_ref()?.jwt_bearer()?.subject.to_string()));
    let account = Account {
        name: AccountName::from(name?.as_str()),
        user: user.map(Into::into),
        grant: grant?,
        token_uri: Endpoint::of(token_uri, asked.as_ref())?,
        revocation_uri: Endpoint::of(revocation_uri, asked.as_ref()),
        issuer: draft.issuer.or(issuer_of_provider.map(Into::into)),
        client_id: draft.client_id?.into(),
        client_auth,
        scopes: draft.scopes.or_else(|| Some(for_user?.scopes())).unwrap_or_default().into(),
        resource: draft.resource.unwrap_or_default().into(),
        token_uri_fields: draft.token_uri_fields.unwrap_or_default().into(),
        refresh_at_least: times.at_least(),
        refresh_before_expiry: times.before_expiry(),
        refresh_retry: times.retry(),
    };
    across::check(&account, &seen, place, global, problems);
    Some(account)
}

/// The name, unless another account has it.
fn name<'a>(
    block: &AccountBlock<'a>,
    names: &mut HashMap<String, &'a str>,
    problems: &mut Problems<'a>,
) -> Option<String> {
    let written = block.name?;
    let name = written.text(problems)?;
    if let Some(why) = unusable(&name) {
        problems.error(block.keyword, why);
        return None;
    }
    match names.entry(name.clone()) {
        Entry::Vacant(free) => {
            free.insert(written.0);
            Some(name)
        }
        Entry::Occupied(_) => {
            let shown = if problems.hides(written.0) { "of this name".into() } else { quoted(&name) };
            problems.error(written.0, format!("there is an account {shown} already"));
            None
        }
    }
}

/// Why the name is of no use: neither commands nor hooks could be told it.
fn unusable(name: &str) -> Option<String> {
    if name.contains(char::is_control) {
        return Some("the name of an account cannot contain control characters".into());
    }
    let is_too_long = name.len() > MAX_NAME_BYTES;
    is_too_long.then(|| format!("the name of an account cannot have more than {MAX_NAME_BYTES} bytes"))
}

fn report_missing<'a>(place: &'a str, seen: &Seen<'_, 'a>, problems: &mut Problems<'a>) {
    let has_other_source = seen.get("provider").is_some() || seen.get("issuer").is_some();
    for option in MANDATORY {
        if seen.get(option).is_none() && !(has_other_source && option == "token_uri") {
            problems.error(place, format!("this account has no {option}, which is mandatory"));
        }
    }
}

/// A redirect URI must lead to a listener.
pub(super) fn check_listener<'a>(
    redirect_uri: Option<&Uri>,
    account: &'a str,
    seen: &Seen<'_, 'a>,
    global: &Global,
    problems: &mut Problems<'a>,
) {
    let given = seen.place("redirect_uri");
    let scheme = match redirect_uri {
        Some(uri) => uri.scheme(),
        None if given.is_none() => Scheme::Http,
        None => return,
    };
    let off = match (&global.listeners, scheme) {
        (Some(Listeners::Http(_)), Scheme::Https) => "https_listen",
        (Some(Listeners::Https(_)), Scheme::Http) => "http_listen",
        _ => return,
    };
    let what = match given {
        Some(_) => format!("'redirect_uri' is {scheme}"),
        None => format!("this account has no redirect_uri, and its default is {REDIRECT_URI}"),
    };
    problems.error(given.unwrap_or(account), format!("{what}, but {off} is none"));
}

/// A name from the file, safe to show and not too long.
fn quoted(name: &str) -> String {
    let shown: String = name.chars().take(60).collect();
    format!("\"{}\"", visible(&shown))
}
