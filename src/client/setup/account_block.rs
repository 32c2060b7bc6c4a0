//! The account that is to be written, as configuration text.

use pizauth_common::config::string_literal;
use pizauth_common::secret::Secret;
use zeroize::Zeroizing;

use super::mail_provider::MailProvider;

/// The account that the answers make.
#[derive(Debug)]
pub(super) struct NewAccount {
    pub(super) name: String,
    pub(super) server: Server,
    pub(super) scopes: Vec<String>,
    pub(super) client: Client,
    /// The user of the mailbox, as its server knows them.
    pub(super) user: Option<String>,
    /// Who signs in, where that is known.
    pub(super) login_hint: Option<String>,
    /// The port for `https_listen`, where the browser comes back by https and the configuration has no such listener
    /// yet.
    pub(super) https_port: Option<u16>,
}

/// The authorization server that the account is at.
#[derive(Debug)]
pub(super) enum Server {
    Known { provider: &'static MailProvider, tenant: Option<String> },
    Other(Endpoints),
}

/// A server that is in no list.
#[derive(Debug)]
pub(super) struct Endpoints {
    /// What it calls itself, where it has been asked.
    pub(super) issuer: Option<String>,
    pub(super) auth_uri: String,
    pub(super) token_uri: String,
    pub(super) device_auth_uri: Option<String>,
    pub(super) revocation_uri: Option<String>,
}

/// The client that the server knows (RFC 6749 §2).
#[derive(Debug)]
pub(super) struct Client {
    pub(super) id: String,
    pub(super) secret: ClientSecret,
    /// Whether the secret is not in the body, but shown by HTTP Basic.
    pub(super) uses_basic: bool,
    /// Where another one is needed than the default.
    pub(super) redirect_uri: Option<String>,
    /// The issuer, where the client has been registered there just now.
    pub(super) registered_at: Option<String>,
}

/// Where the secret of the client is (RFC 6749 §2.3.1).
#[derive(Debug)]
pub(super) enum ClientSecret {
    None,
    /// It stands in the file.
    Written(Secret),
    /// This command prints it.
    OfCommand(String),
}

/// Whether a secret that stands in the file is in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Secrets {
    Written,
    /// For eyes: it is left out.
    Hidden,
}

impl NewAccount {
    /// The account as it is written into the file. The provider's scopes are written, so that they can be changed.
    pub(super) fn text(&self, secrets: Secrets) -> Zeroizing<String> {
        let lines = [self.server_lines(), option("client_id", &self.client.id), self.secret_lines(secrets)];
        let rest = [
            self.client.redirect_uri.as_deref().map(|uri| option("redirect_uri", uri)).unwrap_or_default(),
            list("scopes", &self.scopes),
            self.user.as_deref().map(|user| option("user", user)).unwrap_or_default(),
            self.auth_uri_fields(),
        ];
        let name = string_literal(&self.name);
        let text = Zeroizing::new(lines.concat() + &rest.concat());
        let listener = self.https_port.map(|port| format!("https_listen = \"127.0.0.1:{port}\";\n"));
        Zeroizing::new(format!("{}account {name} {{\n{}}}\n", listener.unwrap_or_default(), *text))
    }

    /// `login_hint`, and `prompt=consent` for a server of no list: without that, servers of OpenID Connect ignore the
    /// scope offline_access (OpenID Connect Core §11). Presets have what their servers want.
    fn auth_uri_fields(&self) -> String {
        let is_offline = self.scopes.iter().any(|scope| scope == "offline_access");
        let asks_for_consent = matches!(self.server, Server::Other(_)) && is_offline;
        let fields = [
            self.login_hint.as_deref().map(|address| ("login_hint", address)),
            asks_for_consent.then_some(("prompt", "consent")),
        ];
        let fields: Vec<_> = fields
            .iter()
            .flatten()
            .map(|(name, value)| format!("\"{name}\": {}", string_literal(value)))
            .collect();
        if fields.is_empty() {
            return String::new();
        }
        format!("    auth_uri_fields = {{ {} }};\n", fields.join(", "))
    }

    fn server_lines(&self) -> String {
        match &self.server {
            Server::Known { provider, tenant } => {
                option("provider", provider.name)
                    + &tenant.as_deref().map(|tenant| option("tenant", tenant)).unwrap_or_default()
            }
            Server::Other(Endpoints { issuer, auth_uri, token_uri, device_auth_uri, revocation_uri }) => [
                ("issuer", issuer.as_ref()),
                ("auth_uri", Some(auth_uri)),
                ("token_uri", Some(token_uri)),
                ("device_auth_uri", device_auth_uri.as_ref()),
                ("revocation_uri", revocation_uri.as_ref()),
            ]
            .iter()
            .filter_map(|(name, uri)| Some(option(name, (*uri)?)))
            .collect(),
        }
    }

    fn secret_lines(&self, secrets: Secrets) -> String {
        match self.client.secret {
            ClientSecret::None => String::new(),
            _ if self.client.uses_basic => self.secret_line(secrets) + &option("client_auth", "basic"),
            _ => self.secret_line(secrets),
        }
    }

    fn secret_line(&self, secrets: Secrets) -> String {
        match (&self.client.secret, secrets) {
            (ClientSecret::None, _) => String::new(),
            (ClientSecret::OfCommand(command), _) => option("client_secret_cmd", command),
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
