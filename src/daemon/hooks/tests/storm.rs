//! Many hooks that behave as badly as hooks can.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use super::*;

/// They hang, leave children, ignore TERM together with those, write 100 MiB, die.
const MISDEEDS: &str = "case $((PIZAUTH_MSG % 5)) in
    0) exec sleep 600 ;;
    1) sleep 600 & sleep 600 & wait ;;
    2) trap '' TERM; sleep 600 & while :; do sleep 600; done ;;
    3) head -c 104857600 /dev/zero ;;
    4) kill -KILL $$ ;;
esac";

/// That of error_notify_cmd.
const LIMIT: Duration = Duration::from_secs(60);

/// How long those that were killed may need on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// With nothing going on for so long, the clock may be moved: but not while one that was killed is on its way out.
const QUIET: Duration = Duration::from_millis(100);

/// The processes of these groups, zombies included that are ours to reap.
fn left_of(groups: &BTreeSet<u32>) -> Vec<String> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let stats = processes.filter_map(|entry| fs::read_to_string(entry.path().join("stat")).ok());
    let is_left = |stat: &String| {
        // PID (COMMAND) STATE PARENT GROUP …
        let mut fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
        let (state, parent, group) = (fields.next(), fields.next(), fields.next());
        let is_ours = parent.is_some_and(|parent| parent == std::process::id().to_string());
        let group = group.and_then(|group| group.parse().ok());
        group.is_some_and(|group| groups.contains(&group)) && (state != Some("Z") || is_ours)
    };
    stats.filter(is_left).collect()
}

#[test]
fn groups_of_bad_hooks_end_within_a_second_of_their_time_and_leave_no_zombie() {
    let count = std::env::var("PIZAUTH_TEST_HOOKS").map_or(40, |count| count.parse().unwrap());
    let mut scene = Scene::new(on_error(MISDEEDS));
    for number in 0..count {
        scene.run(error_notify(&number.to_string()));
    }
    let mut started = BTreeMap::new();
    while !is_idle(&scene.hooks) {
        for running in &scene.hooks.running {
            let since = *started.entry(running.session()).or_insert(scene.now);
            assert!(scene.now.since(since) <= LIMIT + Duration::from_secs(1), "{running:?}");
        }
        if scene.hooks.running.iter().any(RunningHook::awaits_reaping) {
            assert!(scene.turn(PATIENCE), "not gone: {:?}", scene.hooks.running);
        } else if !scene.turn(QUIET) {
            let due = scene.hooks.poll_timeout().expect("whoever is left has a limit");
            scene.pass(due.since(scene.now));
        }
    }
    let groups: BTreeSet<u32> = started.into_keys().collect();
    assert_eq!(groups.len(), count);
    // On a busy machine even a process that was killed takes its time to go.
    let deadline = Instant::now() + PATIENCE;
    while !left_of(&groups).is_empty() {
        assert!(Instant::now() < deadline, "still there: {:?}", left_of(&groups));
        std::thread::sleep(QUIET);
    }
}
