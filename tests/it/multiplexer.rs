//! `pizauth`: dispatches on its name or on a subcommand, as busybox does.

use std::os::unix::fs::symlink;

use crate::support::{Running, Sandbox};

const APPLETS: [&str; 11] = [
    "check", "dump", "info", "refresh", "reload", "restore", "revoke", "server", "show", "shutdown", "status",
];

#[test]
fn list_names_every_applet_one_a_line() {
    let out = Sandbox::new().multiplexer().args(["--list"]).run().exits(0).out();
    let listed: Vec<&str> = out.lines().collect();
    for applet in APPLETS {
        assert!(listed.contains(&applet), "{applet} is missing:\n{out}");
    }
}

#[test]
fn install_makes_symlinks_that_work_and_a_second_run_is_harmless() {
    let running = Running::start();
    std::fs::create_dir(running.sandbox.path("bin")).unwrap();
    for _ in 0..2 {
        running.sandbox.multiplexer().args(["--install", "bin"]).run().exits(0);
    }
    let show = running.sandbox.path("bin/pizauth-show");
    assert!(show.symlink_metadata().unwrap().is_symlink());
    running.sandbox.program(&show).args(["work"]).run().exits(1).says("authorised with URL");
    running.sandbox.program(running.sandbox.path("bin/pizauthd")).args(["--version"]).run().exits(0);
    running.sandbox.program(running.sandbox.path("bin/pizauth-status")).run().exits(0);
}

#[test]
fn install_replaces_nothing_that_is_not_its_own_symlink() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("bin")).unwrap();
    sandbox.write("bin/pizauth-show", "precious");
    sandbox.multiplexer().args(["--install", "bin"]).run().exits(1).says("pizauth-show");
    assert_eq!(sandbox.read("bin/pizauth-show"), "precious");
    sandbox.multiplexer().args(["--install", "nowhere"]).run().exits(1).says("nowhere");
}

#[test]
fn the_base_name_is_matched_exactly() {
    let sandbox = Sandbox::new();
    for (name, code) in [("pizauth-show", 2), ("xpizauth-show", 64), ("pizauth-shown", 64), ("show", 64)] {
        symlink(env!("CARGO_BIN_EXE_pizauth"), sandbox.path(name)).unwrap();
        sandbox.program(sandbox.path(name)).args(["work"]).run().exits(code);
    }
}

#[test]
fn an_unknown_subcommand_is_a_usage_error() {
    let sandbox = Sandbox::new();
    sandbox.multiplexer().args(["shwo"]).run().exits(64).prints_nothing().says("shwo");
    assert!(sandbox.multiplexer().run().exits(0).stdout.starts_with(b"Usage: "));
    sandbox.multiplexer().args(["--lits"]).run().exits(64).prints_nothing();
}

#[test]
fn a_subcommand_does_what_the_small_executable_does() {
    let running = Running::start();
    let token = running.sign_in("work");
    let through = running.sandbox.multiplexer().args(["show", "-v", "work"]).run().exits(0);
    assert_eq!(through.line(), token);
}

#[test]
fn help_and_version_work_everywhere_on_stdout() {
    let sandbox = Sandbox::new();
    for flag in ["--help", "-h", "--version"] {
        for applet in APPLETS {
            let ran = sandbox.multiplexer().args([applet, flag]).run().exits(0);
            assert!(ran.out().contains("pizauth") && ran.stderr.is_empty(), "{applet} {flag}: {ran:?}");
            let ran = sandbox.applet(applet).args([flag]).run().exits(0);
            assert!(
                ran.out().contains("pizauth") && ran.stderr.is_empty(),
                "pizauth-{applet} {flag}: {ran:?}"
            );
        }
        let ran = sandbox.multiplexer().args([flag]).run().exits(0);
        assert!(ran.out().contains("pizauth") && ran.stderr.is_empty());
    }
}
