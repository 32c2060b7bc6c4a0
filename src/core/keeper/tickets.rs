//! Tickets: what comes back counts only while somebody holds its own.

/// The ticket for one piece of outside work. An answer counts only while an account still holds its ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

/// The ticket of a caller that waits. Whoever calls the keeper chooses it; no two that wait have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WaiterId(pub u64);
