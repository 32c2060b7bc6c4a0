//! SIGKILL at random moments, against a server that ends a session when a refresh token older than the last is used
//! again: no session is lost.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use super::{DECRYPT, ENCRYPT, kill_and_restart, never_asked, setup, sign_in_and_save};
use crate::support::consumption::bound;

/// Longer than a refresh and the save of what it brought take on an idle machine.
const LATEST_MICROSECONDS: u64 = 100_000;

#[test]
fn no_session_is_lost_by_a_kill() {
    let mut running = setup(ENCRYPT, DECRYPT).policy(|policy| policy.forgive_last = true).start();
    sign_in_and_save(&running);
    let (random, kills) = (RandomState::new(), bound("PIZAUTH_TEST_KILLS", 8));
    for kill in 0..kills {
        for round in 0..2 {
            running.refresh("work").exits(0);
            let pause = random.hash_one((kill, round)) % LATEST_MICROSECONDS;
            std::thread::sleep(Duration::from_micros(pause));
        }
        kill_and_restart(&mut running);
        assert_eq!(running.status_of("work")["state"], "active", "kill {kill}");
        never_asked(&running);
    }
    running.refresh("work").exits(0);
    running.token("work");
}
