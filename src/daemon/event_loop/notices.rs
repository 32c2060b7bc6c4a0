//! From the keeper's notices to log lines.

use crate::keeper::{Notice, NoticeKind};
use crate::log::{self, What};
use crate::oauth::provider_hints::NO_REFRESH_TOKEN;

/// Writes one notice.
pub(super) fn write(notice: Notice) {
    let account = &notice.account;
    let event = |what| log::event(what).account(account);
    match notice.what {
        NoticeKind::AuthorizationRequested => event(What::AuthorizationPending).write(),
        NoticeKind::ExchangeStarted => event(What::RedirectAccepted).write(),
        NoticeKind::ExchangeRetry { reason, pause } => {
            event(What::ExchangeRetried).field("retry_in", pause.as_secs()).field("reason", reason).write();
        }
        NoticeKind::AuthorizationFailed { reason } => {
            event(What::AuthorizationFailed).field("reason", reason).write();
        }
        NoticeKind::TokenNew { lifetime, refreshable } => {
            event(What::TokenNew).field("expires_in", lifetime.as_secs()).write();
            if !refreshable {
                event(What::NoRefreshToken).field("hint", NO_REFRESH_TOKEN).write();
            }
        }
        NoticeKind::TokenRefreshed { lifetime, rotated } => {
            event(What::TokenRefreshed)
                .field("expires_in", lifetime.as_secs())
                .field("rotated", rotated)
                .write();
        }
        NoticeKind::ScopeNarrowed { granted } => event(What::ScopeNarrowed).field("granted", granted).write(),
        NoticeKind::RefreshFailed { reason, failures, pause } => {
            event(What::RefreshFailed)
                .field("failures", failures)
                .field("retry_in", pause.as_secs())
                .field("reason", reason)
                .write();
        }
        NoticeKind::NeedsAttention { reason } => event(What::NeedsAttention).field("reason", reason).write(),
        NoticeKind::SessionEnded { reason } => event(What::SessionEnded).field("reason", reason).write(),
        NoticeKind::Revoked => event(What::TokenRevoked).write(),
        NoticeKind::ConfigurationChanged => {
            event(What::TokenInvalidated).field("reason", "the configuration changed").write();
        }
        NoticeKind::Restored => event(What::Restored).write(),
        NoticeKind::RequestEnded { outcome, is_awaited } => {
            event(What::RequestEnded).field("outcome", outcome).field("awaited", is_awaited).write();
        }
    }
}
