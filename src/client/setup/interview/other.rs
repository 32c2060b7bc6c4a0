//! A server that is in no list: it is asked by its issuer, or its endpoints are.

use jiff::tz::TimeZone;
use pizauth_common::config;
use pizauth_common::terminal::printable;
use pizauth_common::unix_time::UnixTime;

use super::{Interview, Stopped, impossible, words};
use crate::local_time::{civil, local_time, now};
use crate::setup::account_block::{Client, ClientSecret, Endpoints, Server};
use crate::setup::issuer::{self, Metadata, NewClient, NoAnswer};

/// Ways in which a server takes a client's secret, as it says itself (RFC 8414 §2, RFC 7591 §2).
const BASIC: &str = "client_secret_basic";
const POST: &str = "client_secret_post";

/// What is known of a server that is in no list.
struct Other {
    endpoints: Endpoints,
    /// Those that the server knows, if it says so.
    scopes: Vec<String>,
    /// Whether clients can register by themselves.
    registers: bool,
    /// Whether a secret is taken by HTTP Basic only.
    wants_basic: bool,
}

impl Interview<'_> {
    /// The server, what to ask it for, and the client that it knows.
    pub(super) fn other(&self) -> Result<(Server, Vec<String>, Client), Stopped> {
        let other = self.endpoints()?;
        let scopes = self.scopes(&other.scopes)?;
        let (client, scopes) = self.client_of_other(&other, scopes)?;
        Ok((Server::Other(other.endpoints), scopes, client))
    }

    fn endpoints(&self) -> Result<Other, Stopped> {
        let mut issuer = self.options.issuer.clone();
        if let Some(given) = &self.options.endpoints {
            return match &words(given)[..] {
                [auth_uri, token_uri] => Ok(by_hand(issuer, auth_uri, token_uri)),
                _ => Err(impossible("--endpoints takes two URIs with a blank between them".into())),
            };
        }
        loop {
            let given = issuer.take().map_or_else(|| self.ask_for_issuer(), Ok)?;
            if given.is_empty() {
                // An issuer that has been asked in vain may be a wrong one, and is not written down: pizauthd would
                // refuse whoever comes back from another (RFC 9207).
                let auth_uri = self.ask("Its authorization endpoint", None, "--endpoints")?;
                let token_uri = self.ask("Its token endpoint", None, "--endpoints")?;
                return Ok(by_hand(None, &auth_uri, &token_uri));
            }
            if let Some(other) = self.discovered(&given)? {
                return Ok(other);
            }
        }
    }

    fn ask_for_issuer(&self) -> Result<String, Stopped> {
        let question = "Its issuer, like https://auth.example.org (not known: just Enter)";
        self.ask(question, Some(""), "--issuer")
    }

    /// What the issuer says of its server. None where that cannot be used; the user has been told why.
    fn discovered(&self, issuer: &str) -> Result<Option<Other>, Stopped> {
        if let Err(why) = config::issuer(issuer) {
            self.dialogue.tell(&format!("{}\n", printable(&why.to_string())))?;
            return Ok(None);
        }
        self.dialogue.tell(&format!("Asking {issuer} what it offers ...\n"))?;
        let why = match issuer::discover(issuer).map(|metadata| other(issuer, metadata)) {
            Ok(Some(other)) => return Ok(Some(other)),
            Ok(None) | Err(NoAnswer::Told) => None,
            Err(NoAnswer::Untold(why)) => Some(why),
        };
        self.go_on_without(
            why,
            "cannot set up an account by this issuer; mend what is said above, or give its --endpoints",
        )?;
        Ok(None)
    }

    /// Tells `why`, unless a child has told it already. Whoever sits at a terminal is asked the next question; for a
    /// script, which nobody can ask, it is the end.
    fn go_on_without(&self, why: Option<String>, end: &str) -> Result<(), Stopped> {
        match (why, self.dialogue.is_at_terminal()) {
            (None, true) => Ok(()),
            (Some(why), true) => Ok(self.dialogue.tell(&format!("{}\n", printable(&why)))?),
            (why, false) => Err(impossible(why.unwrap_or_else(|| end.to_owned()))),
        }
    }

    fn scopes(&self, supported: &[String]) -> Result<Vec<String>, Stopped> {
        if let Some(given) = self.scopes_given() {
            return Ok(given);
        }
        if !supported.is_empty() {
            self.dialogue.tell(&format!("It knows these scopes: {}\n", printable(&supported.join(" "))))?;
        }
        let usual = issuer::usual_scopes(supported).join(" ");
        let text = if usual.is_empty() {
            "Scopes, separated by blanks (none: just Enter)"
        } else {
            "Scopes, separated by blanks"
        };
        Ok(words(&self.ask(text, Some(&usual), "--scopes")?))
    }

    fn client_of_other(&self, other: &Other, scopes: Vec<String>) -> Result<(Client, Vec<String>), Stopped> {
        let known = |id, secret| Client {
            id,
            secret,
            uses_basic: other.wants_basic,
            redirect_uri: None,
            registered_at: None,
        };
        let issuer = other.endpoints.issuer.as_deref();
        if let Some((id, secret)) = self.client_at_hand(issuer, true)? {
            return Ok((known(id, secret), scopes));
        }
        if let Some(issuer) = issuer.filter(|_| other.registers)
            && self.is_to_register(issuer)?
            && let Some(registered) = self.registered(issuer, &scopes)?
        {
            return Ok(registered);
        }
        let place = "on its pages, or ask who runs it for one,";
        let (id, secret) = self.client_made_by_hand(place, None, &scopes, true)?;
        Ok((known(id, secret), scopes))
    }

    fn is_to_register(&self, issuer: &str) -> Result<bool, Stopped> {
        let question = format!("{issuer} registers clients by itself. Register one now?");
        Ok(self.dialogue.agree(&question, "--client-id")?)
    }

    /// Registers a client; with it come the scopes that it may ask for. None where that fails, and the user has been
    /// told why.
    fn registered(&self, issuer: &str, scopes: &[String]) -> Result<Option<(Client, Vec<String>)>, Stopped> {
        let client = match issuer::register(issuer, scopes) {
            Ok(client) => client,
            Err(why) => {
                let why = if let NoAnswer::Untold(why) = why { Some(why) } else { None };
                self.go_on_without(
                    why,
                    "no client has been registered, and nothing written; --client-id gives one",
                )?;
                return Ok(None);
            }
        };
        let id = printable(&client.client_id).into_owned();
        self.dialogue.tell(&format!("Registered: the client {id}\n"))?;
        let scopes = self.granted(&client, scopes)?;
        Ok(Some((self.new_client(issuer, client)?, scopes)))
    }

    /// Those of the scopes that the client is registered for.
    fn granted(&self, client: &NewClient, scopes: &[String]) -> Result<Vec<String>, Stopped> {
        let registered = client.scope.as_deref().map(words).unwrap_or_default();
        let (granted, missing): (Vec<_>, Vec<_>) =
            scopes.iter().cloned().partition(|scope| registered.contains(scope));
        if granted.is_empty() || missing.is_empty() {
            return Ok(scopes.to_vec());
        }
        let missing = missing.join(" ");
        self.dialogue.tell(&format!(
            "It may not ask for these scopes, which are left out: {}\n",
            printable(&missing)
        ))?;
        Ok(granted)
    }

    fn new_client(&self, issuer: &str, client: NewClient) -> Result<Client, Stopped> {
        let NewClient { client_id, client_secret, client_secret_expires_at, redirect_uris, .. } = client;
        let uses_basic = client.token_endpoint_auth_method == BASIC;
        let [redirect_uri] = redirect_uris;
        let secret = match client_secret.map(|secret| self.written(secret)) {
            None => ClientSecret::None,
            Some(Ok(secret)) => secret,
            Some(Err(Stopped::Impossible(why))) => {
                let id = printable(&client_id).into_owned();
                return Err(impossible(format!(
                    "{why}; {issuer} knows the client {id}, and has given it a secret"
                )));
            }
            Some(Err(stopped)) => return Err(stopped),
        };
        if client_secret_expires_at > 0 {
            let (zone, end) = (TimeZone::system(), UnixTime(client_secret_expires_at));
            let end = local_time(end, civil(now(), &zone).date(), &zone);
            self.dialogue
                .tell(&format!("Its secret is good until {end}; then it has to be registered anew.\n"))?;
        }
        Ok(Client {
            id: client_id,
            secret,
            uses_basic,
            redirect_uri: Some(redirect_uri),
            registered_at: Some(issuer.to_owned()),
        })
    }
}

/// A server of which nothing is known but its endpoints, which the user has named.
fn by_hand(issuer: Option<String>, auth_uri: &str, token_uri: &str) -> Other {
    let endpoints = Endpoints {
        issuer,
        auth_uri: auth_uri.to_owned(),
        token_uri: token_uri.to_owned(),
        device_auth_uri: None,
        revocation_uri: None,
    };
    Other { endpoints, scopes: Vec::new(), registers: false, wants_basic: false }
}

/// A server as its metadata describe it. None where an endpoint is missing that a sign-in takes, of which the child
/// that asked has told.
fn other(issuer: &str, metadata: Metadata) -> Option<Other> {
    let takes = |method| metadata.token_endpoint_auth_methods_supported.iter().any(|one| one == method);
    let wants_basic = takes(BASIC) && !takes(POST);
    Some(Other {
        endpoints: Endpoints {
            issuer: Some(issuer.to_owned()),
            auth_uri: metadata.authorization_endpoint?,
            token_uri: metadata.token_endpoint?,
            device_auth_uri: metadata.device_authorization_endpoint,
            revocation_uri: metadata.revocation_endpoint,
        },
        scopes: metadata.scopes_supported,
        registers: metadata.registration_endpoint.is_some(),
        wants_basic,
    })
}
