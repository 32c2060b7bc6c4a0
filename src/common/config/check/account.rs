//! One account.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::draft::{AccountDraft, ELSEWHERE, RULES};
use super::global::Global;
use super::grant_name::GrantName;
use super::options::{self, Seen};
use super::provider::Provider;
use super::{across, application, client, client_key, fields, grant, user};
use crate::account_name::AccountName;
use crate::config::client_auth::ClientAuth;
use crate::config::endpoint::Endpoint;
use crate::config::grant::Grant;
use crate::config::model::Account;
use crate::config::problems::Problems;
use crate::config::snippet::visible;
use crate::config::syntax::AccountBlock;

/// In bytes: as much as a line of the log can show.
const MAX_NAME_BYTES: usize = 1024;

const MANDATORY: [&str; 2] = ["token_uri", "client_id"];

/// Reads one account; None when it lacks something, which is reported. `names` are those of the accounts
/// before it.
pub(super) fn read<'a>(
    block: &AccountBlock<'a>,
    global: &Global,
    names: &mut HashMap<String, &'a str>,
    problems: &mut Problems<'a>,
) -> Option<Account> {
    let name = name(block, names, problems);
    let mut draft = AccountDraft::default();
    let seen = options::read(RULES, &ELSEWHERE, &mut draft, &block.fields, problems);
    let place = block.name.map_or(block.keyword, |name| name.0);
    if block.whole {
        grant::report_missing(place, &draft, &seen, problems);
        report_missing(place, &seen, problems);
    }
    let (written, login_hint) = (draft.auth_uri_fields.take(), draft.login_hint.take());
    let own_fields = fields::of_authorization(written, login_hint, &seen, problems);
    let provider = Provider::new(draft.provider, draft.tenant.take(), &seen, problems);
    let provider = provider.as_ref();
    complete(&mut draft, provider, &seen);
    let fields = match provider {
        Some(provider) => provider.auth_uri_fields(own_fields),
        None => own_fields,
    };
    draft.user = draft.user.take().or_else(|| user::hinted_at(&fields));
    client_key::report_missing(&seen, problems);
    let grant = grant::read(&mut draft, fields, provider, place, &seen, global, problems);
    let client_auth = client_auth(&mut draft, &seen, problems);
    grant.iter().for_each(|grant| application::check_proof(grant, &client_auth, &seen, problems));
    let account = account(draft, name?, grant?, client_auth, provider, global)?;
    across::check(&account, &seen, place, global, problems);
    Some(account)
}

/// Fills in where the server is: as an option says, else as the provider has it, else the issuer is asked.
fn complete(draft: &mut AccountDraft, provider: Option<&Provider>, seen: &Seen) {
    // Where an option names an endpoint it may be of another server, to which these two do not belong.
    let revocation_uri = provider.filter(|_| draft.token_uri.is_none()).and_then(Provider::revocation_uri);
    let issuer = provider.filter(|_| draft.auth_uri.is_none()).and_then(Provider::issuer);
    draft.revocation_uri = draft.revocation_uri.take().or(revocation_uri);
    draft.auth_uri = draft.auth_uri.take().or_else(|| provider?.auth_uri());
    draft.device_auth_uri = draft.device_auth_uri.take().or_else(|| provider?.device_auth_uri());
    draft.token_uri = draft.token_uri.take().or_else(|| provider?.token_uri());
    let lacks_one = draft.token_uri.is_none() || grant::lacks_endpoint(draft, seen);
    // Only an issuer that an option names is asked, never that of a provider.
    draft.asked = draft.issuer.clone().filter(|_| lacks_one);
    draft.issuer = draft.issuer.take().or(issuer.map(Into::into));
}

/// How the client proves who it is. With `grant = "jwt_bearer"` the grant itself is signed, and proof enough.
fn client_auth<'a>(draft: &mut AccountDraft, seen: &Seen<'_, 'a>, problems: &mut Problems<'a>) -> ClientAuth {
    if draft.grant == Some(GrantName::JwtBearer) {
        return ClientAuth::None;
    }
    let key = draft.client_key.take();
    let secret = std::mem::take(&mut draft.client_secret).check(seen, problems);
    client::auth(draft.client_auth, secret, key, draft.asked.is_some(), seen, problems)
}

/// The account that a completed draft makes; None when it lacks something, which is reported.
fn account(
    draft: AccountDraft,
    name: String,
    grant: Grant,
    client_auth: ClientAuth,
    provider: Option<&Provider>,
    global: &Global,
) -> Option<Account> {
    let times = draft.refresh_times.or(&global.refresh_times);
    let asked = draft.asked.as_ref();
    let of_provider = || Some(provider.filter(|_| grant.is_for_user())?.scopes());
    let in_name_of = || Some(grant.jwt_bearer()?.subject.to_string());
    Some(Account {
        name: AccountName::from(name.as_str()),
        token_uri: Endpoint::of(draft.token_uri, asked)?,
        revocation_uri: Endpoint::of(draft.revocation_uri, asked),
        issuer: draft.issuer,
        client_id: draft.client_id?.into(),
        client_auth,
        scopes: draft.scopes.or_else(of_provider).unwrap_or_default().into(),
        resource: draft.resource.unwrap_or_default().into(),
        token_uri_fields: draft.token_uri_fields.unwrap_or_default().into(),
        user: draft.user.or_else(in_name_of).map(Into::into),
        grant,
        refresh_at_least: times.at_least(),
        refresh_before_expiry: times.before_expiry(),
        refresh_retry: times.retry(),
    })
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

/// Why no account can have this name: commands and hooks could not be given it.
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

/// A name from the file, safe to show and not too long.
fn quoted(name: &str) -> String {
    let shown: String = name.chars().take(60).collect();
    format!("\"{}\"", visible(&shown))
}
