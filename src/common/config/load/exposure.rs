//! Who else can read or write the file: whoever writes it has pizauthd run commands of theirs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Mode, Stat, stat};

use crate::config::snippet::visible;
use crate::config::{Account, Config};
use crate::paths::Environment;
use crate::paths::directory::{DirectoryError, Problem, is_own_group, weak_parent};

const ROOT_UID: u32 = 0;

/// Something to warn of, and what helps.
pub(super) struct Exposed {
    pub(super) message: String,
    pub(super) help: String,
}

/// How others can read or change the file at `path`, if it is a regular one.
pub(super) fn of(path: &Path, stat: &Stat, holds_a_secret: bool) -> Vec<Exposed> {
    if FileType::from_raw_mode(stat.st_mode as _) != FileType::RegularFile {
        return Vec::new();
    }
    let uid = rustix::process::geteuid().as_raw();
    let name = visible(&path.to_string_lossy());
    let owner = foreign_owner(stat, uid, &name);
    let writers = others_have(stat, Mode::WGRP, Mode::WOTH, uid).then(|| Exposed {
        message: "others can write this file, and have pizauthd run their commands".into(),
        help: format!("chmod go-w {name}"),
    });
    let readers = (holds_a_secret && others_have(stat, Mode::RGRP, Mode::ROTH, uid)).then(|| Exposed {
        message: "others can read this file, and it holds a client_secret".into(),
        help: format!("chmod 600 {name}"),
    });
    [owner, writers, readers, parent(path, uid)].into_iter().flatten().collect()
}

/// The private keys of clients that others can read.
pub(super) fn of_keys(config: &Config, environment: &impl Environment) -> Vec<Exposed> {
    let (home, uid) = (environment.home(), rustix::process::geteuid().as_raw());
    let keys = config.accounts.iter().filter_map(Account::key);
    // Many accounts may have the same key.
    let files: BTreeSet<_> = keys.filter_map(|key| key.file.resolve(home.as_deref())).collect();
    let is_readable =
        |file: &PathBuf| stat(file).is_ok_and(|found| others_have(&found, Mode::RGRP, Mode::ROTH, uid));
    let exposed = |file: PathBuf| {
        let name = visible(&file.to_string_lossy());
        Exposed {
            message: format!("others can read {name}, the private key of a client"),
            help: format!("chmod 600 {name}"),
        }
    };
    files.into_iter().filter(is_readable).map(exposed).collect()
}

/// Whether others than the user and root decide what is in a file.
pub(super) fn others_can_change(file: &Stat) -> bool {
    let uid = rustix::process::geteuid().as_raw();
    is_foreign(file, uid) || others_have(file, Mode::WGRP, Mode::WOTH, uid)
}

fn is_foreign(file: &Stat, uid: u32) -> bool {
    ![uid, ROOT_UID].contains(&file.st_uid)
}

fn foreign_owner(stat: &Stat, uid: u32, name: &str) -> Option<Exposed> {
    is_foreign(stat, uid).then(|| Exposed {
        message: format!(
            "this file belongs to another user (uid {}), who can have pizauthd run their commands",
            stat.st_uid
        ),
        help: format!("look at what is in it, and replace it by a copy of your own: {name}"),
    })
}

/// Whether somebody else has the right; a group of which the user is the only member is nobody else.
fn others_have(stat: &Stat, group: Mode, others: Mode, uid: u32) -> bool {
    let mode = Mode::from_raw_mode(stat.st_mode as _);
    mode.contains(others) || mode.contains(group) && !is_own_group(stat.st_gid, uid)
}

/// The first directory through which others can exchange the file, on the way to it, or to what it is a link to.
fn parent(path: &Path, uid: u32) -> Option<Exposed> {
    let target = path.canonicalize().ok();
    let weak = weak_parent(path, uid).or_else(|| weak_parent(&target?, uid))?;
    let DirectoryError { directory, problem } = weak;
    let directory = visible(&directory.to_string_lossy());
    let (others, help) = match problem {
        Problem::OwnedBy(uid) => (
            format!("another user (uid {uid}), whose {directory} is,"),
            "move it to a directory of your own".into(),
        ),
        _ => (format!("others, who can write {directory},"), format!("chmod go-w {directory}")),
    };
    Some(Exposed { message: format!("{others} can put another file in place of this one"), help })
}
