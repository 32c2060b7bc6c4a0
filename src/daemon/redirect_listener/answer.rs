//! What a connection is answered: status, headers and page, as bytes.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pizauth_common::account_name::as_argument;
use pizauth_common::terminal::printable;
use pizauth_core::oauth::outcome::Reason;
use sha2::{Digest, Sha256};

use super::head::HeadFault;
use crate::page::Page;

#[cfg(test)]
mod tests;

const STYLE: &str = include_str!("page/page.css");

/// Everything that a browser can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The event loop has decided.
    Page(Page),
    /// The request never got there.
    Fault(HeadFault),
    /// The head did not arrive in time.
    TooLate,
    /// The peer is another user of this machine, or cannot be told.
    PeerRefused,
    /// Plain HTTP came to the HTTPS port.
    NotTls,
}

/// The colour of a page.
#[derive(Clone, Copy)]
enum Tone {
    Good,
    Bad,
    Wait,
}

impl Tone {
    fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Wait => "wait",
        }
    }
}

/// A status line and what a page says; texts in plain, to be escaped.
struct Content {
    status: &'static str,
    tone: Tone,
    title: String,
    quote: Option<String>,
    advice: String,
    command: Option<String>,
}

impl Content {
    fn new(status: &'static str, tone: Tone, title: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { status, tone, title: title.into(), quote: None, advice: advice.into(), command: None }
    }

    fn quoting(self, quote: &str) -> Self {
        Self { quote: Some(quote.to_owned()), ..self }
    }

    /// What to type next.
    fn with_command(self, command: impl Into<String>) -> Self {
        Self { command: Some(command.into()), ..self }
    }
}

impl Answer {
    /// The whole response.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let content = self.content();
        let page = html(&content);
        let allow = if *self == Self::Fault(HeadFault::Method) { "Allow: GET\r\n" } else { "" };
        format!(
            "HTTP/1.1 {}\r\n{allow}{}Content-Length: {}\r\n\r\n{page}",
            content.status,
            *HEADERS,
            page.len()
        )
        .into_bytes()
    }

    fn content(&self) -> Content {
        match self {
            Self::Page(page) => page_content(page),
            Self::Fault(fault) => fault_content(*fault),
            Self::TooLate => Content::new(
                "408 Request Timeout",
                Tone::Bad,
                "too slow",
                "The browser's request did not arrive in time. Reload this page.",
            ),
            Self::PeerRefused => Content::new(
                "403 Forbidden",
                Tone::Bad,
                "refused",
                "This connection does not come from a program of the user who runs pizauth. Where that is as it \
                 should be (a browser in a container, or of another user), write this into pizauth.conf and \
                 reload:",
            )
            .with_command("redirect_peer = \"any\";"),
            Self::NotTls => Content::new(
                "400 Bad Request",
                Tone::Bad,
                "this port speaks HTTPS",
                "Open the same address with https:// in front.",
            ),
        }
    }
}

fn page_content(page: &Page) -> Content {
    match page {
        Page::SignedIn(account) => Content::new(
            "200 OK",
            Tone::Good,
            format!("signed in: {account}"),
            "pizauth has the access token. You can close this page.",
        ),
        Page::SignedInAs(account, user) => Content::new(
            "200 OK",
            Tone::Bad,
            format!("signed in: {account}, as somebody else"),
            "pizauth has an access token, but of another user than login_hint or user names. If that is not what you \
             want, sign out in this browser, then run:",
        )
        .quoting(user)
        .with_command(format!("pizauth revoke {}", as_argument(account.as_str()))),
        Page::AlreadySignedIn(account) => Content::new(
            "200 OK",
            Tone::Good,
            format!("already signed in: {account}"),
            "There is nothing left to do. You can close this page.",
        ),
        // The browser's own request was in order: what failed lies behind us, and this page reports it.
        Page::Failed(account, reason) => Content::new(
            "200 OK",
            Tone::Bad,
            format!("sign-in failed: {account}"),
            "pizauth has no access token. To try again, run:",
        )
        .quoting(reason.as_str())
        .with_command(format!("pizauth login {}", as_argument(account.as_str()))),
        Page::StillWorking(trouble) => still_working(trouble.as_ref()),
        Page::NotFound => Content::new(
            "404 Not Found",
            Tone::Bad,
            "nothing waits for this",
            "This address belongs to no authorization that pizauth waits for: it may have been used, replaced \
             or revoked. For a new one, run:",
        )
        .with_command("pizauth login ACCOUNT"),
        Page::BadRequest(rule) => bad_request(rule),
        Page::Unavailable => Content::new(
            "503 Service Unavailable",
            Tone::Bad,
            "pizauth cannot answer now",
            "It may be stopping. To see how things stand, run:",
        )
        .with_command("pizauth status"),
    }
}

fn fault_content(fault: HeadFault) -> Content {
    match fault {
        HeadFault::Malformed(rule) => bad_request(rule),
        // RFC 9112 §3.2 asks for 400; but whoever has the wrong host shall not learn in which way.
        HeadFault::Host => page_content(&Page::NotFound),
        HeadFault::TooLarge => Content::new(
            "431 Request Header Fields Too Large",
            Tone::Bad,
            "the request is too large",
            "The address and the headers together may have 16 KiB. Cookies for this host may be the cause.",
        ),
        HeadFault::Method => Content::new(
            "405 Method Not Allowed",
            Tone::Bad,
            "only GET is possible here",
            "An authorization server has to come back with a redirect, not with a form (response_mode).",
        ),
        HeadFault::Prefetch | HeadFault::SubResource => Content::new(
            "503 Service Unavailable",
            Tone::Wait,
            "not opened by you",
            "A page or the browser has fetched this address in the background. Nothing has happened. If you \
             meant to open it, reload this page.",
        ),
        HeadFault::Favicon => {
            Content::new("404 Not Found", Tone::Bad, "no icon", "There is no picture here.")
        }
    }
}

fn still_working(trouble: Option<&Reason>) -> Content {
    let advice = match trouble {
        None => {
            "The authorization has arrived, but the server takes its time to hand out the access token. Reload \
             this page in a while, or run:"
        }
        Some(_) => {
            "The authorization has arrived, but the server that hands out the access token cannot be reached. \
             pizauth goes on trying for some minutes. Reload this page in a while, or run:"
        }
    };
    let content = Content::new("200 OK", Tone::Wait, "still working", advice).with_command("pizauth status");
    match trouble {
        None => content,
        Some(reason) => content.quoting(reason.as_str()),
    }
}

fn bad_request(rule: &str) -> Content {
    Content::new(
        "400 Bad Request",
        Tone::Bad,
        "this is no authorization response",
        "Nothing has happened. For a new authorization, run:",
    )
    .quoting(rule)
    .with_command("pizauth login ACCOUNT")
}

/// All that do not depend on the answer. The policy allows our one style sheet by its hash, and nothing else.
static HEADERS: LazyLock<String> = LazyLock::new(|| {
    format!(
        "Content-Type: text/html; charset=utf-8\r\n\
         Cache-Control: no-store\r\n\
         Referrer-Policy: no-referrer\r\n\
         X-Content-Type-Options: nosniff\r\n\
         X-Frame-Options: DENY\r\n\
         Cross-Origin-Resource-Policy: same-origin\r\n\
         Content-Security-Policy: default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'\r\n\
         Connection: close\r\n",
        STANDARD.encode(Sha256::digest(STYLE))
    )
});

fn html(content: &Content) -> String {
    format!(
        include_str!("page/page.html"),
        title = escape(&content.title),
        style = STYLE,
        tone = content.tone.class(),
        quote = element("blockquote", content.quote.as_deref()),
        advice = escape(&content.advice),
        command = element("pre", content.command.as_deref()),
    )
}

fn element(name: &str, text: Option<&str>) -> String {
    text.map(|text| format!("<{name}>{}</{name}>\n", escape(text))).unwrap_or_default()
}

/// Plain text as HTML text; also safe between quotes.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in printable(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}
