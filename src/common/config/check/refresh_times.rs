//! When tokens are refreshed: options that stand globally and in an account.

use std::time::Duration;

use super::options::Rule;

const AT_LEAST: Duration = Duration::from_secs(90 * 60);
const BEFORE_EXPIRY: Duration = Duration::from_secs(90);
const RETRY: Duration = Duration::from_secs(40);

/// The times that the options give, as far as they do.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RefreshTimes {
    at_least: Option<Duration>,
    before_expiry: Option<Duration>,
    retry: Option<Duration>,
}

/// A draft has these options as a part of it.
pub(super) trait HasRefreshTimes {
    fn refresh_times(&mut self) -> &mut RefreshTimes;
}

/// A row of the table.
pub(super) const fn at_least_rule<D: HasRefreshTimes>() -> Rule<D> {
    Rule::new("refresh_at_least", |draft: &mut D, given, problems| {
        draft.refresh_times().at_least = given.pause(problems);
    })
}

/// A row of the table.
pub(super) const fn before_expiry_rule<D: HasRefreshTimes>() -> Rule<D> {
    Rule::new("refresh_before_expiry", |draft: &mut D, given, problems| {
        draft.refresh_times().before_expiry = given.time(problems);
    })
}

/// A row of the table.
pub(super) const fn retry_rule<D: HasRefreshTimes>() -> Rule<D> {
    Rule::new("refresh_retry", |draft: &mut D, given, problems| {
        draft.refresh_times().retry = given.pause(problems);
    })
}

impl RefreshTimes {
    /// These, else those of `global`, else the defaults.
    pub(super) fn or(self, global: &Self) -> Self {
        Self {
            at_least: self.at_least.or(global.at_least),
            before_expiry: self.before_expiry.or(global.before_expiry),
            retry: self.retry.or(global.retry),
        }
    }

    pub(super) fn at_least(&self) -> Duration {
        self.at_least.unwrap_or(AT_LEAST)
    }

    pub(super) fn before_expiry(&self) -> Duration {
        self.before_expiry.unwrap_or(BEFORE_EXPIRY)
    }

    pub(super) fn retry(&self) -> Duration {
        self.retry.unwrap_or(RETRY)
    }
}
