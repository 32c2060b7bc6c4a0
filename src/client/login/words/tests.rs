use jiff::tz::TimeZone;
use pizauth_common::unix_time::UnixTime;

use super::*;

const NOON: UnixTime = UnixTime(1_800_014_400);

fn url() -> String {
    "https://as.example/auth?redirect_uri=http%3A%2F%2Flocalhost%3A43217%2F&state=x".to_owned()
}

fn on_device() -> Pending {
    Pending {
        method: Some(Method::Device),
        user_code: Some("AB-CD".to_owned()),
        expires: Some(NOON.plus(Duration::from_secs(900))),
        ..Pending::at("https://as.example/d".to_owned())
    }
}

#[test]
fn an_invitation_says_where_to_go_and_what_to_type() {
    let zone = TimeZone::UTC;
    let watch = Watch::new(NOON, &zone);
    let told = invitation("work", &Pending::at("https://as.example/\u{1b}[2J".to_owned()), &watch);
    assert_eq!(told, "To sign in to work, open\n  https://as.example/\\u{1b}[2J\n");
    let told = invitation("work", &on_device(), &watch);
    assert_eq!(
        told,
        "To sign in to work, open\n  https://as.example/d\n  and enter the code  AB-CD  (until 12:15)\n"
    );
}

#[test]
fn who_comes_by_ssh_is_told_how_the_browser_reaches_this_machine() {
    let afar = Place { has_display: false, names_browser: false, has_terminal: true, comes_by_ssh: true };
    let pending = Pending::at(url());
    let told = from_afar("my work", &pending, Choice::Any, &afar);
    assert!(told.contains("  ssh -L 43217:localhost:43217 HOST\n"), "{told}");
    assert!(told.contains("pizauth login --paste 'my work'\n"), "{told}");
    assert!(told.contains("pizauth login --device 'my work'\n"), "{told}");
    for (pending, choice, place) in [
        (&pending, Choice::Paste, afar),
        (&pending, Choice::Any, Place { has_display: true, ..afar }),
        (&pending, Choice::Any, Place { comes_by_ssh: false, ..afar }),
        (&on_device(), Choice::Any, afar),
    ] {
        assert_eq!(from_afar("work", pending, choice, &place), "");
    }
}

#[test]
fn how_it_has_ended_says_how_long_that_is_good() {
    let zone = TimeZone::UTC;
    let watch = Watch::new(NOON, &zone);
    let told = |expires, refreshable| {
        validity(&SignedIn { expires, refreshable, attention: None, signed_in_as: None }, &watch)
    };
    let in_an_hour = Some(NOON.plus(Duration::from_secs(3600)));
    assert_eq!(
        told(in_an_hour, true),
        "the access token is valid until 13:00 (in 1 h), with a refresh token"
    );
    assert_eq!(
        told(in_an_hour, false),
        "the access token came without a refresh token: it ends at 13:00 (in 1 h)"
    );
    assert_eq!(told(None, false), "the access token is valid until it is revoked");
}

#[test]
fn what_is_left_alone_says_how_to_go_on() {
    let pending = |pending| Answer::Response(Response::Pending(pending));
    assert_eq!(
        left_alone("my work", &pending(Pending::at(url()))),
        "my work: the URL stays good, and to wait for it again: pizauth login 'my work'"
    );
    assert!(left_alone("work", &pending(on_device())).contains("the code stays good"));
    let exchanging = Answer::Response(Response::Exchanging { last_error: None });
    let told = too_late("work", Duration::from_secs(90), &exchanging);
    assert!(told.starts_with("not signed in within 1 min; the sign-in goes on"), "{told}");
}
