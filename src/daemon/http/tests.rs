use std::sync::mpsc::channel;

use mio::{Poll, Token};
use pizauth_common::secret::Secret;
use pizauth_core::http::Method;

use super::*;

const LONG: Duration = Duration::from_secs(20);

/// Patient: what a test waits for comes.
fn limits() -> RequestLimits {
    RequestLimits { total: LONG, ..RequestLimits::default() }
}

fn request() -> Request {
    let uri = "https://as.example/".to_owned();
    Request { method: Method::Get, uri, headers: Vec::new(), body: Secret::from(""), assertion: None }
}

/// Any, with a text that a test can tell it by.
fn failure(name: &str) -> Failure {
    Failure::NoThread(io::Error::other(name.to_owned()))
}

/// A dispatcher over something else than the network, and its mail.
fn dispatched<P>(limits: RequestLimits, perform: P) -> (Http, Receiver<Event>, Poll)
where
    P: Fn(&Request, &Attempt) -> Result<Answer, Failure> + Send + Sync + 'static,
{
    let poll = Poll::new().unwrap();
    let (mailbox, mail) = Mailbox::new(poll.registry(), Token(0)).unwrap();
    (Http::with(mailbox, limits, perform).unwrap(), mail, poll)
}

fn next(mail: &Receiver<Event>) -> (JobId, String, bool) {
    let Ok(Event::HttpAnswered { job, result }) = mail.recv_timeout(LONG) else { panic!("no result") };
    let Lost { sent, why, .. } = result.unwrap_err();
    (job, why, sent)
}

#[test]
fn a_panic_is_a_result() {
    let (http, mail, _poll) = dispatched(limits(), |_, attempt| {
        attempt.begin_sending().unwrap();
        panic!("on purpose");
    });
    http.request(JobId(7), request());
    let (job, why, sent) = next(&mail);
    assert!(job == JobId(7) && why.contains("a bug") && sent, "{why}");
}

#[test]
fn a_worker_given_up_sends_nothing_later_and_reports_nothing_twice() {
    let (release, gate) = channel::<()>();
    let (told, verdicts) = channel();
    let (gate, told) = (std::sync::Mutex::new(gate), std::sync::Mutex::new(told));
    let limits =
        RequestLimits { total: Duration::ZERO, grace: Duration::ZERO, stuck: 1, ..RequestLimits::default() };
    let (http, mail, _poll) = dispatched(limits, move |_, attempt| {
        let _ = gate.lock().unwrap().recv();
        let may_send = attempt.begin_sending().is_ok();
        told.lock().unwrap().send(may_send).unwrap();
        Err(failure("late"))
    });
    http.request(JobId(1), request());
    assert_eq!(next(&mail), (JobId(1), "no answer within 0 s".to_owned(), false));
    http.request(JobId(2), request());
    let (job, why, _) = next(&mail);
    assert!(job == JobId(2) && why.contains("hang"), "the one stuck worker takes the only place: {why}");
    drop(release);
    assert!(!verdicts.recv_timeout(LONG).unwrap(), "it was told not to send");
    // Its place is free again once its late report has been seen, and that report was not posted.
    loop {
        http.request(JobId(3), request());
        let (job, why, _) = next(&mail);
        assert_eq!(job, JobId(3));
        if !why.contains("hang") {
            break;
        }
    }
}

#[test]
fn a_worker_that_comes_back_late_does_not_answer_for_the_next_try_of_its_job() {
    let (begun, has_begun) = channel();
    let poll = Poll::new().unwrap();
    let (mailbox, mail) = Mailbox::new(poll.registry(), Token(0)).unwrap();
    let (mut dispatcher, notes) = Dispatcher::new(mailbox, limits(), move |_: &Request, _: &Attempt| {
        let (say, word) = channel::<&'static str>();
        begun.send(say).unwrap();
        Err(failure(word.recv().unwrap()))
    });
    dispatcher.start(JobId(1), request());
    let first = has_begun.recv_timeout(LONG).unwrap();
    dispatcher.give_up_late_ones(Instant::now() + LONG * 2);
    assert_eq!(next(&mail).1, "no answer within 20 s");
    dispatcher.start(JobId(1), request());
    let second = has_begun.recv_timeout(LONG).unwrap();
    for (worker, word) in [(first, "late"), (second, "in time")] {
        worker.send(word).unwrap();
        dispatcher.handle(Some(notes.recv_timeout(LONG).unwrap()));
    }
    assert_eq!(next(&mail), (JobId(1), failure("in time").to_string(), false));
    assert!(mail.try_recv().is_err() && dispatcher.stuck == 0);
}

#[test]
fn after_a_pause_of_the_process_workers_get_the_time_that_they_could_not_use() {
    let (begun, has_begun) = channel();
    let poll = Poll::new().unwrap();
    let (mailbox, mail) = Mailbox::new(poll.registry(), Token(0)).unwrap();
    let (mut dispatcher, notes) = Dispatcher::new(mailbox, limits(), move |_: &Request, _: &Attempt| {
        let (say, word) = channel::<()>();
        begun.send(say).unwrap();
        let _ = word.recv();
        Err(failure("it was in the socket"))
    });
    dispatcher.start(JobId(1), request());
    let worker = has_begun.recv_timeout(LONG).unwrap();
    dispatcher.allow_for_pause(LONG * 10);
    dispatcher.give_up_late_ones(Instant::now() + LONG * 10);
    worker.send(()).unwrap();
    dispatcher.handle(Some(notes.recv_timeout(LONG).unwrap()));
    assert_eq!(next(&mail).1, failure("it was in the socket").to_string());
    dispatcher.start(JobId(2), request());
    let _worker = has_begun.recv_timeout(LONG).unwrap();
    dispatcher.allow_for_pause(dispatcher.limits.grace);
    dispatcher.give_up_late_ones(Instant::now() + LONG * 2);
    assert_eq!(next(&mail).1, "no answer within 20 s", "a little late is no pause");
}

#[test]
fn no_more_workers_than_allowed() {
    let (release, gate) = channel::<()>();
    let gate = std::sync::Mutex::new(gate);
    let limits = RequestLimits { workers: 1, ..limits() };
    let (http, mail, _poll) = dispatched(limits, move |_, _| {
        let _ = gate.lock().unwrap().recv();
        Err(failure("done"))
    });
    http.request(JobId(1), request());
    http.request(JobId(2), request());
    let (job, why, sent) = next(&mail);
    assert!(job == JobId(2) && why.contains("too many") && !sent, "{why}");
    drop(release);
    assert_eq!(next(&mail), (JobId(1), failure("done").to_string(), false));
}

#[test]
fn once_sending_has_begun_giving_up_says_so() {
    let attempt = Attempt::default();
    attempt.begin_sending().unwrap();
    assert!(attempt.give_up(&failure("late")).sent);
    assert!(attempt.begin_sending().is_ok(), "what has begun may go on");
}
