//! Where the client's secret is: `client_secret` or `client_secret_cmd`.

use super::options::{Given, Rule, Seen};
use crate::config::client_auth::ClientSecret;
use crate::config::problems::Problems;
use crate::secret::Secret;

const WRITTEN: &str = "client_secret";
const OF_COMMAND: &str = "client_secret_cmd";

/// What these options say.
#[derive(Default)]
pub(super) struct ClientSecretDraft {
    written: Option<Secret>,
    command: Option<String>,
}

/// A draft of an account has these options as a part of it.
pub(super) trait HasClientSecret {
    fn client_secret(&mut self) -> &mut ClientSecretDraft;
}

pub(super) const fn written_rule<D: HasClientSecret>() -> Rule<D> {
    Rule::new(WRITTEN, |draft, given, problems| {
        draft.client_secret().written = given.string(problems).map(Secret::new);
    })
}

pub(super) const fn command_rule<D: HasClientSecret>() -> Rule<D> {
    Rule::new(OF_COMMAND, |draft, given, problems| {
        draft.client_secret().command = given.command_of_secret(problems);
    })
}

impl ClientSecretDraft {
    /// The secret, if there is one. An empty text stands for none.
    pub(super) fn check<'a>(self, seen: &Seen<'_, 'a>, problems: &mut Problems<'a>) -> Option<ClientSecret> {
        if let (Some(place), Some(_)) = (seen.place(OF_COMMAND), seen.get(WRITTEN)) {
            let message = format!("this account has a {WRITTEN} and a {OF_COMMAND}: remove one of them");
            problems.error(place, message);
        }
        let Self { written, command } = self;
        let written = written.filter(|secret| !secret.expose().is_empty()).map(ClientSecret::Written);
        written.or(command.map(|command| ClientSecret::OfCommand(command.into())))
    }
}

/// The option that the secret comes from.
pub(super) fn option_of(secret: &ClientSecret) -> &'static str {
    match secret {
        ClientSecret::Written(_) => WRITTEN,
        ClientSecret::OfCommand(_) => OF_COMMAND,
    }
}

/// Where no secret could be read: whether that is because of a command that has been reported as wrong already.
pub(super) fn is_unusable(seen: &Seen) -> bool {
    seen.get(OF_COMMAND).is_some()
}

impl<'a> Given<'_, 'a> {
    fn command_of_secret(&self, problems: &mut Problems<'a>) -> Option<String> {
        let command = self.command(problems)?;
        if command.trim().is_empty() {
            let message = format!("'{OF_COMMAND}' is empty: where there is no secret leave it out");
            problems.error(self.value.place(), message);
            return None;
        }
        Some(command)
    }
}
