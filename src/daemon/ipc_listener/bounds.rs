//! How much memory callers may hold with requests and answers that are under way.

use rustix::process::Rlimit;

use super::{CallerId, IpcListener};

/// Bytes of memory for requests and answers under way, all together. Over it, who has waited longest with much makes
/// room.
pub(super) const BYTES_UNDER_WAY: usize = 64 * 1024 * 1024;
/// Where our address space is limited, they may take this part of it.
const PART_UNDER_WAY: u64 = 8;
/// A connection that holds more memory than this, in bytes, may have to make room.
pub(super) const MUCH: usize = 16 * 1024;

impl IpcListener {
    pub(super) fn keep_within_bounds(&mut self, current: CallerId) {
        while self.bytes_under_way > self.bytes_allowed {
            let much = |id: &CallerId| self.callers.get(id).is_some_and(|it| it.memory() > MUCH);
            let oldest = self.deadlines.iter().map(|(_, id)| *id).find(|id| *id != current && much(id));
            match oldest {
                Some(id) => self.close(id),
                None => return,
            }
        }
    }
}

/// The limit of our address space. OpenBSD has none.
pub(super) fn address_space() -> Rlimit {
    #[cfg(not(target_os = "openbsd"))]
    {
        rustix::process::getrlimit(rustix::process::Resource::As)
    }
    #[cfg(target_os = "openbsd")]
    {
        Rlimit { current: None, maximum: None }
    }
}

pub(super) fn bytes_allowed(address_space: Rlimit) -> usize {
    let part =
        address_space.current.map(|bytes| usize::try_from(bytes / PART_UNDER_WAY).unwrap_or(usize::MAX));
    part.map_or(BYTES_UNDER_WAY, |part| part.min(BYTES_UNDER_WAY))
}
