//! What `status` has to say of an account.

use pizauth_common::ipc::message::{AccountStatus, Method, State};

use super::{Model, Phase};
use crate::keeper::simulation::session::Session;
use crate::moment::Now;

impl Model {
    /// What `status` has to say.
    pub(in crate::keeper::simulation) fn status(&self, account: &str, now: Now) -> AccountStatus {
        let session = self.held();
        let is_active = matches!(self.phase, Phase::Active(_) | Phase::Fetching(_));
        let wall = |moment| now.wall_at(moment);
        AccountStatus {
            account: account.to_owned(),
            state: match &self.phase {
                Phase::Empty => State::Empty,
                Phase::Starting { .. } => State::Starting,
                Phase::Pending(_) | Phase::OnDevice { .. } => State::Pending,
                Phase::Exchanging { .. } => State::Exchanging,
                Phase::Active(_) => State::Active,
                Phase::Fetching(_) => State::Fetching,
            },
            method: match &self.phase {
                Phase::Starting { .. } | Phase::OnDevice { .. } => Some(Method::Device),
                Phase::Exchanging { .. } => Some(Method::Browser),
                _ => self.sign_in().map(|_| Method::Browser),
            },
            obtained: session.map(|session| wall(session.obtained_at)),
            expires: session.filter(|session| !session.is_endless()).map(|session| wall(session.expires_at)),
            refreshable: session.is_some_and(Session::is_refreshable)
                || matches!(self.phase, Phase::Fetching(_)),
            in_flight: self.request.is_some(),
            waits_for_secret: false,
            next_refresh: self
                .wants_request_at()
                .filter(|_| is_active && self.revocation.is_none())
                .map(|at| wall(at.max(now.moment))),
            last_refresh: self.heard_at.map(wall),
            last_was_sign_in: self.last_was_sign_in,
            last_error: self.last_error.as_ref().map(|reason| reason.as_str().to_owned()),
            needs_attention: self.needs_attention(),
            signed_in_as: None,
            user: None,
            usable: self.has_token(now.moment),
            needs_user: match &self.phase {
                Phase::Empty => !self.by_itself,
                Phase::Starting { .. } | Phase::Pending(_) | Phase::OnDevice { .. } => true,
                Phase::Exchanging { .. } => false,
                Phase::Fetching(_) => self.needs_attention(),
                Phase::Active(session) => self.needs_attention() || session.is_spent(now.moment),
            },
        }
    }
}
