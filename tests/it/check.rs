//! `pizauth check` and `pizauthd --check`: every error in one run, each with its place.

use std::fs::{Permissions, set_permissions, write};
use std::os::unix::fs::PermissionsExt;

use crate::support::{Call, Daemon, Running, Sandbox};

const GOOD: &str = "account \"work\" { auth_uri = \"https://a.example/\"; token_uri = \"https://t.example/\"; \
                    client_id = \"c\"; }\n";

fn checks(sandbox: &Sandbox) -> [Call; 2] {
    [sandbox.applet("check"), sandbox.applet("server").args(["--check"])]
}

#[test]
fn a_good_configuration_is_exit_0_without_words_on_stderr() {
    let sandbox = Sandbox::new();
    sandbox.write_config(GOOD);
    for check in checks(&sandbox) {
        assert_eq!(check.run().exits(0).stderr, "");
    }
}

#[test]
fn all_errors_come_in_one_run_with_place_line_caret_and_hint() {
    let sandbox = Sandbox::new();
    let text = "refresh_rety = 5s;\naccount \"work\" {\n  auth_uri = \"https://a.example/\";\n  \
                token_uri = \"ftp://t.example/\";\n  client_id = \"c\";\n  client_secert = \"s\";\n}\n";
    sandbox.write_config(text);
    for check in checks(&sandbox) {
        let ran = check.run().exits(1).prints_nothing();
        let file = format!("{}:", sandbox.config_file().display());
        let places = ran.stderr.lines().filter(|line| line.starts_with(file.as_str())).count();
        assert_eq!(places, 3, "each diagnostic begins a line: {}", ran.stderr);
        let ran = ran.says("pizauth.conf:1:1: ").says("pizauth.conf:4:").says("pizauth.conf:6:3: ");
        let ran = ran.says("did you mean 'refresh_retry'?").says("did you mean 'client_secret'?");
        ran.says("  client_secert = ").says("^^^").says_not("\"s\"");
    }
}

#[test]
fn a_file_that_others_can_write_is_warned_of_at_a_check_at_the_start_and_at_a_reload() {
    let sandbox = Sandbox::configured();
    let warning = "others can write this file";
    set_permissions(sandbox.config_file(), Permissions::from_mode(0o606)).unwrap();
    for check in checks(&sandbox) {
        check.run().exits(0).says(warning).says("chmod go-w");
    }
    let daemon = Daemon::start(&sandbox, sandbox.applet("server").args(["-v"]));
    daemon.wait_for_log(&["event=config_warning", warning]);
    sandbox.applet("reload").run().exits(0).says(warning);
    set_permissions(sandbox.config_file(), Permissions::from_mode(0o600)).unwrap();
    sandbox.applet("reload").run().exits(0).says_not(warning);
}

#[test]
fn a_hook_whose_file_is_missing_is_warned_of_at_a_check_at_the_start_and_at_a_reload() {
    let sandbox = Sandbox::new();
    let with_hook = |command: &str| {
        sandbox
            .write_config(&format!("{GOOD}error_notify_cmd = \"true\";\ntoken_event_cmd = \"{command}\";\n"));
    };
    with_hook("~/no/such/hook save");
    let warning =
        "pizauth.conf:3:19: warning: 'token_event_cmd' begins with ~/no/such/hook, which does not exist";
    for check in checks(&sandbox) {
        check.run().exits(0).says(warning).says("^^^");
    }
    let daemon = Daemon::start(&sandbox, sandbox.applet("server").args(["-v"]));
    daemon.wait_for_log(&["event=config_warning", "~/no/such/hook, which does not exist"]);
    sandbox.applet("reload").run().exits(0).says(warning);
    let filters = "state_encrypt_cmd = \"~/no/age -e\"; state_decrypt_cmd = \"/no/age -d\";";
    sandbox.write_config(&format!("{GOOD}{filters}"));
    for check in checks(&sandbox) {
        check
            .run()
            .exits(0)
            .says("'state_encrypt_cmd' begins with ~/no/age, which does not exist")
            .says("'state_decrypt_cmd' begins with /no/age, which does not exist");
    }
    sandbox.write_config(&GOOD.replacen('{', "{ client_secret_cmd = \"~/no/pass show x\";", 1));
    let warning = "'client_secret_cmd' begins with ~/no/pass, which does not exist";
    checks(&sandbox).into_iter().for_each(|check| drop(check.run().exits(0).says(warning)));
    let hook = sandbox.home().join("hook");
    write(&hook, "#!/bin/sh\n").expect("a hook");
    set_permissions(&hook, Permissions::from_mode(0o777)).expect("its mode");
    with_hook("~/hook save");
    sandbox.applet("reload").run().exits(0).says("begins with ~/hook, which others can change");
    with_hook("cd ~/no/such && ./hook save");
    sandbox.applet("reload").run().exits(0).says_not("does not exist");
}

#[test]
fn a_missing_file_is_named() {
    let sandbox = Sandbox::new();
    for check in checks(&sandbox) {
        check.run().exits(1).prints_nothing().says("pizauth.conf");
    }
    for check in checks(&sandbox) {
        check
            .args(["-c", "nowhere.conf"])
            .run()
            .exits(1)
            .says(": cannot read the configuration nowhere.conf: ");
    }
}

#[test]
fn another_file_can_be_named_and_a_running_daemon_is_left_alone() {
    let running = Running::start();
    running.sandbox.write("other.conf", GOOD);
    running.sandbox.write("bad.conf", "account");
    running.sandbox.applet("check").args(["-c", "other.conf"]).run().exits(0);
    running.sandbox.applet("check").args(["-cbad.conf"]).run().exits(1).says("bad.conf:1:");
    running.pending_url("work");
}

#[test]
fn bytes_that_are_no_text_are_an_error_and_not_a_panic() {
    let sandbox = Sandbox::new();
    for bytes in [&b"\xff\xfe\0\0"[..], b"account \"\xc3\x28\" {}", b"\0", b"{", b"\"", b"account \"x\" {"] {
        sandbox.write("bad.conf", bytes);
        sandbox.applet("check").args(["-c", "bad.conf"]).run().exits(1).says("bad.conf");
    }
}

#[test]
fn the_exit_status_does_not_need_a_home() {
    let sandbox = Sandbox::new();
    let bare = sandbox.applet("check").without_env("HOME").without_env("XDG_CONFIG_HOME");
    bare.args(["-c", "nowhere.conf"]).run().exits(1).says("nowhere.conf");
}

#[test]
fn an_account_is_printed_as_it_comes_to_be_and_can_be_read_again() {
    let sandbox = Sandbox::new();
    let text = "refresh_retry = 5s;\naccount \"work\" { provider = \"microsoft\"; tenant = \"contoso.example\"; \
                client_id = \"c\"; client_secret = \"hunter2\"; }\n";
    sandbox.write_config(text);
    let printed = sandbox.applet("check").args(["--print", "work"]).run().exits(0);
    assert_eq!(printed.stderr.matches("warning").count(), 0, "{}", printed.stderr);
    let printed = printed.out();
    for part in
        ["https://login.microsoftonline.com/contoso.example/oauth2/v2.0/token", "offline_access", "= 5s;"]
    {
        assert!(printed.contains(part), "no {part} in {printed}");
    }
    assert!(!printed.contains("hunter2"), "{printed}");
    sandbox.write("printed.conf", &printed);
    let again = sandbox.applet("check").args(["--print=work", "-c", "printed.conf"]).run().exits(0).out();
    let without_secret =
        |text: &str| text.lines().filter(|line| !line.contains("//")).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(without_secret(&again), without_secret(&printed));
    sandbox.applet("check").args(["--print", "wrok"]).run().exits(1).says("did you mean \"work\"?");
    sandbox.applet("check").args(["--print", "work", "--accounts"]).run().exits(64);
}
