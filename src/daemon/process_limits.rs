//! Resource limits: raised for us, given back to hooks.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Enough for 5,000 callers and all else, also where the hard limit is a billion.
const DESCRIPTORS: u64 = 65_536;

/// The limits that we change, as they were when we were started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProcessLimits {
    descriptors: Rlimit,
    core: Rlimit,
}

impl ProcessLimits {
    /// Reads them. To be called before [`pizauth_common::harden::harden_process`], which forbids core files.
    pub(crate) fn inherited() -> Self {
        Self { descriptors: getrlimit(Resource::Nofile), core: getrlimit(Resource::Core) }
    }

    /// Raises the soft limit of open descriptors as far as is useful and allowed. Failing that, we live with fewer.
    pub(crate) fn raise_descriptors(&self) {
        let wanted = self.descriptors.maximum.map_or(DESCRIPTORS, |hard| hard.min(DESCRIPTORS));
        if self.descriptors.current.is_some_and(|soft| soft < wanted) {
            let raised = Rlimit { current: Some(wanted), ..self.descriptors };
            let _ = setrlimit(Resource::Nofile, raised);
        }
    }

    /// Each limit and what it was: for a child of ours that is about to become a hook.
    pub(crate) fn each(&self) -> [(Resource, Rlimit); 2] {
        [(Resource::Nofile, self.descriptors), (Resource::Core, self.core)]
    }
}

#[cfg(test)]
mod tests {
    use super::ProcessLimits;
    use rustix::process::setrlimit;

    #[test]
    fn what_is_raised_can_be_given_back() {
        let before = ProcessLimits::inherited();
        before.raise_descriptors();
        let raised = ProcessLimits::inherited();
        assert!(raised.descriptors.current >= before.descriptors.current);
        assert_eq!(raised.descriptors.maximum, before.descriptors.maximum);
        for (resource, limit) in before.each() {
            setrlimit(resource, limit).unwrap();
        }
        assert_eq!(ProcessLimits::inherited(), before);
    }
}
