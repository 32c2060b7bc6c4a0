//! `pizauth --install DIR`: a symlink for each command, as busybox does.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use pizauth_common::applet::Applet;
use pizauth_common::argv::Invocation;
use pizauth_common::cause::Cause;
use pizauth_common::exit::Exit;

/// Makes the symlinks that are missing. What is there and is not ours stays, and is named.
///
/// # Errors
/// Not every link could be made; why has been printed.
pub(crate) fn install(applets: &[Applet], directory: &Path, invocation: &Invocation) -> Result<Exit, Exit> {
    let failed = |error: io::Error| {
        invocation.not_done(format_args!("cannot install into {}: {}", directory.display(), Cause(&error)))
    };
    let executable = std::env::current_exe().and_then(fs::canonicalize).map_err(failed)?;
    let directory = fs::canonicalize(directory).map_err(failed)?;
    let mut exit = Exit::Done;
    for applet in applets {
        if let Err(message) = link(&executable, &directory.join(applet.program)) {
            exit = invocation.not_done(message);
        }
    }
    Ok(exit)
}

fn link(executable: &Path, link: &Path) -> Result<(), String> {
    let target = target(executable, link);
    match symlink(&target, link) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let ours = fs::read_link(link).is_ok_and(|present| present == target || present == executable);
            if ours { Ok(()) } else { Err(format!("{} exists and is not ours: left alone", link.display())) }
        }
        Err(error) => Err(format!("cannot make the symlink {}: {}", link.display(), Cause(&error))),
    }
}

/// What a link points to: in the executable's own directory its bare name, so that the directory can be moved or packed
/// as a whole.
fn target(executable: &Path, link: &Path) -> PathBuf {
    match executable.file_name() {
        Some(name) if executable.parent() == link.parent() => name.into(),
        _ => executable.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beside_the_executable_the_link_is_relative() {
        let executable = Path::new("/opt/bin/pizauth");
        assert_eq!(target(executable, Path::new("/opt/bin/pizauth-show")), Path::new("pizauth"));
        assert_eq!(target(executable, Path::new("/usr/bin/pizauth-show")), executable);
    }

    #[test]
    fn a_second_run_is_harmless_and_a_foreign_file_is_left_alone() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = |name| directory.path().join(name);
        let executable = path("pizauth");
        assert_eq!(link(&executable, &path("pizauth-show")), Ok(()));
        assert_eq!(link(&executable, &path("pizauth-show")), Ok(()));
        assert_eq!(fs::read_link(path("pizauth-show")).expect("a symlink"), Path::new("pizauth"));

        fs::write(path("pizauth-dump"), "mine").expect("a file");
        let refusal = link(&executable, &path("pizauth-dump")).expect_err("a refusal");
        assert!(refusal.contains("pizauth-dump exists and is not ours"), "{refusal}");
        assert_eq!(fs::read_to_string(path("pizauth-dump")).expect("the file"), "mine");
    }
}
