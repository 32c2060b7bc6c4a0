//! Tokens that a sign-in is to take the place of.

use core::ops::{Deref, DerefMut};

use super::ActiveToken;
use crate::moment::Moment;
use crate::prelude::*;

/// Tokens beside a sign-in that has begun: no refresh of theirs is under way, and no other sign-in waits. They are back
/// if it fails.
#[derive(Debug)]
pub(in crate::keeper) struct Kept(Box<ActiveToken>);

impl Kept {
    /// Sets the tokens aside.
    pub(in crate::keeper) fn of(mut token: ActiveToken, now: Moment) -> Self {
        token.renewal.set_aside(now);
        token.sign_in = None;
        Self(Box::new(token))
    }

    /// The tokens, when there is no sign-in any more.
    pub(in crate::keeper) fn back(self) -> ActiveToken {
        *self.0
    }
}

impl Deref for Kept {
    type Target = ActiveToken;

    fn deref(&self) -> &ActiveToken {
        &self.0
    }
}

impl DerefMut for Kept {
    fn deref_mut(&mut self) -> &mut ActiveToken {
        &mut self.0
    }
}
