//! The daemon itself: how it starts, tells that and detaches, and how signals end it.

use rustix::process::Signal;

use crate::support::detached::{Detached, executables};
use crate::support::{Daemon, Running, Sandbox, eventually};

#[test]
fn without_d_it_detaches_once_it_accepts_commands() {
    let sandbox = Sandbox::configured();
    let ran = sandbox.applet("server").run().exits(0).prints_nothing();
    assert_eq!(ran.stderr, "");
    let daemon = Detached::behind(&sandbox.socket());
    sandbox.applet("status").run().exits(0);
    let session_of = |pid| nix::unistd::getsid(pid).unwrap();
    let daemon_pid = nix::unistd::Pid::from_raw(daemon.pid().get());
    assert_ne!(session_of(Some(daemon_pid)), session_of(None));
    sandbox.applet("shutdown").run().exits(0);
    daemon.wait_gone();
}

#[test]
fn detaching_keeps_the_working_directory_and_lets_go_of_the_terminal() {
    let sandbox = Sandbox::configured();
    sandbox.applet("server").run().exits(0);
    let daemon = Detached::behind(&sandbox.socket());
    let proc = format!("/proc/{}", daemon.pid());
    // Not dumpable: only root can look.
    if let Ok(directory) = std::fs::read_link(format!("{proc}/cwd")) {
        assert_eq!(directory, sandbox.path("").components().collect::<std::path::PathBuf>());
        for descriptor in 0..3 {
            let target = std::fs::read_link(format!("{proc}/fd/{descriptor}")).unwrap();
            assert_eq!(target, std::path::Path::new("/dev/null"));
        }
    }
    sandbox.applet("shutdown").run().exits(0);
}

#[test]
fn what_a_hook_writes_after_a_detached_daemon_has_stopped_does_not_end_it() {
    let sandbox = Sandbox::configured();
    let hook = "touch begun; while [ ! -e go ]; do sleep 0.1; done; head -c 200000 /dev/zero && touch ended";
    sandbox.prepend_config(&format!("startup_cmd = \"{hook}\";"));
    sandbox.applet("server").run().exits(0);
    let daemon = Detached::behind(&sandbox.socket());
    eventually("the hook", || sandbox.path("begun").exists().then_some(()));
    sandbox.applet("shutdown").run().exits(0);
    daemon.wait_gone();
    sandbox.write("go", "");
    eventually("its end", || sandbox.path("ended").exists().then_some(()));
}

#[test]
fn a_failed_start_tells_the_error_and_is_exit_1_detached_or_not() {
    let sandbox = Sandbox::new();
    sandbox.write_config("account \"work\" {\n  nonsense = 1s;\n}\n");
    for arguments in [&[][..], &["-d"]] {
        sandbox.applet("server").args(arguments).run().exits(1).prints_nothing().says("pizauth.conf:2:3: ");
    }
    assert!(!sandbox.socket().exists());
}

/// A number that nobody has opened for the daemon becomes that of something of its own, if it is not looked at first.
#[test]
fn a_descriptor_that_is_not_open_is_told_before_anything_detaches() {
    let sandbox = Sandbox::configured();
    let script = r#"PATH=$1:$PATH; shift; exec pizauthd "$@" 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-"#;
    let start = |arguments: [&str; 2]| {
        let call = sandbox.program("/bin/sh").args(["-c", script, "sh"]).args([executables()]);
        call.args(arguments).run().exits(1).prints_nothing()
    };
    for number in 3..10 {
        let ready_fd = start(["--ready-fd", &number.to_string()]);
        ready_fd.says(&format!("pizauthd: cannot tell readiness on descriptor {number}: bad file"));
        let path = format!("/dev/fd/{number}");
        let config = start(["-c", &path]);
        config.says(&format!("pizauthd: cannot read the configuration {path}: bad file descriptor"));
        assert!(!sandbox.socket().exists(), "descriptor {number}: a daemon runs all the same");
    }
}

/// What the daemon opens first for its parent gets the first number that is free, and has one owner all the same.
#[test]
fn a_started_daemon_does_not_take_what_it_has_opened_itself_for_its_parents() {
    let sandbox = Sandbox::configured();
    let script = r#"PATH=$1:$PATH; exec pizauthd --ready-fd "$2" 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-"#;
    for number in 3..10 {
        let call = sandbox.program("/bin/sh").env("PIZAUTHD_DETACHED", "1").args(["-c", script, "sh"]);
        let ran = call.args([executables()]).args([number.to_string()]).run().exits(1);
        let told = String::from_utf8_lossy(&ran.stdout);
        assert!(told.contains(&format!("readiness on descriptor {number}: bad file")), "{told}");
        assert!(!sandbox.socket().exists(), "descriptor {number}: a daemon runs all the same");
    }
}

#[test]
fn one_descriptor_may_be_the_configuration_and_what_is_told_of_readiness() {
    let sandbox = Sandbox::configured();
    let script = "PATH=$1:$PATH; exec pizauthd -c /dev/fd/3 --ready-fd 3 3<>ready";
    sandbox.write("ready", std::fs::read(sandbox.config_file()).unwrap());
    sandbox.program("/bin/sh").args(["-c", script, "sh"]).args([executables()]).run().exits(0);
    let _daemon = Detached::behind(&sandbox.socket());
    eventually("the word that it is ready", || sandbox.read("ready").starts_with('\n').then_some(()));
}

#[test]
fn whoever_starts_it_is_told_what_is_doubtful() {
    let sandbox = Sandbox::configured();
    sandbox.prepend_config("refresh_retry = 0s;");
    sandbox.applet("server").run().exits(0).says("pizauth.conf:1:").says("warning: 'refresh_retry'");
    sandbox.applet("shutdown").run().exits(0);
}

#[test]
fn without_a_configuration_the_error_names_the_file() {
    let sandbox = Sandbox::new();
    sandbox.applet("server").args(["-d"]).run().exits(1).says("pizauth.conf (name another: -c FILE)");
}

#[test]
fn without_a_configuration_the_example_that_was_installed_beside_the_daemon_is_named() {
    let sandbox = Sandbox::new();
    let (bin, documents) = (sandbox.path("prefix/bin"), sandbox.path("prefix/share/doc/pizauth"));
    for directory in [&bin, &documents] {
        std::fs::create_dir_all(directory).unwrap();
    }
    let example = sandbox.write("prefix/share/doc/pizauth/pizauth.conf", "");
    let own = sandbox.program("cp").args([env!("CARGO_BIN_EXE_pizauthd"), bin.to_str().unwrap()]);
    own.run().exits(0);
    let copy = format!("cp {} {}/.config/pizauth.conf", example.display(), sandbox.home().display());
    sandbox.program(bin.join("pizauthd")).args(["-d"]).run().exits(1).says(&copy);
}

#[test]
fn an_error_of_the_configuration_at_the_start_is_an_event_for_syslog() {
    if std::path::Path::new("/dev/log").exists() {
        return; // The line is there. Without a syslog it is on stderr, where it can be looked at.
    }
    let sandbox = Sandbox::new();
    sandbox.write_config("nonsense");
    let ran = sandbox.applet("server").args(["-d", "--syslog"]).run().exits(1);
    let ran = ran.says("pizauthd: event=start_failed reason=\"").says("unknown option 'nonsense'\\n");
    ran.says("pizauth.conf:1:1: unknown option 'nonsense'\n");
}

#[test]
fn a_log_in_a_file_and_what_others_write_there_do_not_overwrite_each_other() {
    let sandbox = Sandbox::configured();
    let hook = "startup_cmd = \"echo said by a hook; pizauth shutdown\";";
    sandbox.prepend_config(hook);
    let script = "PATH=$1:$PATH; { echo before; pizauthd -d -vv; echo after; } >log 2>&1";
    let daemon = sandbox.program("/bin/sh").args(["-c", script, "sh"]).args([executables()]);
    daemon.run().exits(0);
    let log = sandbox.read("log");
    let event = |line: &str| line.split_once(" pizauthd: event=").map(|(_, event)| event.to_owned());
    let others: Vec<_> = log.lines().filter(|line| event(line).is_none()).collect();
    assert_eq!(others, ["before", "after"]);
    let events: Vec<_> = log.lines().filter_map(event).collect();
    assert!(log.contains("event=hook_output hook=startup_cmd line=\"said by a hook\"\n"), "{log}");
    assert!(events[0].starts_with("starting ") && events.last().unwrap() == "stopped", "{log}");
}

#[test]
fn a_log_in_a_file_has_the_times_and_one_in_a_pipe_leaves_them_to_its_reader() {
    let sandbox = Sandbox::configured();
    sandbox.prepend_config("startup_cmd = \"pizauth shutdown\";");
    let in_file = "exec \"$1/pizauthd\" -d -vv 2>log";
    sandbox.program("/bin/sh").args(["-c", in_file, "sh"]).args([executables()]).run().exits(0);
    let log = sandbox.read("log");
    let shape = |line: &str| -> String {
        line.chars().take(31).map(|c| if c.is_ascii_digit() { '0' } else { c }).collect()
    };
    let stamped = |line: &str| shape(line) == "0000-00-00T00:00:00Z pizauthd: ";
    assert!(log.lines().count() > 3 && log.lines().all(stamped), "{log}");
    let ran = sandbox.applet("server").args(["-d", "-vv"]).run().exits(0);
    assert!(ran.stderr.lines().all(|line| line.starts_with("pizauthd: ")), "{}", ran.stderr);
}

#[test]
fn the_command_socket_is_told_as_listening_before_the_daemon_is_ready() {
    let sandbox = Sandbox::configured();
    let daemon = Daemon::start(&sandbox, sandbox.applet("server").args(["-vv"]));
    let path = format!("path={}", sandbox.socket().display());
    daemon.wait_for_log(&["event=listening", &path]);
    let log = daemon.wait_for_log(&["event=ready"]);
    assert!(!log.contains("event=listening"), "{log}");
}

#[test]
fn the_configuration_may_come_from_a_pipe() {
    let sandbox = Sandbox::configured();
    let text = std::fs::read(sandbox.config_file()).unwrap();
    std::fs::remove_file(sandbox.config_file()).unwrap();
    let script = format!("'{}' -c /dev/stdin", env!("CARGO_BIN_EXE_pizauthd"));
    let script = format!("cat | {script}");
    sandbox.program("/bin/sh").args(["-c", &script]).stdin(text).run().exits(0);
    let _daemon = Detached::behind(&sandbox.socket());
    sandbox.applet("show").args(["work"]).run().exits(1).says("URL");
    sandbox.applet("shutdown").run().exits(0);
}

#[test]
fn term_and_int_stop_it_cleanly() {
    for signal in [Signal::TERM, Signal::INT] {
        let sandbox = Sandbox::configured();
        let daemon = sandbox.start();
        daemon.signal(signal);
        assert_eq!(daemon.wait().code(), Some(0), "{signal:?}");
        assert!(!sandbox.socket().exists(), "{signal:?}");
    }
}

/// As after `docker exec`: the caller's session began outside the container.
#[test]
fn a_caller_whose_session_is_led_from_outside_the_process_namespace_is_served() {
    let container = ["--user", "--map-root-user", "--pid", "--fork"];
    let sandbox = Sandbox::configured();
    let look = ["test", "-x", env!("CARGO_BIN_EXE_pizauthd")];
    if sandbox.program("unshare").args(container).args(look).run().code() != 0 {
        return; // Not everybody may make one, and its root can go through no other user's private directories.
    }
    let script =
        "PATH=$1:$PATH; mkfifo ready; pizauthd -d --ready-fd 3 3>ready & read -r _ <ready; pizauth shutdown";
    let shell = sandbox.program("unshare").args(container).args(["sh", "-c", script, "sh"]);
    assert_eq!(shell.args([executables()]).run().exits(0).stderr, "");
}

#[test]
fn a_configuration_that_never_ends_or_is_no_file_is_refused_at_start_and_at_reload() {
    let running = Running::start();
    let token = running.sign_in("work");
    let (sandbox, other) = (&running.sandbox, Sandbox::configured());
    let large = sandbox.write("large", "");
    std::fs::File::options().write(true).open(&large).unwrap().set_len(100 << 20).unwrap();
    std::fs::create_dir(sandbox.path("folder")).unwrap();
    sandbox.program("mkfifo").args([sandbox.path("fifo")]).run().exits(0);
    for (name, reason) in [("large", "16 MiB"), ("folder", "directory"), ("fifo", "10 s")] {
        let file = sandbox.path(name);
        let start = other.applet("server").args(["-d".as_ref(), "-c".as_ref(), file.as_os_str()]);
        start.run().exits(1).says(reason);
        std::fs::remove_file(sandbox.config_file()).unwrap();
        std::os::unix::fs::symlink(file, sandbox.config_file()).unwrap();
        sandbox.applet("reload").run().exits(1).says("cannot read");
        assert_eq!(running.token("work"), token, "after a reload of the {name}");
    }
}

#[test]
fn a_busy_redirect_port_is_told_and_keeps_nobody_from_being_served() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let sandbox = Sandbox::configured();
    sandbox.prepend_config(&format!("http_listen = \"127.0.0.1:{port}\";"));
    let started = sandbox.applet("server").run().exits(0);
    let _daemon = Detached::behind(&sandbox.socket());
    started
        .says(&format!("pizauthd: cannot listen on 127.0.0.1:{port} (http_listen)"))
        .says("it is tried again");
    sandbox.applet("status").run().exits(0);
}
