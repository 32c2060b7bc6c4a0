//! Groups that a user is the only member of: many systems make one for each user, named after them, and a umask of 002
//! with it.

use std::fs;

use nix::unistd::{Gid, Group, Uid, User};

const USERS: &str = "/etc/passwd";

/// Whether to let the group write is to let nobody but the user write. In doubt it is not: a user database on the
/// network need not tell who is in a group, so it has to have the user's name. That of root is for whoever a container
/// runs as.
pub(super) fn is_private(gid: u32, uid: u32) -> bool {
    if gid == 0 {
        return false;
    }
    let user = User::from_uid(Uid::from_raw(uid)).ok().flatten();
    let group = Group::from_gid(Gid::from_raw(gid)).ok().flatten();
    let (Some(user), Some(group)) = (user, group) else { return false };
    let users = fs::read_to_string(USERS).unwrap_or_default();
    user.gid.as_raw() == gid
        && user.name == group.name
        && is_alone(&user.name, gid, &group.mem.iter().map(String::as_str).collect::<Vec<_>>(), &users)
}

/// Whether neither the group's list nor the group of any user in passwd(5) adds a member.
fn is_alone(name: &str, gid: u32, members: &[&str], users: &str) -> bool {
    let has_group = |line: &&str| line.split(':').nth(3).is_some_and(|field| field.parse() == Ok(gid));
    let users = users.lines().filter(has_group).filter_map(|line| line.split(':').next());
    members.iter().copied().chain(users).all(|member| member == name)
}

#[cfg(test)]
mod tests {
    use super::{is_alone, is_private};

    const USERS: &str = "root:x:0:0:root:/root:/bin/sh\nsync:x:5:0:sync:/sbin:/bin/sync\n\
                         me:x:1000:1000::/home/me:/bin/sh\nyou:x:1001:1001::/home/you:/bin/sh\n";

    #[test]
    fn a_group_is_private_as_long_as_nobody_else_is_in_it() {
        assert!(is_alone("me", 1000, &[], USERS));
        assert!(is_alone("me", 1000, &["me"], USERS));
        assert!(is_alone("me", 1000, &[], ""), "of a network");
        assert!(!is_alone("me", 1000, &["me", "you"], USERS), "a member by the list");
        assert!(!is_alone("root", 0, &[], USERS), "a member by the group of the user");
        assert!(!is_alone("me", 1001, &[], USERS), "another's group");
    }

    #[test]
    fn what_nobody_knows_is_not_private() {
        assert!(!is_private(2_000_000_001, 2_000_000_001));
        assert!(!is_private(2_000_000_001, rustix::process::geteuid().as_raw()));
        assert!(!is_private(0, 0));
    }
}
