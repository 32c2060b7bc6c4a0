//! Refresh tokens that the user brings along.

use pizauth_common::ipc::message::{Candidate, Import, State};

use super::bench::{Bench, account, issued, reason, seconds, transient};
use crate::keeper::{Demand, Happened, NotImported, Shown, TokenEvent, Waited, WaiterId};
use crate::oauth::outcome::Outcome;

fn candidate(client_id: &str, label: &str) -> Candidate {
    Candidate {
        client_id: Some(client_id.to_owned()),
        label: Some(label.to_owned()),
        ..Candidate::of(format!("rt of {label}").as_str().into())
    }
}

fn import(candidates: Vec<Candidate>) -> Import {
    Import { account: "work".to_owned(), candidates, ..Import::default() }
}

fn one() -> Import {
    import(vec![Candidate::of("rt-imported".into())])
}

impl Bench {
    fn import(&mut self, import: &Import) -> Result<Option<String>, NotImported> {
        let done = self.keeper.import(import, self.now);
        self.collect();
        done
    }

    /// Brings a token along and waits for what comes of it.
    fn importing() -> Self {
        let mut bench = Self::new(vec![account("work")]);
        assert_eq!(bench.import(&one()), Ok(None));
        let until = bench.now.moment.plus(seconds(30));
        bench.keeper.wait("work", WaiterId(1), Demand::FirstTry, until, bench.now).unwrap();
        bench.collect();
        bench
    }

    fn verdict(&mut self) -> Waited {
        let [(WaiterId(1), how)] = &*std::mem::take(&mut self.answered) else { panic!("not one answer") };
        how.clone()
    }
}

/// With the last error of the account, which goes on.
fn failed_as(bench: &Bench) -> Waited {
    let row = bench.keeper.status(bench.now).remove(0);
    assert_eq!(row.state, State::Active);
    Waited::Failed(row.last_error.expect("a refresh has failed"))
}

#[test]
fn it_is_tried_at_once_and_is_a_sign_in_if_it_works() {
    let mut bench = Bench::importing();
    assert!(
        bench.forms()[0].contains("grant_type=refresh_token&refresh_token=rt-imported"),
        "{:?}",
        bench.forms()
    );
    assert_eq!(bench.events(), []);
    let job = bench.request();
    bench.answer(job, issued("at-1", None, 3600));
    assert_eq!(bench.verdict(), Waited::Token("at-1".into()));
    assert_eq!(bench.events(), [TokenEvent::New]);
    assert!(!bench.keeper.has_rotated("work"));
    // Its refresh token did not come with the access token, and is there all the same.
    assert!(!bench.told.iter().any(|event| event.what == Happened::NoRefreshToken));
    bench.pass(3600);
    let job = bench.request();
    bench.answer(job, issued("at-2", Some("rt-2"), 3600));
    assert_eq!(bench.events(), [TokenEvent::New, TokenEvent::Refreshed]);
    assert!(bench.keeper.has_rotated("work"));
}

#[test]
fn one_that_is_rotated_is_told_so() {
    let mut bench = Bench::importing();
    let job = bench.request();
    bench.answer(job, issued("at-1", Some("rt-1"), 3600));
    assert!(bench.keeper.has_rotated("work"));
    assert!(!Bench::active(Some("rt"), 3600).keeper.has_rotated("work"), "a sign-in rotates nothing");
}

#[test]
fn a_dead_one_leaves_the_account_empty() {
    let mut bench = Bench::importing();
    let job = bench.request();
    bench.answer(job, Outcome::Ended(reason()));
    assert!(matches!(bench.verdict(), Waited::Failed(why) if why.starts_with("the session has ended: ")));
    assert_eq!(bench.state(), State::Empty);
    assert_eq!(bench.import(&one()), Ok(None), "another one may be better");
}

#[test]
fn what_hinders_its_try_does_not_take_it_away() {
    let mut bench = Bench::importing();
    let job = bench.request();
    bench.answer(job, Outcome::NeedsAttention(reason()));
    assert!(matches!(bench.verdict(), Waited::Failed(why) if why.starts_with("refresh needs attention")));
    assert_eq!(bench.state(), State::Active);

    let mut bench = Bench::importing();
    let job = bench.request();
    bench.answer(job, transient(true));
    assert_eq!(bench.verdict(), failed_as(&bench));
    assert!(matches!(bench.keeper.show("work", bench.now), Ok(Shown::Expired(_))));
    bench.collect();
    bench.fail_once(issued("at-1", None, 3600));
    assert_eq!(bench.events(), [TokenEvent::New], "it is tried again");
}

#[test]
fn who_waits_for_anything_else_is_more_patient() {
    let mut bench = Bench::importing();
    let until = bench.now.moment.plus(seconds(600));
    bench.keeper.wait("work", WaiterId(2), Demand::NewToken, until, bench.now).unwrap();
    let job = bench.request();
    bench.answer(job, transient(true));
    assert_eq!(bench.verdict(), failed_as(&bench));
    bench.fail_once(issued("at-1", None, 3600));
    assert_eq!(bench.answered, [(WaiterId(2), Waited::Token("at-1".into()))]);
}

#[test]
fn tokens_that_are_good_for_something_are_left_alone() {
    let mut bench = Bench::active(Some("rt"), 3600);
    assert_eq!(bench.import(&one()), Err(NotImported::SignedIn));
    bench.rest(7200);
    assert_eq!(bench.import(&one()), Err(NotImported::SignedIn), "it can be refreshed");
    let mut bench = Bench::active(None, 3600);
    assert_eq!(bench.import(&one()), Err(NotImported::SignedIn));
    bench.rest(7200);
    assert_eq!(bench.import(&one()), Ok(None), "a dead one is none");
    let mut bench = Bench::new(vec![account("work")]);
    bench.exchange("work");
    assert_eq!(bench.import(&one()), Err(NotImported::SigningIn));
    let elsewhere = Import { account: "wrok".to_owned(), ..one() };
    assert_eq!(bench.import(&elsewhere), Err(NotImported::UnknownAccount));
}

#[test]
fn a_sign_in_that_waits_gives_way() {
    let mut bench = Bench::new(vec![account("work")]);
    let url = bench.url("work");
    assert_eq!(bench.import(&one()), Ok(None));
    assert_eq!(bench.state(), State::Active);
    let late = bench.keeper.redirect(&Bench::redirect_request(&url), bench.now);
    assert!(!matches!(late, crate::keeper::RedirectVerdict::Exchanging(..)), "{late:?}");
}

#[test]
fn a_dry_one_changes_nothing() {
    let mut bench = Bench::new(vec![account("work")]);
    let dry = Import { dry: true, ..import(vec![candidate("c", "me")]) };
    let ours = account("work").client_id;
    let dry_of_ours = Import { dry: true, ..import(vec![candidate(&ours, "me")]) };
    assert!(matches!(bench.import(&dry), Err(NotImported::OtherClient { .. })));
    assert_eq!(bench.import(&dry_of_ours), Ok(Some("me".to_owned())));
    assert!(bench.told.is_empty() && bench.requests.is_empty() && bench.state() == State::Empty);
}

/// Which of these is taken, by its name.
fn chosen(candidates: Vec<Candidate>, pick: Option<&str>) -> Result<Option<String>, NotImported> {
    let mut bench = Bench::new(vec![account("work")]);
    let pick = pick.map(str::to_owned);
    let done = bench.import(&Import { pick, ..import(candidates) });
    assert_eq!(bench.requests.len(), usize::from(done.is_ok()), "nothing is sent of what is refused");
    if let Ok(Some(label)) = &done {
        let sent = bench.forms()[0].replace('+', " ").replace("%40", "@");
        assert!(sent.contains(&format!("refresh_token=rt of {label}")), "{sent}");
    }
    done
}

#[test]
fn only_what_is_the_clients_own_is_sent() {
    let ours = account("work").client_id.to_string();
    let other = |theirs: &[&str]| {
        let theirs = theirs.iter().map(|id| (*id).to_owned()).collect();
        Err(NotImported::OtherClient { theirs, ours: ours.clone() })
    };
    let family = |client_id: &str, label: &str| Candidate { is_family: true, ..candidate(client_id, label) };
    let taken = |label: &str| Ok(Some(label.to_owned()));
    assert_eq!(chosen(vec![candidate("x", "a")], None), other(&["x"]));
    assert_eq!(
        chosen(vec![candidate("y", "a"), candidate("x", "b"), candidate("y", "c")], None),
        other(&["x", "y"])
    );
    assert_eq!(chosen(vec![candidate("x", "a"), candidate(&ours, "b")], None), taken("b"));
    assert_eq!(chosen(vec![candidate("", "a")], None), taken("a"));
    assert_eq!(chosen(vec![family("x", "a"), candidate("y", "b")], None), taken("a"));
    assert_eq!(chosen(vec![family("x", "a"), candidate(&ours, "b")], None), taken("b"), "the first choice");
}

#[test]
fn one_of_several_is_picked_by_its_name() {
    let ours = account("work").client_id;
    let two = || {
        vec![candidate(&ours, "me@example.org"), candidate(&ours, "you@example.org"), candidate("x", "her")]
    };
    let labels = vec!["me@example.org".to_owned(), "you@example.org".to_owned()];
    let ambiguous = Err(NotImported::Ambiguous { labels });
    assert_eq!(chosen(two(), None), ambiguous);
    assert_eq!(chosen(two(), Some("example")), ambiguous);
    assert_eq!(chosen(two(), Some("her")), ambiguous);
    assert_eq!(chosen(two(), Some("you@")), Ok(Some("you@example.org".to_owned())));
    let nameless = vec![Candidate::of("rt".into())];
    assert_eq!(chosen(nameless, Some("me")), Err(NotImported::Ambiguous { labels: Vec::new() }));
}
