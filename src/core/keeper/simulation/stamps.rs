//! What makes one signature differ from every other one.

use std::collections::BTreeSet;

use crate::http::{Request, Stamp};
use crate::moment::Now;

/// The numbers of all that has been signed.
#[derive(Default)]
pub(super) struct Stamps(BTreeSet<[u8; 16]>);

impl Stamps {
    /// That of a request in which something is to be signed: made now, and like none before.
    pub(super) fn of(&mut self, sent: &Request, now: Now) -> Stamp {
        let Stamp { issued, id } = sent.assertion.as_ref().expect("something is to be signed").stamp;
        assert_eq!(issued, now.wall, "it is good from now on");
        assert!(self.0.insert(id), "a server takes each of them once");
        Stamp { issued, id }
    }
}
