//! Reading the configuration again. Where a listener is named by a host name, that is looked up in a thread, one at a
//! time, and the reload is done when the thread has ended: everybody else is served meanwhile. Who asks for a reload
//! in that time waits too, and the file is then read once more for all.

use std::thread;

use pizauth_common::cause::Cause;
use pizauth_common::config::{self, Checked, When};
use pizauth_common::ipc::message::{Answer, Refusal, Report};
use pizauth_common::sys::give_memory_back;
use pizauth_core::moment::{Moment, Now};

use super::answers::{Refused, stopping};
use super::{EventLoop, Rooms};
use crate::containment::{Worker, contain};
use crate::ipc_listener::CallerId;
use crate::log::{self, What};
use crate::mailbox::Event;
use crate::name_lookup::Addresses;
use crate::redirect_listener::Settings;
use crate::saved_state::Next;

/// Where a reload stands.
#[derive(Default)]
pub(super) struct Reloads {
    pending: Option<PendingReload>,
    /// The thread may outlive the reload that it was started for.
    is_looking_up: bool,
}

/// Who has asked for a reload, and how long it waits.
struct Reloader {
    /// None: a signal.
    caller: Option<CallerId>,
    until: Moment,
}

/// A reload that waits for the thread to end.
struct PendingReload {
    reloaders: Vec<Reloader>,
    names: Vec<String>,
    /// What was read, and names these names. Absent: it has to be read again.
    checked: Option<Checked>,
}

/// A reload that has taken too long for some of those who have asked for it.
struct GivenUp {
    late: Vec<Reloader>,
    /// They have asked later, and still have time.
    others: Vec<Reloader>,
    names: Vec<String>,
}

impl Reloads {
    pub(super) fn poll_timeout(&self) -> Option<Moment> {
        self.pending.iter().flat_map(|pending| &pending.reloaders).map(|reloader| reloader.until).min()
    }

    /// Ends the reload that waits as soon as the time of anybody who has asked for it is up.
    fn give_up(&mut self, now: Moment) -> Option<GivenUp> {
        self.poll_timeout().filter(|due| *due <= now)?;
        let PendingReload { reloaders, names, .. } = self.pending.take()?;
        let (late, others) = reloaders.into_iter().partition(|reloader| reloader.until <= now);
        Some(GivenUp { late, others, names })
    }
}

impl EventLoop {
    /// Reads the configuration again and answers the caller, if there is one, at once or later. An error leaves
    /// everything as it was.
    pub(super) fn reload(&mut self, caller: Option<CallerId>, until: Moment, now: Now) {
        let reloader = Reloader { caller, until };
        if self.stage.is_stopping() {
            return self.answer_reload(vec![reloader], Err(stopping()));
        }
        if let Some(pending) = &mut self.reloads.pending {
            pending.reloaders.push(reloader);
            pending.checked = None;
            return;
        }
        self.rooms.supervisor.reloading();
        self.read_again(vec![reloader], now);
    }

    /// The thread has ended.
    pub(super) fn looked_up(&mut self, addresses: Addresses, now: Now) {
        self.reloads.is_looking_up = false;
        match self.reloads.pending.take() {
            Some(PendingReload { reloaders, checked: Some(checked), .. }) => {
                self.adopt(reloaders, checked, addresses, now);
            }
            Some(PendingReload { reloaders, .. }) => self.read_again(reloaders, now),
            None => {}
        }
    }

    /// Gives up a reload whose lookup takes too long. Who has joined it has waited less, and for another file, which is
    /// read now: it may name no host any more.
    pub(super) fn handle_reload_timeout(&mut self, now: Now) {
        let Some(GivenUp { late, others, names }) = self.reloads.give_up(now.moment) else { return };
        let why = format!(
            "cannot look up {} in time (give an address in http_listen and https_listen, or try again)",
            names.join(" and ")
        );
        if others.is_empty() {
            return self.finish_reload(late, Err(bad(why)));
        }
        log_reload_failed(&why);
        self.answer_reload(late, Err(bad(why)));
        self.read_again(others, now);
    }

    /// We stop: nothing becomes of a reload that waits.
    pub(super) fn abandon_reload(&mut self) {
        if let Some(pending) = self.reloads.pending.take() {
            self.finish_reload(pending.reloaders, Err(stopping()));
        }
    }

    fn read_again(&mut self, reloaders: Vec<Reloader>, now: Now) {
        let checked = match config::load(&self.rooms.config_file, When::Reload) {
            Ok(checked) => checked,
            Err(error) => return self.finish_reload(reloaders, Err(bad(error.to_string()))),
        };
        let names = self.rooms.redirect_listener.names_to_look_up(&Settings::new(&checked.config));
        if names.is_empty() {
            return self.adopt(reloaders, checked, Addresses::default(), now);
        }
        let is_another_looked_up = self.reloads.is_looking_up;
        if !is_another_looked_up && let Err(refused) = self.look_up(names.clone()) {
            return self.finish_reload(reloaders, Err(refused));
        }
        let checked = (!is_another_looked_up).then_some(checked);
        self.reloads.pending = Some(PendingReload { reloaders, names, checked });
    }

    fn adopt(&mut self, reloaders: Vec<Reloader>, checked: Checked, addresses: Addresses, now: Now) {
        let done = self.rooms.adopt(checked, addresses, now).map(|(report, next)| {
            self.follow(next, now);
            self.dismiss_guests(now);
            report
        });
        self.finish_reload(reloaders, done);
    }

    fn look_up(&mut self, names: Vec<String>) -> Result<(), Refused> {
        let mailbox = self.rooms.mailbox.clone();
        let look_up = move || {
            let found = contain(Worker::NameLookup, || Addresses::look_up(names));
            mailbox.post(Event::LookedUp(found.unwrap_or_default()));
        };
        let thread = thread::Builder::new().name("lookup".to_owned()).spawn(look_up);
        thread.map_err(|error| bad(format!("cannot look up a host name: {}", Cause(&error))))?;
        self.reloads.is_looking_up = true;
        Ok(())
    }

    fn finish_reload(&mut self, reloaders: Vec<Reloader>, done: Result<Report, Refused>) {
        self.rooms.supervisor.reloaded();
        self.has_news = true;
        match &done {
            Ok(_) => log::event(What::Reloaded).write(),
            Err(Refused(_, why)) => log_reload_failed(why),
        }
        self.answer_reload(reloaders, done);
    }

    fn answer_reload(&mut self, reloaders: Vec<Reloader>, done: Result<Report, Refused>) {
        let answer = done.map_or_else(Answer::from, Answer::from);
        for caller in reloaders.into_iter().filter_map(|reloader| reloader.caller) {
            self.rooms.ipc_listener.answer(caller, &answer);
        }
        give_memory_back();
    }
}

impl Rooms {
    fn adopt(&mut self, checked: Checked, addresses: Addresses, now: Now) -> Result<(Report, Next), Refused> {
        let prepared = self
            .saved_state
            .prepare(checked.config.saved_state.as_ref())
            .map_err(|unusable| bad(unusable.to_string()))?;
        let settings = Settings::new(&checked.config);
        let extra_socket = self
            .prepare_extra_socket(checked.config.extra_socket.clone(), now.moment)
            .map_err(|error| bad(error.to_string()))?;
        self.redirect_listener.reconfigure(settings, addresses).map_err(|error| bad(error.to_string()))?;
        self.change_extra_socket(extra_socket);
        self.dump_callers = checked.config.dump_callers;
        self.hooks.set_commands(checked.config.hooks.clone());
        self.keeper.reload(checked.config, self.redirect_listener.ports_of_redirects(), now);
        let (next, doubts) = self.saved_state.adopt(prepared);
        let warnings = [checked.warnings.lines(), self.redirect_listener.warnings(), doubts].concat();
        Ok((Report::Reloaded { warnings }, next))
    }
}

fn bad(why: String) -> Refused {
    Refused(Refusal::BadConfiguration, why)
}

/// Who asks by a signal hears of it in no other way.
fn log_reload_failed(why: &str) {
    log::event(What::ReloadFailed).field("reason", why).write();
}

#[cfg(test)]
mod tests {
    use pizauth_core::moment::Moment;

    use super::{PendingReload, Reloader, Reloads};
    use crate::testing::{START, after};

    /// A reload that waits for those whose time is up in so many seconds.
    fn pending(waits: &[u64]) -> Reloads {
        let reloader = |wait: &u64| Reloader { caller: None, until: after(*wait) };
        let reloaders = waits.iter().map(reloader).collect();
        let pending = PendingReload { reloaders, names: vec!["host".to_owned()], checked: None };
        Reloads { pending: Some(pending), is_looking_up: true }
    }

    fn times(reloaders: &[Reloader]) -> Vec<Moment> {
        reloaders.iter().map(|reloader| reloader.until).collect()
    }

    #[test]
    fn nobody_is_late_before_their_time_is_up() {
        let mut reloads = pending(&[8, 10]);
        assert_eq!(reloads.poll_timeout(), Some(after(8)));
        assert!(reloads.give_up(after(7)).is_none());
        assert!(reloads.pending.is_some());
        assert!(Reloads::default().give_up(START).is_none());
    }

    #[test]
    fn who_has_time_left_is_told_from_who_is_late() {
        // In the order in which they came: the second had waited for the load before.
        for (now, late, others) in [(3, vec![3], vec![8, 10]), (8, vec![8, 3], vec![10])] {
            let mut reloads = pending(&[8, 3, 10]);
            let given_up = reloads.give_up(after(now)).unwrap();
            let at = |waits: Vec<u64>| waits.into_iter().map(after).collect::<Vec<_>>();
            assert_eq!((times(&given_up.late), times(&given_up.others)), (at(late), at(others)));
            assert_eq!(given_up.names, ["host"]);
            assert!(reloads.pending.is_none());
            assert!(reloads.is_looking_up, "the thread goes on");
        }
    }

    #[test]
    fn all_may_be_late_at_once() {
        let given_up = pending(&[8, 10]).give_up(after(11)).unwrap();
        assert_eq!((given_up.late.len(), given_up.others.len()), (2, 0));
    }
}
