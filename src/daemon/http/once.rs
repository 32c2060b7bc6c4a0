//! Requests one after the other, for a process that has nothing else to do and waits for each.

use std::sync::Arc;
use std::sync::mpsc::channel;

use pizauth_core::http::{Answer, Lost, Request};

use super::attempt::Attempt;
use super::failure::Failure;
use super::signer::Sign;
use super::transport::Transport;
use super::{RequestLimits, in_a_thread};

/// The way to servers, as the daemon has it: the same proxies, roots and limits.
pub(crate) struct Once {
    transport: Arc<Transport>,
    limits: RequestLimits,
}

impl Once {
    /// By the variables of this process's environment.
    pub(crate) fn new(sign: Sign) -> Self {
        let limits = RequestLimits::default();
        Self { transport: Arc::new(Transport::new(limits, sign, |name| std::env::var_os(name))), limits }
    }

    /// Sends the request and waits for what comes of it, for as long as the daemon does.
    ///
    /// # Errors
    /// There is no answer.
    pub(crate) fn ask(&self, request: Request) -> Result<Answer, Lost> {
        let transport = Arc::clone(&self.transport);
        ask(self.limits, request, move |request, attempt| transport.perform(request, attempt))
    }
}

fn ask(
    limits: RequestLimits,
    request: Request,
    perform: impl FnOnce(&Request, &Attempt) -> Result<Answer, Failure> + Send + 'static,
) -> Result<Answer, Lost> {
    let attempt = Arc::new(Attempt::default());
    let (sender, receiver) = channel();
    let started = in_a_thread(perform, request, Arc::clone(&attempt), move |result| {
        // Nobody listens once this was given up.
        let _ = sender.send(result);
    });
    started.map_err(|error| attempt.lost(&Failure::NoThread(error)))?;
    // A name lookup knows no time limit.
    let result = receiver.recv_timeout(limits.total + limits.grace);
    result.unwrap_or_else(|_| Err(attempt.give_up(&Failure::Late { limit: limits.total })))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use pizauth_common::secret::Secret;
    use pizauth_core::http::Method;

    use super::*;

    fn request() -> Request {
        let uri = "https://as.example/".to_owned();
        Request { method: Method::Get, uri, headers: Vec::new(), body: Secret::from(""), assertion: None }
    }

    #[test]
    fn who_hangs_is_given_up_and_sends_nothing_later() {
        let limits =
            RequestLimits { total: Duration::ZERO, grace: Duration::ZERO, ..RequestLimits::default() };
        let (release, gate) = channel::<()>();
        let (told, verdicts) = channel();
        let lost = ask(limits, request(), move |_, attempt| {
            // Until this test is over with the verdict.
            let _ = gate.recv();
            told.send(attempt.begin_sending().is_ok()).unwrap();
            Err(Failure::NoUri)
        });
        let Lost { sent, why, .. } = lost.unwrap_err();
        assert_eq!((sent, why.as_str()), (false, "no answer within 0 s"));
        drop(release);
        assert_eq!(verdicts.recv_timeout(Duration::from_secs(20)), Ok(false));
    }

    #[test]
    fn a_panic_is_no_answer() {
        let lost = ask(RequestLimits::default(), request(), |_, _| panic!("on purpose"));
        assert!(lost.unwrap_err().why.contains("a bug"));
    }
}
