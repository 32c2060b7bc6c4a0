//! What the user has been told of an account, so that they hear of nothing twice.

use crate::oauth::outcome::Reason;
use crate::prelude::*;
use crate::snapshot::Lineage;

/// So many different causes are remembered as reported; a server that invents more is reported no further.
const REPORTED_CAUSES: usize = 16;

/// What the user knows already. Nothing is kept of most accounts, of which nothing had to be told.
#[derive(Debug, Default)]
pub(in crate::keeper) struct Told(Option<Box<News>>);

#[derive(Debug, Default)]
struct News {
    /// What went wrong since the last success.
    causes: Vec<String>,
    /// The scopes of this session that were narrower than wanted when the user was last told.
    scope: Option<String>,
}

impl Told {
    /// Whether the user has not been told of this cause since the last success; from now on they have.
    pub(in crate::keeper) fn is_news(&mut self, reason: &Reason) -> bool {
        let causes = &mut self.0.get_or_insert_default().causes;
        let is_known = causes.iter().any(|cause| cause == reason.cause());
        if is_known || causes.len() >= REPORTED_CAUSES {
            return false;
        }
        causes.push(reason.cause().to_owned());
        true
    }

    /// The scopes that a server has granted, where the user does not know yet that it did not grant all. Servers that
    /// say so say it with every refresh.
    pub(in crate::keeper) fn news_of_scope(&mut self, granted: String, lineage: Lineage) -> Option<String> {
        let known = self.0.get_or_insert_default().scope.replace(granted.clone());
        let is_known = lineage.generation > 0 && known.as_ref() == Some(&granted);
        (!is_known).then_some(granted)
    }

    /// What went wrong may be told again when it comes back.
    pub(super) fn forget_causes(&mut self) {
        if let Some(news) = &mut self.0 {
            news.causes.clear();
        }
    }
}
