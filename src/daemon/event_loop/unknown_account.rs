//! What a caller is told whose account is in no configuration.

use pizauth_common::ipc::message::Refusal;
use pizauth_common::near_miss::nearest;
use pizauth_core::keeper::UnknownAccount;

use super::Rooms;
use super::answers::Refused;

/// So many accounts are named.
const MOST_LISTED: usize = 10;

impl Rooms {
    pub(super) fn refused(&self, _: UnknownAccount, account: &str) -> Refused {
        let names: Vec<_> = self.keeper.account_names().collect();
        Refused(Refusal::UnknownAccount, no_account(account, &names))
    }
}

/// With the name that was probably meant, and the first of those that there are.
fn no_account(account: &str, names: &[&str]) -> String {
    let meant = nearest(account, names).map(|name| format!("did you mean {name:?}? "));
    let listed: Vec<_> = names.iter().take(MOST_LISTED).map(|name| format!("{name:?}")).collect();
    let more = if names.len() > MOST_LISTED { ", … (all: pizauth status)" } else { "" };
    let meant = meant.unwrap_or_default();
    format!("the configuration has no account {account:?} ({meant}it has {}{more})", listed.join(", "))
}
