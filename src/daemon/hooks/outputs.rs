//! The outputs of hooks that are open. Those of hooks that have ended are among them: whatever a hook has left behind,
//! a browser or a process in the background, goes on writing.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::os::fd::OwnedFd;
use std::process::Child;
use std::rc::Rc;

use mio::{Registry, Token};
use pizauth_common::account_name::AccountName;

use super::hook_kind::HookKind;
use super::output::{Output, Reading};
use crate::wake_sources::FIRST_HOOK_OUTPUT;

/// So many are kept open after their hooks. Hooks that leave something behind every time would use up our descriptors
/// otherwise: of the oldest another process reads the rest.
const MOST_OF_ENDED_HOOKS: usize = 8;

/// All outputs.
#[derive(Debug)]
pub(super) struct Outputs {
    registry: Rc<Registry>,
    open: BTreeMap<usize, Output>,
    /// Those of hooks that have ended, in that order.
    of_ended_hooks: VecDeque<usize>,
    next_token: usize,
    /// The processes that read on.
    readers: Vec<Child>,
}

impl Outputs {
    pub(super) fn new(registry: Rc<Registry>) -> Self {
        Self {
            registry,
            open: BTreeMap::new(),
            of_ended_hooks: VecDeque::new(),
            next_token: FIRST_HOOK_OUTPUT,
            readers: Vec::new(),
        }
    }

    /// One for a hook that is about to start, and its two writing ends. It is open until [`Outputs::close`], or until
    /// nobody can write to it any more.
    ///
    /// # Errors
    /// The system has no descriptor left.
    pub(super) fn open(
        &mut self,
        kind: HookKind,
        account: Option<AccountName>,
    ) -> io::Result<(Token, (OwnedFd, OwnedFd))> {
        let (output, writers) = Output::new(kind, account)?;
        let token = Token(self.next_token);
        output.register(&self.registry, token)?;
        self.next_token += 1;
        self.open.insert(token.0, output);
        Ok((token, writers))
    }

    /// There is something to read, or nobody left to write.
    pub(super) fn ready(&mut self, token: Token) {
        let Some(output) = self.open.get_mut(&token.0) else { return };
        if output.read(&self.registry, token) == Reading::Closed {
            self.close(token);
        }
    }

    pub(super) fn close(&mut self, token: Token) {
        if let Some(output) = self.open.remove(&token.0) {
            output.deregister(&self.registry);
            self.of_ended_hooks.retain(|ended| *ended != token.0);
        }
    }

    /// The hook that had this one has ended; what it has left behind may write on.
    pub(super) fn hook_ended(&mut self, token: Token) {
        self.ready(token);
        if self.open.contains_key(&token.0) {
            self.of_ended_hooks.push_back(token.0);
        }
        if self.of_ended_hooks.len() > MOST_OF_ENDED_HOOKS
            && let Some(oldest) = self.of_ended_hooks.pop_front()
        {
            self.leave(oldest);
        }
    }

    /// A child of ours has ended, perhaps one that has read on.
    pub(super) fn reap(&mut self) {
        self.readers.retain_mut(|reader| matches!(reader.try_wait(), Ok(None)));
    }

    /// The daemon ends. What still writes must not be ended by SIGPIPE.
    pub(super) fn let_go(mut self) {
        while let Some((token, _)) = self.open.first_key_value() {
            self.leave(*token);
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    #[cfg(test)]
    pub(super) fn are_over(&self) -> bool {
        self.open.is_empty() && self.readers.is_empty()
    }

    fn leave(&mut self, token: usize) {
        let Some(mut output) = self.open.remove(&token) else { return };
        let is_open = output.read(&self.registry, Token(token)) == Reading::Open;
        output.deregister(&self.registry);
        // If no process can be started for it, SIGPIPE may end the writer: nothing more can be done.
        if is_open && let Ok(reader) = output.leave() {
            self.readers.push(reader);
        }
    }
}
