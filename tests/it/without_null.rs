//! On a system without /dev/null, as in a chroot that somebody has made by hand.

use crate::support::{Ran, Sandbox};

/// What a shell says of SIGABRT.
const ABORTED: &str = "134\n";

/// Whether this machine lets us have a /dev of our own.
fn can_be_tried(sandbox: &Sandbox) -> bool {
    let can = without_null(sandbox, "test ! -e /dev/null").code() == 0;
    if !can {
        eprintln!("skipped, since it needs a mount namespace: a system without /dev/null");
    }
    can
}

/// Runs a script with `$1`, the directory of the executables, where /dev is empty.
fn without_null(sandbox: &Sandbox, script: &str) -> Ran {
    std::fs::create_dir_all(sandbox.path("dev")).unwrap();
    let script = format!("mount --bind dev /dev && {{ {script}\n}}");
    let private = ["--user", "--map-root-user", "--mount", "sh", "-c", &script, "sh"];
    sandbox.program("unshare").args(private).args([crate::support::detached::executables()]).run()
}

/// A descriptor that is missing among the first three would be that of the next file or connection that is opened, and
/// what is written to the standard streams would go there.
#[test]
fn a_command_that_lacks_a_standard_stream_ends_before_it_does_anything() {
    let sandbox = Sandbox::configured();
    if !can_be_tried(&sandbox) {
        return;
    }
    let _daemon = sandbox.start();
    let says = |words: &str| sandbox.applet("status").run().exits(0).out().contains(words);
    for closed in ["<&-", ">&-", "2>&-"] {
        for command in ["pizauth-show", "pizauth-refresh", "pizauth show"] {
            let script = format!("ulimit -c 0; \"$1\"/{command} work {closed}; echo $? >&3");
            let ended = without_null(&sandbox, &format!("( {script} ) 3>&1 >said"));
            assert_eq!((ended.out().as_str(), &*sandbox.read("said")), (ABORTED, ""), "{command} {closed}");
            assert!(says("work: empty"), "{command} {closed}");
        }
    }
    sandbox.applet("show").args(["work"]).run().exits(1);
    assert!(says("work: pending"), "what it would have done");
}

#[test]
fn a_daemon_for_the_background_says_what_is_missing() {
    let sandbox = Sandbox::configured();
    if !can_be_tried(&sandbox) {
        return;
    }
    without_null(&sandbox, "exec \"$1\"/pizauthd").exits(1).says("cannot open /dev/null: no such file");
    assert!(!sandbox.socket().exists());
}
