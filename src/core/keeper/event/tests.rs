use super::*;
use crate::keeper::tests::bench::{Bench, issued};
use crate::oauth::outcome::{Issued, Outcome};

/// One event, what its log line says besides the account, and what `token_event_cmd` and `error_notify_cmd` hear.
type Row = (Happened, &'static str, Option<TokenEvent>, Option<&'static str>);

const NEEDS_ATTENTION: &str = "reason=it rains hint=when that is mended: pizauth refresh ACCOUNT \
                               (to start over instead: pizauth revoke ACCOUNT)";

fn reason() -> Reason {
    Reason::with_cause("x", "it rains")
}

fn errors() -> Vec<Row> {
    let invalidated = Some(TokenEvent::Invalidated);
    vec![
        (
            Happened::SessionEnded { reason: reason(), is_news: true },
            "reason=it rains",
            invalidated,
            Some("the session has ended: it rains; sign in again with: pizauth refresh work"),
        ),
        (
            Happened::NeedsAttention { reason: reason(), is_news: true },
            NEEDS_ATTENTION,
            None,
            Some(
                "refresh needs attention: it rains; when that is mended: pizauth refresh work (to start over \
                 instead: pizauth revoke work)",
            ),
        ),
        (
            Happened::AuthorizationFailed { reason: reason(), is_news: true },
            "reason=it rains",
            None,
            Some("authorization failed: it rains"),
        ),
        (
            Happened::Outage { reason: reason(), way_out: WayOut::Refresh },
            "reason=it rains",
            None,
            Some(
                "the access token has expired, and there is no new one yet: it rains; refreshing it goes on by itself",
            ),
        ),
        (
            Happened::Outage { reason: reason(), way_out: WayOut::Attention },
            "reason=it rains",
            None,
            Some(
                "the access token has expired, and there is no new one: it rains; when that is mended: pizauth \
                 refresh work (to start over instead: pizauth revoke work)",
            ),
        ),
        (
            Happened::Outage { reason: reason(), way_out: WayOut::SignIn },
            "reason=it rains",
            None,
            Some("the access token has expired: it rains; sign in again with: pizauth refresh work"),
        ),
        (Happened::SessionEnded { reason: reason(), is_news: false }, "reason=it rains", invalidated, None),
        (Happened::NeedsAttention { reason: reason(), is_news: false }, NEEDS_ATTENTION, None, None),
        (Happened::AuthorizationFailed { reason: reason(), is_news: false }, "reason=it rains", None, None),
    ]
}

fn warnings() -> Vec<Row> {
    let pause = Duration::from_millis(40_900);
    vec![
        (
            Happened::RefreshFailed { reason: reason(), failures: 3, pause },
            "failures=3 retry_in=40 reason=it rains",
            None,
            None,
        ),
        (Happened::ExchangeRetried { reason: reason(), pause }, "retry_in=40 reason=it rains", None, None),
        (Happened::OtherIssuer { iss: "https://x".to_owned() }, "iss=https://x", None, None),
        (Happened::PollFailed { reason: reason(), pause }, "retry_in=40 reason=it rains", None, None),
        (Happened::ScopeNarrowed { granted: "mail".to_owned() }, "granted=mail", None, None),
    ]
}

fn tokens() -> Vec<Row> {
    let lifetime = Duration::from_secs(3600);
    vec![
        (Happened::TokenNew { lifetime }, "expires_in=3600", Some(TokenEvent::New), None),
        (
            Happened::TokenRefreshed { lifetime, rotated: true },
            "expires_in=3600 rotated=true",
            Some(TokenEvent::Refreshed),
            None,
        ),
        (
            Happened::TokenInvalidated { had_token: true },
            "reason=the configuration changed",
            Some(TokenEvent::Invalidated),
            None,
        ),
        (Happened::TokenInvalidated { had_token: false }, "reason=the configuration changed", None, None),
        (Happened::TokenRevoked { had_token: true }, "", Some(TokenEvent::Revoked), None),
        (Happened::TokenRevoked { had_token: false }, "", None, None),
        (Happened::Restored, "", None, None),
    ]
}

fn steps() -> Vec<Row> {
    let url = || "https://as.example/auth?state=secret".to_owned();
    vec![
        (Happened::AuthorizationPending { url: url(), user_code: None, is_known: true }, "", None, None),
        (Happened::AuthorizationReminded { url: url(), user_code: None }, "", None, None),
        (Happened::RedirectAccepted, "", None, None),
        (Happened::RequestStarted { grant: "refresh_token" }, "grant=refresh_token", None, None),
        (
            Happened::RequestEnded { outcome: "issued", is_awaited: false },
            "outcome=issued awaited=false",
            None,
            None,
        ),
    ]
}

#[test]
fn every_listener_hears_of_an_event_what_it_has_to() {
    for (what, facts, token_event, error) in [errors(), warnings(), tokens(), steps()].concat() {
        let mut told = Vec::new();
        what.each_fact(|key, fact| told.push(format!("{key}={fact}")));
        assert_eq!(told.join(" "), facts, "{what:?}");
        assert_eq!(what.token_event(), token_event, "{what:?}");
        let event = AccountEvent { account: "work".into(), what };
        assert_eq!(event.error_message().as_deref(), error, "{event:?}");
    }
}

#[test]
fn what_is_learned_of_an_issuer_has_its_facts() {
    let failed = Learned::DiscoveryFailed { reason: reason(), pause: Duration::from_secs(60) };
    for (what, facts) in [
        (Learned::DiscoveryUnusable { reason: reason() }, "reason=it rains"),
        (failed, "retry_in=60 reason=it rains"),
        (Learned::DiscoveryPkceUnlisted, ""),
        (Learned::Discovered, ""),
        (Learned::DiscoveryStarted, ""),
    ] {
        let mut told = Vec::new();
        what.each_fact(|key, fact| told.push(format!("{key}={fact}")));
        assert_eq!(told.join(" "), facts, "{what:?}");
    }
}

#[test]
fn a_token_without_a_refresh_token_comes_with_a_hint() {
    let mut told = Vec::new();
    Happened::NoRefreshToken.each_fact(|key, fact| told.push((key, fact.to_string())));
    assert_eq!(told, [("hint", NO_REFRESH_TOKEN.to_owned())]);
}

#[test]
fn a_command_in_a_message_can_be_pasted_into_a_shell() {
    let what = Happened::SessionEnded { reason: reason(), is_news: true };
    let message = AccountEvent { account: "my mail".into(), what }.error_message().unwrap();
    assert!(message.ends_with("pizauth refresh 'my mail'"), "{message}");
}

#[test]
fn hooks_know_token_events_by_name() {
    let names = [TokenEvent::New, TokenEvent::Refreshed, TokenEvent::Invalidated, TokenEvent::Revoked]
        .map(TokenEvent::as_str);
    assert_eq!(names, ["token_new", "token_refreshed", "token_invalidated", "token_revoked"]);
}

#[test]
fn the_log_knows_every_event_by_one_name() {
    for (what, ..) in [errors(), warnings(), tokens(), steps()].concat() {
        let doc = what.doc();
        assert_eq!(ACCOUNT_EVENTS.iter().filter(|event| event.name == doc.name).count(), 1);
        assert!(ACCOUNT_EVENTS.contains(&doc), "{what:?}");
    }
    assert_eq!(Happened::Restored.doc().name, "restored");
    assert_eq!(Happened::NeedsAttention { reason: reason(), is_news: true }.doc().severity, Severity::Error);
}

#[test]
fn a_refresh_token_is_rotated_when_another_one_comes() {
    for (comes, rotated) in [(Some("rt-1"), true), (Some("rt-0"), false), (None, false)] {
        let mut bench = Bench::active(Some("rt-0"), 3600);
        bench.fail_once(issued("at-1", comes, 1800));
        let refreshed = Happened::TokenRefreshed { lifetime: Duration::from_secs(1800), rotated };
        let told: Vec<_> = bench.told.iter().map(|event| &event.what).collect();
        assert!(told.contains(&&refreshed), "{comes:?}: {told:?}");
    }
}

#[test]
fn a_narrowed_scope_is_told_once_a_session_and_when_it_changes() {
    let granted = |scope: &str| match issued("at", Some("rt"), 1800) {
        Outcome::Issued(issued) => {
            Outcome::Issued(Issued { narrowed_scope: Some(scope.to_owned()), ..issued })
        }
        other => other,
    };
    let mut bench = Bench::active(Some("rt-0"), 3600);
    for scope in ["mail", "mail", "calendar", "calendar", "mail"] {
        bench.fail_once(granted(scope));
    }
    bench.keeper.revoke("work", bench.now).unwrap();
    let job = bench.exchange("work");
    bench.answer(job, granted("mail"));
    let narrowed = bench.told.iter().filter_map(|event| match &event.what {
        Happened::ScopeNarrowed { granted } => Some(granted.as_str()),
        _ => None,
    });
    assert_eq!(narrowed.collect::<Vec<_>>(), ["mail", "calendar", "mail", "mail"]);
}
