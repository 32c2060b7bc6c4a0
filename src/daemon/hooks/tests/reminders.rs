//! `auth_notify_cmd`, which may become a browser that is never closed.

use super::super::reminders::MOST_OF_ONE_ACCOUNT;
use super::*;

const LIMIT: Duration = Duration::from_secs(5 * 60);
const TOO_SOON: Duration = Duration::from_millis(1);

/// Reminders that run until somebody writes to the gate, a line for each.
fn stuck() -> (Stage, fs::File) {
    let stage =
        Stage::new(on_auth("echo $PIZAUTH_URL >> $DIR/log; read line < $DIR/gate"), HookOutput::Inherited);
    let gate = stage.fifo("gate");
    let gate = fs::File::options().read(true).write(true).open(gate).unwrap();
    (stage, gate)
}

fn is_told_only_once(stage: &Stage) -> bool {
    stage.hooks.running.iter().all(Running::is_overdue) && stage.hooks.poll_timeout().is_none()
}

#[test]
fn a_notifier_that_became_a_browser_is_left_alone_and_delays_nobody_else() {
    let (mut stage, mut gate) = stuck();
    stage.run(auth_notify("a"));
    stage.pass(LIMIT - TOO_SOON);
    assert!(!stage.hooks.running[0].is_overdue());
    stage.run(auth_notify("b"));
    assert_eq!(stage.hooks.running.len(), 2);
    stage.pass(LIMIT);
    assert!(is_told_only_once(&stage));
    gate.write_all(b"\n\n").unwrap();
    stage.until_idle();
    assert_eq!(stage.text("log").lines().count(), 2);
}

#[test]
fn what_is_being_told_is_not_told_at_the_same_time_again() {
    let (mut stage, mut gate) = stuck();
    stage.run(auth_notify("a"));
    stage.run(auth_notify("a"));
    stage.run(auth_notify("a"));
    assert_eq!(stage.hooks.running.len(), 1);
    gate.write_all(b"\n").unwrap();
    let first = stage.hooks.running[0].session();
    stage.until(|hooks| hooks.running.first().is_some_and(|running| running.session() != first));
    gate.write_all(b"\n").unwrap();
    stage.until_idle();
    assert_eq!(stage.text("log").lines().count(), 2);
}

#[test]
fn a_new_url_is_told_beside_a_browser_and_beside_a_notifier() {
    let (mut stage, mut gate) = stuck();
    stage.run(auth_notify("a"));
    stage.run(auth_notify_of("a", "https://as.example/?new"));
    assert_eq!(stage.hooks.running.len(), 2);
    stage.pass(LIMIT);
    stage.run(auth_notify_of("a", "https://as.example/?newer"));
    assert_eq!(stage.hooks.running.len(), 3);
    gate.write_all(b"\n\n\n").unwrap();
    stage.until_idle();
    assert!(stage.text("log").contains("https://as.example/?newer\n"), "{}", stage.text("log"));
}

#[test]
fn a_reminder_that_never_ends_does_not_silence_the_next() {
    let (mut stage, mut gate) = stuck();
    stage.run(auth_notify("a"));
    stage.run(auth_notify("a"));
    stage.pass(LIMIT - TOO_SOON);
    assert_eq!(stage.hooks.running.len(), 1);
    stage.pass(TOO_SOON);
    assert_eq!(stage.hooks.running.len(), 2, "the time of the first is over");
    gate.write_all(b"\n\n").unwrap();
    stage.until_idle();
}

#[test]
fn an_account_has_few_that_never_end_and_the_last_place_is_for_a_new_url() {
    let (mut stage, mut gate) = stuck();
    for _ in 0..10 {
        stage.run(auth_notify("a"));
        stage.pass(LIMIT);
    }
    assert_eq!(stage.hooks.running.len(), MOST_OF_ONE_ACCOUNT - 1);
    for url in ["https://as.example/?new", "https://as.example/?newer"] {
        stage.run(auth_notify_of("a", url));
        stage.pass(LIMIT);
        assert_eq!(stage.hooks.running.len(), MOST_OF_ONE_ACCOUNT, "{url}");
    }
    stage.run(auth_notify("b"));
    assert_eq!(stage.hooks.running.len(), MOST_OF_ONE_ACCOUNT + 1);
    // One ends, and the last URL takes its place.
    gate.write_all(b"\n").unwrap();
    stage.until(|hooks| hooks.waiting.iter().all(|(_, waiting)| waiting.is_empty()));
    gate.write_all(&[b'\n'; MOST_OF_ONE_ACCOUNT + 1]).unwrap();
    stage.until_idle();
    assert!(stage.text("log").contains("https://as.example/?newer\n"), "{}", stage.text("log"));
}

#[test]
fn browsers_take_no_place_from_the_notifiers_of_others() {
    let (mut stage, mut gate) = stuck();
    for number in 0..64 {
        stage.run(auth_notify(&format!("account {number}")));
    }
    stage.run(auth_notify("late"));
    assert_eq!(stage.hooks.running.len(), 64);
    stage.pass(LIMIT);
    assert_eq!(stage.hooks.running.len(), 65);
    gate.write_all(&[b'\n'; 65]).unwrap();
    stage.until_idle();
}
