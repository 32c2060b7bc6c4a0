//! Syntax tree → [`Config`]: names, types, duplicates, and what must fit together.

mod account;
mod across;
mod application;
mod client;
mod client_key;
mod client_secret;
mod convert;
mod draft;
mod extra_socket;
mod fields;
mod global;
mod grant;
mod grant_name;
mod issuer;
mod listen;
mod microsoft;
mod options;
mod provider;
mod redirect;
mod refresh_times;
mod saved_state;
mod uri;
mod user;

pub use issuer::{IssuerError, issuer};

use std::collections::HashMap;

use super::model::{Account, Config};
use super::problems::Problems;
use super::source::offset;
use super::syntax::{AccountBlock, Assignment, Item};
use global::Global;

/// What `status` says of all accounts has to fit into an answer of 16 MiB (`pizauth-ipc(7)`).
const ROOM_FOR_STATUS: usize = 16 << 20;
/// What it says of one, without the name: about 256 bytes, and the words of a server for some.
const BYTES_OF_A_ROW: usize = 512;

/// The configuration, if there is enough of it; it is good for use only if no error was reported.
pub(super) fn check<'a>(text: &'a str, items: &[Item<'a>], problems: &mut Problems<'a>) -> Option<Config> {
    let globals: Vec<&Assignment<'a>> = items.iter().filter_map(Item::as_option).collect();
    let global = global::read(&globals, draft::option_names, problems);
    let blocks: Vec<_> = items.iter().filter_map(Item::as_account).collect();
    if blocks.is_empty() && !problems.has_errors() {
        problems.error(first_line(text), "there is no account: expected at least one account \"NAME\" { … }");
    }
    let mut names = HashMap::with_capacity(blocks.len());
    let accounts = accounts(&blocks, &global, &mut names, problems);
    let names: Vec<_> = names.keys().map(String::as_str).collect();
    extra_socket::check_accounts(&global.extra_socket, &globals, &names, problems);
    Some(Config {
        accounts,
        hooks: global.hooks,
        auth_notify_interval: global.auth_notify_interval.unwrap_or(global::AUTH_NOTIFY_INTERVAL),
        listeners: global.listeners?,
        redirect_peer: global.redirect_peer.unwrap_or(global::REDIRECT_PEER),
        dump_callers: global.dump_callers.unwrap_or(global::DUMP_CALLERS),
        extra_socket: global.extra_socket.finish(),
        saved_state: global.saved_state,
    })
}

/// Those that can be read, as many as `status` can tell of. What they are called goes into `names`.
fn accounts<'a>(
    blocks: &[&AccountBlock<'a>],
    global: &Global,
    names: &mut HashMap<String, &'a str>,
    problems: &mut Problems<'a>,
) -> Vec<Account> {
    let mut accounts: Vec<Account> = Vec::with_capacity(blocks.len());
    let mut room = ROOM_FOR_STATUS;
    for block in blocks {
        let Some(mut account) = account::read(block, global, names, problems) else { continue };
        let row = BYTES_OF_A_ROW + account.name.as_str().len();
        let Some(left) = room.checked_sub(row) else {
            let most = accounts.len();
            let message = format!("there are too many accounts: status can tell of the first {most}");
            problems.error(block.keyword, message);
            break;
        };
        room = left;
        account.share_with(accounts.last());
        accounts.push(account);
    }
    accounts
}

/// What options are called, everywhere.
pub(super) fn option_names() -> Vec<&'static str> {
    [global::option_names(), draft::option_names()].concat()
}

fn first_line(text: &str) -> &str {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    &text[offset(text, start)..][..0]
}

impl<'a> Item<'a> {
    fn as_option(&self) -> Option<&Assignment<'a>> {
        match self {
            Self::Option(option) => Some(option),
            Self::Account(_) => None,
        }
    }

    fn as_account(&self) -> Option<&AccountBlock<'a>> {
        match self {
            Self::Account(account) => Some(account),
            Self::Option(_) => None,
        }
    }
}
