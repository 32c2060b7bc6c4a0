//! From options and answers to a new account. What an option has answered is not asked.

mod other;
mod provider;

use pizauth_common::config;
use pizauth_common::secret::Secret;
use pizauth_common::terminal::printable;

use self::provider::chosen;
use super::Setup;
use super::account_block::{Client, ClientSecret, NewAccount, Server};
use super::client_ids;
use super::configuration_file::ConfigurationFile;
use super::dialogue::{Dialogue, Question, Unanswered};
use super::mail_provider::MailProvider;

/// Why there will be no account.
#[derive(Debug)]
pub(super) enum Stopped {
    Unanswered(Unanswered),
    /// An answer or an option is wrong, or does not go with another one: why.
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
    /// Asks for everything that an account takes.
    ///
    /// # Errors
    /// An answer is missing, or impossible.
    pub(super) fn account(&self) -> Result<NewAccount, Stopped> {
        let named = self.options.provider.as_deref().map(chosen).transpose()?;
        self.check_options()?;
        let address = self.address(named)?;
        let provider = match named {
            Some(provider) => Some(provider),
            None if self.is_another() => None,
            None => self.provider(domain_of(address.as_deref()).unwrap_or_default())?,
        };
        let name = self.name(address.as_deref(), provider)?;
        let (server, scopes, client) = match provider {
            Some(provider) => {
                let server = self.known(provider, address.as_deref())?;
                let scopes = self.scopes_given().unwrap_or_else(|| provider.scopes());
                let client = self.client(provider, &scopes)?;
                (server, scopes, client)
            }
            None => self.other()?,
        };
        let user = self.options.user.clone().or_else(|| address.clone());
        let https_port = provider.and_then(|provider| provider.https_port);
        let https_port = https_port.filter(|port| !self.file.listens_for_https_on(*port));
        Ok(NewAccount { name, server, scopes, client, user, login_hint: address, https_port })
    }

    /// Options that are about a server of no list do not go with a provider of the list.
    fn check_options(&self) -> Result<(), Stopped> {
        if self.options.provider.is_some() && self.is_another() {
            return Err(impossible("a provider of the list needs neither --issuer nor --endpoints".into()));
        }
        let wrong = self.options.issuer.as_deref().and_then(|issuer| config::issuer(issuer).err());
        wrong.map_or(Ok(()), |why| Err(impossible(why.to_string())))
    }

    /// Whether an option says that the server is none of the list.
    fn is_another(&self) -> bool {
        self.options.issuer.is_some() || self.options.endpoints.is_some()
    }

    fn scopes_given(&self) -> Option<Vec<String>> {
        self.options.scopes.as_deref().map(words)
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

    /// The address of the mailbox; none where the account is for something else than mail.
    fn address(&self, named: Option<&'static MailProvider>) -> Result<Option<String>, Stopped> {
        let is_mail = named.is_none_or(|provider| provider.servers.is_some());
        if let Some(address) = &self.options.address {
            return is_address(address).then(|| Some(address.clone())).ok_or_else(|| {
                impossible(format!("'{}' is no mail address: it has to be NAME@DOMAIN", printable(address)))
            });
        }
        // A server that is in no list need not be for mail: it may be for git.
        let (text, default) = match (is_mail, self.is_another()) {
            (false, _) => return Ok(None),
            (true, true) => ("Address of the mailbox (none: just Enter)", Some("")),
            (true, false) => ("Address of the mailbox", None),
        };
        loop {
            match self.ask(text, default, "the address")? {
                none if none.is_empty() => return Ok(None),
                address if is_address(&address) => return Ok(Some(address)),
                _ => self.dialogue.tell("That is no mail address: it has to be NAME@DOMAIN.\n")?,
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

    /// A name that no account has, after the domain, else the provider.
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
            return match &self.options.tenant {
                Some(_) => Err(impossible(format!("{} has no tenants: leave out --tenant", provider.title))),
                None => Ok(Server::Known { provider, tenant: None }),
            };
        }
        let default = domain_of(address).unwrap_or("organizations");
        let question = "Tenant: the ID or a domain of the organization; or organizations, for any";
        let tenant =
            self.given_or_asked(self.options.tenant.as_ref(), question, Some(default), "--tenant")?;
        Ok(Server::Known { provider, tenant: Some(tenant) })
    }

    fn client(&self, provider: &'static MailProvider, scopes: &[String]) -> Result<Client, Stopped> {
        let MailProvider { name, registration, redirect_uri, has_secret, .. } = *provider;
        let (id, secret) = match self.client_at_hand(Some(name), has_secret)? {
            Some(known) => known,
            None => self.client_made_by_hand(registration, redirect_uri, scopes, has_secret)?,
        };
        let redirect_uri = redirect_uri.map(str::to_owned);
        Ok(Client { id, secret, uses_basic: false, redirect_uri, registered_at: None })
    }

    /// The one that an option names, or that somebody supplies for that provider or issuer.
    fn client_at_hand(
        &self,
        provider: Option<&str>,
        has_secret: bool,
    ) -> Result<Option<(String, ClientSecret)>, Stopped> {
        match (&self.options.client_id, provider) {
            (Some(id), _) => Ok(Some((id.clone(), self.secret(has_secret)?))),
            (None, Some(provider)) => self.supplied(provider),
            (None, None) => Ok(None),
        }
    }

    /// The one that a person registers at that place.
    fn client_made_by_hand(
        &self,
        place: &str,
        redirect_uri: Option<&str>,
        scopes: &[String],
        has_secret: bool,
    ) -> Result<(String, ClientSecret), Stopped> {
        self.tell_where_to_register(place, redirect_uri, scopes)?;
        let id = self.ask("Client identifier (client ID, application ID)", None, "--client-id")?;
        Ok((id, self.secret(has_secret)?))
    }

    /// One that somebody supplies in a file, if there is and the person wants it.
    fn supplied(&self, provider: &str) -> Result<Option<(String, ClientSecret)>, Stopped> {
        let Some(known) = client_ids::of(provider) else { return Ok(None) };
        let file = known.file.to_string_lossy().into_owned();
        if !self.dialogue.agree(&format!("Use the client of {}?", printable(&file)), "--client-id")? {
            return Ok(None);
        }
        let secret = known.secret.map(|secret| self.written(secret)).transpose()?;
        Ok(Some((known.client_id, secret.unwrap_or(ClientSecret::None))))
    }

    fn tell_where_to_register(
        &self,
        place: &str,
        redirect_uri: Option<&str>,
        scopes: &[String],
    ) -> Result<(), Stopped> {
        let redirect_uri = redirect_uri.unwrap_or("http://localhost/");
        let scopes = scopes.join(" ");
        let told = format!(
            "\nThe provider has to know a client. Register one, once:\n{place}\nwith the redirect URI {redirect_uri}\n\
             and these scopes: {scopes}\n\n"
        );
        Ok(self.dialogue.tell(&told)?)
    }

    fn secret(&self, has_one: bool) -> Result<ClientSecret, Stopped> {
        if let Some(command) = &self.options.client_secret_cmd {
            return Ok(ClientSecret::OfCommand(command.clone()));
        }
        if !has_one {
            return Ok(ClientSecret::None);
        }
        let text = "A command that prints its secret, such as: pass show oauth (none: just Enter)";
        let command = self.ask(text, Some(""), "--client-secret-cmd")?;
        if !command.is_empty() {
            return Ok(ClientSecret::OfCommand(command));
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

fn is_address(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn impossible(why: String) -> Stopped {
    Stopped::Impossible(why)
}
