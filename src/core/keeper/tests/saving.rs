use super::bench::{Bench, PORTS, account, config, counting_entropy, issued, transient};
use crate::keeper::{Keeper, NotSaved, Shown};
use crate::snapshot::Snapshot;

impl Bench {
    /// One account `work`, signed in, with nothing left to save.
    fn saving() -> Self {
        let mut bench = Self::new(vec![account("work")]);
        bench.keeper.load(bench.now);
        bench.keeper.loaded(None, bench.now);
        let job = bench.exchange("work");
        bench.answer(job, issued("at-0", Some("rt-0"), 3600));
        bench.save(Ok(()));
        bench
    }

    /// What was saved could not be read at the start, so that there is nothing to be revoked. What was saved.
    fn unread() -> (Self, Snapshot) {
        let mut bench = Self::saving();
        let saved = bench.keeper.dump(bench.now);
        let accounts = vec![account("work"), account("home")];
        bench.keeper = Keeper::new(config(accounts), PORTS, counting_entropy());
        bench.keeper.load(bench.now);
        bench.keeper.loaded(None, bench.now);
        (bench, saved)
    }

    /// Lets a save that is due begin.
    fn due_save(&mut self) -> Option<Snapshot> {
        self.pass(0);
        self.saves.last().map(|(_, snapshot)| snapshot.clone())
    }

    /// The save that is due, ended so.
    fn save(&mut self, result: Result<(), NotSaved>) -> Snapshot {
        self.due_save();
        let (job, snapshot) = self.saves.pop().expect("a save was due");
        self.keeper.saved(job, result, self.now);
        self.collect();
        snapshot
    }

    /// So many seconds until a save begins, if one will within two hours.
    fn seconds_to_the_save(&mut self) -> Option<u64> {
        let before = self.now.moment;
        for second in 0..7200 {
            if self.due_save().is_some() {
                return Some(self.now.moment.since(before).as_secs());
            }
            assert!(self.requests.is_empty(), "second {second}: a request");
            self.pass(1);
        }
        None
    }

    fn refreshed(&mut self, access_token: &str, refresh_token: Option<&str>) {
        self.keeper.refresh("work", self.now).unwrap();
        self.collect();
        let job = self.request();
        self.answer(job, issued(access_token, refresh_token, 3600));
    }
}

fn refresh_token(snapshot: &Snapshot) -> Option<&str> {
    snapshot.accounts.first()?.refresh_token.as_ref().map(|token| token.expose())
}

#[test]
fn without_the_options_nothing_is_saved() {
    let mut bench = Bench::active(Some("rt-0"), 3600);
    bench.pass(600);
    assert!(bench.saves.is_empty() && !bench.keeper.awaits_a_save());
}

#[test]
fn a_session_won_or_lost_and_a_new_refresh_token_are_saved_at_once() {
    let mut bench = Bench::saving();
    bench.rest(60);
    bench.refreshed("at-1", Some("rt-1"));
    assert_eq!(refresh_token(&bench.save(Ok(()))), Some("rt-1"));
    bench.keeper.revoke("work", bench.now).unwrap();
    assert_eq!(bench.save(Ok(())), Snapshot::default());
    assert!(!bench.keeper.awaits_a_save());
}

#[test]
fn a_new_access_token_alone_is_saved_within_30_seconds() {
    let mut bench = Bench::saving();
    bench.rest(60);
    bench.refreshed("at-1", Some("rt-0"));
    bench.pass(20);
    bench.refreshed("at-2", None);
    assert_eq!(bench.seconds_to_the_save(), Some(10));
    let saved = bench.save(Ok(()));
    assert_eq!(saved, bench.keeper.dump(bench.now), "the last state");
}

#[test]
fn what_has_not_changed_is_not_saved() {
    let mut bench = Bench::saving();
    assert_eq!(bench.keeper.show("work", bench.now), Ok(Shown::AccessToken("at-0".into())));
    bench.keeper.reload(config(vec![account("work")]), PORTS, bench.now);
    bench.rest(60);
    bench.keeper.refresh("work", bench.now).unwrap();
    bench.collect();
    bench.fail_once(transient(true));
    assert!(!bench.keeper.awaits_a_save());
    let end_of_token = bench.keeper.status(bench.now)[0].expires;
    assert!(bench.keeper.poll_timeout().map(|due| bench.now.wall_at(due)) <= end_of_token);
}

#[test]
fn the_end_of_an_access_token_is_saved_with_the_next_thing() {
    let mut bench = Bench::saving();
    bench.rest(4000);
    bench.pass(0);
    let job = bench.request();
    bench.answer(job, transient(false));
    assert!(bench.saves.is_empty());
    bench.keeper.stop();
    bench.pass(30);
    assert_eq!(bench.save(Ok(())).accounts[0].access_token, None);
}

#[test]
fn one_save_goes_on_at_a_time_and_the_last_state_wins() {
    let mut bench = Bench::saving();
    bench.rest(60);
    bench.refreshed("at-1", Some("rt-1"));
    assert_eq!(refresh_token(&bench.due_save().unwrap()), Some("rt-1"));
    bench.keeper.revoke("work", bench.now).unwrap();
    bench.pass(0);
    let (first, _) = bench.saves.pop().unwrap();
    assert!(bench.saves.is_empty(), "a second one at once");
    bench.keeper.saved(first, Ok(()), bench.now);
    assert_eq!(bench.save(Ok(())), Snapshot::default());
    bench.keeper.saved(first, Err(NotSaved::Failed), bench.now);
    assert!(!bench.keeper.awaits_a_save(), "a ticket counts once");
}

#[test]
fn a_refresh_token_is_not_sent_before_it_is_saved_but_a_minute_is_enough() {
    for ends in [Some(Ok(())), Some(Err(NotSaved::Failed)), None] {
        let mut bench = Bench::saving();
        bench.rest(60);
        bench.refreshed("at-1", Some("rt-1"));
        bench.due_save();
        bench.rest(20);
        bench.keeper.refresh("work", bench.now).unwrap();
        bench.collect();
        assert!(bench.requests.is_empty(), "it might be lost");
        match ends {
            Some(result) => {
                let (job, _) = bench.saves.pop().unwrap();
                bench.keeper.saved(job, result, bench.now);
                bench.collect();
            }
            None => bench.pass(40),
        }
        assert!(bench.requests[0].1.contains("refresh_token=rt-1"), "{ends:?}");
    }
}

#[test]
fn a_save_that_began_before_the_refresh_token_came_does_not_let_it_go() {
    let mut bench = Bench::saving();
    bench.rest(60);
    bench.refreshed("at-1", Some("rt-1"));
    bench.due_save();
    bench.rest(60);
    bench.refreshed("at-2", Some("rt-2"));
    bench.save(Ok(()));
    bench.keeper.refresh("work", bench.now).unwrap();
    bench.collect();
    assert!(bench.requests.is_empty(), "rt-2 is not saved");
    assert_eq!(refresh_token(&bench.save(Ok(()))), Some("rt-2"));
    assert!(bench.requests[0].1.contains("refresh_token=rt-2"));
}

#[test]
fn a_save_that_fails_is_tried_again_with_growing_pauses_and_at_once_with_a_change() {
    let mut bench = Bench::saving();
    bench.keeper.revoke("work", bench.now).unwrap();
    for pause in [10, 20, 40, 80, 160, 320, 640, 900, 900] {
        bench.save(Err(NotSaved::Failed));
        assert_eq!(bench.seconds_to_the_save(), Some(pause));
    }
    bench.save(Err(NotSaved::Failed));
    let job = bench.exchange("work");
    bench.answer(job, issued("at-9", Some("rt-9"), 3600));
    bench.save(Ok(()));
    bench.keeper.revoke("work", bench.now).unwrap();
    bench.save(Err(NotSaved::Failed));
    assert_eq!(bench.seconds_to_the_save(), Some(10), "as if for the first time");
}

#[test]
fn what_may_prompt_is_tried_again_with_a_change_and_every_quarter_of_an_hour_at_most() {
    let mut bench = Bench::saving();
    bench.keeper.revoke("work", bench.now).unwrap();
    bench.save(Err(NotSaved::Prompting));
    assert_eq!(bench.seconds_to_the_save(), None);
    let job = bench.exchange("work");
    bench.answer(job, issued("at-9", Some("rt-9"), 86_400));
    bench.save(Err(NotSaved::Prompting));
    bench.keeper.revoke("work", bench.now).unwrap();
    assert_eq!(bench.seconds_to_the_save(), Some(900));
    bench.save(Err(NotSaved::Prompting));
    bench.keeper.save_anew(bench.now);
    bench.save(Err(NotSaved::Prompting));
    bench.keeper.stop();
    assert!(!bench.keeper.awaits_a_save(), "nobody is asked at the end");
}

#[test]
fn a_stop_saves_what_has_changed_and_gives_up_after_one_failure() {
    let mut bench = Bench::saving();
    bench.keeper.stop();
    assert!(!bench.keeper.awaits_a_save());

    let mut bench = Bench::saving();
    bench.rest(60);
    bench.refreshed("at-1", None);
    bench.keeper.stop();
    assert_eq!(bench.seconds_to_the_save(), Some(0), "what else would wait for half a minute");
    assert!(bench.keeper.awaits_a_save());
    bench.save(Err(NotSaved::Failed));
    assert!(!bench.keeper.awaits_a_save());
    bench.keeper.revoke("work", bench.now).unwrap();
    bench.save(Ok(()));
    assert!(!bench.keeper.awaits_a_save());
}

#[test]
fn a_save_that_goes_on_at_the_stop_and_fails_is_tried_once_more() {
    let mut bench = Bench::saving();
    bench.keeper.revoke("work", bench.now).unwrap();
    bench.due_save();
    bench.keeper.stop();
    bench.save(Err(NotSaved::Failed));
    bench.save(Err(NotSaved::Failed));
    assert!(!bench.keeper.awaits_a_save());
}

#[test]
fn nothing_replaces_what_is_being_read() {
    let mut bench = Bench::saving();
    let saved = bench.keeper.dump(bench.now);
    bench.keeper = Keeper::new(config(vec![account("work"), account("home")]), PORTS, counting_entropy());
    bench.keeper.load(bench.now);
    assert!(!bench.keeper.awaits_a_save());
    let restored = bench.keeper.loaded(Some(saved.clone()), bench.now);
    assert_eq!(restored.restored, ["work".into()]);
    assert!(!bench.keeper.awaits_a_save(), "it is there already");
    bench.keeper.load(bench.now);
    bench.keeper.revoke("work", bench.now).unwrap();
    assert!(!bench.keeper.awaits_a_save());
    bench.keeper.loaded(None, bench.now);
    bench.keeper.stop_saving(bench.now);
    assert!(!bench.keeper.awaits_a_save());
}

#[test]
fn what_was_revoked_is_not_loaded_until_a_good_save_has_forgotten_it() {
    let (mut bench, saved) = Bench::unread();
    bench.keeper.revoke("work", bench.now).unwrap();
    bench.save(Err(NotSaved::Failed));
    bench.keeper.load(bench.now);
    let loaded = bench.keeper.loaded(Some(saved.clone()), bench.now);
    assert_eq!(loaded.restored, []);
    assert_eq!(loaded.skipped, [("work".into(), "it was revoked after it was saved")]);
    assert_eq!(bench.save(Ok(())), Snapshot::default(), "the file has it no more");

    bench.keeper.load(bench.now);
    let loaded = bench.keeper.loaded(Some(saved.clone()), bench.now);
    assert_eq!(loaded.restored, ["work".into()], "somebody has put that there since");
    bench.keeper.revoke("work", bench.now).unwrap();
    bench.keeper.restore(saved.clone(), bench.now);
    bench.keeper.reload(config(vec![account("home")]), PORTS, bench.now);
    bench.keeper.reload(config(vec![account("work")]), PORTS, bench.now);
    bench.keeper.load(bench.now);
    let loaded = bench.keeper.loaded(Some(saved), bench.now);
    assert_eq!(loaded.restored, ["work".into()], "the user has had it back");
}

#[test]
fn what_is_revoked_while_a_save_goes_on_is_not_loaded_after_it() {
    let (mut bench, saved) = Bench::unread();
    bench.keeper.save_anew(bench.now);
    bench.due_save();
    bench.keeper.revoke("work", bench.now).unwrap();
    bench.save(Ok(()));
    bench.keeper.load(bench.now);
    assert_eq!(bench.keeper.loaded(Some(saved), bench.now).restored, []);
}

#[test]
fn what_is_put_back_after_a_revoke_was_saved_is_loaded() {
    let (mut bench, saved) = Bench::unread();
    bench.keeper.revoke("work", bench.now).unwrap();
    bench.save(Ok(()));
    bench.keeper.load(bench.now);
    assert_eq!(bench.keeper.loaded(Some(saved), bench.now).restored, ["work".into()]);
}

#[test]
fn once_nothing_is_to_be_saved_any_more_nothing_waits_for_that() {
    let mut bench = Bench::saving();
    bench.rest(60);
    bench.refreshed("at-1", Some("rt-1"));
    bench.keeper.refresh("work", bench.now).unwrap();
    bench.collect();
    assert!(bench.requests.is_empty(), "rt-1 is not saved");
    bench.keeper.stop_saving(bench.now);
    bench.collect();
    assert!(!bench.keeper.awaits_a_save());
    let job = bench.request();
    bench.answer(job, issued("at-2", Some("rt-2"), 3600));
    bench.pass(60);
    assert!(bench.saves.is_empty());
}

#[test]
fn a_revoke_while_nothing_is_saved_counts_once_something_is() {
    let mut bench = Bench::saving();
    let saved = bench.keeper.dump(bench.now);
    bench.keeper.stop_saving(bench.now);
    bench.keeper.revoke("work", bench.now).unwrap();
    bench.keeper.load(bench.now);
    assert_eq!(bench.keeper.loaded(Some(saved), bench.now).restored, []);
    assert_eq!(bench.save(Ok(())), Snapshot::default());
}

#[test]
fn what_is_here_and_was_not_there_is_saved_after_the_load() {
    let mut bench = Bench::active(Some("rt-0"), 3600);
    let older = bench.keeper.dump(bench.now);
    bench.refreshed("at-1", Some("rt-1"));
    bench.keeper.load(bench.now);
    assert_eq!(bench.keeper.loaded(Some(older), bench.now).kept, ["work".into()]);
    assert_eq!(refresh_token(&bench.save(Ok(()))), Some("rt-1"));
    bench.keeper.save_anew(bench.now);
    bench.save(Ok(()));
}
