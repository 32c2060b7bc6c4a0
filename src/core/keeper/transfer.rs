//! Tokens out to a snapshot and back in from one. A restore only improves.

use core::time::Duration;

use pizauth_common::account_name::AccountName;
use pizauth_common::config::Account;

use super::Keeper;
use super::entry::Entry;
use super::event::Happened;
use super::outbox::Outbox;
use super::renewal::{Renewal, RenewedBy};
use super::token_state::{ActiveToken, TokenState};
use crate::moment::{Moment, Now};
use crate::oauth::token_answer::LONGEST_LIFETIME;
use crate::prelude::*;
use crate::snapshot::{AccountSnapshot, Lineage, Room, Snapshot};

/// What a restore did, account by account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// Tokens were taken from the snapshot.
    pub restored: Vec<AccountName>,
    /// The present tokens are at least as good, or an authorization is just being completed.
    pub kept: Vec<AccountName>,
    /// Not taken, and why.
    pub skipped: Vec<(AccountName, &'static str)>,
}

impl Keeper {
    /// All tokens that are still good for something.
    pub fn dump(&self, now: Now) -> Snapshot {
        Snapshot { accounts: self.entries.values().filter_map(|entry| snapshot_of(entry, now)).collect() }
    }

    /// Takes the tokens of a snapshot where they fit the configuration and are better than what is here.
    pub fn restore(&mut self, snapshot: Snapshot, now: Now) -> Restored {
        let mut done = Restored::default();
        let mut room = self.room_of_a_dump(now);
        for saved in snapshot.accounts {
            let name = saved.account.clone();
            let decision = self.change(name.as_str(), now, |entry, outbox| {
                restore_account(entry, saved, now, &mut room, outbox)
            });
            match decision.unwrap_or(Decision::Skip("the configuration has no such account")) {
                Decision::Take => {
                    self.saving.restored(&name);
                    done.restored.push(name);
                }
                Decision::Keep => done.kept.push(name),
                Decision::Skip(why) => done.skipped.push((name, why)),
            }
        }
        done
    }

    /// What the next dump has room for. A restore must not make it impossible.
    fn room_of_a_dump(&self, now: Now) -> Room {
        let mut room = Room::of_a_dump();
        self.entries.values().filter_map(|entry| snapshot_of(entry, now)).for_each(|it| room.take(&it));
        room
    }
}

impl ActiveToken {
    /// Whether it is worth nothing to another daemon: that has the client's own credentials, too.
    pub(super) fn is_not_worth_saving(&self, now: Moment) -> bool {
        let has_refresh_token = self.renewal.renewer().is_some_and(|it| it.by.refresh_token().is_some());
        self.has_expired(now) && !has_refresh_token
    }
}

fn restore_account(
    entry: &mut Entry,
    saved: AccountSnapshot,
    now: Now,
    room: &mut Room,
    outbox: &mut Outbox,
) -> Decision {
    if saved.fingerprint != entry.fingerprint {
        return Decision::Skip("the configuration of the account differs from the dump's");
    }
    let unknown = Lineage::new(outbox.random(), saved.obtained);
    let lineage = saved.lineage;
    let mut room_with_it = *room;
    let has_room = room_with_it.replace(snapshot_of(entry, now).as_ref(), &saved);
    let token = active_from(saved, &entry.account, unknown, now);
    if token.is_not_worth_saving(now.moment) {
        return Decision::Skip("its access token has expired and it has no refresh token");
    }
    // What is being revoked must not come back by the side door.
    if entry.revocation.is_some() || !improves(&entry.state, &token, lineage, now.moment) {
        return Decision::Keep;
    }
    if !has_room {
        return Decision::Skip(
            "no dump of 12 MiB would have room for it beside the other accounts' long tokens",
        );
    }
    *room = room_with_it;
    entry.take_restored(token);
    outbox.tell(entry, Happened::Restored);
    Decision::Take
}

enum Decision {
    Take,
    Keep,
    Skip(&'static str),
}

/// An active token gives way only to a better one. What can renew itself gives way to nothing but a later
/// generation of its own session: the clocks may have been set, and a refresh token that has been rotated away
/// is worse than none. An exchange that is under way is newer than any dump.
fn improves(present: &TokenState, saved: &ActiveToken, lineage: Option<Lineage>, now: Moment) -> bool {
    if matches!(present, TokenState::Exchanging(_)) {
        return false;
    }
    let Some(present) = present.token().filter(|present| !present.is_not_worth_saving(now)) else {
        return true;
    };
    match lineage {
        Some(lineage) if lineage.session == present.lineage.session => {
            lineage.generation > present.lineage.generation
        }
        _ => !present.renewal.is_possible() && saved.expires_at > present.expires_at,
    }
}

fn active_from(saved: AccountSnapshot, account: &Account, unknown: Lineage, now: Now) -> ActiveToken {
    let obtained_at = now.moment_at(saved.obtained.min(now.wall));
    // Without an access token there is nothing that could be valid.
    let lifetime =
        saved.access_token.as_ref().map_or(Duration::ZERO, |_| saved.expires.since(saved.obtained));
    let longest = lifetime.min(LONGEST_LIFETIME);
    let expires_at = now.moment_at(saved.expires).min(now.moment.plus(longest));
    let lineage = saved.lineage.unwrap_or(unknown);
    let by = match account.grant.application() {
        Some(_) => Some(RenewedBy::Credentials),
        None => saved.refresh_token.map(RenewedBy::RefreshToken),
    };
    let mut token = ActiveToken::new(saved.access_token, by, obtained_at..expires_at, lineage, account);
    if let Renewal::Idle { due, .. } = &mut token.renewal
        && saved.obtained > now.wall
    {
        // Our clock lags, by an unknown time that the token has aged, too.
        *due = now.moment;
    }
    token
}

fn snapshot_of(entry: &Entry, now: Now) -> Option<AccountSnapshot> {
    let token = entry.state.token()?;
    if token.is_not_worth_saving(now.moment) {
        return None;
    }
    let refresh_token = token.renewal.renewer().and_then(|renewer| renewer.by.refresh_token()).cloned();
    Some(AccountSnapshot {
        account: entry.account.name.clone(),
        fingerprint: entry.fingerprint,
        access_token: token.valid(now.moment).cloned(),
        refresh_token,
        obtained: now.wall_at(token.obtained_at),
        expires: now.wall_at(token.expires_at),
        lineage: Some(token.lineage),
    })
}
