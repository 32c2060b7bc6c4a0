//! `Retry-After` (RFC 9110 §10.2.3).

use core::time::Duration;

use crate::http::Answer;

/// The longest pause that is honoured: a server may ask for patience, not for days of it.
pub(crate) const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// What an answer asks for.
pub(in crate::oauth) fn of(answer: &Answer) -> Option<Duration> {
    parse(answer.retry_after.as_deref(), answer.date.as_deref())
}

/// The pause, at most an hour. A date is read against the answer's own `Date`, since neither our clock
/// nor the server's need be right; without one it means nothing.
pub(in crate::oauth) fn parse(retry_after: Option<&str>, date: Option<&str>) -> Option<Duration> {
    let text = retry_after?.trim();
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let pause = if is_number {
        // More digits than a u64 holds is still a long time.
        Duration::from_secs(text.parse().unwrap_or(u64::MAX))
    } else {
        let now = httpdate::parse_http_date(date?.trim()).ok()?;
        let then = httpdate::parse_http_date(text).ok()?;
        then.duration_since(now).unwrap_or_default()
    };
    Some(pause.min(LONGEST_RETRY_AFTER))
}
