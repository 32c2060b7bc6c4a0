//! Files, pipes and what else a path can lead to.

use std::fs::{File, Permissions, set_permissions, write};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::thread;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use tempfile::TempDir;

use super::{LARGEST, LoadError, When, load};
use crate::paths::directory::is_own_group;

const ACCOUNT: &[u8] = br#"account "work" {
    auth_uri = "https://auth.example/authorize";
    token_uri = "https://auth.example/token";
    client_id = "id";
}
"#;

fn with_secret() -> Vec<u8> {
    [ACCOUNT.strip_suffix(b"}\n").unwrap(), b"client_secret = \"hunter2\"; }\n"].concat()
}

/// A folder with a file in it.
fn file(content: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pizauth.conf");
    write(&path, content).unwrap();
    (folder, path)
}

fn fifo() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fifo");
    mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    (folder, path)
}

fn unreadable(path: &Path, when: When) -> String {
    match load(path, when) {
        Err(LoadError::Unreadable { why, .. }) => why.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_file_is_read_at_start_and_at_reload() {
    let (_folder, path) = file(ACCOUNT);
    for when in [When::Start, When::Reload] {
        assert_eq!(load(&path, when).unwrap().config.accounts[0].name.as_str(), "work");
    }
}

#[test]
fn a_fifo_is_read_to_its_end_at_start() {
    let (_folder, path) = fifo();
    let writer = thread::spawn({
        let path = path.clone();
        move || {
            let mut fifo = File::options().write(true).open(path).unwrap();
            let (one, two) = ACCOUNT.split_at(50);
            fifo.write_all(one).unwrap();
            fifo.write_all(two).unwrap();
        }
    });
    assert_eq!(load(&path, When::Start).unwrap().config.accounts.len(), 1);
    writer.join().unwrap();
}

#[test]
fn a_pipe_whose_writer_has_gone_is_read_at_start() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(ACCOUNT).unwrap();
    drop(writer);
    let path = format!("/dev/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&reader));
    assert_eq!(load(Path::new(&path), When::Start).unwrap().config.accounts.len(), 1);
}

#[test]
fn a_fifo_is_refused_at_reload_without_waiting_for_a_writer() {
    let (_folder, path) = fifo();
    assert!(unreadable(&path, When::Reload).contains("not a regular file"));
}

#[test]
fn a_file_without_end_is_refused() {
    assert!(unreadable(Path::new("/dev/zero"), When::Start).contains("larger than 16 MiB"));
    assert!(unreadable(Path::new("/dev/zero"), When::Reload).contains("not a regular file"));
}

#[test]
fn a_file_of_more_than_the_limit_is_refused() {
    let (_folder, path) = file(b"");
    File::options().write(true).open(&path).unwrap().set_len(LARGEST as u64 + 1).unwrap();
    assert!(unreadable(&path, When::Reload).contains("larger than 16 MiB"));
}

#[test]
fn what_is_not_there_or_a_folder_is_named_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let said = load(&folder.path().join("a\nb"), When::Start).unwrap_err().to_string();
    assert!(said.contains("a<U+000A>b: no such file"), "{said}");
    assert_eq!(unreadable(folder.path(), When::Start), "it is a directory");
}

#[test]
fn a_byte_that_is_not_utf8_is_named_with_its_place() {
    let (_folder, path) = file(b"// ok\n// gr\xfc\xdfe\n");
    let said = load(&path, When::Start).unwrap_err().to_string();
    let expected = format!("{}:2:6: the byte 0xFC is not UTF-8", path.display());
    assert_eq!(said.lines().nth(1), Some(&*expected), "{said}");
}

#[test]
fn an_error_in_the_file_is_reported_with_its_place() {
    let (_folder, path) = file(b"oops");
    let said = load(&path, When::Reload).unwrap_err().to_string();
    let (first, diagnostics) = said.split_once('\n').unwrap();
    assert_eq!(first, format!("the configuration {} has errors:", path.display()));
    assert!(diagnostics.starts_with(&format!("{}:1:1: ", path.display())), "{said}");
}

#[test]
fn others_who_can_read_a_secret_are_warned_of() {
    let (folder, path) = file(ACCOUNT);
    let (gid, uid) = (std::fs::metadata(&path).unwrap().gid(), rustix::process::geteuid().as_raw());
    drop(folder);
    for (content, mode, expected) in [
        (with_secret(), 0o644, true),
        (with_secret(), 0o640, !is_own_group(gid, uid)),
        (with_secret(), 0o600, false),
        (ACCOUNT.to_vec(), 0o644, false),
    ] {
        let (_folder, path) = file(&content);
        set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let warnings = load(&path, When::Start).unwrap().warnings;
        assert_eq!(!warnings.is_empty(), expected, "{mode:o}: {warnings}");
        assert_eq!(warnings.to_string().contains("chmod 600"), expected);
    }
}

fn warnings(path: &Path) -> String {
    load(path, When::Reload).unwrap().warnings.to_string()
}

#[test]
fn others_who_can_write_the_file_or_its_directory_are_warned_of() {
    let (folder, path) = file(ACCOUNT);
    assert_eq!(warnings(&path), "");
    let folder = folder.path();
    let gid = std::fs::metadata(&path).unwrap().gid();
    let group = !is_own_group(gid, rustix::process::geteuid().as_raw());
    for (mode, expected) in [(0o646, true), (0o662, true), (0o660, group), (0o640, false)] {
        set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let said = warnings(&path);
        assert_eq!(said.contains("others can write this file"), expected, "{mode:o}: {said}");
        assert_eq!(said.contains(&format!("chmod go-w {}", path.display())), expected, "{mode:o}: {said}");
    }
    let elsewhere = tempfile::tempdir().unwrap();
    let link = elsewhere.path().join("link.conf");
    symlink(&path, &link).unwrap();
    for (mode, expected) in [(0o703, true), (0o770, group), (0o1777, false), (0o755, false)] {
        set_permissions(folder, Permissions::from_mode(mode)).unwrap();
        for path in [&path, &link] {
            let said = warnings(path);
            assert_eq!(
                said.contains("can put another file in place of this one"),
                expected,
                "{mode:o}: {said}"
            );
            assert_eq!(
                said.contains(&format!("chmod go-w {}", folder.display())),
                expected,
                "{mode:o}: {said}"
            );
        }
    }
}

#[test]
fn a_file_or_directory_of_another_user_is_warned_of() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let (folder, path) = file(ACCOUNT);
    chown(&path, Some(4711), None).unwrap();
    assert!(warnings(&path).contains("belongs to another user (uid 4711)"), "{}", warnings(&path));
    chown(&path, Some(0), None).unwrap();
    chown(folder.path(), Some(4711), None).unwrap();
    let said = warnings(&path);
    assert!(
        said.contains("another user (uid 4711), whose ") && said.contains("a directory of your own"),
        "{said}"
    );
}

#[test]
fn of_a_pipe_nobody_is_warned() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(ACCOUNT).unwrap();
    drop(writer);
    let path = format!("/dev/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&reader));
    assert_eq!(load(Path::new(&path), When::Start).unwrap().warnings.to_string(), "");
}
