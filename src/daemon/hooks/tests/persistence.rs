//! What a hook that keeps tokens relies on: it comes after the restore, and again where it has failed.

use super::*;

fn at_startup(startup: &str, token_event: &str) -> HookCommands {
    HookCommands { startup_cmd: Some(startup.to_owned()), ..on_token_event(token_event) }
}

const LOG: &str = "echo $PIZAUTH_ACCOUNT $PIZAUTH_EVENT >> $DIR/log";

/// `startup_cmd` runs until somebody writes to the gate.
fn starting() -> (Scene, PathBuf) {
    let mut scene = Scene::new(at_startup("read line < $DIR/gate", LOG));
    let gate = scene.fifo("gate");
    scene.run(Hook::Startup);
    scene.run(token_event("a", TokenEvent::New));
    scene.run(token_event("a", TokenEvent::Refreshed));
    scene.run(token_event("b", TokenEvent::New));
    scene.run(token_event("a", TokenEvent::Refreshed));
    assert_eq!(scene.hooks.running.len(), 1, "the events are held");
    (scene, gate)
}

const HELD: &str = "a token_new\nb token_new\na token_refreshed\n";

#[test]
fn token_events_are_held_until_startup_cmd_has_ended() {
    let (mut scene, gate) = starting();
    scene.pass(STARTUP_PATIENCE - Duration::from_secs(1));
    scene.hooks.slept(Duration::from_secs(3600));
    scene.pass(Duration::from_secs(3600));
    assert_eq!(scene.hooks.running.len(), 1, "what the machine sleeps does not count");
    fs::write(gate, "go\n").unwrap();
    scene.until_idle();
    assert_eq!(scene.text("log"), HELD);
    assert_eq!(scene.hooks.poll_finished(), Some(Finished::Startup { succeeded: true }));
    assert_eq!(scene.hooks.poll_timeout(), None);
}

#[test]
fn a_startup_cmd_that_goes_on_for_ever_holds_them_for_a_minute() {
    let (mut scene, gate) = starting();
    scene.pass(STARTUP_PATIENCE);
    scene.until(|hooks| hooks.running.len() == 1 && hooks.is_drained());
    assert_eq!(scene.text("log"), HELD);
    fs::write(gate, "go\n").unwrap();
    scene.until_idle();
}

#[test]
fn a_stop_waits_for_startup_cmd_a_little_and_tells_them_then() {
    let (mut scene, gate) = starting();
    scene.hooks.stop(scene.now);
    assert!(!scene.hooks.is_drained() && scene.hooks.running.len() == 1);
    scene.pass(STARTUP_PATIENCE_AT_THE_STOP);
    scene.until(Hooks::is_drained);
    assert_eq!(scene.text("log"), HELD);
    fs::write(gate, "go\n").unwrap();
    scene.until_idle();
}

#[test]
fn a_startup_cmd_that_fails_has_not_succeeded() {
    for command in ["exit 1", "exit 127", "kill -9 $$"] {
        let mut scene = Scene::new(at_startup(command, LOG));
        scene.run(Hook::Startup);
        scene.until_idle();
        assert_eq!(scene.hooks.poll_finished(), Some(Finished::Startup { succeeded: false }), "{command}");
    }
}

/// Fails until there is a file `mended`.
fn failing() -> Scene {
    Scene::new(on_token_event(&format!("{LOG}; test -e $DIR/mended")))
}

fn until_it_waits(scene: &mut Scene) {
    scene.until(|hooks| is_idle(hooks) && !hooks.failed_events.is_empty());
}

#[test]
fn a_token_event_that_failed_is_told_again_with_growing_pauses_until_it_succeeds() {
    let mut scene = failing();
    scene.run(token_event("a", TokenEvent::Refreshed));
    for seconds in [2, 8, 32] {
        until_it_waits(&mut scene);
        let pause = Duration::from_secs(seconds);
        assert_eq!(scene.hooks.poll_timeout(), Some(scene.now.plus(pause)));
        scene.pass(pause - Duration::from_millis(1));
        assert!(scene.hooks.running.is_empty());
        scene.pass(Duration::from_millis(1));
    }
    until_it_waits(&mut scene);
    fs::write(scene.dir.path().join("mended"), "").unwrap();
    scene.pass(Duration::from_secs(128));
    scene.until(Hooks::is_drained);
    assert_eq!(scene.text("log"), "a token_refreshed\n".repeat(5));
    assert_eq!(scene.hooks.poll_timeout(), None);
}

#[test]
fn a_later_event_of_the_account_stands_for_one_that_failed_and_other_accounts_do_not_wait() {
    let mut scene = failing();
    scene.run(token_event("a", TokenEvent::New));
    scene.run(token_event("b", TokenEvent::New));
    scene.run(token_event("a", TokenEvent::Refreshed));
    until_it_waits(&mut scene);
    scene.run(token_event("b", TokenEvent::Revoked));
    until_it_waits(&mut scene);
    fs::write(scene.dir.path().join("mended"), "").unwrap();
    scene.pass(Duration::from_secs(2));
    scene.until(Hooks::is_drained);
    let told = "a token_new\nb token_new\na token_refreshed\nb token_revoked\n";
    assert_eq!(scene.text("log"), format!("{told}a token_refreshed\nb token_revoked\n"));
}

#[test]
fn a_hook_that_took_too_long_is_told_again_too() {
    let mut scene = Scene::new(on_token_event("trap 'exit 0' TERM; sleep 600"));
    scene.run(token_event("a", TokenEvent::New));
    scene.pass(Duration::from_secs(60));
    scene.pass(Duration::from_secs(1));
    until_it_waits(&mut scene);
}

#[test]
fn so_is_one_whose_shell_is_not_there_now() {
    let mut scene = failing();
    scene.fail_to_start(token_event("a", TokenEvent::New), Errno::NOENT);
    assert!(is_idle(&scene.hooks) && !scene.hooks.is_drained());
    scene.pass(Duration::from_secs(2));
    assert_eq!(scene.hooks.running.len(), 1);
    until_it_waits(&mut scene);
}

#[test]
fn one_that_failed_is_told_once_more_at_the_stop_and_one_that_fails_then_too() {
    let mut scene = failing();
    scene.run(token_event("a", TokenEvent::Refreshed));
    until_it_waits(&mut scene);
    scene.hooks.stop(scene.now);
    assert!(!scene.hooks.is_drained());
    scene.until(Hooks::is_drained);
    assert_eq!(scene.text("log"), "a token_refreshed\n".repeat(2));
    scene.run(token_event("b", TokenEvent::Refreshed));
    until_it_waits(&mut scene);
    assert!(!scene.hooks.is_drained(), "a disk that is full for a moment may be the reason");
    fs::write(scene.dir.path().join("mended"), "").unwrap();
    scene.pass(Duration::from_secs(2));
    scene.until(Hooks::is_drained);
    assert_eq!(
        scene.text("log"),
        format!("{}{}", "a token_refreshed\n".repeat(2), "b token_refreshed\n".repeat(2))
    );
}

#[test]
fn a_reload_that_takes_the_command_away_ends_the_telling() {
    let mut scene = failing();
    scene.run(token_event("a", TokenEvent::Refreshed));
    until_it_waits(&mut scene);
    scene.hooks.set_commands(HookCommands::default());
    scene.pass(Duration::from_secs(2));
    assert!(scene.hooks.is_drained());
}
