//! What the user is told of a sign-in that waits for them, and when.

use core::mem;

use super::entry::Entry;
use super::event::Happened;
use super::invitation::Invitation;
use super::outbox::Outbox;
use super::token_state::{Heard, Reminder, TokenState};
use super::{SHORTEST_REMINDER, Settings};
use crate::moment::{Moment, Now};

/// The user sees what there is to do: hooks need not tell them, and remind them as late as if they had just been told.
pub(super) fn accompany(entry: &mut Entry, settings: &Settings, now: Now, outbox: &mut Outbox) {
    if let TokenState::Starting(starting) = &mut entry.state {
        starting.is_known = true;
    }
    match entry.state.reminder_mut() {
        Some(reminder) if reminder.heard == Heard::Told => {
            reminder.at = now.moment.plus(settings.remind_every)
        }
        Some(reminder) => {
            *reminder = known_reminder(now.moment);
            remind(entry, settings, now, outbox);
        }
        None => {}
    }
}

/// When the user hears of a new authorization: at once, or as soon as what they were told last has had its second.
pub(super) fn first_reminder(entry: &Entry, now: Moment) -> Reminder {
    let at = entry.told_at.map_or(now, |told| now.max(told.plus(SHORTEST_REMINDER)));
    Reminder { at, heard: Heard::Nothing }
}

/// For a user who sees it without being told.
pub(super) fn known_reminder(now: Moment) -> Reminder {
    Reminder { at: now, heard: Heard::SeesIt }
}

/// When the user hears of a sign-in that was prepared.
pub(super) fn reminder_of_start(entry: &Entry, is_known: bool, now: Moment) -> Reminder {
    if is_known { known_reminder(now) } else { first_reminder(entry, now) }
}

/// Tells the user of an authorization that is pending, for the first time or again, if it is time to.
pub(super) fn remind(entry: &mut Entry, settings: &Settings, now: Now, outbox: &mut Outbox) {
    let Some(reminder) = entry.state.reminder_mut().filter(|reminder| reminder.at <= now.moment) else {
        return;
    };
    let at = now.moment.plus(settings.remind_every);
    let Reminder { heard, .. } = mem::replace(reminder, Reminder { at, heard: Heard::Told });
    if heard != Heard::SeesIt {
        entry.told_at = Some(now.moment);
    }
    let Some(Invitation { url, code }) = entry.state.invitation() else { return };
    let user_code = code.map(|code| code.user_code);
    let what = match heard {
        Heard::Nothing => Happened::AuthorizationPending { url, user_code, is_known: false },
        Heard::SeesIt => Happened::AuthorizationPending { url, user_code, is_known: true },
        Heard::Told => Happened::AuthorizationReminded { url, user_code },
    };
    outbox.tell(entry, what);
}
