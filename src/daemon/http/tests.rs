use std::sync::mpsc::channel;

use mio::{Poll, Token};

use super::*;
use pizauth_core::oauth::testing;

const LONG: Duration = Duration::from_secs(20);

/// Patient: what a test waits for comes.
fn limits() -> Limits {
    Limits { total: LONG, ..Limits::default() }
}

fn transient(outcome: Outcome) -> (String, bool) {
    match outcome {
        Outcome::Transient { reason, reached, .. } => (reason.to_string(), reached),
        other => panic!("{other:?}"),
    }
}

/// A dispatcher over something else than the network, and its mail.
fn dispatched<P>(limits: Limits, perform: P) -> (Http, Receiver<Event>, Poll)
where
    P: Fn(&TokenRequest, &Attempt) -> Outcome + Send + Sync + 'static,
{
    let poll = Poll::new().unwrap();
    let (mailbox, mail) = Mailbox::new(poll.registry(), Token(0)).unwrap();
    (Http::with(mailbox, limits, perform).unwrap(), mail, poll)
}

fn next(mail: &Receiver<Event>) -> (JobId, String, bool) {
    let Ok(Event::TokenAnswer { job, outcome }) = mail.recv_timeout(LONG) else { panic!("no answer") };
    let (reason, reached) = transient(outcome);
    (job, reason, reached)
}

#[test]
fn a_panic_is_an_outcome() {
    let (endpoint, mail, _poll) = dispatched(limits(), |_, attempt| {
        attempt.begin_sending().unwrap();
        panic!("on purpose");
    });
    endpoint.request(JobId(7), testing::refresh());
    let (job, reason, reached) = next(&mail);
    assert!(job == JobId(7) && reason.contains("a bug") && reached, "{reason}");
}

#[test]
fn a_worker_given_up_sends_nothing_later_and_reports_nothing_twice() {
    let (release, gate) = channel::<()>();
    let (told, verdicts) = channel();
    let (gate, told) = (std::sync::Mutex::new(gate), std::sync::Mutex::new(told));
    let limits = Limits { total: Duration::ZERO, grace: Duration::ZERO, stuck: 1, ..Limits::default() };
    let (endpoint, mail, _poll) = dispatched(limits, move |_, attempt| {
        let _ = gate.lock().unwrap().recv();
        let may_send = attempt.begin_sending().is_ok();
        told.lock().unwrap().send(may_send).unwrap();
        attempt.failed("late")
    });
    endpoint.request(JobId(1), testing::refresh());
    assert_eq!(next(&mail), (JobId(1), "no answer within 0 s".to_owned(), false));
    endpoint.request(JobId(2), testing::refresh());
    let (job, reason, _) = next(&mail);
    assert!(
        job == JobId(2) && reason.contains("hang"),
        "the one stuck worker takes the only place: {reason}"
    );
    drop(release);
    assert!(!verdicts.recv_timeout(LONG).unwrap(), "it was told not to send");
    // Its place is free again once its late report has been seen, and that report was not posted.
    loop {
        endpoint.request(JobId(3), testing::refresh());
        let (job, reason, _) = next(&mail);
        assert_eq!(job, JobId(3));
        if !reason.contains("hang") {
            break;
        }
    }
}

#[test]
fn a_worker_that_comes_back_late_does_not_answer_for_the_next_try_of_its_job() {
    let (begun, has_begun) = channel();
    let poll = Poll::new().unwrap();
    let (mailbox, mail) = Mailbox::new(poll.registry(), Token(0)).unwrap();
    let (mut dispatcher, notes) =
        Dispatcher::new(mailbox, limits(), move |_: &TokenRequest, attempt: &Attempt| {
            let (say, word) = channel::<&'static str>();
            begun.send(say).unwrap();
            attempt.failed(word.recv().unwrap())
        });
    dispatcher.start(JobId(1), testing::refresh());
    let first = has_begun.recv_timeout(LONG).unwrap();
    dispatcher.give_up_late_ones(Instant::now() + LONG * 2);
    assert_eq!(next(&mail).1, "no answer within 20 s");
    dispatcher.start(JobId(1), testing::refresh());
    let second = has_begun.recv_timeout(LONG).unwrap();
    for (worker, word) in [(first, "late"), (second, "in time")] {
        worker.send(word).unwrap();
        dispatcher.handle(Some(notes.recv_timeout(LONG).unwrap()));
    }
    assert_eq!(next(&mail), (JobId(1), "in time".to_owned(), false));
    assert!(mail.try_recv().is_err() && dispatcher.stuck == 0);
}

#[test]
fn no_more_workers_than_allowed() {
    let (release, gate) = channel::<()>();
    let gate = std::sync::Mutex::new(gate);
    let limits = Limits { workers: 1, ..limits() };
    let (endpoint, mail, _poll) = dispatched(limits, move |_, attempt| {
        let _ = gate.lock().unwrap().recv();
        attempt.failed("done")
    });
    endpoint.request(JobId(1), testing::refresh());
    endpoint.request(JobId(2), testing::refresh());
    let (job, reason, reached) = next(&mail);
    assert!(job == JobId(2) && reason.contains("too many") && !reached, "{reason}");
    drop(release);
    assert_eq!(next(&mail), (JobId(1), "done".to_owned(), false));
}

#[test]
fn once_sending_has_begun_giving_up_says_so() {
    let attempt = Attempt::default();
    attempt.begin_sending().unwrap();
    assert!(transient(attempt.give_up("late")).1);
    assert!(attempt.begin_sending().is_ok(), "what has begun may go on");
}
