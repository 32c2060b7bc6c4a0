//! From options and answers to a new account. What an option has answered is not asked.

use pizauth_common::near_miss::nearest;
use pizauth_common::secret::Secret;
use pizauth_common::terminal::printable;

use super::Setup;
use super::account_block::{ClientSecret, NewAccount, Server};
use super::client_ids;
use super::configuration_file::ConfigurationFile;
use super::dialogue::{Dialogue, Question, Unanswered};
use super::mail_exchanger;
use super::mail_provider::{self, MailProvider, PROVIDERS};

/// Why there will be no account.
#[derive(Debug)]
pub(super) enum Stopped {
    Unanswered(Unanswered),
    /// What has been answered cannot be.
    Impossible(String),
}

impl From<Unanswered> for Stopped {
    fn from(why: Unanswered) -> Self {
        Self::Unanswered(why)
    }
}

/// The conversation about one account.
pub(super) struct Interview<'a> {
    pub(super) options: &'a Setup,
    pub(super) dialogue: &'a Dialogue,
    pub(super) file: &'a ConfigurationFile,
}

impl Interview<'_> {
    /// Everything that it takes.
    ///
    /// # Errors
    /// An answer is missing, or impossible.
    pub(super) fn account(&self) -> Result<NewAccount, Stopped> {
        let named = self.options.provider.as_deref().map(chosen).transpose()?;
        let address = self.address(named)?;
        let provider = match named {
            Some(provider) => Some(provider),
            None => self.provider(domain_of(address.as_deref()).unwrap_or_default())?,
        };
        let name = self.name(address.as_deref(), provider)?;
        let server = match provider {
            Some(provider) => self.known(provider, address.as_deref())?,
            None => self.other()?,
        };
        let (client_id, secret) = self.client(provider)?;
        let user = self.options.user.clone().or_else(|| address.clone());
        Ok(NewAccount { name, server, client_id, secret, user, login_hint: address })
    }

    fn ask(&self, text: &str, default: Option<&str>, option: &'static str) -> Result<String, Stopped> {
        Ok(self.dialogue.ask(Question { text, default, option })?)
    }

    /// The answer that an option gives, else that of a person.
    fn given_or_asked(
        &self,
        given: Option<&String>,
        text: &str,
        default: Option<&str>,
        option: &'static str,
    ) -> Result<String, Stopped> {
        given.map_or_else(|| self.ask(text, default, option), |given| Ok(given.clone()))
    }

    /// None where it is about no mailbox.
    fn address(&self, named: Option<&'static MailProvider>) -> Result<Option<String>, Stopped> {
        let is_mail = named.is_none_or(|provider| provider.servers.is_some());
        let address = match (&self.options.address, is_mail) {
            (Some(address), _) => address.clone(),
            (None, true) => self.ask("Address of the mailbox", None, "the address")?,
            (None, false) => return Ok(None),
        };
        match address.split_once('@') {
            Some((local, domain)) if !local.is_empty() && !domain.is_empty() => Ok(Some(address)),
            _ => Err(impossible(format!(
                "'{}' is no mail address: it has to be NAME@DOMAIN",
                printable(&address)
            ))),
        }
    }

    /// None for one that is in no list.
    fn provider(&self, domain: &str) -> Result<Option<&'static MailProvider>, Stopped> {
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
        let hosts = mail_exchanger::of(&domain);
        let Some(provider) = hosts.iter().find_map(|host| mail_provider::of_exchanger(host)) else {
            return Ok(None);
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

    fn name(
        &self,
        address: Option<&str>,
        provider: Option<&'static MailProvider>,
    ) -> Result<String, Stopped> {
        if let Some(name) = &self.options.name {
            let taken = || impossible(format!("there is an account '{}' already", printable(name)));
            return if self.file.has(name) { Err(taken()) } else { Ok(name.clone()) };
        }
        let suggested = self.free_name(address, provider);
        loop {
            let name = self.ask("Name of the account, as programs call it", Some(&suggested), "--name")?;
            if !self.file.has(&name) {
                return Ok(name);
            }
            self.dialogue.tell("There is an account of that name already.\n")?;
        }
    }

    /// After the domain, else the provider.
    fn free_name(&self, address: Option<&str>, provider: Option<&'static MailProvider>) -> String {
        let label =
            domain_of(address).and_then(|domain| domain.split('.').next()).filter(|label| !label.is_empty());
        let name = label.or(provider.map(|provider| provider.name)).unwrap_or("account");
        let numbered = (2..).map(|number| format!("{name}{number}"));
        let mut names = [name.to_owned()].into_iter().chain(numbered);
        names.find(|name| !self.file.has(name)).unwrap_or_default()
    }

    fn known(&self, provider: &'static MailProvider, address: Option<&str>) -> Result<Server, Stopped> {
        if !provider.has_tenants {
            return Ok(Server::Known { provider, tenant: None });
        }
        let default = domain_of(address).unwrap_or("organizations");
        let question = "Tenant: the ID or a domain of the organization; or organizations, for any";
        let tenant =
            self.given_or_asked(self.options.tenant.as_ref(), question, Some(default), "--tenant")?;
        Ok(Server::Known { provider, tenant: Some(tenant) })
    }

    fn other(&self) -> Result<Server, Stopped> {
        let auth_uri = self.ask("Its authorization endpoint", None, "--provider")?;
        let token_uri = self.ask("Its token endpoint", None, "--provider")?;
        let scopes = self.ask("Scopes, separated by blanks (none: just Enter)", Some(""), "--provider")?;
        let scopes = scopes.split_whitespace().map(str::to_owned).collect();
        Ok(Server::Other { auth_uri, token_uri, scopes })
    }

    fn client(&self, provider: Option<&'static MailProvider>) -> Result<(String, ClientSecret), Stopped> {
        if let Some(client_id) = &self.options.client_id {
            return Ok((client_id.clone(), self.secret(provider)?));
        }
        let known = provider.and_then(|provider| client_ids::of(provider.name));
        if let Some(known) = known {
            let file = known.file.to_string_lossy().into_owned();
            if self.dialogue.agree(&format!("Use the client of {}?", printable(&file)), "--client-id")? {
                let secret = known.secret.map(|secret| self.written(secret)).transpose()?;
                return Ok((known.client_id, secret.unwrap_or(ClientSecret::None)));
            }
        }
        self.tell_where_to_register(provider)?;
        let client_id = self.ask("Client identifier (client ID, application ID)", None, "--client-id")?;
        Ok((client_id, self.secret(provider)?))
    }

    fn tell_where_to_register(&self, provider: Option<&'static MailProvider>) -> Result<(), Stopped> {
        let Some(provider) = provider else { return Ok(()) };
        let redirect = provider.redirect_uri.unwrap_or("http://localhost/");
        let told = format!(
            "\nThe provider has to know a client. Register one, once:\n{}\nwith the redirect URI {redirect}\nand these scopes: {}\n\n",
            provider.registration,
            provider.scopes().join(" ")
        );
        Ok(self.dialogue.tell(&told)?)
    }

    fn secret(&self, provider: Option<&'static MailProvider>) -> Result<ClientSecret, Stopped> {
        if provider.is_some_and(|provider| !provider.has_secret) {
            return Ok(ClientSecret::None);
        }
        let text = "Its secret: not shown here, it will stand in the file (none: just Enter)";
        let secret = self.dialogue.ask_for_secret(text, "--yes")?;
        if secret.expose().is_empty() { Ok(ClientSecret::None) } else { self.written(secret) }
    }

    /// A secret goes into no file that others can read.
    fn written(&self, secret: Secret) -> Result<ClientSecret, Stopped> {
        if !self.file.is_readable_by_others() {
            return Ok(ClientSecret::Written(secret));
        }
        let path = self.file.path().to_string_lossy();
        Err(impossible(format!(
            "{path} can be read by others, and a secret would stand in it: chmod 600 {path}, then once more",
            path = printable(&path)
        )))
    }
}

fn domain_of(address: Option<&str>) -> Option<&str> {
    address?.rsplit_once('@').map(|(_, domain)| domain)
}

fn impossible(why: String) -> Stopped {
    Stopped::Impossible(why)
}

fn chosen(name: &str) -> Result<&'static MailProvider, Stopped> {
    let names: Vec<_> = PROVIDERS.iter().map(|provider| provider.name).collect();
    mail_provider::named(name).ok_or_else(|| {
        let near = nearest(name, &names).map(|near| format!(", did you mean '{near}'?")).unwrap_or_default();
        impossible(format!("unknown provider '{}'{near} (there are: {})", printable(name), names.join(", ")))
    })
}
