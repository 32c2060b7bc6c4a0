//! The socket that can be lent: where it is and whose access tokens can be had there, which make sense together only.

use super::options::{Given, Seen};
use crate::account_name::AccountName;
use crate::config::model::{ExtraPlace, ExtraSocket};
use crate::config::problems::Problems;
use crate::config::syntax::{Assignment, Value};
use crate::config::user_path::UserPath;
use crate::near_miss::nearest;

/// The option that says where the socket is.
pub(super) const PLACE: &str = "extra_socket";
/// The option that says whose access tokens can be had there.
pub(super) const ACCOUNTS: &str = "extra_socket_accounts";
/// The name of the command socket, which an extra socket beside it cannot have.
const TAKEN: &str = "pizauth.sock";

/// What the two options say, before the accounts of the file are known.
#[derive(Debug, Default)]
pub(super) struct ExtraSocketDraft {
    pub(super) place: Option<ExtraPlace>,
    pub(super) accounts: Option<Vec<String>>,
}

/// Reports one option without the other, and a list with nobody on it.
pub(super) fn check_pair<'a>(draft: &ExtraSocketDraft, seen: &Seen<'_, 'a>, problems: &mut Problems<'a>) {
    let whose = "'extra_socket' needs 'extra_socket_accounts': whose access tokens can be had there";
    seen.report_without(PLACE, ACCOUNTS, whose, problems);
    let at = "'extra_socket_accounts' needs 'extra_socket': where they can be had";
    seen.report_without(ACCOUNTS, PLACE, at, problems);
    if let (Some([]), Some(place)) = (draft.accounts.as_deref(), seen.place(ACCOUNTS)) {
        problems.error(
            place,
            "'extra_socket_accounts' is empty: name the accounts whose access tokens can be had there",
        );
    }
}

/// Reports names on the list that are none of `accounts`.
pub(super) fn check_accounts<'a>(
    draft: &ExtraSocketDraft,
    globals: &[&Assignment<'a>],
    accounts: &[&str],
    problems: &mut Problems<'a>,
) {
    let list = globals.iter().find(|option| option.name == ACCOUNTS).and_then(|option| option.value.as_ref());
    let (Some(Value::List(_, written)), Some(names)) = (list, &draft.accounts) else { return };
    for (written, name) in written.iter().zip(names).filter(|(_, name)| !accounts.contains(&name.as_str())) {
        let help = nearest(name, accounts).map(|meant| format!("did you mean '{meant}'?"));
        problems.error_with_help(written.0, "there is no such account", help);
    }
}

impl ExtraSocketDraft {
    /// The socket, where there is to be one.
    pub(super) fn finish(self) -> Option<ExtraSocket> {
        let accounts = self.accounts?.iter().map(|name| AccountName::from(name.as_str())).collect();
        Some(ExtraSocket { place: self.place?, accounts })
    }
}

impl<'a> Given<'_, 'a> {
    /// The name of a socket beside the command socket, or a path.
    pub(super) fn socket_place(&self, problems: &mut Problems<'a>) -> Option<ExtraPlace> {
        let text = self.string(problems)?;
        let is_name = !text.contains(['/', '\0']);
        let place = match text.as_str() {
            "" | "." | ".." | TAKEN | "~" => None,
            name if is_name => Some(ExtraPlace::Beside(name.to_owned())),
            path => UserPath::parse(path).map(ExtraPlace::At),
        };
        if place.is_none() {
            let message = match text.as_str() {
                TAKEN => "this is the command socket itself: choose another name",
                _ => "expected a name such as \"extra.sock\", or a path that begins with / or ~/",
            };
            problems.error(self.value.place(), message);
        }
        place
    }
}
