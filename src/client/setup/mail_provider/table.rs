//! The providers that `setup` knows: where one registers, and their servers. Rows agree with the providers' own
//! documentation and Thunderbird's tables; what the daemon needs of them is in the configuration's presets.

use super::{MailProvider, Servers, Submission};

const MICROSOFT: MailProvider = MailProvider {
    name: "microsoft",
    title: "Microsoft 365 (work, school)",
    domains: &[],
    exchangers: &["mail.protection.outlook.com", "mx.microsoft"],
    registration: "https://entra.microsoft.com/ (App registrations, New registration), or ask your administrators:\n\
                   platform \"Mobile and desktop applications\", and \"Allow public client flows\"",
    redirect_uri: None,
    https_port: None,
    has_secret: false,
    has_tenants: true,
    servers: Some(Servers {
        imap: "outlook.office365.com",
        smtp: "smtp.office365.com",
        smtp_port: Submission::StartTls,
        knows_oauthbearer: false,
    }),
};

const YAHOO: MailProvider = MailProvider {
    name: "yahoo",
    title: "Yahoo",
    domains: &[
        "yahoo.*",
        "ymail.com",
        "myyahoo.com",
        "rocketmail.com",
        "cox.net",
        "att.net",
        "ameritech.net",
        "bellsouth.net",
        "flash.net",
        "pacbell.net",
        "prodigy.net",
        "sbcglobal.net",
        "snet.net",
        "swbell.net",
    ],
    exchangers: &["yahoodns.net"],
    registration: "https://developer.yahoo.com/apps/create/ (a \"Confidential Client\"); the mail scope is given on\n\
                   request only, see https://senders.yahooinc.com/developer/developer-access/",
    redirect_uri: Some("https://localhost:17143/"),
    https_port: Some(17143),
    has_secret: true,
    has_tenants: false,
    servers: Some(mail("imap.mail.yahoo.com", "smtp.mail.yahoo.com", true)),
};

const fn mail(imap: &'static str, smtp: &'static str, knows_oauthbearer: bool) -> Servers {
    Servers { imap, smtp, smtp_port: Submission::Tls, knows_oauthbearer }
}

const fn provider(name: &'static str, title: &'static str, registration: &'static str) -> MailProvider {
    MailProvider {
        name,
        title,
        domains: &[],
        exchangers: &[],
        registration,
        redirect_uri: None,
        https_port: None,
        has_secret: false,
        has_tenants: false,
        servers: None,
    }
}

/// In the order of the list.
pub(in super::super) const PROVIDERS: &[MailProvider] = &[
    MailProvider {
        domains: &["gmail.com", "googlemail.com"],
        exchangers: &["google.com", "googlemail.com"],
        has_secret: true,
        servers: Some(mail("imap.gmail.com", "smtp.gmail.com", true)),
        ..provider(
            "google",
            "Google (Gmail, Workspace)",
            "https://console.cloud.google.com/auth/clients (type \"Desktop app\"); publish it, or each session ends\n\
             after 7 days",
        )
    },
    MICROSOFT,
    MailProvider {
        name: "microsoft-personal",
        title: "Microsoft (outlook.com, hotmail.com, live.com)",
        domains: &["outlook.*", "hotmail.*", "live.*", "msn.com", "passport.com"],
        exchangers: &[],
        has_tenants: false,
        servers: Some(Servers {
            imap: "outlook.office365.com",
            smtp: "smtp-mail.outlook.com",
            smtp_port: Submission::StartTls,
            knows_oauthbearer: false,
        }),
        ..MICROSOFT
    },
    MailProvider {
        domains: &["fastmail.com", "fastmail.fm", "messagingengine.com", "sent.com"],
        exchangers: &["messagingengine.com"],
        servers: Some(mail("imap.fastmail.com", "smtp.fastmail.com", true)),
        ..provider("fastmail", "Fastmail", "https://www.fastmail.com/developer/oauth/ (a public client)")
    },
    YAHOO,
    MailProvider {
        name: "aol",
        title: "AOL",
        domains: &[
            "aol.*",
            "aim.com",
            "netscape.net",
            "netscape.com",
            "compuserve.com",
            "cs.com",
            "verizon.net",
        ],
        exchangers: &[],
        servers: Some(mail("imap.aol.com", "smtp.aol.com", true)),
        ..YAHOO
    },
    MailProvider {
        domains: &["yandex.*", "ya.ru", "narod.ru"],
        exchangers: &["yandex.net"],
        has_secret: true,
        servers: Some(mail("imap.yandex.com", "smtp.yandex.com", false)),
        ..provider(
            "yandex",
            "Yandex",
            "https://oauth.yandex.com/; switch on IMAP in the settings of the mailbox",
        )
    },
    MailProvider {
        domains: &["mail.ru", "bk.ru", "list.ru", "inbox.ru", "internet.ru"],
        has_secret: true,
        servers: Some(mail("imap.mail.ru", "smtp.mail.ru", false)),
        ..provider("mailru", "Mail.ru", "https://o2.mail.ru/app/")
    },
    MailProvider {
        has_secret: true,
        redirect_uri: Some("http://127.0.0.1/"),
        ..provider("github", "GitHub (for git)", "https://github.com/settings/developers (an OAuth App)")
    },
    provider(
        "gitlab",
        "GitLab (for git)",
        "https://gitlab.com/-/user_settings/applications (not confidential)",
    ),
];

/// Those that offer no OAuth2 for mail.
pub(super) const WITHOUT_OAUTH2: &[&str] = &[
    "icloud.com",
    "me.com",
    "mac.com",
    "proton.me",
    "protonmail.com",
    "pm.me",
    "gmx.*",
    "web.de",
    "posteo.de",
    "mailbox.org",
    "zoho.*",
];
