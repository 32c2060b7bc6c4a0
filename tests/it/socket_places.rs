//! Where the command socket is: which directory the daemon takes, whose it has to be, and that one daemon has it.

use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::net::UnixListener;

use rustix::process::Signal;

use crate::support::consumption::bound;
use crate::support::detached::{Detached, executables};
use crate::support::{Call, Daemon, OTHER_UID, Running, Sandbox, can_become_another_user, eventually};

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
