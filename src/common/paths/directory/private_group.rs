//! Groups that a user is the only member of: many systems make one for each user, named after them, and a umask of 002
//! with it. By the files alone: a user database on the network need not tell who is in a group, and to ask it is more
//! than a small command should have to be able to.

use std::fs::File;
use std::io::Read;

use rustix::fs::{CWD, Mode, OFlags, openat};

const USERS: &str = "/etc/passwd";
const GROUPS: &str = "/etc/group";

/// Whether to let the group write is to let nobody but the user write. In doubt it is not: root's group is for whoever
/// a container runs as.
pub(super) fn is_private(gid: u32, uid: u32) -> bool {
    gid != 0 && is_of_one(gid, uid, &contents(USERS), &contents(GROUPS))
}

fn contents(file: &str) -> Vec<u8> {
    let mut contents = Vec::new();
    let opened = openat(CWD, file, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty());
    // What cannot be read whole lacks its end: then there may be no such user or group, or a member too few.
    let read = opened.map(File::from).is_ok_and(|mut file| file.read_to_end(&mut contents).is_ok());
    if read { contents } else { Vec::new() }
}

/// Whether the group has the user's name, and neither its own list nor the group of any user adds a member.
fn is_of_one(gid: u32, uid: u32, users: &[u8], groups: &[u8]) -> bool {
    let (gid, uid) = (gid.to_string(), uid.to_string());
    let in_group = |line: &&[u8]| field(line, 3) == gid.as_bytes();
    let Some(user) = lines(users).find(|line| field(line, 2) == uid.as_bytes()).map(|line| field(line, 0))
    else {
        return false;
    };
    let Some(group) = lines(groups).find(|line| field(line, 2) == gid.as_bytes()) else { return false };
    let listed = field(group, 3).split(|byte| *byte == b',').filter(|member| !member.is_empty());
    let mut members = lines(users).filter(in_group).map(|line| field(line, 0)).chain(listed);
    field(group, 0) == user && members.all(|member| member == user)
}

fn lines(file: &[u8]) -> impl Iterator<Item = &[u8]> {
    file.split(|byte| *byte == b'\n')
}

/// Empty where there is none.
fn field(line: &[u8], number: usize) -> &[u8] {
    line.split(|byte| *byte == b':').nth(number).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{is_of_one, is_private};

    const USERS: &[u8] = b"root:x:0:0:root:/root:/bin/sh\nsync:x:5:0:sync:/sbin:/bin/sync\n\
        me:x:1000:1000::/home/me:/bin/sh\nyou:x:1001:1001::/home/you:/bin/sh\nhe:x:1002:1001::/home/he:/bin/sh\n";
    const GROUPS: &[u8] = b"root:x:0:\nme:x:1000:\nyou:x:1001:\nus:x:1003:me\n";

    #[test]
    fn a_group_is_private_as_long_as_nobody_else_is_in_it() {
        assert!(is_of_one(1000, 1000, USERS, GROUPS));
        assert!(is_of_one(1000, 1000, USERS, b"me:x:1000:me"));
        assert!(!is_of_one(1000, 1000, USERS, b"me:x:1000:me,you"), "a member by the list");
        assert!(!is_of_one(1001, 1001, USERS, GROUPS), "a member by the group of the user");
        assert!(!is_of_one(1001, 1000, USERS, GROUPS), "another's group");
        assert!(!is_of_one(1003, 1000, USERS, GROUPS), "of another name, as those of a network are");
        for (users, groups) in [(USERS, &b""[..]), (b"", GROUPS), (b"", b"")] {
            assert!(!is_of_one(1000, 1000, users, groups), "nobody knows");
        }
    }

    #[test]
    fn what_nobody_knows_is_not_private() {
        assert!(!is_private(2_000_000_001, 2_000_000_001));
        assert!(!is_private(2_000_000_001, rustix::process::geteuid().as_raw()));
        assert!(!is_private(0, 0));
    }
}
