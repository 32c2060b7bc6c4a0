//! What a caller is told whose account is in no configuration.

use pizauth_common::ipc::message::Refusal;
use pizauth_common::near_miss::no_account;

use super::Rooms;
use super::answers::Refused;

impl Rooms {
    /// Names the account that was probably meant, and the first of those that there are.
    pub(super) fn unknown(&self, account: &str) -> Refused {
        let names: Vec<_> = self.keeper.account_names().collect();
        Refused(Refusal::UnknownAccount, no_account(account, &names))
    }
}
