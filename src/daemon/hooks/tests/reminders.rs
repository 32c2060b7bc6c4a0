//! `auth_notify_cmd`, which may become a browser that is never closed.

use super::super::reminders::MOST_OF_ONE_ACCOUNT;
use super::*;

const LIMIT: Duration = Duration::from_secs(5 * 60);
const TOO_SOON: Duration = Duration::from_millis(1);

/// Reminders that run until somebody writes to the gate, a line for each.
fn stuck() -> (Scene, fs::File) {
    let scene = Scene::new(on_auth("echo $PIZAUTH_URL >> $DIR/log; read line < $DIR/gate"));
    let gate = scene.fifo("gate");
    let gate = fs::File::options().read(true).write(true).open(gate).unwrap();
    (scene, gate)
}

fn is_told_only_once(scene: &Scene) -> bool {
    scene.hooks.running.iter().all(RunningHook::is_overdue) && scene.hooks.poll_timeout().is_none()
}

#[test]
fn a_notifier_that_became_a_browser_is_left_alone_and_delays_nobody_else() {
    let (mut scene, mut gate) = stuck();
    scene.run(auth_notify("a"));
    scene.pass(LIMIT - TOO_SOON);
    assert!(!scene.hooks.running[0].is_overdue());
    scene.run(auth_notify("b"));
    assert_eq!(scene.hooks.running.len(), 2);
    scene.pass(LIMIT);
    assert!(is_told_only_once(&scene));
    gate.write_all(b"\n\n").unwrap();
    scene.until_idle();
    assert_eq!(scene.text("log").lines().count(), 2);
}

#[test]
fn what_is_being_told_is_not_told_at_the_same_time_again() {
    let (mut scene, mut gate) = stuck();
    scene.run(auth_notify("a"));
    scene.run(auth_notify("a"));
    scene.run(auth_notify("a"));
    assert_eq!(scene.hooks.running.len(), 1);
    gate.write_all(b"\n").unwrap();
    let first = scene.hooks.running[0].session();
    scene.until(|hooks| hooks.running.first().is_some_and(|running| running.session() != first));
    gate.write_all(b"\n").unwrap();
    scene.until_idle();
    assert_eq!(scene.text("log").lines().count(), 2);
}

#[test]
fn a_new_url_is_told_beside_a_browser_and_beside_a_notifier() {
    let (mut scene, mut gate) = stuck();
    scene.run(auth_notify("a"));
    scene.run(auth_notify_of("a", "https://as.example/?new"));
    assert_eq!(scene.hooks.running.len(), 2);
    scene.pass(LIMIT);
    scene.run(auth_notify_of("a", "https://as.example/?newer"));
    assert_eq!(scene.hooks.running.len(), 3);
    gate.write_all(b"\n\n\n").unwrap();
    scene.until_idle();
    assert!(scene.text("log").contains("https://as.example/?newer\n"), "{}", scene.text("log"));
}

#[test]
fn a_reminder_that_never_ends_does_not_silence_the_next() {
    let (mut scene, mut gate) = stuck();
    scene.run(auth_notify("a"));
    scene.run(auth_notify("a"));
    scene.pass(LIMIT - TOO_SOON);
    assert_eq!(scene.hooks.running.len(), 1);
    scene.pass(TOO_SOON);
    assert_eq!(scene.hooks.running.len(), 2, "the time of the first is over");
    gate.write_all(b"\n\n").unwrap();
    scene.until_idle();
}

#[test]
fn an_account_has_few_that_never_end_and_the_last_place_is_for_a_new_url() {
    let (mut scene, mut gate) = stuck();
    for _ in 0..10 {
        scene.run(auth_notify("a"));
        scene.pass(LIMIT);
    }
    assert_eq!(scene.hooks.running.len(), MOST_OF_ONE_ACCOUNT - 1);
    for url in ["https://as.example/?new", "https://as.example/?newer"] {
        scene.run(auth_notify_of("a", url));
        scene.pass(LIMIT);
        assert_eq!(scene.hooks.running.len(), MOST_OF_ONE_ACCOUNT, "{url}");
    }
    // One ends, and the last URL takes its place.
    gate.write_all(b"\n").unwrap();
    scene.until(|hooks| hooks.queues.iter().all(|(_, queue)| queue.is_empty()));
    scene.run(auth_notify("b"));
    assert_eq!(scene.hooks.running.len(), MOST_OF_ONE_ACCOUNT + 1);
    gate.write_all(&[b'\n'; MOST_OF_ONE_ACCOUNT + 1]).unwrap();
    scene.until_idle();
    assert!(scene.text("log").contains("https://as.example/?newer\n"), "{}", scene.text("log"));
}

#[test]
fn browsers_take_no_place_from_the_notifiers_of_others() {
    let (mut scene, mut gate) = stuck();
    for number in 0..64 {
        scene.run(auth_notify(&format!("account {number}")));
    }
    scene.run(auth_notify("late"));
    assert_eq!(scene.hooks.running.len(), 64);
    scene.pass(LIMIT);
    assert_eq!(scene.hooks.running.len(), 65);
    gate.write_all(&[b'\n'; 65]).unwrap();
    scene.until_idle();
}
