//! Status, headers and text of every answer.

use pizauth_common::account_name::AccountName;
use pizauth_core::oauth::outcome::Reason;

use super::*;

fn every_answer() -> Vec<(Answer, &'static str, &'static str)> {
    let work = || AccountName::from("work");
    vec![
        (Answer::Page(Page::SignedIn(work())), "200 OK", "<h1>signed in: work</h1>"),
        (
            Answer::Page(Page::SignedInAs(work(), "boss@example.org".to_owned())),
            "200 OK",
            "<blockquote>boss@example.org</blockquote>",
        ),
        (Answer::Page(Page::AlreadySignedIn(work())), "200 OK", "<h1>already signed in: work</h1>"),
        (Answer::Page(Page::Failed(work(), Reason::new("access_denied"))), "200 OK", "access_denied"),
        (Answer::Page(Page::StillWorking(None)), "200 OK", "still working"),
        (
            Answer::Page(Page::StillWorking(Some(Reason::new("no such host")))),
            "200 OK",
            "<blockquote>no such host</blockquote>",
        ),
        (Answer::Page(Page::NotFound), "404 Not Found", "nothing waits for this"),
        (Answer::Page(Page::BadRequest("a rule")), "400 Bad Request", "a rule"),
        (Answer::Page(Page::Unavailable), "503 Service Unavailable", "pizauth status"),
        (Answer::Fault(HeadFault::Malformed("a rule")), "400 Bad Request", "a rule"),
        (Answer::Fault(HeadFault::Host), "404 Not Found", "nothing waits for this"),
        (Answer::Fault(HeadFault::TooLarge), "431 Request Header Fields Too Large", "16 KiB"),
        (Answer::Fault(HeadFault::Method), "405 Method Not Allowed", "only GET"),
        (Answer::Fault(HeadFault::Prefetch), "503 Service Unavailable", "not opened by you"),
        (Answer::Fault(HeadFault::SubResource), "503 Service Unavailable", "not opened by you"),
        (Answer::Fault(HeadFault::Favicon), "404 Not Found", "no icon"),
        (Answer::TooLate, "408 Request Timeout", "did not arrive in time"),
        (Answer::PeerRefused, "403 Forbidden", "redirect_peer"),
        (Answer::NotTls, "400 Bad Request", "https://"),
    ]
}

fn rendered(answer: &Answer) -> (String, String) {
    let text = String::from_utf8(answer.to_bytes()).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

#[test]
fn every_answer_has_its_status_and_says_what_happened() {
    for (answer, status, words) in every_answer() {
        let (head, body) = rendered(&answer);
        assert_eq!(head.lines().next(), Some(format!("HTTP/1.1 {status}").as_str()), "{answer:?}");
        assert!(body.contains(words), "{answer:?}: {body}");
        assert!(head.contains(&format!("\r\nContent-Length: {}", body.len())), "{answer:?}: {head}");
    }
}

#[test]
fn every_answer_has_the_headers_that_protect_it() {
    for (answer, ..) in every_answer() {
        let (head, _) = rendered(&answer);
        for header in [
            "Cache-Control: no-store",
            "Referrer-Policy: no-referrer",
            "X-Content-Type-Options: nosniff",
            "Content-Security-Policy: default-src 'none'; style-src 'sha256-",
            "Connection: close",
        ] {
            assert!(head.contains(&format!("\r\n{header}")), "{answer:?} lacks {header}: {head}");
        }
    }
}

#[test]
fn the_policy_allows_the_style_sheet_that_is_sent() {
    let (head, body) = rendered(&Answer::TooLate);
    let style = body.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>")).unwrap().0;
    assert!(head.contains(&STANDARD.encode(Sha256::digest(style))), "{head}");
}

#[test]
fn a_refused_method_is_told_which_is_allowed() {
    let (head, _) = rendered(&Answer::Fault(HeadFault::Method));
    assert!(head.contains("\r\nAllow: GET\r\n"), "{head}");
}

#[test]
fn nothing_that_others_wrote_becomes_markup() {
    let account = AccountName::from("</h1><script>alert('{advice}')</script>");
    let (_, body) = rendered(&Answer::Page(Page::Failed(account, Reason::new("<img src=x> & \"{title}\""))));
    assert!(!body.contains("<script") && !body.contains("<img"), "{body}");
    assert!(body.contains("&lt;img src=x&gt; &amp; &quot;{title}&quot;"), "{body}");
    assert!(body.contains("alert(&#39;{advice}&#39;)"), "{body}");
}

#[test]
fn a_name_cannot_pass_for_another() {
    let account = AccountName::from("wo\u{1b}[31m\u{202e}\u{200b}\u{1d173}rk");
    let (_, body) = rendered(&Answer::Page(Page::SignedIn(account)));
    assert!(body.contains(r"signed in: wo\u{1b}[31m\u{202e}\u{200b}\u{1d173}rk"), "{body}");
}

#[test]
fn nothing_is_fetched_from_elsewhere() {
    for (answer, ..) in every_answer() {
        let (_, body) = rendered(&answer);
        for word in ["src=", "href=", "url(", "@import", "<script", "<form"] {
            assert!(!body.contains(word), "{answer:?} holds {word}");
        }
    }
}
