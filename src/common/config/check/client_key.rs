//! The options about the key that a client signs with.

use std::mem;
use std::sync::Arc;

use super::options::{Given, Rule, Seen};
use crate::config::client_key::{ClientKey, KeyAlgorithm};
use crate::config::problems::Problems;
use crate::config::user_path::UserPath;
use crate::terminal::is_printable_ascii;

pub(super) const FILE: &str = "client_key_file";

/// Options that say more of the key, and make no sense without one.
const BESIDE: [&str; 3] = ["client_certificate_file", "client_key_id", "client_key_alg"];

const ALGORITHMS: [(&str, KeyAlgorithm); 3] =
    [("RS256", KeyAlgorithm::Rs256), ("PS256", KeyAlgorithm::Ps256), ("ES256", KeyAlgorithm::Es256)];

/// What these options say.
#[derive(Default)]
pub(super) struct ClientKeyDraft {
    file: Option<UserPath>,
    certificate: Option<UserPath>,
    id: Option<String>,
    algorithm: Option<KeyAlgorithm>,
}

/// A draft of an account has these options as a part of it.
pub(super) trait HasClientKey {
    fn client_key(&mut self) -> &mut ClientKeyDraft;
}

pub(super) const fn file_rule<D: HasClientKey>() -> Rule<D> {
    Rule::new(FILE, |draft, given, problems| draft.client_key().file = given.path(problems))
}

pub(super) const fn certificate_rule<D: HasClientKey>() -> Rule<D> {
    Rule::new("client_certificate_file", |draft, given, problems| {
        draft.client_key().certificate = given.path(problems);
    })
}

pub(super) const fn id_rule<D: HasClientKey>() -> Rule<D> {
    Rule::new("client_key_id", |draft, given, problems| draft.client_key().id = given.key_id(problems))
}

pub(super) const fn algorithm_rule<D: HasClientKey>() -> Rule<D> {
    Rule::new("client_key_alg", |draft, given, problems| {
        draft.client_key().algorithm = given.one_of(ALGORITHMS, problems);
    })
}

impl ClientKeyDraft {
    /// The key, if there is one. It can be taken once: by the grant that it signs, or else as what the client proves
    /// itself with.
    pub(super) fn take(&mut self) -> Option<Arc<ClientKey>> {
        let Self { file, certificate, id, algorithm } = mem::take(self);
        Some(Arc::new(ClientKey { file: file?, certificate, id: id.map(Arc::from), algorithm }))
    }
}

/// Complains of options that say more of a key, where there is none.
pub(super) fn report_missing<'a>(seen: &Seen<'_, 'a>, problems: &mut Problems<'a>) {
    for option in BESIDE {
        let why = format!("'{option}' needs '{FILE}' beside it");
        seen.report_without(option, FILE, &why, problems);
    }
}

impl<'a> Given<'_, 'a> {
    fn key_id(&self, problems: &mut Problems<'a>) -> Option<String> {
        const MOST: usize = 1024;
        let id = self.string(problems)?;
        if is_printable_ascii(&id) && id.len() <= MOST {
            return Some(id);
        }
        let message = format!("a key's id is 1 to {MOST} printable ASCII characters");
        problems.error(self.value.place(), message);
        None
    }
}
