//! The uid at the other end: checked by the daemon, and by the commands.

use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::mpsc;

use tempfile::TempDir;

use crate::support::callers::{call, everything, show};
use crate::support::{
    Daemon, OTHER_UID, PATIENCE, Running, Sandbox, as_another_user, can_become_another_user,
    private_directory,
};

/// A directory where everybody may do anything.
fn public_directory() -> TempDir {
    let directory = private_directory();
    open_to_all(directory.path());
    directory
}

fn open_to_all(path: &Path) {
    fs::set_permissions(path, Permissions::from_mode(0o777)).unwrap();
}

#[test]
fn the_daemon_hears_no_other_user_even_where_the_socket_lets_him_in() {
    if !can_become_another_user("a caller of another user") {
        return;
    }
    let directory = public_directory();
    let socket = directory.path().join("s.sock");
    let mut running = Running::start();
    running.sandbox.applet("shutdown").run().exits(0);
    let server = running.sandbox.applet("server").args(["-v"]).env("PIZAUTH_SOCKET", &socket);
    running.daemon = Daemon::start(&running.sandbox, server);
    open_to_all(&socket);
    let heard = as_another_user(|| {
        let mut caller = call(&socket);
        // It may have been hung up on already.
        let _ = caller.write_all(&show("work"));
        everything(caller).unwrap_or_default()
    });
    assert_eq!(heard, b"");
    running.daemon.wait_for_log(&["caller_refused", &format!("uid={OTHER_UID}")]);
    let ours = running.sandbox.applet("show").args(["work"]).env("PIZAUTH_SOCKET", &socket);
    ours.run().exits(1).says("authorised with URL");
}

#[test]
fn a_command_tells_nothing_to_a_daemon_of_another_user() {
    if !can_become_another_user("a daemon of another user") {
        return;
    }
    let directory = public_directory();
    let socket = directory.path().join("s.sock");
    let listener = as_another_user(|| UnixListener::bind(&socket).unwrap());
    let (sender, told) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let (mut caller, _) = listener.accept().unwrap();
        let _ = caller.read_to_end(&mut bytes);
        sender.send(bytes)
    });
    let sandbox = Sandbox::new();
    let ran = sandbox.applet("show").args(["work"]).env("PIZAUTH_SOCKET", &socket).run();
    ran.exits(2).prints_nothing().says("another user").says(&format!("uid {OTHER_UID}"));
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), b"");
}
