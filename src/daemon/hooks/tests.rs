//! Real children, waited for by the events that they cause; time is moved by hand.

mod limits;
mod persistence;
mod reminders;
mod scene;
mod storm;

use std::fs;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};
use std::thread::{JoinHandle, spawn};

use nix::sys::signal::{self, SigSet};
use pizauth_core::keeper::TokenEvent;
use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};

use super::start::START_AGAIN;
use super::*;
use scene::*;

#[test]
fn a_hook_gets_its_variables_and_the_environment_of_the_start() {
    let mut scene = Scene::new(on_error("env > $DIR/env; pwd > $DIR/pwd; cat > $DIR/stdin"));
    scene.run(error_notify("no\nway"));
    scene.until_idle();
    let env = scene.text("env");
    for expected in ["PIZAUTH_ACCOUNT=work", "PIZAUTH_MSG=no way", "PIZAUTH_SOCKET=/run/example.sock"] {
        assert!(env.lines().any(|line| line == expected), "{expected} is not in {env}");
    }
    assert!(!env.contains("CARGO"), "nothing of our own environment: {env}");
    assert_eq!(PathBuf::from(scene.text("pwd").trim()), std::env::current_dir().unwrap());
    assert_eq!(scene.text("stdin"), "");
}

#[cfg(target_os = "linux")]
#[test]
fn a_hook_is_its_own_master() {
    // Above the limit that the hook gets, where ours goes so far.
    let high = getrlimit(Resource::Nofile).current.map_or(200, |limit| 200.min(limit - 1));
    let leaked = rustix::io::fcntl_dupfd_cloexec(std::io::stderr(), i32::try_from(high).unwrap()).unwrap();
    rustix::io::fcntl_setfd(&leaked, rustix::io::FdFlags::empty()).unwrap();
    let mut blocked = SigSet::empty();
    blocked.add(signal::Signal::SIGUSR2);
    let command = "echo $$ > $DIR/pid; cat /proc/self/status > $DIR/status; ulimit -n > $DIR/limit; \
                   exec ls /proc/self/fd > $DIR/fds; ";
    let mut scene = Scene::new(on_error(command));
    blocked.thread_block().unwrap();
    scene.run(error_notify("x"));
    blocked.thread_unblock().unwrap();
    scene.until_idle();

    let status = scene.text("status");
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().to_owned()
    };
    let pid = scene.text("pid").trim().to_owned();
    assert_eq!((field("NSsid:"), field("NSpgid:")), (pid.clone(), pid), "it leads its session and group");
    assert_eq!((field("SigBlk:"), field("SigIgn:")), ("0".repeat(16), "0".repeat(16)), "signals are reset");
    assert_eq!(scene.text("limit").trim(), "123");
    // ls itself has the directory open as 3.
    assert_eq!(scene.text("fds").split_whitespace().collect::<Vec<_>>(), ["0", "1", "2", "3"]);
}

#[test]
fn a_hook_runs_whatever_the_text() {
    let mut scene = Scene::new(on_error("printf %s \"$PIZAUTH_MSG\" | wc -c >> $DIR/lengths"));
    for message in ["", "\0\0", &"x".repeat(1 << 20), "$(touch $DIR/bad) `touch $DIR/bad` ' \" \\ ; -n"] {
        scene.run(error_notify(message));
        scene.until_idle();
    }
    assert_eq!(scene.text("lengths").split_whitespace().collect::<Vec<_>>(), ["0", "2", "4096", "45"]);
    assert!(!scene.dir.path().join("bad").exists());
}

#[test]
fn token_events_run_one_at_a_time_in_order_and_repeated_ones_merge() {
    let command =
        "echo begin >> $DIR/log; echo $PIZAUTH_ACCOUNT $PIZAUTH_EVENT >> $DIR/log; cat $DIR/gate >> $DIR/log";
    let mut scene = Scene::new(on_token_event(command));
    let gate = scene.fifo("gate");
    scene.run(token_event("a", TokenEvent::New));
    for _ in 0..1000 {
        scene.run(token_event("a", TokenEvent::Refreshed));
        scene.run(token_event("b", TokenEvent::Refreshed));
        scene.run(token_event("a", TokenEvent::Revoked));
    }
    for _ in 0..4 {
        assert!(!scene.hooks.is_drained());
        assert_eq!(scene.hooks.running.len(), 1);
        let started = scene.hooks.running[0].session();
        fs::write(&gate, "end\n").unwrap();
        scene.until(|hooks| hooks.running.first().is_none_or(|running| running.session() != started));
    }
    assert!(scene.hooks.is_drained());
    let expected = ["a token_new", "a token_refreshed", "b token_refreshed", "a token_revoked"];
    assert_eq!(scene.text("log"), expected.map(|event| format!("begin\n{event}\nend\n")).concat());
}

/// Tells when somebody has opened a fifo for writing, and when everybody who did is gone.
fn watched(fifo: PathBuf) -> (Receiver<()>, JoinHandle<()>) {
    let (opened, is_open) = channel();
    let is_closed = spawn(move || {
        let mut file = fs::File::open(fifo).unwrap();
        opened.send(()).unwrap();
        file.read_to_end(&mut Vec::new()).unwrap();
    });
    (is_open, is_closed)
}

#[test]
fn a_group_that_ignores_term_is_killed_when_its_time_is_up() {
    // Both hold the fifo open: its reader sees the end when the last of them is gone.
    let command =
        "trap '' TERM; exec > $DIR/alive; (while :; do sleep 600; done) & while :; do sleep 600; done";
    let mut scene = Scene::new(on_error(command));
    let alive = scene.fifo("alive");
    let (is_open, is_closed) = watched(alive);
    scene.run(error_notify("x"));
    is_open.recv().unwrap();
    scene.pass(Duration::from_secs(59));
    assert!(!scene.hooks.running[0].was_killed());
    scene.pass(Duration::from_secs(1));
    assert!(scene.hooks.running[0].was_killed());
    assert_eq!(scene.hooks.poll_timeout(), Some(scene.now.plus(Duration::from_millis(500))));
    scene.pass(Duration::from_millis(500));
    scene.until_idle();
    is_closed.join().unwrap();
}

#[test]
fn what_a_hook_leaves_running_does_not_survive_its_time_either() {
    // The hook itself obeys TERM, and its child does not: the zombie keeps the group until the KILL.
    let command = "(trap '' TERM; exec > $DIR/alive; while :; do sleep 600; done) & cat $DIR/gate; sleep 600";
    let mut scene = Scene::new(on_error(command));
    let (alive, gate) = (scene.fifo("alive"), scene.fifo("gate"));
    let (is_open, is_closed) = watched(alive);
    scene.run(error_notify("x"));
    is_open.recv().unwrap();
    fs::write(gate, "go").unwrap();
    scene.pass(Duration::from_secs(60));
    scene.pass(Duration::from_millis(500));
    scene.until_idle();
    is_closed.join().unwrap();
}

#[test]
fn many_accounts_do_not_start_as_many_processes() {
    let mut scene = Scene::new(on_auth("read line < $DIR/gate; echo x >> $DIR/log"));
    let gate = scene.fifo("gate");
    let mut gate = fs::File::options().read(true).write(true).open(gate).unwrap();
    for number in 0..100 {
        scene.run(auth_notify(&format!("account {number}")));
    }
    assert_eq!(scene.hooks.running.len(), 64);
    gate.write_all(&[b'\n'; 100]).unwrap();
    scene.until_idle();
    assert_eq!(scene.text("log").lines().count(), 100);
}

#[test]
fn verdicts() {
    for (command, verdict) in [
        ("exit 0", HookVerdict::KeepTrying),
        ("exit 1", HookVerdict::GiveUp),
        ("exit 125", HookVerdict::GiveUp),
        ("kill -9 $$", HookVerdict::NoVerdict),
        ("no_such_command_at_all 2>/dev/null", HookVerdict::NoVerdict),
        ("/dev/null 2>/dev/null", HookVerdict::NoVerdict),
    ] {
        let mut scene = Scene::new(on_transient(command));
        scene.run(transient_error_if(7));
        scene.until_idle();
        let expected = Finished::TransientErrorIf { job: JobId(7), verdict };
        assert_eq!(scene.hooks.poll_finished(), Some(expected), "{command}");
        assert_eq!(scene.hooks.poll_finished(), None);
    }
}

#[test]
fn a_limit_does_not_count_what_the_machine_sleeps() {
    let mut scene = Scene::new(on_transient("exec sleep 600"));
    scene.run(transient_error_if(1));
    let asleep = Duration::from_secs(3600);
    scene.hooks.slept(asleep);
    scene.pass(asleep);
    scene.pass(Duration::from_secs(179));
    assert!(!scene.hooks.running[0].was_killed());
    scene.pass(Duration::from_secs(1));
    assert!(scene.hooks.running[0].was_killed());
    scene.hooks.slept(asleep);
    scene.pass(asleep);
    assert!(!scene.hooks.running[0].awaits_reaping(), "nor does the time between TERM and KILL");
    scene.pass(Duration::from_secs(1));
    scene.until_idle();
}

#[test]
fn a_verdict_that_takes_too_long_is_to_give_up_and_our_own_end_is_none() {
    let mut scene = Scene::new(on_transient("exec sleep 600"));
    scene.run(transient_error_if(1));
    scene.pass(Duration::from_secs(180));
    scene.pass(Duration::from_secs(1));
    scene.until_idle();
    let verdict = HookVerdict::GiveUp;
    assert_eq!(scene.hooks.poll_finished(), Some(Finished::TransientErrorIf { job: JobId(1), verdict }));

    scene.run(transient_error_if(2));
    scene.hooks.stop(scene.now);
    scene.run(transient_error_if(3));
    scene.until_idle();
    for job in [3, 2].map(JobId) {
        let verdict = HookVerdict::NoVerdict;
        assert_eq!(scene.hooks.poll_finished(), Some(Finished::TransientErrorIf { job, verdict }));
    }
}

#[test]
fn a_command_that_is_not_there_ends_at_once() {
    let mut scene = Scene::new(HookCommands::default());
    scene.run(Hook::Startup);
    scene.run(transient_error_if(1));
    scene.run(token_event("a", TokenEvent::New));
    assert!(scene.hooks.is_drained());
    assert_eq!(scene.hooks.poll_finished(), Some(Finished::Startup { succeeded: false }));
    let verdict = HookVerdict::NoVerdict;
    assert_eq!(scene.hooks.poll_finished(), Some(Finished::TransientErrorIf { job: JobId(1), verdict }));
}

#[test]
fn token_events_are_finished_after_the_daemon_was_told_to_stop() {
    let mut scene = Scene::new(on_token_event("echo $PIZAUTH_EVENT >> $DIR/log"));
    scene.run(token_event("a", TokenEvent::New));
    scene.run(token_event("a", TokenEvent::Refreshed));
    scene.hooks.stop(scene.now);
    scene.run(token_event("b", TokenEvent::Refreshed));
    scene.until(Hooks::is_drained);
    assert_eq!(scene.text("log"), "token_new\ntoken_refreshed\ntoken_refreshed\n");
}

#[test]
fn output_is_read_to_its_end_also_after_the_hook_has_ended() {
    let command = "(cat $DIR/gate; head -c 1000000 /dev/zero; echo survived > $DIR/log) & echo started";
    let mut scene = Scene::new(on_error(command));
    let gate = scene.fifo("gate");
    scene.run(error_notify("x"));
    scene.until_idle();
    assert_eq!(scene.hooks.outputs.len(), 1, "somebody still has the pipe open");
    fs::write(gate, "").unwrap();
    scene.until(|hooks| hooks.outputs.len() == 0);
    assert_eq!(scene.text("log"), "survived\n");
}

#[test]
fn a_caller_from_within_a_hook_is_known_by_its_session() {
    let mut scene = Scene::new(on_error("cat $DIR/gate"));
    let gate = scene.fifo("gate");
    scene.run(error_notify("x"));
    let session = scene.hooks.running[0].session();
    assert!(scene.hooks.is_session(session));
    fs::write(gate, "").unwrap();
    scene.until_idle();
    assert!(!scene.hooks.is_session(session));
}

#[test]
fn what_the_system_cannot_start_now_is_started_later() {
    let mut scene = Scene::new(on_token_event("echo $PIZAUTH_EVENT >> $DIR/log"));
    scene.fail_to_start(token_event("a", TokenEvent::New), Errno::AGAIN);
    scene.run(token_event("a", TokenEvent::Revoked));
    assert!(scene.hooks.running.is_empty() && !scene.hooks.is_drained());
    assert_eq!(scene.hooks.poll_timeout(), Some(scene.now.plus(START_AGAIN)));
    scene.pass(START_AGAIN);
    scene.until_idle();
    assert_eq!(scene.text("log"), "token_new\ntoken_revoked\n");
}
