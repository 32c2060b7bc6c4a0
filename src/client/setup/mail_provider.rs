//! Who runs the mail of an address, and what a person has to know of them.

mod table;

use pizauth_common::config;

pub(super) use table::PROVIDERS;
use table::WITHOUT_OAUTH2;

/// A provider that there is a preset for.
#[derive(Clone, Copy, Debug)]
pub(super) struct MailProvider {
    /// The value of `provider`.
    pub(super) name: &'static str,
    /// What people call it.
    pub(super) title: &'static str,
    /// What comes after the `@`; with `.*`, under any top-level domain.
    domains: &'static [&'static str],
    /// How the names of its mail exchangers end.
    exchangers: &'static [&'static str],
    /// Where one registers a client, and what to choose there.
    pub(super) registration: &'static str,
    /// Where another one is needed than the default.
    pub(super) redirect_uri: Option<&'static str>,
    /// The port of `https_listen` that this redirect URI leads to.
    pub(super) https_port: Option<u16>,
    /// Whether its clients have a `client_secret`.
    pub(super) has_secret: bool,
    /// Whether an organization has a tenant of its own.
    pub(super) has_tenants: bool,
    /// None where it is for something else than mail.
    pub(super) servers: Option<Servers>,
}

impl MailProvider {
    /// The scopes of its preset.
    pub(super) fn scopes(&self) -> Vec<String> {
        let account = format!("account \"x\" {{ provider = \"{}\"; client_id = \"x\"; }}", self.name);
        let parsed = config::parse(&account, "");
        parsed
            .ok()
            .and_then(|parsed| parsed.config.accounts.first().map(|account| account.scopes.to_vec()))
            .unwrap_or_default()
    }
}

/// Where mail is fetched and sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Servers {
    /// IMAP over TLS, at port 993.
    pub(super) imap: &'static str,
    pub(super) smtp: &'static str,
    pub(super) smtp_port: Submission,
    /// Whether it knows OAUTHBEARER (RFC 7628), not only XOAUTH2.
    pub(super) knows_oauthbearer: bool,
}

/// How mail is handed in (RFC 8314).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Submission {
    /// TLS from the first byte, at port 465.
    Tls,
    /// STARTTLS, at port 587.
    StartTls,
}

/// The row of that name.
pub(super) fn named(name: &str) -> Option<&'static MailProvider> {
    PROVIDERS.iter().find(|provider| provider.name == name)
}

/// Who runs the mail of this domain, where that is known without asking anybody.
pub(super) fn of_domain(domain: &str) -> Option<&'static MailProvider> {
    PROVIDERS.iter().find(|provider| is_among(provider.domains, domain))
}

/// Whether this domain's provider is known to offer no OAuth2 for mail.
pub(super) fn has_no_oauth2(domain: &str) -> bool {
    is_among(WITHOUT_OAUTH2, domain)
}

/// Whose mail exchanger this is.
pub(super) fn of_exchanger(host: &str) -> Option<&'static MailProvider> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    PROVIDERS.iter().find(|provider| provider.exchangers.iter().any(|suffix| is_below(&host, suffix)))
}

fn is_below(host: &str, suffix: &str) -> bool {
    host.strip_suffix(suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// A pattern `yahoo.*` stands for `yahoo.com` and `yahoo.co.uk`, and not for `mail.yahoo.com`.
fn is_among(patterns: &[&str], domain: &str) -> bool {
    let domain = domain.to_ascii_lowercase();
    patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
        None => domain == *pattern,
        Some(begin) => domain.strip_prefix(begin).is_some_and(is_top_level),
    })
}

/// `de` or `co.uk`: at most two labels, the last of them a country or short.
fn is_top_level(rest: &str) -> bool {
    let labels: Vec<&str> = rest.split('.').collect();
    labels.len() <= 2 && labels.iter().all(|label| matches!(label.len(), 2..=3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_provider_has_a_preset() {
        for provider in PROVIDERS {
            assert_ne!(provider.scopes(), [""; 0], "{}", provider.name);
        }
    }

    #[test]
    fn a_domain_is_known_by_its_whole_name() {
        for (domain, name) in [
            ("gmail.com", Some("google")),
            ("GMail.com", Some("google")),
            ("notgmail.com", None),
            ("hotmail.co.uk", Some("microsoft-personal")),
            ("live.nl", Some("microsoft-personal")),
            ("live.example", None),
            ("outlook.com.evil.example", None),
            ("yahoo.co.jp", Some("yahoo")),
            ("mail.yahoo.com", None),
            ("example.org", None),
            ("", None),
        ] {
            assert_eq!(of_domain(domain).map(|provider| provider.name), name, "{domain}");
        }
        assert!(has_no_oauth2("gmx.net") && has_no_oauth2("proton.me") && !has_no_oauth2("example.org"));
    }

    #[test]
    fn a_mail_exchanger_is_known_by_the_end_of_its_name() {
        for (host, name) in [
            ("aspmx.l.google.com.", Some("google")),
            ("example-org.mail.protection.outlook.com", Some("microsoft")),
            ("in1-smtp.MESSAGINGENGINE.com.", Some("fastmail")),
            ("notgoogle.com", None),
            ("mx.example.org", None),
        ] {
            assert_eq!(of_exchanger(host).map(|provider| provider.name), name, "{host}");
        }
    }
}
