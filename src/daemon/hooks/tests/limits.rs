//! How many, how long, how often.

use rustix::io::Errno;

use super::*;

const WAITS: &str = "read line < $DIR/gate";

/// Hooks of every kind, each of which waits for a line from the gate.
fn waiting_hooks() -> (Stage, fs::File) {
    let command = || Some(WAITS.to_owned());
    let commands = HookCommands {
        auth_notify_cmd: command(),
        error_notify_cmd: command(),
        startup_cmd: command(),
        token_event_cmd: command(),
        transient_error_if_cmd: command(),
    };
    let stage = Stage::new(commands, HookOutput::Inherited);
    let gate = stage.fifo("gate");
    let gate = fs::File::options().read(true).write(true).open(gate).unwrap();
    (stage, gate)
}

#[test]
fn only_so_many_of_a_kind_run_at_once() {
    let (mut stage, mut gate) = waiting_hooks();
    for number in 0..20 {
        stage.run(error_notify(&number.to_string()));
    }
    assert_eq!(stage.hooks.running.len(), 16);
    for number in 0..20 {
        stage.run(transient_error_if(number));
    }
    assert_eq!(stage.hooks.running.len(), 32, "none of another kind takes their places");
    gate.write_all(&[b'\n'; 40]).unwrap();
    stage.until_idle();
}

#[test]
fn startup_cmd_may_take_all_day() {
    let (mut stage, mut gate) = waiting_hooks();
    stage.run(Hook::Startup);
    assert_eq!(stage.hooks.poll_timeout(), None);
    stage.pass(Duration::from_secs(24 * 60 * 60));
    gate.write_all(b"\n").unwrap();
    stage.until_idle();
    assert_eq!(stage.hooks.poll_finished(), Some(Finished::Startup));
}

#[test]
fn a_token_event_has_a_minute() {
    let (mut stage, _gate) = waiting_hooks();
    stage.run(token_event("a", TokenEvent::New));
    assert_eq!(stage.hooks.poll_timeout(), Some(START.plus(Duration::from_secs(60))));
    stage.pass(Duration::from_secs(60));
    assert!(stage.hooks.running[0].was_ended());
    stage.pass(Duration::from_secs(1));
    stage.until_idle();
}

#[test]
fn a_stop_ends_who_is_asked_for_a_verdict_and_starts_nobody_who_waits() {
    let (mut stage, mut gate) = waiting_hooks();
    stage.run(auth_notify("a"));
    stage.run(auth_notify("a"));
    stage.run(transient_error_if(1));
    stage.hooks.stop();
    stage.until(|hooks| hooks.running.len() == 1);
    assert_eq!(stage.hooks.running[0].kind(), Kind::AuthNotify, "it may be a browser");
    gate.write_all(b"\n").unwrap();
    stage.until_idle();
    let verdict = HookVerdict::NoVerdict;
    assert_eq!(stage.hooks.poll_finished(), Some(Finished::TransientErrorIf { job: JobId(1), verdict }));
}

#[test]
fn pauses_before_another_start_double_to_eight_seconds() {
    let (mut stage, mut gate) = waiting_hooks();
    for expected in [1, 2, 4, 8, 8] {
        stage.fail_to_start(token_event("a", TokenEvent::New), Errno::AGAIN);
        let pause = Duration::from_secs(expected);
        assert_eq!(stage.hooks.poll_timeout(), Some(stage.now.plus(pause)));
    }
    stage.pass(Duration::from_secs(8));
    assert_eq!(stage.hooks.running.len(), 1);
    gate.write_all(b"\n").unwrap();
    stage.until_idle();
    stage.fail_to_start(token_event("a", TokenEvent::New), Errno::MFILE);
    assert_eq!(stage.hooks.poll_timeout(), Some(stage.now.plus(START_AGAIN)), "a success starts over");
}

#[test]
fn what_cannot_be_started_ever_and_a_question_for_a_verdict_do_not_wait() {
    let (mut stage, _gate) = waiting_hooks();
    stage.fail_to_start(token_event("a", TokenEvent::New), Errno::NOENT);
    stage.fail_to_start(transient_error_if(7), Errno::AGAIN);
    assert!(is_idle(&stage.hooks) && stage.hooks.poll_timeout().is_none());
    let verdict = HookVerdict::NoVerdict;
    assert_eq!(stage.hooks.poll_finished(), Some(Finished::TransientErrorIf { job: JobId(7), verdict }));
}
