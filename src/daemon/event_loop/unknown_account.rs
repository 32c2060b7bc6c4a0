//! What a caller is told whose account is in no configuration.

use pizauth_common::ipc::message::Refusal;
use pizauth_common::near_miss::no_account;
use pizauth_core::keeper::UnknownAccount;

use super::Rooms;
use super::answers::Refused;

impl Rooms {
    pub(super) fn refused(&self, _: UnknownAccount, account: &str) -> Refused {
        self.unknown(account)
    }

    pub(super) fn unknown(&self, account: &str) -> Refused {
        let names: Vec<_> = self.keeper.account_names().collect();
        Refused(Refusal::UnknownAccount, no_account(account, &names))
    }
}
