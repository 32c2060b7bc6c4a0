use std::fs::{self, Permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use super::{DirectoryError, Missing, Problem, open};
use crate::paths::OwnDirectory;
use crate::testing::private_directory;

struct Place {
    _temporary: tempfile::TempDir,
    base: PathBuf,
}

impl Place {
    fn new() -> Self {
        let temporary = private_directory();
        let base = fs::canonicalize(temporary.path()).unwrap();
        Self { _temporary: temporary, base }
    }

    fn own(&self, below: &str) -> OwnDirectory {
        OwnDirectory { base: self.base.clone(), below: below.into() }
    }
}

fn uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

fn make(path: &Path, mode: u32) {
    fs::DirBuilder::new().mode(0o700).create(path).unwrap();
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn refusal(own: &OwnDirectory) -> DirectoryError {
    open(own, uid(), Missing::Create).unwrap_err()
}

#[test]
fn a_missing_directory_is_created_for_us_alone() {
    let place = Place::new();
    let own = place.own("state/pizauth/run-1");
    let missing = open(&own, uid(), Missing::Refuse).unwrap_err();
    assert!(missing.is_missing());
    assert!(!place.base.join("state").exists(), "a caller creates nothing");
    open(&own, uid(), Missing::Create).unwrap();
    for directory in ["state", "state/pizauth", "state/pizauth/run-1"] {
        assert_eq!(fs::metadata(place.base.join(directory)).unwrap().mode() & 0o7777, 0o700, "{directory}");
    }
    open(&own, uid(), Missing::Refuse).unwrap();
}

#[test]
fn a_missing_base_is_never_created() {
    let place = Place::new();
    let own = OwnDirectory { base: place.base.join("run"), below: "pizauth".into() };
    assert_eq!(refusal(&own), DirectoryError::new(&place.base.join("run"), Problem::Missing));
    assert!(!place.base.join("run").exists());
}

#[test]
fn a_directory_open_to_others_is_refused_and_left_as_it_was() {
    let place = Place::new();
    let path = place.base.join("pizauth");
    make(&path, 0o750);
    let error = refusal(&place.own("pizauth"));
    assert_eq!(error.problem, Problem::OpenToOthers(0o750));
    assert!(error.to_string().contains(&format!("chmod 700 {}", path.display())));
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o750);
}

#[test]
fn a_parent_that_others_can_write_is_refused_unless_it_is_sticky() {
    let place = Place::new();
    if uid() == 0 {
        std::os::unix::fs::chown(&place.base, None, Some(2_000_000_001)).unwrap();
    }
    let has_own_group = super::private_group::is_private(fs::metadata(&place.base).unwrap().gid(), uid());
    for (mode, safe) in
        [(0o777, false), (0o770, has_own_group), (0o702, false), (0o755, true), (0o1777, true)]
    {
        fs::set_permissions(&place.base, Permissions::from_mode(mode)).unwrap();
        let result = open(&place.own("pizauth"), uid(), Missing::Create);
        assert_eq!(result.is_ok(), safe, "{mode:o}: {result:?}");
    }
}

#[test]
fn a_symbolic_link_or_a_file_is_not_our_directory() {
    let place = Place::new();
    make(&place.base.join("real"), 0o700);
    symlink(place.base.join("real"), place.base.join("pizauth")).unwrap();
    assert_eq!(refusal(&place.own("pizauth")).problem, Problem::LinkOrFile);
    fs::write(place.base.join("file"), "").unwrap();
    assert_eq!(refusal(&place.own("file")).problem, Problem::LinkOrFile);
    assert_eq!(refusal(&place.own("file/pizauth")).problem, Problem::NotADirectory);
}

#[test]
fn links_among_the_parents_are_followed_with_the_same_checks() {
    let place = Place::new();
    make(&place.base.join("real"), 0o700);
    symlink("real", place.base.join("relative")).unwrap();
    symlink(place.base.join("relative/../real"), place.base.join("absolute")).unwrap();
    for link in ["relative", "absolute"] {
        open(&place.own(&format!("{link}/pizauth")), uid(), Missing::Create).unwrap();
    }
    assert!(place.base.join("real/pizauth").is_dir());
    fs::set_permissions(place.base.join("real"), Permissions::from_mode(0o777)).unwrap();
    assert_eq!(refusal(&place.own("absolute/pizauth")).problem, Problem::WritableByOthers(0o777));
    symlink("loop", place.base.join("loop")).unwrap();
    assert!(matches!(refusal(&place.own("loop/pizauth")).problem, Problem::Io(_)));
}

#[test]
fn what_belongs_to_another_user_is_refused() {
    let place = Place::new();
    make(&place.base.join("pizauth"), 0o700);
    let somebody_else = uid() + 1;
    let error = open(&place.own("pizauth"), somebody_else, Missing::Refuse).unwrap_err();
    assert_eq!(error.problem, Problem::OwnedBy(uid()));
}

/// As root another user stands for us, whose group every system has.
#[test]
fn a_parent_that_a_group_can_write_is_weak_unless_the_group_is_the_users_alone() {
    let place = Place::new();
    let us = if uid() == 0 { 1 } else { uid() };
    let gid = if uid() == 0 { 1 } else { rustix::process::getegid().as_raw() };
    if uid() == 0 {
        std::os::unix::fs::chown(&place.base, Some(us), Some(gid)).unwrap();
    }
    if !super::is_own_group(gid, us) {
        return eprintln!("skipped, since it needs a group of the user's own: {gid} of {us}");
    }
    fs::set_permissions(&place.base, Permissions::from_mode(0o770)).unwrap();
    let file = place.base.join("pizauth.conf");
    assert_eq!(super::weak_parent(&file, us), None);
    fs::set_permissions(&place.base, Permissions::from_mode(0o777)).unwrap();
    assert_eq!(
        super::weak_parent(&file, us).map(|error| error.problem),
        Some(Problem::WritableByOthers(0o777))
    );
    if uid() == 0 {
        std::os::unix::fs::chown(&place.base, Some(us), Some(2_000_000_001)).unwrap();
        fs::set_permissions(&place.base, Permissions::from_mode(0o770)).unwrap();
        assert_eq!(
            super::weak_parent(&file, us).map(|error| error.problem),
            Some(Problem::WritableByOthers(0o770))
        );
    }
}
