//! Scripts of `etc/` with stand-ins for what they call: what they make of it. `tests/real` has the programs themselves.

use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};

use crate::support::{Call, Ran, Sandbox};

/// A shipped file.
fn shipped(path: &str) -> String {
    format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))
}

/// Programs in place of others: each is a name and a script for /bin/sh.
fn stand_ins(sandbox: &Sandbox, programs: &[(&str, &str)]) -> String {
    let directory = sandbox.path("stand-ins");
    DirBuilder::new().mode(0o700).recursive(true).create(&directory).unwrap();
    for (name, script) in programs {
        let text = format!("#!/bin/sh\n{script}\n");
        // By another program: what is being written to by us or a child of another test cannot be executed.
        let written = sandbox.write("script", text);
        let target = directory.join(name);
        let installed =
            sandbox.program("install").args(["-m", "700"]).args([written.as_path(), target.as_path()]).run();
        assert_eq!(installed.code(), 0, "{}", installed.stderr);
    }
    format!("{}:{}", directory.display(), std::env::var("PATH").unwrap_or_default())
}

// --- notifications

/// A desktop whose user presses the button.
const NOTIFY_SEND: (&str, &str) = (
    "notify-send",
    r#"for word; do echo "[$word]"; done >>notified; case $* in *--action*) echo open ;; esac"#,
);
const XDG_OPEN: (&str, &str) =
    ("xdg-open", r#"echo "$1 ${DISPLAY-} ${WAYLAND_DISPLAY-} ${XAUTHORITY-}" >opened"#);

fn notify_desktop(sandbox: &Sandbox, systemctl: &str) -> Call {
    let path = stand_ins(sandbox, &[NOTIFY_SEND, XDG_OPEN, ("systemctl", systemctl)]);
    let hook = sandbox.program("/bin/sh").args([shipped("etc/hooks/notify-desktop")]);
    hook.env("PATH", path).env("PIZAUTH_ACCOUNT", "work").env("PIZAUTH_URL", "http://a.example/?b&c")
}

#[test]
fn a_service_without_a_display_asks_systemd_for_it() {
    let sandbox = Sandbox::new();
    let knows = r#"[ "$*" = "--user show-environment" ] && printf '%s\n' PATH=/bin DISPLAY=:7 XAUTHORITY=/run/x/auth"#;
    notify_desktop(&sandbox, knows).run().exits(0);
    assert_eq!(sandbox.read("opened"), "http://a.example/?b&c :7  /run/x/auth\n");
    let knows = "echo WAYLAND_DISPLAY=wayland-1";
    notify_desktop(&sandbox, knows).run().exits(0);
    assert_eq!(sandbox.read("opened"), "http://a.example/?b&c  wayland-1 \n");
}

#[test]
fn one_with_a_display_does_not_and_what_is_no_display_is_left() {
    let sandbox = Sandbox::new();
    notify_desktop(&sandbox, "echo DISPLAY=:7; : >asked").env("DISPLAY", ":0").run().exits(0);
    assert_eq!(sandbox.read("opened"), "http://a.example/?b&c :0  \n");
    assert!(!sandbox.path("asked").exists());
    for hostile in ["DISPLAY=:7;touch owned", "DISPLAY=$(touch owned)", "DISPLAY=$':7\\n'", "XDISPLAY=:7"] {
        notify_desktop(&sandbox, &format!("echo '{}'", hostile.replace('\'', "'\\''"))).run().exits(0);
        assert_eq!(sandbox.read("opened"), "http://a.example/?b&c   \n", "{hostile}");
    }
    notify_desktop(&sandbox, "exit 1").run().exits(0);
    assert!(!sandbox.path("owned").exists());
}

/// The text below the title of a notification is markup.
#[test]
fn no_words_of_a_server_are_markup_in_the_examples() {
    let sandbox = Sandbox::new();
    let path = stand_ins(&sandbox, &[NOTIFY_SEND]);
    let mut examples = 0;
    for file in ["etc/pizauth.conf", "man/pizauth.conf.5", "README.md"] {
        let text = fs::read_to_string(shipped(file)).unwrap().replace("\\e", "\\");
        for line in text.lines().filter(|line| line.contains("_cmd = \"notify-send")) {
            let command = line.split_once(" = \"").unwrap().1.trim_end_matches("\";").replace("\\\"", "\"");
            let shell = sandbox.program("/bin/sh").args(["-c", &command]).env("PATH", &path);
            let hostile = [("PIZAUTH_MSG", "-<b>&"), ("PIZAUTH_URL", "<u>"), ("PIZAUTH_ACCOUNT", "-<i>")];
            hostile.iter().fold(shell, |shell, (name, value)| shell.env(name, value)).run().exits(0);
            let notified = sandbox.read("notified");
            let words: Vec<_> = notified.lines().skip_while(|word| *word != "[--]").collect();
            assert!(
                words.len() >= 2 && words.iter().skip(2).all(|word| !word.contains('<')),
                "{command}: {words:?}"
            );
            fs::remove_file(sandbox.path("notified")).unwrap();
            examples += 1;
        }
    }
    assert_eq!(examples, 4, "two in the configuration and two in its manual page");
}

#[test]
fn notify_desktop_makes_no_markup_of_them_either() {
    let sandbox = Sandbox::new();
    let hook = notify_desktop(&sandbox, "exit 1").without_env("PIZAUTH_URL").env("PIZAUTH_MSG", "<b>&lt;");
    hook.run().exits(0);
    assert!(
        sandbox.read("notified").ends_with("[pizauth: work]\n[&lt;b&gt;&amp;lt;]\n"),
        "{}",
        sandbox.read("notified")
    );
}

#[test]
fn who_signs_in_on_another_device_is_told_the_code() {
    let sandbox = Sandbox::new();
    notify_desktop(&sandbox, "exit 1").env("PIZAUTH_CODE", "WDJB-MJHT").run().exits(0);
    let told = sandbox.read("notified");
    assert!(told.ends_with("[needs you to sign in with the code WDJB-MJHT]\n"), "{told}");
}

// --- OpenRC

/// What openrc-run has for scripts, and su, as far as they matter here.
const OPENRC: &str = r#"
    eerror() { echo "$*" >&2; }
    ebegin() { :; }
    eend() { return "$1"; }
    mark_service_started() { echo marked; }
    su() { [ "$1 $2 $3 $4" = "-s /bin/sh $user -c" ] && sh -c "$5"; }
"#;

/// Runs a function of the service `script` for `RC_CMD`, with these `pizauthd_args`.
fn openrc(sandbox: &Sandbox, script: &str, rc_cmd: &str, pizauthd_args: &str, function: &str) -> Ran {
    let command = env!("CARGO_BIN_EXE_pizauthd");
    let directory = std::path::Path::new(command).parent().unwrap().display();
    let text = format!("{OPENRC}\n. '{}'\n{function}", shipped(script));
    let shell = sandbox.program("/bin/sh").args(["-c", &text]).env("RC_SVCNAME", "pizauthd.alice");
    let shell = shell.env("RC_CMD", rc_cmd).env("pizauthd_args", pizauthd_args).env("command", command);
    let path = stand_ins(sandbox, &[("supervise-daemon", r#"echo "$*" >>signalled"#)]);
    shell.env("PATH", format!("{directory}:{path}")).run()
}

const SERVICE: &str = "etc/openrc/pizauthd";
const USER_SERVICE: &str = "etc/openrc/user/pizauthd";

#[test]
fn openrc_restarts_nothing_with_a_wrong_configuration() {
    let sandbox = Sandbox::configured();
    let good = sandbox.path("a good.conf");
    fs::copy(sandbox.config_file(), &good).unwrap();
    fs::set_permissions(&good, Permissions::from_mode(0o600)).unwrap();
    for script in [SERVICE, USER_SERVICE] {
        openrc(&sandbox, script, "restart", "-v", "stop_pre").exits(0);
    }
    sandbox.write_config("nonsense");
    for script in [SERVICE, USER_SERVICE] {
        let refused =
            openrc(&sandbox, script, "restart", "-v", "stop_pre").exits(1).says("pizauth.conf:1:1: ");
        assert!(refused.out().ends_with("marked\n"), "{}", refused.out());
        openrc(&sandbox, script, "stop", "-v", "stop_pre").exits(0);
    }
    // The daemon's own is another.
    let link = sandbox.path("good.conf");
    std::os::unix::fs::symlink(&good, &link).unwrap();
    let link = link.to_str().unwrap();
    for named in [
        format!("-c {link}"),
        format!("-c{link}"),
        format!("-v --config={link}"),
        format!("--config {link} -v"),
    ] {
        for script in [SERVICE, USER_SERVICE] {
            openrc(&sandbox, script, "restart", &named, "stop_pre").exits(0);
        }
    }
}

#[test]
fn openrc_reloads_no_wrong_configuration() {
    let sandbox = Sandbox::configured();
    openrc(&sandbox, SERVICE, "reload", "", "reload").exits(0);
    let signalled = sandbox.read("signalled");
    assert!(signalled.starts_with("pizauthd.alice --signal HUP "), "{signalled}");
    sandbox.write_config("nonsense");
    openrc(&sandbox, SERVICE, "reload", "", "reload").exits(1).says("goes on with the one before");
    assert_eq!(sandbox.read("signalled"), signalled);
    // The user's asks the daemon, which says so.
    openrc(&sandbox, USER_SERVICE, "reload", "", "reload").exits(2).says("cannot reach pizauthd");
}
