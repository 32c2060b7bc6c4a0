//! Who runs a mailbox: by its domain, by who takes its mail, or by a list to choose from.

use pizauth_common::near_miss::nearest;
use pizauth_common::terminal::printable;

use super::{Interview, Stopped, impossible};
use crate::setup::mail_exchanger;
use crate::setup::mail_provider::{self, MailProvider, PROVIDERS};

impl Interview<'_> {
    /// None for one that is in no list.
    pub(super) fn provider(&self, domain: &str) -> Result<Option<&'static MailProvider>, Stopped> {
        if mail_provider::has_no_oauth2(domain) {
            return Err(impossible(format!(
                "{domain} offers no OAuth2 for mail; mail programs sign in there with an app password, which its web \
                 pages make, and need no pizauth"
            )));
        }
        if let Some(provider) = mail_provider::of_domain(domain) {
            return Ok(Some(provider));
        }
        match self.by_mail_exchanger(domain)? {
            Some(provider) => Ok(Some(provider)),
            None => self.chosen_from_list(),
        }
    }

    fn by_mail_exchanger(&self, domain: &str) -> Result<Option<&'static MailProvider>, Stopped> {
        let domain = printable(domain);
        self.dialogue.tell(&format!("Looking up who takes the mail of {domain} ...\n"))?;
        let hosts = mail_exchanger::of(&domain).map_err(|why| why.to_string());
        let known = hosts.and_then(|hosts| {
            let provider = hosts.iter().find_map(|host| mail_provider::of_exchanger(host));
            provider.ok_or_else(|| format!("{} takes it, and is none of these providers'", hosts[0]))
        });
        let provider = match known {
            Ok(provider) => provider,
            Err(why) => {
                self.dialogue.tell(&format!("{why}.\n"))?;
                return Ok(None);
            }
        };
        let question = format!("It is {}. Is the account there?", provider.title);
        Ok(self.dialogue.agree(&question, "--provider")?.then_some(provider))
    }

    fn chosen_from_list(&self) -> Result<Option<&'static MailProvider>, Stopped> {
        let titles = PROVIDERS.iter().map(|provider| provider.title).chain(["another one"]);
        let list: String =
            titles.enumerate().map(|(row, title)| format!("  {:>2}  {title}\n", row + 1)).collect();
        self.dialogue.tell(&format!("Providers:\n{list}"))?;
        loop {
            let answer = self.ask("Number of the provider", None, "--provider")?;
            match answer.parse::<usize>() {
                Ok(row) if row == PROVIDERS.len() + 1 => return Ok(None),
                Ok(row) if (1..=PROVIDERS.len()).contains(&row) => return Ok(Some(&PROVIDERS[row - 1])),
                _ => self.dialogue.tell("That is no number of the list.\n")?,
            }
        }
    }
}

/// The one of that name.
///
/// # Errors
/// There is none.
pub(super) fn chosen(name: &str) -> Result<&'static MailProvider, Stopped> {
    let names: Vec<_> = PROVIDERS.iter().map(|provider| provider.name).collect();
    mail_provider::named(name).ok_or_else(|| {
        let near = nearest(name, &names).map(|near| format!(", did you mean '{near}'?")).unwrap_or_default();
        impossible(format!("unknown provider '{}'{near} (there are: {})", printable(name), names.join(", ")))
    })
}
