//! How many, how long, how often.

use rustix::io::Errno;

use super::*;

const WAITS: &str = "read line < $DIR/gate";

/// Hooks of every kind, each of which waits for a line from the gate.
fn waiting_hooks() -> (Scene, fs::File) {
    let command = || Some(WAITS.to_owned());
    let commands = HookCommands {
        auth_notify_cmd: command(),
        error_notify_cmd: command(),
        startup_cmd: command(),
        token_event_cmd: command(),
        transient_error_if_cmd: command(),
    };
    let scene = Scene::new(commands);
    let gate = scene.fifo("gate");
    let gate = fs::File::options().read(true).write(true).open(gate).unwrap();
    (scene, gate)
}

#[test]
fn only_so_many_of_a_kind_run_at_once() {
    let (mut scene, mut gate) = waiting_hooks();
    for number in 0..20 {
        scene.run(error_notify(&number.to_string()));
    }
    assert_eq!(scene.hooks.running.len(), 16);
    for number in 0..20 {
        scene.run(transient_error_if(number));
    }
    assert_eq!(scene.hooks.running.len(), 32, "none of another kind takes their places");
    gate.write_all(&[b'\n'; 40]).unwrap();
    scene.until_idle();
}

#[test]
fn startup_cmd_may_take_all_day() {
    let (mut scene, mut gate) = waiting_hooks();
    scene.run(Hook::Startup);
    scene.pass(Duration::from_secs(24 * 60 * 60));
    assert_eq!(scene.hooks.poll_timeout(), None);
    gate.write_all(b"\n").unwrap();
    scene.until_idle();
    assert_eq!(scene.hooks.poll_finished(), Some(Finished::Startup { succeeded: true }));
}

#[test]
fn a_token_event_has_a_minute() {
    let (mut scene, _gate) = waiting_hooks();
    scene.run(token_event("a", TokenEvent::New));
    assert_eq!(scene.hooks.poll_timeout(), Some(START.plus(Duration::from_secs(60))));
    scene.pass(Duration::from_secs(60));
    assert!(scene.hooks.running[0].was_killed());
    scene.pass(Duration::from_secs(1));
    scene.until_idle();
}

#[test]
fn a_stop_ends_who_is_asked_for_a_verdict_and_starts_nobody_who_waits() {
    let (mut scene, mut gate) = waiting_hooks();
    scene.run(auth_notify("a"));
    scene.run(auth_notify("a"));
    scene.run(transient_error_if(1));
    scene.hooks.stop(scene.now);
    scene.until(|hooks| hooks.running.len() == 1);
    assert_eq!(scene.hooks.running[0].kind(), HookKind::AuthNotify, "it may be a browser");
    gate.write_all(b"\n").unwrap();
    scene.until_idle();
    let verdict = HookVerdict::NoVerdict;
    assert_eq!(scene.hooks.poll_finished(), Some(Finished::TransientErrorIf { job: JobId(1), verdict }));
}

#[test]
fn pauses_before_another_start_double_to_eight_seconds() {
    let (mut scene, mut gate) = waiting_hooks();
    for expected in [1, 2, 4, 8, 8] {
        scene.fail_to_start(token_event("a", TokenEvent::New), Errno::AGAIN);
        let pause = Duration::from_secs(expected);
        assert_eq!(scene.hooks.poll_timeout(), Some(scene.now.plus(pause)));
    }
    scene.pass(Duration::from_secs(8));
    assert_eq!(scene.hooks.running.len(), 1);
    gate.write_all(b"\n").unwrap();
    scene.until_idle();
    scene.fail_to_start(token_event("a", TokenEvent::New), Errno::MFILE);
    assert_eq!(scene.hooks.poll_timeout(), Some(scene.now.plus(START_AGAIN)), "a success starts over");
}

#[test]
fn what_cannot_be_started_ever_and_a_question_for_a_verdict_do_not_wait() {
    let (mut scene, _gate) = waiting_hooks();
    scene.fail_to_start(error_notify("x"), Errno::NOENT);
    scene.fail_to_start(transient_error_if(7), Errno::AGAIN);
    assert!(is_idle(&scene.hooks) && scene.hooks.poll_timeout().is_none());
    let verdict = HookVerdict::NoVerdict;
    assert_eq!(scene.hooks.poll_finished(), Some(Finished::TransientErrorIf { job: JobId(7), verdict }));
}

#[test]
fn what_could_not_be_started_gives_way_to_a_later_one_that_tells_the_same() {
    let mut queue = HookQueue::default();
    queue.push(token_event("a", TokenEvent::New));
    let (number, hook) = queue.take_first(|_| true).unwrap();
    queue.push(token_event("a", TokenEvent::Revoked));
    queue.push(token_event("a", TokenEvent::New));
    queue.put_back(number, hook);
    let in_order = std::iter::from_fn(|| queue.take_first(|_| true)).map(|(_, hook)| hook);
    let expected = [token_event("a", TokenEvent::Revoked), token_event("a", TokenEvent::New)];
    assert_eq!(in_order.collect::<Vec<_>>(), expected);
}

#[test]
fn what_hooks_leave_behind_uses_up_few_descriptors_and_is_not_ended_by_what_it_writes() {
    let leaves_one = "{ read line < $DIR/gate; echo late; echo $PIZAUTH_MSG >> $DIR/survivors; } &";
    let mut scene = Scene::new(on_error(leaves_one));
    let gate = scene.fifo("gate");
    let mut gate = fs::File::options().read(true).write(true).open(gate).unwrap();
    const COUNT: usize = 30;
    for number in 0..COUNT {
        scene.run(error_notify(&number.to_string()));
    }
    scene.until_idle();
    assert_eq!(scene.hooks.outputs.len(), 8);
    gate.write_all(&[b'\n'; COUNT]).unwrap();
    scene.until(|hooks| hooks.outputs.are_over());
    assert_eq!(scene.text("survivors").lines().count(), COUNT);
}
