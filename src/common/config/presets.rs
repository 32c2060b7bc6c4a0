//! What is known of providers: the values of an account that `provider` names. Each row is a provider's own
//! documentation or metadata, and agrees with Thunderbird's table (`OAuth2Providers.sys.mjs`) where that has it, unless
//! the row says otherwise. No client identifier is among them: whoever registers one speaks for it.
//!
//! Sessions depend on these values (`fingerprint.rs`): a change signs people out. `tests/conf/presets.expected` pins
//! them.

/// What an account gets from its provider where it says nothing itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Preset {
    /// The value of `provider`.
    pub(super) name: &'static str,
    /// `auth_uri`, with [`TENANT`] in the place of the tenant.
    pub(super) auth_uri: &'static str,
    /// `token_uri`, likewise.
    pub(super) token_uri: &'static str,
    /// `device_auth_uri`, likewise, where a device may sign in for these scopes.
    pub(super) device_auth_uri: Option<&'static str>,
    /// `revocation_uri`, where tokens are revoked by RFC 7009.
    pub(super) revocation_uri: Option<&'static str>,
    /// For IMAP and for sending, or for git.
    pub(super) scopes: &'static [&'static str],
    pub(super) auth_uri_fields: &'static [(&'static str, &'static str)],
    /// Its `issuer`, where it has one and its authorization responses are known to name it, if any (RFC 9207).
    pub(super) issuer: Option<&'static str>,
    /// The default of `tenant`, where there are tenants.
    pub(super) tenant: Option<&'static str>,
}

/// Stands in URIs for the tenant.
pub(super) const TENANT: &str = "{tenant}";

const MICROSOFT: Preset = Preset {
    name: "microsoft",
    auth_uri: "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize",
    token_uri: "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",
    device_auth_uri: Some("https://login.microsoftonline.com/{tenant}/oauth2/v2.0/devicecode"),
    revocation_uri: None,
    // ISPDB names the host outlook.office365.com, which is refused for some applications (ortie).
    scopes: &[
        "https://outlook.office.com/IMAP.AccessAsUser.All",
        "https://outlook.office.com/SMTP.Send",
        "offline_access",
    ],
    auth_uri_fields: &[],
    // The issuer of a tenant that stands for many is a template, and nothing to compare with.
    issuer: None,
    tenant: Some("common"),
};

pub(super) const PRESETS: &[Preset] = &[
    Preset {
        name: "google",
        // Thunderbird still has the endpoints before these.
        auth_uri: "https://accounts.google.com/o/oauth2/v2/auth",
        token_uri: "https://oauth2.googleapis.com/token",
        // There is no device_auth_uri: Google's device flow refuses the scopes of mail.
        device_auth_uri: None,
        revocation_uri: Some("https://oauth2.googleapis.com/revoke"),
        scopes: &["https://mail.google.com/"],
        // Without these a refresh token comes with the first consent only.
        auth_uri_fields: &[("prompt", "consent")],
        issuer: Some("https://accounts.google.com"),
        tenant: None,
    },
    MICROSOFT,
    Preset { name: "microsoft-personal", tenant: Some("consumers"), ..MICROSOFT },
    Preset {
        name: "yahoo",
        auth_uri: "https://api.login.yahoo.com/oauth2/request_auth",
        token_uri: "https://api.login.yahoo.com/oauth2/get_token",
        device_auth_uri: None,
        revocation_uri: Some("https://api.login.yahoo.com/oauth2/revoke"),
        scopes: &["mail-w"],
        auth_uri_fields: &[],
        issuer: None,
        tenant: None,
    },
    Preset {
        name: "aol",
        auth_uri: "https://api.login.aol.com/oauth2/request_auth",
        token_uri: "https://api.login.aol.com/oauth2/get_token",
        device_auth_uri: None,
        revocation_uri: Some("https://api.login.aol.com/oauth2/revoke"),
        scopes: &["mail-w"],
        auth_uri_fields: &[],
        issuer: None,
        tenant: None,
    },
    Preset {
        name: "fastmail",
        auth_uri: "https://api.fastmail.com/oauth/authorize",
        token_uri: "https://api.fastmail.com/oauth/refresh",
        device_auth_uri: None,
        revocation_uri: Some("https://api.fastmail.com/oauth/revoke"),
        scopes: &[
            "https://www.fastmail.com/dev/protocol-imap",
            "https://www.fastmail.com/dev/protocol-smtp",
            "offline_access",
        ],
        auth_uri_fields: &[],
        issuer: Some("https://api.fastmail.com"),
        tenant: None,
    },
    Preset {
        name: "yandex",
        auth_uri: "https://oauth.yandex.com/authorize",
        token_uri: "https://oauth.yandex.com/token",
        device_auth_uri: Some("https://oauth.yandex.com/device/code"),
        // Its /revoke_token is something else than RFC 7009.
        revocation_uri: None,
        scopes: &["mail:imap_full", "mail:smtp"],
        auth_uri_fields: &[],
        issuer: None,
        tenant: None,
    },
    Preset {
        name: "mailru",
        auth_uri: "https://o2.mail.ru/login",
        token_uri: "https://o2.mail.ru/token",
        device_auth_uri: None,
        revocation_uri: None,
        scopes: &["mail.imap"],
        auth_uri_fields: &[],
        issuer: None,
        tenant: None,
    },
    // Forges: git-credential-oauth and golang.org/x/oauth2 have the same endpoints.
    Preset {
        name: "github",
        auth_uri: "https://github.com/login/oauth/authorize",
        token_uri: "https://github.com/login/oauth/access_token",
        device_auth_uri: Some("https://github.com/login/device/code"),
        revocation_uri: None,
        scopes: &["repo", "gist", "workflow"],
        auth_uri_fields: &[],
        issuer: None,
        tenant: None,
    },
    Preset {
        name: "gitlab",
        auth_uri: "https://gitlab.com/oauth/authorize",
        token_uri: "https://gitlab.com/oauth/token",
        device_auth_uri: Some("https://gitlab.com/oauth/authorize_device"),
        revocation_uri: Some("https://gitlab.com/oauth/revoke"),
        scopes: &["read_repository", "write_repository"],
        auth_uri_fields: &[],
        issuer: Some("https://gitlab.com"),
        tenant: None,
    },
];
