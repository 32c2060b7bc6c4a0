//! What mail programs are told once an account is there, with its provider's servers.

use std::borrow::Cow;

use pizauth_common::account_name::as_argument;

use super::mail_provider::{Servers, Submission};

/// Lines for msmtp, mbsync and neomutt, and one that tries the whole.
pub(super) fn for_mail(account: &str, user: &str, servers: &Servers) -> String {
    let mailbox = Mailbox { name: one_word(account), argument: as_argument(account), user, servers };
    let parts = [mailbox.msmtp(), mailbox.mbsync(), mailbox.neomutt(), mailbox.trials()];
    format!("{}\nMore programs, and what these lines mean: man pizauth-show (EXAMPLES)\n", parts.join("\n"))
}

/// Lines for an account that is not for mail.
pub(super) fn for_others(account: &str) -> String {
    format!(
        "The access token of this account:\n\n    pizauth-show --wait 20s {}\n\n\
         How programs use it: man pizauth-show (EXAMPLES)\n",
        as_argument(account)
    )
}

/// What the lines name.
struct Mailbox<'a> {
    /// The account, as one word.
    name: Cow<'a, str>,
    /// The account, as a shell takes it.
    argument: Cow<'a, str>,
    user: &'a str,
    servers: &'a Servers,
}

impl Mailbox<'_> {
    fn msmtp(&self) -> String {
        let Self { name, argument, user, servers } = self;
        let (port, starttls) = match servers.smtp_port {
            Submission::Tls => (465, "    tls_starttls off\n"),
            Submission::StartTls => (587, ""),
        };
        format!(
            "For msmtp, in ~/.msmtprc:\n\n    account {name}\n    host {host}\n    port {port}\n    \
             tls on\n{starttls}    auth xoauth2\n    user {user}\n    from {user}\n    \
             passwordeval \"pizauth-show --wait 20s {argument}\"\n",
            host = servers.smtp,
        )
    }

    /// `SSLType` is the old name of `TLSType`: mbsync before version 1.5 knows no other, and later ones take both.
    fn mbsync(&self) -> String {
        let Self { name, argument, user, servers } = self;
        format!(
            "For mbsync, in ~/.mbsyncrc, to fetch the inbox; Cyrus SASL needs an XOAUTH2 plugin for it:\n\n    \
             IMAPAccount {name}\n    Host {host}\n    User {user}\n    SSLType IMAPS\n    AuthMechs XOAUTH2\n    \
             PassCmd \"pizauth-show --wait 20s {argument}\"\n\n    \
             IMAPStore {name}-there\n    Account {name}\n\n    \
             MaildirStore {name}-here\n    Inbox ~/Mail-{name}/\n\n    \
             Channel {name}\n    Far :{name}-there:\n    Near :{name}-here:\n    Create Near\n    SyncState *\n",
            host = servers.imap,
        )
    }

    fn neomutt(&self) -> String {
        let Self { argument, user, servers, .. } = self;
        let mechanisms = if servers.knows_oauthbearer { "oauthbearer:xoauth2" } else { "xoauth2" };
        let smtp = match servers.smtp_port {
            Submission::Tls => format!("smtps://{user}@{}:465/", servers.smtp),
            Submission::StartTls => format!("smtp://{user}@{}:587/", servers.smtp),
        };
        format!(
            "For neomutt, in ~/.config/neomutt/neomuttrc:\n\n    set from = \"{user}\"\n    \
             set imap_user = \"{user}\"\n    set folder = \"imaps://{host}/\"\n    set spool_file = \"+INBOX\"\n    \
             set imap_authenticators = \"{mechanisms}\"\n    \
             set imap_oauth_refresh_command = \"pizauth-show {argument}\"\n    set smtp_url = \"{smtp}\"\n    \
             set smtp_authenticators = \"{mechanisms}\"\n    \
             set smtp_oauth_refresh_command = \"pizauth-show {argument}\"\n",
            host = servers.imap,
        )
    }

    fn trials(&self) -> String {
        let Self { name, argument, user, servers } = self;
        format!(
            "To try it now, this lists the folders of the mailbox:\n\n    printf 'oauth2-bearer = \"%s\"\\n' \
             \"$(pizauth-show {argument})\" |\n        curl -K - -u {user} imaps://{host}/\n\n\
             and this, with the lines for msmtp in their place, sends you a mail:\n\n    \
             printf 'Subject: It works\\n\\n' | msmtp -a {name} {user}\n",
            user = as_argument(user),
            host = servers.imap,
        )
    }
}

/// The name of an account as one word, which is all that these programs take for a name.
fn one_word(name: &str) -> Cow<'_, str> {
    if name.contains(char::is_whitespace) {
        name.split_whitespace().collect::<Vec<_>>().join("-").into()
    } else {
        name.into()
    }
}

#[cfg(test)]
mod tests {
    use super::super::mail_provider;
    use super::*;

    #[test]
    fn the_lines_name_the_providers_servers_and_mechanisms() {
        let google = mail_provider::named("google").and_then(|provider| provider.servers).expect("servers");
        let lines = for_mail("my mail", "me@gmail.com", &google);
        for line in [
            "    account my-mail\n",
            "    host smtp.gmail.com\n    port 465\n    tls on\n    tls_starttls off\n",
            "    passwordeval \"pizauth-show --wait 20s 'my mail'\"\n",
            "    Host imap.gmail.com\n",
            "    set imap_authenticators = \"oauthbearer:xoauth2\"\n",
            "    set smtp_url = \"smtps://me@gmail.com@smtp.gmail.com:465/\"\n",
            "        curl -K - -u me@gmail.com imaps://imap.gmail.com/\n",
        ] {
            assert!(lines.contains(line), "{line} is not in:\n{lines}");
        }
        let microsoft =
            mail_provider::named("microsoft").and_then(|provider| provider.servers).expect("servers");
        let lines = for_mail("work", "me@example.org", &microsoft);
        for line in [
            "    port 587\n    tls on\n    auth xoauth2\n",
            "    set smtp_authenticators = \"xoauth2\"\n",
            "\"smtp://me@example.org@smtp.office365.com:587/\"",
        ] {
            assert!(lines.contains(line), "{line} is not in:\n{lines}");
        }
    }
}
