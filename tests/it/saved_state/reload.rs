//! Options that come, change and go, and two daemons that want the same file.

use std::fs;

use super::{
    DECRYPT, ENCRYPT, TELLS, filters, kill_and_restart, saved, setup, sign_in_and_save, start, state_file,
};
use crate::support::{Running, Setup, eventually};

/// The configuration with `lines` in place of the filters.
fn reload_with(running: &Running, lines: &str) -> crate::support::Ran {
    let config = fs::read_to_string(running.sandbox.config_file()).unwrap();
    let rest: Vec<_> = config.lines().filter(|line| !line.starts_with("state_")).collect();
    running.sandbox.write_config(&format!("{lines}\n{}", rest.join("\n")));
    running.sandbox.applet("reload").run()
}

#[test]
fn options_that_come_with_a_reload_save_what_is_there() {
    let mut running = Setup::new().global(TELLS).start();
    let token = running.sign_in("work");
    reload_with(&running, &filters(ENCRYPT, DECRYPT)).exits(0);
    eventually("a save", || saved(&running));
    kill_and_restart(&mut running);
    assert_eq!(running.token("work"), token);
}

#[test]
fn options_that_go_leave_the_file_and_a_warning() {
    let running = start();
    sign_in_and_save(&running);
    let before = saved(&running);
    let file = state_file(&running).display().to_string();
    reload_with(&running, "").exits(0).says(&format!("tokens are not saved to {file} any more"));
    running.sandbox.applet("revoke").args(["work"]).run().exits(0);
    running.stop();
    assert_eq!(saved(&running), before);
    assert!(!state_file(&running).with_extension("lock").exists());
}

#[test]
fn another_command_saves_at_once() {
    let mut running = start();
    let token = sign_in_and_save(&running);
    let before = saved(&running).unwrap();
    let (encrypt, decrypt) = (format!("{ENCRYPT} | {ENCRYPT}"), format!("{DECRYPT} | {DECRYPT}"));
    reload_with(&running, &filters(&encrypt, &decrypt)).exits(0);
    super::wait_for_another(&running, Some(&before));
    kill_and_restart(&mut running);
    assert_eq!(running.token("work"), token);
}

#[test]
fn another_file_is_read_and_then_written() {
    let mut running = start();
    let token = sign_in_and_save(&running);
    let other = running.sandbox.path("others");
    let lines = format!("{}\nstate_file = \"{}\";", filters(ENCRYPT, DECRYPT), other.display());
    reload_with(&running, &lines).exits(0).says("tokens are not saved to ");
    eventually("a save", || fs::read(&other).ok());
    kill_and_restart(&mut running);
    assert_eq!(running.token("work"), token);
}

#[test]
fn two_daemons_never_save_to_one_file() {
    let first = start();
    let lock = state_file(&first).with_file_name("tokens.lock");
    assert_eq!(fs::read_to_string(lock).unwrap(), format!("{}\n", first.daemon.pid()));
    let second = setup(ENCRYPT, DECRYPT).start();
    let taken = format!("another pizauthd saves there (process {})", first.daemon.pid());
    let lines = format!("{}\nstate_file = \"{}\";", filters(ENCRYPT, DECRYPT), state_file(&first).display());
    reload_with(&second, &lines).exits(1).says(&taken);
    second.sign_in("work");
    eventually("a save to its own", || saved(&second));
    second.stop();
    second.sandbox.applet("server").args(["-d"]).run().exits(1).says(&taken);
    first.stop();
    let mut second = second;
    second.daemon = second.sandbox.start();
}
