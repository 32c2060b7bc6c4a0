//! A sign-in that is waited for: what is told of it, and what ends the waiting.

use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use pizauth_common::argv::Invocation;
use pizauth_common::exit::Exit;
use pizauth_common::ipc::call::CallError;
use pizauth_common::ipc::message::{Answer, Method, Pending, Report, Response};

use super::browser::Place;
use super::choice::Choice;
use super::conversation::{News, follow, seen};
use super::long_lines::LongLines;
use super::progress::Progress;
use super::qr::Screen;
use super::{browser, interrupt, paste, qr, words};
use crate::advice::nobody_listens;
use crate::ask::{no_access_token, unexpected, unreached};
use crate::local_time::now;
use crate::watch::Watch;

/// How long a user is waited for, if nothing else is said.
const PATIENCE: Duration = Duration::from_secs(600);
/// When the user's code ends, the daemon tells what comes next. If it does not, the command waits so much longer.
const AFTER_A_CODE: Duration = Duration::from_secs(60);

/// A sign-in that is waited for.
pub(super) struct Session<'a> {
    invocation: &'a Invocation,
    account: String,
    choice: Choice,
    /// Whether the address is shown as a QR code, too.
    has_qr: bool,
    zone: TimeZone,
    /// What `--timeout` says.
    patience: Option<Duration>,
    begun: Instant,
    progress: Progress<'a>,
    /// Whether a browser has been opened, or is not to be: each run of the command opens one at most.
    is_opened: bool,
}

impl<'a> Session<'a> {
    /// A sign-in to `account`; `patience` is what `--timeout` says.
    pub(super) fn new(
        invocation: &'a Invocation,
        account: String,
        choice: Choice,
        has_qr: bool,
        patience: Option<Duration>,
    ) -> Self {
        Self {
            invocation,
            account,
            choice,
            has_qr,
            zone: TimeZone::system(),
            patience,
            begun: Instant::now(),
            progress: Progress::of(invocation, choice == Choice::Paste),
            // Whoever scans the code with a phone wants no browser here.
            is_opened: has_qr,
        }
    }

    /// Goes on from the daemon's first answer, which says whether there is something to wait for.
    ///
    /// # Errors
    /// The user is not signed in; why has been printed.
    pub(super) fn begin(mut self, answer: Answer) -> Result<Exit, Exit> {
        if let Answer::Report(Report::SignedIn(signed_in)) = &answer {
            return words::present(self.invocation, &self.account, signed_in, &self.watch());
        }
        let Some(seen) = seen(&self.account, &answer) else { return self.end(answer) };
        let (news, heard) = mpsc::channel();
        interrupt::watch(news.clone());
        self.show(&answer, &news)?;
        let _long_lines = (self.choice == Choice::Paste).then(LongLines::begin);
        if self.choice == Choice::Paste {
            paste::read(self.invocation, &self.account, self.progress.prompt(), news.clone());
        }
        follow(seen, news.clone());
        self.wait(answer, &news, &heard)
    }

    /// Goes on from `stage` until the waiting ends. What comes of showing the next ones is `news`, too, such as a
    /// browser that could not be opened.
    fn wait(&mut self, mut stage: Answer, news: &Sender<News>, heard: &Receiver<News>) -> Result<Exit, Exit> {
        loop {
            let Some(left) = self.deadline(&stage).checked_sub(self.begun.elapsed()) else {
                return Err(self.give_up(&stage));
            };
            let tick = self.progress.tick(self.begun.elapsed());
            let Ok(next) = heard.recv_timeout(tick.min(left)) else { continue };
            match next {
                News::At(answer) if seen(&self.account, &answer).is_none() => return self.end(answer),
                News::At(answer) => {
                    self.show(&answer, news)?;
                    stage = answer;
                }
                News::NoBrowser(why) => self.progress.aside(&why),
                News::Lost(error) => return Err(self.lost(&error)),
                News::Refused(message) => return Err(self.not_done(&message)),
                News::Interrupted => return Err(self.interrupted(&stage)),
                News::NothingFits => return Err(self.not_done(words::NOTHING_FITS)),
            }
        }
    }

    /// Tells the user what they have to do, or what is done.
    fn show(&mut self, stage: &Answer, news: &Sender<News>) -> Result<(), Exit> {
        if let Answer::Response(Response::Pending(pending)) = stage {
            self.invite(pending, news)?;
        }
        self.progress.change(&words::stage(stage), words::trouble(stage));
        Ok(())
    }

    fn invite(&mut self, pending: &Pending, news: &Sender<News>) -> Result<(), Exit> {
        self.progress.end();
        let is_on_device = pending.method == Some(Method::Device);
        if self.has_qr && !is_on_device {
            return Err(self.invocation.usage_error(words::QR_WANTS_DEVICE));
        }
        let invitation = words::invitation(&self.account, pending, &self.watch());
        let from_afar = words::from_afar(&self.account, pending, self.choice, &Place::here());
        match self.invocation.print(&(self.picture(pending) + &invitation + &from_afar)) {
            Exit::Done => {}
            failed => return Err(failed),
        }
        if let Some(why) = &pending.listener_error
            && self.choice != Choice::Paste
        {
            self.invocation.complain(nobody_listens(why));
        }
        if !self.is_opened {
            self.is_opened = true;
            if self.choice.may_open(is_on_device, &Place::here()) {
                browser::open(pending.url.clone(), news.clone());
            }
        }
        Ok(())
    }

    /// The address as a QR code, where that is wanted and can be shown.
    fn picture(&self, pending: &Pending) -> String {
        if !self.has_qr {
            return String::new();
        }
        qr::picture(&pending.url, Screen::here()).unwrap_or_else(|why| {
            self.invocation.complain(why);
            String::new()
        })
    }

    /// When this stage has taken too long, as a time since the command began.
    fn deadline(&self, stage: &Answer) -> Duration {
        let code = match stage {
            Answer::Response(Response::Pending(Pending { expires: Some(at), .. })) => Some(at.since(now())),
            _ => None,
        };
        self.patience.or(code.map(|left| self.begun.elapsed() + left + AFTER_A_CODE)).unwrap_or(PATIENCE)
    }

    /// Ends with the last answer of the daemon.
    fn end(&mut self, answer: Answer) -> Result<Exit, Exit> {
        self.progress.end();
        match answer {
            Answer::Report(Report::SignedIn(signed_in)) => {
                Ok(words::signed_in(self.invocation, &self.account, &signed_in, &self.watch()))
            }
            Answer::Report(Report::Failed { message }) => Err(self.not_done(&message)),
            Answer::Response(response) => {
                Err(no_access_token(self.invocation, &self.account, false, &response))
            }
            Answer::Report(_) => Err(unexpected(self.invocation)),
        }
    }

    fn lost(&mut self, error: &CallError) -> Exit {
        self.progress.end();
        unreached(self.invocation, error)
    }

    fn not_done(&mut self, why: &str) -> Exit {
        self.progress.end();
        self.invocation.not_done(format_args!("{}: {why}", self.account))
    }

    fn give_up(&mut self, stage: &Answer) -> Exit {
        let waited = self.begun.elapsed();
        self.not_done(&words::too_late(&self.account, waited, stage))
    }

    fn interrupted(&mut self, stage: &Answer) -> Exit {
        self.progress.end();
        self.invocation.complain(words::left_alone(&self.account, stage));
        Exit::Interrupted
    }

    fn watch(&self) -> Watch<'_> {
        Watch::new(now(), &self.zone)
    }
}
