//! What browsers do: they come back rightly, wrongly and again.

use pizauth_common::secret::Secret;

use super::coverage::Coverage;
use super::model::Phase;
use super::world::World;
use crate::keeper::tests::bench::Bench;
use crate::keeper::{Happened, RedirectVerdict};

impl World {
    /// A browser comes back, rightly or not.
    pub(super) fn visit(&mut self, name: &str, coverage: &mut Coverage) {
        let code = format!("code-{}", self.serial());
        let url = self.model(name).sign_in().map(|sign_in| sign_in.url.clone());
        match (url, self.dice.below(10)) {
            (Some(url), 0..5) => {
                self.count(name, "right redirect", coverage);
                self.come_back(name, &url, &code);
            }
            (_, 5..7) => {
                self.count(name, "wrong redirect", coverage);
                self.come_back_wrongly(name);
            }
            _ => {
                self.count(name, "used redirect", coverage);
                self.come_back_again(name);
            }
        }
        self.absorb();
    }

    fn come_back(&mut self, name: &str, url: &str, code: &str) {
        let now = self.now;
        let mut request = Bench::redirect_request(url);
        let denied = self.dice.chance(10);
        let response = if denied { "error=access_denied".to_owned() } else { format!("code={code}") };
        request.query = Secret::new(request.query.expose().replace("code=c0de", &response));
        self.retry_secret(name);
        let verdict = self.keeper.redirect(&request, now);
        let model = self.model(name);
        model.sign_in_is_used();
        match verdict {
            RedirectVerdict::Exchanging(..) if !denied => {
                let kept = model.stepped_aside(now);
                model.phase = Phase::Exchanging { code: code.to_owned(), tries: 0, due: now.moment, kept };
                model.expected.event(Happened::RedirectAccepted);
            }
            RedirectVerdict::Denied(_, reason) if denied => {
                model.used_url_means_nothing();
                model.authorization_failed(reason, now);
            }
            other => panic!("{other:?}"),
        }
    }

    fn come_back_wrongly(&mut self, name: &str) {
        let url = self.model(name).sign_in().map(|sign_in| sign_in.url.clone());
        let knows_state = url.is_some();
        let url = url.unwrap_or_else(|| "http://server.example/?state=guess".to_owned());
        let mut request = Bench::redirect_request(&url);
        match self.dice.below(3) {
            0 => request.host = "evil.example".to_owned(),
            1 => {
                request.path = "/elsewhere".to_owned();
                if knows_state {
                    self.retry_secret(name);
                }
            }
            _ => request.query = "code=x&state=guess".into(),
        }
        assert_eq!(self.keeper.redirect(&request, self.now), RedirectVerdict::NotFound);
    }

    /// The user reloads the page: no code may be used again.
    fn come_back_again(&mut self, name: &str) {
        let Some((url, means_something)) = self.model(name).used_url.clone() else { return };
        if self.model(name).sign_in().is_some_and(|sign_in| sign_in.url == url) {
            return;
        }
        let verdict = self.keeper.redirect(&Bench::redirect_request(&url), self.now);
        let model = self.model(name);
        let expected = match &model.phase {
            Phase::Exchanging { .. } if means_something => {
                RedirectVerdict::Exchanging(name.into(), model.exchange_error())
            }
            Phase::Active(_) if means_something => RedirectVerdict::AlreadySignedIn(name.into()),
            _ => RedirectVerdict::NotFound,
        };
        assert_eq!(verdict, expected);
    }
}
