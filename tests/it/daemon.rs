//! The daemon itself: start, stop, signals, lock and socket.

use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::support::consumption::bound;
use crate::support::{
    Call, Daemon, OTHER_UID, Running, Sandbox, can_become_another_user, eventually, process,
};

/// A daemon that has detached, ended with the test.
struct Detached(Pid);

impl Detached {
    /// The process at the other end of the socket.
    fn behind(socket: &std::path::Path) -> Self {
        let stream = UnixStream::connect(socket).expect("a daemon at the socket");
        Self(rustix::net::sockopt::socket_peercred(&stream).expect("its process").pid)
    }

    fn wait_gone(&self) {
        let is_gone =
            || test_kill_process(self.0).is_err() || process::is_zombie(self.0.as_raw_nonzero().get());
        eventually("the end of the daemon", || is_gone().then_some(()));
    }
}

impl Drop for Detached {
    fn drop(&mut self) {
        let _ = kill_process(self.0, Signal::KILL);
    }
}

/// Where pizauthd and the commands are.
pub(crate) fn executables() -> &'static std::path::Path {
    std::path::Path::new(env!("CARGO_BIN_EXE_pizauthd")).parent().unwrap()
}

#[test]
fn without_d_it_detaches_once_it_accepts_commands() {
    let sandbox = Sandbox::configured();
    let ran = sandbox.applet("server").run().exits(0).prints_nothing();
    assert_eq!(ran.stderr, "");
    let daemon = Detached::behind(&sandbox.socket());
    sandbox.applet("status").run().exits(0);
    let session_of = |pid| nix::unistd::getsid(pid).unwrap();
    let daemon_pid = nix::unistd::Pid::from_raw(daemon.0.as_raw_nonzero().get());
    assert_ne!(session_of(Some(daemon_pid)), session_of(None));
    sandbox.applet("shutdown").run().exits(0);
    daemon.wait_gone();
}

#[test]
fn detaching_keeps_the_working_directory_and_lets_go_of_the_terminal() {
    let sandbox = Sandbox::configured();
    sandbox.applet("server").run().exits(0);
    let daemon = Detached::behind(&sandbox.socket());
    let proc = format!("/proc/{}", daemon.0.as_raw_nonzero());
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
fn a_second_daemon_is_refused_and_the_first_goes_on() {
    let running = Running::start();
    let token = running.sign_in("work");
    for arguments in [&[][..], &["-d"]] {
        let ran = running.sandbox.applet("server").args(arguments).run().exits(1);
        assert_eq!(ran.stderr.lines().count(), 1, "said once: {}", ran.stderr);
        assert_eq!(ran.stderr.matches("another pizauthd is running").count(), 1, "{}", ran.stderr);
    }
    assert_eq!(running.token("work"), token);
}

#[test]
fn a_second_daemon_is_refused_also_when_it_would_use_another_socket() {
    let running = Running::start();
    let elsewhere = running.sandbox.path("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    std::fs::set_permissions(&elsewhere, std::fs::Permissions::from_mode(0o700)).unwrap();
    let socket = running.sandbox.socket();
    let (own, other) = (running.sandbox.applet("server"), running.sandbox.applet("server"));
    own.args(["-d"]).env("PIZAUTH_SOCKET", &socket).run().exits(1);
    // PIZAUTH_SOCKET alone decides: with another one it is another daemon.
    let second = Daemon::start(&running.sandbox, other.env("PIZAUTH_SOCKET", elsewhere.join("s.sock")));
    assert!(second.is_running() && running.daemon.is_running());
}

#[test]
fn a_stale_socket_is_replaced() {
    let mut running = Running::start();
    running.daemon.signal(Signal::KILL);
    running.daemon.wait();
    assert!(running.sandbox.socket().exists());
    running.show("work").exits(2);
    running.daemon = running.sandbox.start();
    running.pending_url("work");
}

#[test]
fn a_socket_that_is_not_ours_to_replace_is_left_alone() {
    let sandbox = Sandbox::configured();
    std::fs::create_dir(sandbox.runtime_dir().join("pizauth")).unwrap();
    std::fs::set_permissions(sandbox.runtime_dir().join("pizauth"), std::fs::Permissions::from_mode(0o700))
        .unwrap();
    let live = UnixListener::bind(sandbox.socket()).unwrap();
    sandbox.applet("server").args(["-d"]).run().exits(1);
    assert!(sandbox.socket().exists());
    drop(live);
}

#[test]
fn a_removed_socket_is_bound_again() {
    let running = Running::start();
    let token = running.sign_in("work");
    std::fs::remove_file(running.sandbox.socket()).unwrap();
    eventually("the socket", || running.sandbox.socket().exists().then_some(()));
    assert_eq!(running.token("work"), token);
}

/// As logind and elogind do with a runtime directory at the end of the last session and at the next login: the old file
/// system stays for as long as the daemon uses it, and inotify tells nothing.
#[test]
fn a_runtime_directory_that_is_unmounted_and_mounted_anew_has_the_socket_again() {
    let private = ["--user", "--map-root-user", "--mount"];
    let sandbox = Sandbox::configured();
    let can = ["sh", "-c", "mount -t tmpfs none . && test -x \"$1\"", "sh", env!("CARGO_BIN_EXE_pizauthd")];
    if sandbox.program("unshare").args(private).args(can).run().code() != 0 {
        eprintln!("skipped, since it needs a mount namespace: a runtime directory that is mounted anew");
        return;
    }
    let script = r#"set -e; PATH=$1:$PATH; run=$XDG_RUNTIME_DIR
        mount -t tmpfs -o mode=700 none "$run"
        mkfifo ready; pizauthd -d --ready-fd 3 3>ready & read -r _ <ready
        umount -l "$run"; mount -t tmpfs -o mode=700 none "$run"
        until pizauth status; do :; done
        mount -t tmpfs -o mode=700 none "$run"
        until pizauth status; do :; done
        test -S "$run/pizauth/pizauth.sock"
        ! pizauthd -d || exit 1
        pizauth shutdown 2>/dev/null; wait $!"#;
    let shell = sandbox.program("unshare").args(private).args(["sh", "-c", script, "sh"]);
    let ran = shell.args([executables()]).run().exits(0);
    assert!(ran.stderr.contains("another pizauthd is running"), "{}", ran.stderr);
}

#[test]
fn the_socket_and_its_directory_are_for_the_user_alone() {
    let running = Running::start();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&running.sandbox.socket()), 0o600);
    assert_eq!(mode(running.sandbox.socket().parent().unwrap()), 0o700);
}

#[test]
fn a_file_system_without_locks_is_told_with_the_lock_and_the_way_out() {
    let sandbox = Sandbox::configured();
    let (strace, inject) = ("strace", ["-f", "-o", "/dev/null", "-e", "inject=flock:error=ENOLCK"]);
    let look = sandbox.program("sh").args(["-c", "command -v strace && strace -o /dev/null true"]);
    if look.run().code() != 0 {
        eprintln!("skipped, since it needs strace: a file system without locks");
        return;
    }
    let pizauthd = |call: Call| call.args(inject).args([env!("CARGO_BIN_EXE_pizauthd"), "-d"]);
    let named =
        pizauthd(sandbox.program(strace)).env("PIZAUTH_SOCKET", sandbox.path("s.sock")).run().exits(1);
    let lock = format!("cannot lock {}", sandbox.path("s.sock.lock").display());
    named.says(&lock).says("PIZAUTH_SOCKET");
}

/// Whether a daemon that does not take its first place leaves the sandbox.
fn system_has_a_place_for_us() -> bool {
    let uid = rustix::process::getuid().as_raw();
    std::path::Path::new(&format!("/run/user/{uid}")).exists()
}

/// The first place is refused by both sides: the daemon says so and serves in the next one.
#[track_caller]
fn serves_elsewhere(sandbox: &Sandbox, why: &str) {
    let daemon = Daemon::start(sandbox, sandbox.applet("server").args(["-v"]));
    let directory = sandbox.runtime_dir();
    daemon.wait_for_log(&["event=socket_place_unsuitable", directory.to_str().unwrap(), why]);
    assert!(!sandbox.socket().exists());
    sandbox.applet("show").args(["work"]).run().exits(1).says("URL");
    sandbox.applet("server").args(["-d"]).run().exits(1).says(&format!("kill {}", daemon.pid()));
    sandbox.applet("shutdown").run().exits(0);
    daemon.wait();
    // Without a daemon its absence is told first, and then what was not looked at.
    sandbox.applet("show").args(["work"]).run().exits(2).says("start it with: pizauthd").says(why);
}

#[test]
fn a_directory_that_others_can_enter_is_refused_and_not_repaired() {
    if system_has_a_place_for_us() {
        return;
    }
    let sandbox = Sandbox::configured();
    let directory = sandbox.runtime_dir().join("pizauth");
    std::fs::create_dir(&directory).unwrap();
    std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(0o755)).unwrap();
    serves_elsewhere(&sandbox, "chmod 700");
    assert_eq!(directory.metadata().unwrap().permissions().mode() & 0o777, 0o755);
}

/// As with a umask of 002, where each user has a group.
#[test]
fn a_runtime_directory_that_the_users_own_group_can_write_is_used() {
    let sandbox = Sandbox::configured();
    if sandbox.program("unshare").args(["-m", "setpriv", "--clear-groups", "true"]).run().code() != 0 {
        eprintln!("skipped, since it needs a root who may mount: a group of a user's own");
        return;
    }
    sandbox.write("passwd", "me:x:20001:20001::/:/bin/sh\n");
    sandbox.write("group", "me:x:20001:\n");
    let script = r#"cp "$1" pizauthd && chmod 775 "$XDG_RUNTIME_DIR" && chown -R 20001:20001 .. && shift &&
        mount --bind passwd /etc/passwd && mount --bind group /etc/group &&
        exec setpriv --reuid 20001 --regid 20001 --clear-groups ./pizauthd "$@""#;
    let server = sandbox.program("unshare").args(["-m", "sh", "-c", script, "sh"]);
    let _daemon = Daemon::start(&sandbox, server.args([env!("CARGO_BIN_EXE_pizauthd")]));
    assert!(sandbox.socket().exists());
}

/// As WSLg's, which is so on purpose.
#[test]
fn a_runtime_directory_that_everybody_can_write_is_passed_over() {
    if system_has_a_place_for_us() {
        return;
    }
    let sandbox = Sandbox::configured();
    std::fs::set_permissions(sandbox.runtime_dir(), std::fs::Permissions::from_mode(0o777)).unwrap();
    serves_elsewhere(&sandbox, "can be written by other users (mode 0777)");
}

#[test]
fn commands_with_a_runtime_directory_find_a_daemon_that_was_started_without() {
    let sandbox = Sandbox::configured();
    // Where /run/user/UID is ours the bare daemon would leave the sandbox.
    if system_has_a_place_for_us() {
        return;
    }
    let bare = sandbox.applet("server").without_env("XDG_RUNTIME_DIR").without_env("SHELL");
    let daemon = Daemon::start(&sandbox, bare);
    assert!(!sandbox.socket().exists());
    sandbox.applet("show").args(["work"]).run().exits(1).says("URL");
    sandbox.applet("show").args(["work"]).without_env("XDG_RUNTIME_DIR").run().exits(1).says("URL");
    sandbox.applet("server").args(["-d"]).run().exits(1);
    assert!(daemon.is_running());
}

/// As after DHCP has given the machine another name, or an upgrade.
#[test]
fn a_daemon_in_a_directory_of_another_name_of_the_machine_is_found_by_commands_and_by_a_second_one() {
    let sandbox = Sandbox::configured();
    let state = sandbox.home().join(".local/state/pizauth");
    std::fs::DirBuilder::new().mode(0o700).recursive(true).create(state.join("run-1")).unwrap();
    let older = state.join("run-1/pizauth.sock");
    let daemon = Daemon::start(&sandbox, sandbox.applet("server").env("PIZAUTH_SOCKET", &older));
    sandbox.applet("show").args(["work"]).run().exits(1).says("URL");
    sandbox.applet("server").args(["-d"]).run().exits(1).says(older.to_str().unwrap());
    assert!(daemon.is_running());
    sandbox.applet("shutdown").run().exits(0);
}

#[test]
fn of_eight_daemons_started_at_once_one_lives() {
    let sandbox = Sandbox::configured();
    for round in 0..bound("PIZAUTH_TEST_STARTS", 3) {
        let statuses: Vec<i32> = std::thread::scope(|scope| {
            let start = || sandbox.applet("server").run().code();
            let starts: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect()
        });
        let daemon = Detached::behind(&sandbox.socket());
        let started = statuses.iter().filter(|status| **status == 0).count();
        assert_eq!(started, 1, "round {round}: {statuses:?}");
        sandbox.applet("shutdown").run().exits(0);
        daemon.wait_gone();
    }
}

#[test]
fn a_directory_that_is_a_link_or_another_users_is_refused_by_both_sides_and_not_repaired() {
    if system_has_a_place_for_us() {
        return;
    }
    let sandbox = Sandbox::configured();
    let (directory, elsewhere) = (sandbox.runtime_dir().join("pizauth"), sandbox.path("elsewhere"));
    std::fs::DirBuilder::new().mode(0o700).create(&elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &directory).unwrap();
    serves_elsewhere(&sandbox, "is a symbolic link");
    assert!(directory.is_symlink() && elsewhere.read_dir().unwrap().next().is_none());
    if !can_become_another_user("a directory of another user") {
        return;
    }
    std::fs::remove_file(&directory).unwrap();
    std::fs::rename(&elsewhere, &directory).unwrap();
    std::os::unix::fs::chown(&directory, Some(OTHER_UID), None).unwrap();
    serves_elsewhere(&sandbox, "belongs to another user");
    assert_eq!(std::os::unix::fs::MetadataExt::uid(&directory.metadata().unwrap()), OTHER_UID);
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

/// As in images that get their machine-id at their first boot only, and on systems that have none.
#[test]
fn the_place_in_the_home_is_named_after_the_host_only_where_the_machine_has_no_id() {
    let sandbox = Sandbox::configured();
    let last_place = |hides_id: bool, host: &str| {
        let script = r#"if $2; then
                for id in /etc/machine-id /var/lib/dbus/machine-id; do
                    if [ -e $id ]; then mount --bind /dev/null $id || exit 1; fi
                done
            fi
            echo $3 >/proc/sys/kernel/hostname && "$1"/pizauth info"#;
        let private = ["--user", "--map-root-user", "--mount", "--uts", "sh", "-c", script, "sh"];
        let arguments = [executables().to_str().unwrap(), &hides_id.to_string(), host];
        let ran = sandbox.program("unshare").args(private).args(arguments).run();
        let out = if ran.code() == 0 { ran.out() } else { String::new() };
        out.lines().rfind(|line| line.starts_with("  socket looked for: ")).map(str::to_owned)
    };
    let (Some(mars), Some(venus)) = (last_place(true, "mars"), last_place(true, "venus")) else {
        return eprintln!("skipped, since it needs namespaces: a host that changes its name");
    };
    assert!(mars.contains("/run-") && mars != venus, "{mars} {venus}");
    let has_id = std::fs::read("/etc/machine-id").is_ok_and(|id| id.trim_ascii().len() == 32);
    assert_eq!(last_place(false, "mars") == last_place(false, "venus"), has_id);
}

#[test]
fn each_missing_runtime_directory_gets_a_daemon_of_its_own() {
    let sandbox = Sandbox::configured();
    std::thread::scope(|scope| {
        for number in 0..4 {
            let (sandbox, directory) = (&sandbox, sandbox.path(&format!("run-{number}")));
            let applet = move |name: &str| sandbox.applet(name).env("XDG_RUNTIME_DIR", &directory);
            scope.spawn(move || {
                let daemon = Daemon::start(sandbox, applet("server"));
                applet("show").args(["work"]).run().exits(1).says("URL");
                applet("shutdown").run().exits(0).prints_nothing();
                daemon.wait();
            });
        }
    });
    sandbox.applet("show").args(["work"]).run().exits(2);
}
