//! What a refresh token must change that the user brings along.

use pizauth_common::ipc::message::{Candidate, Import};

use super::coverage::Coverage;
use super::model::Phase;
use super::session::Session;
use super::world::World;
use crate::keeper::{Happened, NotImported};
use crate::snapshot::Lineage;

impl World {
    /// Somebody brings a refresh token along: mostly one that fits.
    pub(super) fn import(&mut self, name: &str, coverage: &mut Coverage) {
        self.count(name, "import", coverage);
        let ours = self.accounts[name].client_id.clone();
        let theirs = self.dice.pick(&[None, Some(&*ours), Some(&*ours), Some("another")]).map(str::to_owned);
        let refresh_token = format!("imported-{}", self.serial());
        let candidate =
            Candidate { client_id: theirs.clone(), ..Candidate::of(refresh_token.as_str().into()) };
        let (candidates, dry) = (vec![candidate], self.dice.chance(10));
        let import = Import { account: name.to_owned(), candidates, pick: None, dry };
        let now = self.now;
        let expected = match &self.models[name].phase {
            _ if self.models[name].by_itself => Err(NotImported::ByItself),
            Phase::Exchanging { .. } => Err(NotImported::SigningIn),
            _ if self.models[name].held().is_some_and(|session| !session.is_spent(now.moment)) => {
                Err(NotImported::SignedIn)
            }
            _ if theirs.as_ref().is_some_and(|theirs| **theirs != *ours) => {
                Err(NotImported::OtherClient { theirs: theirs.into_iter().collect(), ours: ours.to_string() })
            }
            _ => Ok(None),
        };
        if expected.is_ok() && !dry {
            self.retry_secret(name);
            self.bring(name, refresh_token);
        }
        assert_eq!(self.keeper.import(&import, now), expected);
        self.absorb();
    }

    fn bring(&mut self, name: &str, refresh_token: String) {
        let now = self.now;
        self.grants.begin(&refresh_token);
        let lineage = Lineage { session: 0, generation: 0, authorized: now.wall };
        let model = self.model(name);
        let needless = model.sign_in().map(|sign_in| (sign_in.url.clone(), true));
        model.forget();
        model.used_url = needless.or(model.used_url.take());
        model.phase = Phase::Active(Session {
            refresh_token: Some(refresh_token),
            lineage,
            is_untried: true,
            ..Session::beginning(now)
        });
        model.expected.event(Happened::Imported);
    }
}
