use std::time::Duration;

use super::*;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// 2026-11-24 13:00 UTC, which is 14:00 in the zone of these tests.
const NOW: UnixTime = UnixTime(1_795_525_200);

fn zone() -> TimeZone {
    TimeZone::fixed(jiff::tz::offset(1))
}

fn account(name: &str, state: State) -> AccountStatus {
    AccountStatus {
        method: None,
        account: name.into(),
        state,
        obtained: None,
        expires: None,
        refreshable: false,
        in_flight: false,
        waits_for_secret: false,
        next_refresh: None,
        last_refresh: None,
        last_error: None,
        needs_attention: false,
        last_was_sign_in: false,
        signed_in_as: None,
        user: None,
        usable: false,
        needs_user: false,
    }
}

fn active(expires: UnixTime) -> AccountStatus {
    let obtained = Some(NOW.minus(Duration::from_secs(8 * MINUTE)));
    AccountStatus {
        obtained,
        last_refresh: obtained,
        expires: Some(expires),
        refreshable: true,
        next_refresh: Some(expires.minus(Duration::from_secs(90))),
        ..account("work", State::Active)
    }
}

fn in_minutes(minutes: u64) -> UnixTime {
    NOW.plus(Duration::from_secs(minutes * MINUTE))
}

fn line(account: AccountStatus) -> String {
    lines(&[account], NOW, &zone(), false)
}

#[test]
fn states_stand_below_each_other_but_for_a_very_long_name() {
    let long = "x".repeat(100);
    let rows = ["a", "work", &long].map(|name| account(name, State::Exchanging));
    let shown = lines(&rows, NOW, &zone(), false);
    let columns: Vec<_> = shown.lines().map(|line| line.find("exchanging")).collect();
    assert_eq!(columns, [Some(6), Some(6), Some(102)]);
}

#[test]
fn colours_say_who_has_to_act() {
    let shown = |account: AccountStatus| lines(&[account], NOW, &zone(), true);
    let well = AccountStatus { usable: true, ..active(in_minutes(52)) };
    assert!(shown(well.clone()).starts_with("work: \x1b[32mactive\x1b[0m, obtained"));
    assert!(
        shown(AccountStatus { usable: false, ..well.clone() }).starts_with("work: \x1b[33mactive\x1b[0m")
    );
    assert!(shown(AccountStatus { needs_user: true, ..well }).starts_with("work: \x1b[31mactive\x1b[0m"));
}

#[test]
fn somebody_else_is_named() {
    let other = AccountStatus { signed_in_as: Some("boss@example.org".into()), ..active(in_minutes(52)) };
    assert!(
        line(other)
            .starts_with("work: active, signed in as boss@example.org and not as the configuration says, ")
    );
}

#[test]
fn a_denied_sign_in_is_called_one() {
    let denied = AccountStatus {
        last_was_sign_in: true,
        last_refresh: Some(NOW),
        last_error: Some("access_denied".into()),
        ..account("a", State::Empty)
    };
    assert!(line(denied).ends_with(", last sign-in 14:00 failed: access_denied\n"));
}

#[test]
fn a_healthy_account() {
    assert_eq!(
        line(active(in_minutes(52))),
        "work: active, obtained 13:52, expires 14:52 (in 52 min), last refresh 13:52\n"
    );
}

#[test]
fn a_token_without_an_end_says_so() {
    let endless = AccountStatus {
        expires: None,
        refreshable: false,
        next_refresh: None,
        last_was_sign_in: true,
        ..active(in_minutes(52))
    };
    assert_eq!(line(endless), "work: active, valid until revoked, obtained 13:52, last sign-in 13:52\n");
}

#[test]
fn another_day_has_its_date() {
    assert!(line(active(in_minutes(11 * 60))).contains("expires 2026-11-25 01:00 (in 11 h)"));
}

#[test]
fn a_failing_account_says_why_and_when_it_is_tried_again() {
    let failing = AccountStatus {
        last_error: Some("token endpoint: 503\x1b[2J".into()),
        next_refresh: Some(NOW.plus(Duration::from_secs(40))),
        ..active(NOW.minus(Duration::from_secs(3 * HOUR + 5 * MINUTE)))
    };
    assert_eq!(
        line(failing.clone()),
        "work: active, obtained 13:52, expired 10:55 (3 h 5 min ago), \
         last refresh 13:52 failed: token endpoint: 503\\u{1b}[2J, next try in 40 s\n"
    );
    let due = AccountStatus { next_refresh: Some(NOW.minus(Duration::from_secs(1))), ..failing.clone() };
    assert!(line(due).ends_with(", next try now\n"));
    let trying = AccountStatus { in_flight: true, ..failing };
    assert!(line(trying).ends_with(", refreshing now\n"));
}

#[test]
fn an_account_that_needs_a_person_says_so_first() {
    let stuck = AccountStatus { needs_attention: true, ..active(in_minutes(5)) };
    let line = line(stuck);
    assert!(line.starts_with("work: active, NEEDS ATTENTION, obtained"));
    let advice = ", when that is mended: pizauth refresh work (to start over instead: pizauth revoke work)\n";
    assert!(line.ends_with(advice), "{line}");
}

#[test]
fn the_states_without_a_token_say_what_to_do() {
    let empty = |name| AccountStatus { needs_user: true, ..account(name, State::Empty) };
    assert_eq!(line(empty("a")), "a: empty, to sign in: pizauth login a\n");
    assert_eq!(line(empty("a b")), "a b: empty, to sign in: pizauth login 'a b'\n");
    assert_eq!(
        line(account("a", State::Pending)),
        "a: pending, waits for you in a browser, the URL: pizauth login a\n"
    );
    assert_eq!(line(account("a", State::Exchanging)), "a: exchanging, authorization is being completed\n");
    let ended = AccountStatus { last_error: Some("invalid_grant".into()), ..account("a", State::Empty) };
    assert!(line(ended).ends_with("last refresh failed: invalid_grant\n"));
}

#[test]
fn an_account_without_a_user_says_what_it_waits_for() {
    let by_itself = account("a", State::Empty);
    assert_eq!(line(by_itself), "a: empty, to fetch an access token: pizauth show a\n");
    let fetching = AccountStatus { in_flight: true, ..account("a", State::Fetching) };
    assert_eq!(line(fetching.clone()), "a: fetching, the first access token is not there yet\n");
    let refused = AccountStatus {
        last_error: Some("HTTP 503".into()),
        next_refresh: Some(NOW.plus(Duration::from_secs(40))),
        in_flight: false,
        ..fetching
    };
    assert!(line(refused).ends_with(" yet, last try failed: HTTP 503, next try in 40 s\n"));
}

#[test]
fn an_account_that_waits_for_its_clients_secret_says_so() {
    let waiting = AccountStatus { waits_for_secret: true, ..active(in_minutes(5)) };
    assert!(line(waiting).ends_with(", waits for client_secret_cmd\n"));
    let expired = NOW.minus(Duration::from_secs(HOUR));
    let again = AccountStatus { waits_for_secret: true, in_flight: true, ..active(expired) };
    assert!(line(again).ends_with(", waits for client_secret_cmd\n"), "and not that it is refreshed");
}

#[test]
fn a_name_is_one_line_whatever_it_holds() {
    assert!(line(account("a\nb: active", State::Empty)).starts_with("a\\nb: active: empty"));
}

#[test]
fn no_time_value_is_too_absurd() {
    for absurd in [UnixTime(0), UnixTime::MAX, UnixTime(u64::MAX)] {
        assert!(line(active(absurd)).contains(", expire"), "{absurd:?}");
    }
}
