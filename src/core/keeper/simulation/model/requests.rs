//! When a request about an account may leave, and what has left.

use std::time::Duration;

use super::{Model, Phase};
use crate::keeper::JobId;
use crate::keeper::tests::bench::seconds;
use crate::moment::{Moment, Now};

/// A request that a bucket is for.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    signs_in: bool,
    at: Moment,
    /// After so long it is forgotten.
    counts: Duration,
}

impl Model {
    /// When the next token request may leave, as far as it is for the account.
    pub(in crate::keeper::simulation) fn wants_request_at(&self) -> Option<Moment> {
        if self.waits_for_secret {
            return None;
        }
        if let Some(revocation) = self.revocation.as_ref().filter(|_| self.request.is_none()) {
            return revocation.job.is_none().then_some(Moment::LONG_AGO);
        }
        let due = match &self.phase {
            _ if self.request.is_some() => return None,
            Phase::OnDevice { codes, .. } => return Some(codes.due),
            Phase::Starting { .. } => Moment::LONG_AGO,
            Phase::Exchanging { due, .. } => *due,
            Phase::Active(session) | Phase::Fetching(session) if session.is_refreshable() => {
                session.due.max(self.hold_until.unwrap_or(Moment::LONG_AGO))
            }
            _ => return None,
        };
        Some(due.max(self.bucket_allows_at()))
    }

    /// Three sign-ins at once, and then one every ten seconds; of refreshes the same, but where no server is reached
    /// one every two seconds.
    fn bucket_allows_at(&self) -> Moment {
        let signs_in = self.signs_in();
        let alike = self.sent.iter().rev().filter(|sent| sent.signs_in == signs_in);
        let full_at = alike.scan(Duration::ZERO, |counted, sent| {
            *counted += sent.counts;
            Some(sent.at.plus(*counted))
        });
        full_at.max().unwrap_or(Moment::LONG_AGO).minus(seconds(20))
    }

    fn signs_in(&self) -> bool {
        matches!(self.phase, Phase::Exchanging { .. } | Phase::Starting { .. })
    }

    /// Until the refresh that is wanted may begin.
    pub(in crate::keeper::simulation) fn refresh_in(&self, now: Now) -> Duration {
        self.wants_request_at().unwrap_or(now.moment).since(now.moment)
    }

    /// A token request leaves: there is no other one for the account, it is due, and the bucket allows it.
    pub(in crate::keeper::simulation) fn request_sent(&mut self, job: JobId, now: Now) {
        assert_eq!(self.request, None, "two requests at once");
        let wanted = self.wants_request_at();
        assert!(
            wanted.is_some_and(|at| at <= now.moment),
            "a request that waits for {wanted:?}, not {now:?}"
        );
        if let Some(revocation) = &mut self.revocation {
            assert_eq!(revocation.job.replace(job), None, "two revocations at once");
            return;
        }
        self.request = Some(job);
        match self.phase {
            Phase::OnDevice { .. } => self.poll_sent(now.moment),
            _ => self.sent.push(Sent { signs_in: self.signs_in(), at: now.moment, counts: seconds(10) }),
        }
        if let Phase::Exchanging { tries, .. } = &mut self.phase {
            *tries += 1;
        }
    }

    /// The refresh that was sent last has reached no server.
    pub(in crate::keeper::simulation) fn not_reached(&mut self) {
        self.sent.last_mut().expect("a refresh was sent").counts = seconds(2);
    }

    /// Whether it waits for the answer to this request.
    pub(in crate::keeper::simulation) fn awaits(&self, job: JobId) -> bool {
        let revocation = self.revocation.as_ref().and_then(|revocation| revocation.job);
        self.request == Some(job) || revocation == Some(job)
    }

    /// What is sent by the refresh that goes on.
    pub(in crate::keeper::simulation) fn refresh_token_in_flight(&self) -> Option<String> {
        let Phase::Active(session) = &self.phase else { return None };
        session.refresh_token.clone().filter(|_| self.request.is_some())
    }
}
