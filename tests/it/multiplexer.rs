//! `pizauth`: dispatches on its name or on a subcommand, as busybox does.

use std::collections::BTreeSet;
use std::os::unix::fs::symlink;
use std::path::Path;

use pizauth_client::APPLETS;

use crate::support::{Running, Sandbox};

/// The names of all subcommands.
fn applets() -> impl Iterator<Item = &'static str> {
    APPLETS.iter().map(|applet| applet.name).chain(["server"])
}

#[test]
fn list_names_every_applet_one_a_line() {
    let out = Sandbox::new().multiplexer().args(["--list"]).run().exits(0).out();
    let listed: BTreeSet<&str> = out.lines().collect();
    assert_eq!(listed, applets().collect());
}

/// It makes them for a package, whose files are not yet where they will be, so it cannot ask `pizauth --install`.
#[test]
fn the_installer_makes_a_symlink_for_every_applet() {
    let installer = Path::new(env!("CARGO_MANIFEST_DIR")).join("install.sh");
    let sandbox = Sandbox::new();
    let call = sandbox
        .program("sh")
        .args([installer.to_str().unwrap()])
        .env("PREFIX", "/p")
        .env("PATH", "/usr/bin:/bin");
    let out = call.args(["--multicall", "--dry-run", "--no-build", "--init", "none"]).run().exits(0).out();
    let made =
        |line: &str| Some(line.strip_prefix("symlink /p/bin/")?.strip_suffix(" to pizauth")?.to_owned());
    let made: BTreeSet<_> = out.lines().filter_map(made).collect();
    let programs = APPLETS.iter().map(|applet| applet.program).chain(["pizauthd"]).map(str::to_owned);
    assert_eq!(made, programs.collect());
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
        for applet in applets() {
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
