//! The account that is to be written, as configuration text.

use pizauth_common::config::string_literal;
use pizauth_common::secret::Secret;
use zeroize::Zeroizing;

use super::mail_provider::MailProvider;

/// What has been answered.
#[derive(Debug)]
pub(super) struct NewAccount {
    pub(super) name: String,
    pub(super) server: Server,
    pub(super) client_id: String,
    pub(super) secret: ClientSecret,
    /// Of the mailbox, as its server knows it.
    pub(super) user: Option<String>,
    /// Who signs in, where that is known.
    pub(super) login_hint: Option<String>,
}

/// Whom it is with.
#[derive(Debug)]
pub(super) enum Server {
    Known { provider: &'static MailProvider, tenant: Option<String> },
    Other { auth_uri: String, token_uri: String, scopes: Vec<String> },
}

/// RFC 6749 §2.3.1.
#[derive(Debug)]
pub(super) enum ClientSecret {
    None,
    /// It stands in the file.
    Written(Secret),
}

/// Whether a secret that stands in the file is in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Secrets {
    Written,
    /// For eyes: it is left out.
    Hidden,
}

impl NewAccount {
    /// It, ready for the file. The provider's scopes are written, so that they can be changed.
    pub(super) fn text(&self, secrets: Secrets) -> Zeroizing<String> {
        let lines = [self.server_lines(), option("client_id", &self.client_id), self.secret_line(secrets)];
        let rest = [
            list("scopes", &self.scopes()),
            self.user.as_deref().map(|user| option("user", user)).unwrap_or_default(),
            self.login_hint.as_deref().map(login_hint).unwrap_or_default(),
        ];
        let name = string_literal(&self.name);
        let text = Zeroizing::new(lines.concat() + &rest.concat());
        Zeroizing::new(format!("{}account {name} {{\n{}}}\n", self.listeners(), *text))
    }

    /// What stands before it.
    fn listeners(&self) -> &'static str {
        match &self.server {
            Server::Known { provider, .. } => provider.listeners,
            Server::Other { .. } => "",
        }
    }

    fn scopes(&self) -> Vec<String> {
        match &self.server {
            Server::Known { provider, .. } => provider.scopes(),
            Server::Other { scopes, .. } => scopes.clone(),
        }
    }

    fn server_lines(&self) -> String {
        match &self.server {
            Server::Known { provider, tenant } => {
                option("provider", provider.name)
                    + &tenant.as_deref().map(|tenant| option("tenant", tenant)).unwrap_or_default()
                    + &provider.redirect_uri.map(|uri| option("redirect_uri", uri)).unwrap_or_default()
            }
            Server::Other { auth_uri, token_uri, .. } => {
                option("auth_uri", auth_uri) + &option("token_uri", token_uri)
            }
        }
    }

    fn secret_line(&self, secrets: Secrets) -> String {
        match (&self.secret, secrets) {
            (ClientSecret::None, _) => String::new(),
            (ClientSecret::Written(secret), Secrets::Written) => option("client_secret", secret.expose()),
            (ClientSecret::Written(_), Secrets::Hidden) => {
                "    // client_secret: not shown here\n".to_owned()
            }
        }
    }
}

fn option(name: &str, value: &str) -> String {
    format!("    {name} = {};\n", string_literal(value))
}

fn list(name: &str, values: &[String]) -> String {
    let values: Vec<_> = values.iter().map(|value| string_literal(value)).collect();
    if values.is_empty() {
        return String::new();
    }
    format!("    {name} = [\n        {}\n    ];\n", values.join(",\n        "))
}

fn login_hint(address: &str) -> String {
    format!("    auth_uri_fields = {{ \"login_hint\": {} }};\n", string_literal(address))
}
