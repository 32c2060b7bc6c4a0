//! A random world around the keeper: callers, browsers, servers with moods, lost answers, hosts that fall silent,
//! reloads, revokes, suspends, clock steps, dumps and restores, saves, loads and kills, in virtual time. The [`model`]
//! says what every step must change and tell, and [`checks`] what must be true after it. A seed reproduces its world
//! exactly.
//!
//! `PIZAUTH_SIMULATION_STEPS` asks for another number of steps than the default, `PIZAUTH_SIMULATION_SEED` for one
//! world, of these and of those with [`issuers`].

mod answers;
mod browser;
mod calls;
mod checks;
mod coverage;
mod device;
mod dice;
mod disk;
mod expected;
mod grants;
mod hosts;
mod importing;
mod issuers;
mod login;
mod model;
mod reload;
mod revocation;
mod saving;
mod secrets;
mod server;
mod session;
mod stamps;
mod transfer;
mod waiters;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use coverage::Coverage;
use world::World;

const DEFAULT_STEPS: u64 = 300_000;
const STEPS_PER_WORLD: u64 = 2_000;
/// At the end of each world the daemon stops.
const STEPS_WHILE_STOPPING: u64 = 150;

fn number_from(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// Has the one world lived through whose seed is given, or else those of so many steps. Returns whether that is no less
/// than by default, so that all has to have been reached.
fn for_each_seed(default_steps: u64, steps_per_world: u64, mut live_through: impl FnMut(u64)) -> bool {
    if let Some(seed) = number_from("PIZAUTH_SIMULATION_SEED") {
        live_through(seed);
        return false;
    }
    let steps = number_from("PIZAUTH_SIMULATION_STEPS").unwrap_or(default_steps);
    (0..steps / steps_per_world).for_each(live_through);
    println!("{steps} steps");
    steps >= default_steps
}

/// Takes a step of a world; a failure says how to see it again.
fn take(step: u64, seed: u64, act: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(act)) {
        eprintln!("step {step} of the world with this seed failed; to see it again:");
        eprintln!("PIZAUTH_SIMULATION_SEED={seed} cargo test -p pizauth-core simulation");
        resume_unwind(panic);
    }
}

/// Runs one world to its end.
fn live_through(seed: u64, coverage: &mut Coverage) {
    let mut world = World::new(seed);
    for step in 0..STEPS_PER_WORLD {
        if step == STEPS_PER_WORLD - STEPS_WHILE_STOPPING {
            world.stop();
        }
        take(step, seed, || world.step(coverage));
    }
    world.end(coverage);
}

#[test]
fn every_promise_holds_in_every_world() {
    let mut coverage = Coverage::default();
    let is_whole = for_each_seed(DEFAULT_STEPS, STEPS_PER_WORLD, |seed| live_through(seed, &mut coverage));
    if is_whole {
        coverage.assert_complete();
    }
    println!("{coverage}");
}

#[test]
fn a_seed_reproduces_its_world() {
    let history = |seed| {
        let mut world = World::new(seed);
        let mut coverage = Coverage::default();
        (0..300).for_each(|_| world.step(&mut coverage));
        format!("{coverage}")
    };
    assert_eq!(history(7), history(7));
    assert_ne!(history(7), history(8));
}
