//! A daemon that is there and does not answer: exit 2, within bounds.

use rustix::process::Signal;

use crate::support::Running;

#[test]
fn a_stopped_daemon_is_given_up_with_exit_2_and_answers_again_afterwards() {
    let running = Running::start();
    let token = running.sign_in("work");
    running.daemon.signal(Signal::STOP);
    std::thread::scope(|scope| {
        for applet in ["show", "refresh", "revoke", "status", "dump", "reload"] {
            let sandbox = &running.sandbox;
            scope.spawn(move || {
                let account: &[&str] =
                    if matches!(applet, "show" | "refresh" | "revoke") { &["work"] } else { &[] };
                sandbox.applet(applet).args(account).run().exits(2).prints_nothing().says("pizauthd");
            });
        }
    });
    running.daemon.signal(Signal::CONT);
    running.sandbox.applet("status").run().exits(0);
    // The callers had gone, but what they asked may have been done: a revoke is not taken back.
    assert!(matches!(running.show("work").code(), 0 | 1), "{token}");
}
