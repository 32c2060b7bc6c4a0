//! Secrets that commands print: when a command is run, and when not.

use pizauth_common::config::{Account, ClientAuth, ClientSecret};
use pizauth_common::ipc::message::{Candidate, Import, State};
use zeroize::Zeroizing;

use super::bench::{Bench, PORTS, account, config, issued, seconds, transient};
use crate::keeper::{Happened, JobId, MAX_IN_FLIGHT, RevocationEnd, Shown, WaiterId};
use crate::oauth::client_secret::Printed;
use crate::testing::{by_itself, json_answer, on_device, uri};

const HOUR: u64 = 3600;

fn by(command: &str, account: Account) -> Account {
    let secret = ClientSecret::OfCommand(command.into());
    Account { client_auth: ClientAuth::Post(secret), ..account }
}

fn printed(output: &str) -> Printed {
    Printed { output: Zeroizing::new(output.as_bytes().to_vec()), failure: None }
}

fn cancelled() -> Printed {
    let failure = Some("failed (exit 2): cancelled".to_owned());
    Printed { output: Zeroizing::default(), failure }
}

impl Bench {
    /// `work` has tokens whose refresh is due, and nobody has asked for the secret yet.
    fn due() -> Self {
        Self::due_of(&["work"])
    }

    fn due_of(names: &[&str]) -> Self {
        let plain: Vec<_> = names.iter().map(|name| account(name)).collect();
        let mut bench = Self::new(plain.clone());
        for name in names {
            let job = bench.exchange(name);
            bench.answer(job, issued("at-0", Some("rt-0"), 600));
        }
        let of_command = plain.into_iter().map(|account| by("pass show oauth", account)).collect();
        bench.reloads(of_command);
        assert!(bench.asked.is_empty(), "nobody needs it yet");
        bench.pass(520);
        bench
    }

    fn reloads(&mut self, accounts: Vec<Account>) {
        self.keeper.reload(config(accounts), PORTS, self.now);
        self.collect();
    }

    /// The one command that runs.
    fn command(&self) -> JobId {
        match self.asked.as_slice() {
            [(job, ..)] => *job,
            other => panic!("not one command but {other:?}"),
        }
    }

    fn prints(&mut self, printed: &Printed) {
        let job = self.command();
        self.asked.clear();
        self.keeper.secret_told(job, printed, self.now);
        self.collect();
    }

    fn refused(&mut self, error: &str) {
        let job = self.request();
        self.requests.clear();
        let answer = json_answer(401, &format!("{{\"error\":\"{error}\"}}"));
        self.keeper.answered(job, Ok(answer), self.now);
        self.collect();
    }

    fn sent_with(&self, secret: &str) -> bool {
        self.forms().len() == 1 && self.forms()[0].ends_with(&format!("client_secret={secret}"))
    }

    fn error_of(&self, name: &str) -> Option<String> {
        let mut rows = self.keeper.status(self.now).into_iter();
        rows.find(|row| row.account == name).expect("its row").last_error
    }

    fn needs_attention(&self) -> bool {
        self.keeper.status(self.now)[0].needs_attention
    }

    fn refreshes(&mut self) {
        self.keeper.refresh("work", self.now).unwrap();
        self.collect();
    }

    fn is_idle(&self) -> bool {
        self.asked.is_empty() && self.requests.is_empty()
    }
}

#[test]
fn the_command_runs_at_the_first_request_that_needs_it_and_what_it_prints_is_kept() {
    let mut bench = Bench::due();
    let (_, account, command) = bench.asked[0].clone();
    assert_eq!((account.as_str(), command.as_str()), ("work", "pass show oauth"));
    assert!(bench.requests.is_empty(), "nothing is sent without the secret");
    let row = bench.keeper.status(bench.now).remove(0);
    assert!(row.waits_for_secret && !row.in_flight && !row.needs_attention);
    bench.pass(30);
    bench.prints(&printed("s3cret\nuser: me\n"));
    assert!(bench.sent_with("s3cret"));
    assert!(!bench.keeper.status(bench.now)[0].waits_for_secret);
    let job = bench.request();
    bench.answer(job, issued("at-1", None, 600));
    bench.pass(520);
    assert!(bench.asked.is_empty() && bench.sent_with("s3cret"), "{:?}", bench.forms());
}

#[test]
fn it_goes_wherever_a_written_secret_would() {
    // A sign-in in a browser.
    let mut bench = Bench::new(vec![by("c", account("work"))]);
    bench.come_back("work");
    assert_eq!(bench.keeper.status(bench.now)[0].state, State::Exchanging);
    bench.prints(&printed("s3cret"));
    assert!(bench.sent_with("s3cret") && bench.forms()[0].contains("code=c0de"));
    // On another device: the codes, and each poll.
    let mut bench = Bench::new(vec![by("c", on_device(account("work")))]);
    bench.keeper.show("work", bench.now).unwrap();
    bench.collect();
    bench.prints(&printed("s3cret"));
    assert!(bench.forms()[0].contains("client_secret=s3cret"));
    let job = bench.request();
    bench.requests.clear();
    let codes = r#"{"device_code":"dc","user_code":"AB","verification_uri":"https://as.example/d"}"#;
    bench.keeper.answered(job, Ok(json_answer(200, codes)), bench.now);
    bench.pass(5);
    assert!(bench.sent_with("s3cret") && bench.forms()[0].contains("device_code=dc"));
    // A client that signs in by itself.
    let mut bench = Bench::new(vec![by("c", by_itself(account("work")))]);
    bench.keeper.begin_fetching(bench.now);
    bench.collect();
    bench.prints(&printed("s3cret"));
    assert!(bench.sent_with("s3cret"));
    // And a revocation, which waits meanwhile as everybody else does.
    let mut bench = Bench::active(Some("rt-0"), 3600);
    let revocation_uri = Some(uri("https://as.example/revoke").into());
    bench.reloads(vec![Account { revocation_uri, ..by("c", account("work")) }]);
    bench.revokes();
    bench.prints(&printed("s3cret"));
    assert!(bench.sent_with("s3cret") && bench.forms()[0].starts_with("token=rt-0"));
}

impl Bench {
    fn revokes(&mut self) {
        let until = self.now.moment.plus(seconds(35));
        assert_eq!(self.keeper.revoke_remotely("work", WaiterId(1), until, self.now), Ok(Ok(())));
        self.collect();
    }
}

#[test]
fn a_command_that_fails_needs_attention_and_is_not_run_again_for_an_hour() {
    let mut bench = Bench::due();
    bench.prints(&cancelled());
    assert!(bench.needs_attention());
    assert_eq!(bench.error_of("work").unwrap(), "client_secret_cmd failed (exit 2): cancelled");
    assert_eq!(bench.errors(), 1);
    for _ in 0..20 {
        bench.keeper.show("work", bench.now).unwrap();
        bench.pass(179);
        assert!(bench.is_idle());
    }
    bench.pass(20);
    assert_eq!(bench.asked.len(), 1, "an hour has passed");
    bench.prints(&printed(""));
    assert_eq!(bench.errors(), 1, "the user knows");
    assert_eq!(bench.error_of("work").unwrap(), "client_secret_cmd has printed no secret on its first line");
}

#[test]
fn who_asks_for_it_or_changes_something_has_it_run_again_at_once() {
    let acts: [fn(&mut Bench); 2] = [Bench::refreshes, |bench| {
        bench.reloads(vec![by("pass show oauth", account("work"))]);
    }];
    for act in acts {
        let mut bench = Bench::due();
        bench.prints(&cancelled());
        act(&mut bench);
        bench.prints(&printed("s3cret"));
        assert!(bench.sent_with("s3cret"));
    }
    // A refresh token of another program is the user's own act.
    let mut bench = Bench::due();
    bench.prints(&cancelled());
    bench.keeper.revoke("work", bench.now).unwrap();
    let candidate =
        Candidate { refresh_token: "rt-9".into(), client_id: None, label: None, is_family: false };
    let import = Import { account: "work".to_owned(), candidates: vec![candidate], pick: None, dry: false };
    bench.keeper.import(&import, bench.now).unwrap();
    bench.collect();
    assert_eq!(bench.asked.len(), 1);
}

#[test]
fn a_reload_forgets_the_secret() {
    let mut bench = Bench::due();
    bench.prints(&printed("old"));
    let job = bench.request();
    bench.answer(job, issued("at-1", None, 600));
    bench.reloads(vec![by("pass show oauth", account("work"))]);
    bench.pass(520);
    bench.prints(&printed("new"));
    assert!(bench.sent_with("new"));
}

#[test]
fn a_reload_while_the_command_runs_waits_for_it_and_for_no_second_one() {
    let mut bench = Bench::due();
    bench.reloads(vec![by("pass show oauth", account("work"))]);
    bench.prints(&printed("s3cret"));
    assert!(bench.sent_with("s3cret"));
    // Another command has its turn when the first one has ended, which nobody wants to hear of any more.
    let mut bench = Bench::due();
    bench.reloads(vec![by("other", account("work"))]);
    assert_eq!(bench.asked.len(), 1);
    bench.prints(&printed("s3cret"));
    assert!(bench.requests.is_empty());
    assert_eq!(bench.asked[0].2, "other");
    bench.prints(&printed("0ther"));
    assert!(bench.sent_with("0ther"));
}

#[test]
fn a_secret_that_is_refused_is_asked_for_once_more_and_a_new_one_sent_once() {
    let mut bench = Bench::due();
    bench.prints(&printed("old"));
    bench.refused("invalid_client");
    assert!(!bench.needs_attention() && bench.requests.is_empty());
    let is_told = |event: &&crate::keeper::AccountEvent| event.what == Happened::SecretRefused;
    assert_eq!(bench.told.iter().filter(is_told).count(), 1);
    bench.prints(&printed("new"));
    assert!(bench.sent_with("new"));
    bench.refused("invalid_client");
    assert!(bench.is_idle() && bench.needs_attention(), "{:?}", bench.asked);
    assert!(bench.error_of("work").unwrap().starts_with("invalid_client (check client_id"));
    // Somebody has mended it.
    bench.refreshes();
    assert!(bench.sent_with("new"));
    bench.refused("invalid_client");
    bench.prints(&printed("newest"));
    bench.pass(10);
    assert!(bench.sent_with("newest"), "as soon as the bucket allows it");
}

#[test]
fn a_new_secret_that_is_refused_too_is_asked_for_again_an_hour_later() {
    let mut bench = Bench::due();
    bench.prints(&printed("old"));
    bench.refused("invalid_client");
    bench.prints(&printed("new"));
    bench.refused("invalid_client");
    bench.pass(HOUR);
    assert!(bench.sent_with("new") && bench.asked.is_empty());
    bench.refused("invalid_client");
    bench.prints(&printed("newest"));
    assert!(bench.sent_with("newest"));
}

#[test]
fn a_secret_that_stays_the_same_is_not_sent_again() {
    let mut bench = Bench::due();
    bench.prints(&printed("old"));
    bench.refused("invalid_client");
    bench.prints(&printed("old"));
    assert!(bench.is_idle() && bench.needs_attention());
    assert!(bench.error_of("work").unwrap().starts_with("invalid_client"));
    bench.pass(HOUR);
    assert!(bench.sent_with("old"), "an hour later it may be good");
}

#[test]
fn no_other_refusal_asks_for_the_secret() {
    for error in ["unauthorized_client", "invalid_scope", "invalid_request"] {
        let mut bench = Bench::due();
        bench.prints(&printed("old"));
        bench.refused(error);
        assert!(bench.is_idle() && bench.needs_attention(), "{error}");
    }
    let mut bench = Bench::due();
    bench.prints(&printed("old"));
    let job = bench.request();
    bench.answer(job, transient(true));
    assert!(bench.is_idle() && !bench.needs_attention());
}

#[test]
fn a_command_that_fails_after_a_refusal_tells_of_both() {
    let mut bench = Bench::due();
    bench.prints(&printed("old-secret"));
    bench.refused("invalid_client");
    let failure = Some("failed (exit 1): no longer old-secret".to_owned());
    bench.prints(&Printed { output: Zeroizing::default(), failure });
    let error = bench.error_of("work").unwrap();
    let expected = "client_secret_cmd failed (exit 1): no longer …; the secret that it has told before is refused: \
                    invalid_client (";
    assert!(error.starts_with(expected), "{error}");
}

#[test]
fn a_code_is_exchanged_with_the_new_secret() {
    let mut bench = Bench::new(vec![by("c", account("work"))]);
    bench.come_back("work");
    bench.prints(&printed("old"));
    bench.refused("invalid_client");
    bench.prints(&printed("new"));
    assert!(bench.sent_with("new") && bench.forms()[0].contains("code=c0de"));
    let job = bench.request();
    bench.answer(job, issued("at-0", Some("rt-0"), 3600));
    assert_eq!(bench.ends(), ["signed in"]);
}

#[test]
fn codes_are_asked_for_with_the_new_secret() {
    let mut bench = Bench::new(vec![by("c", on_device(account("work")))]);
    bench.keeper.show("work", bench.now).unwrap();
    bench.collect();
    bench.prints(&printed("old"));
    bench.refused("invalid_client");
    bench.prints(&printed("new"));
    assert!(
        bench.forms().len() == 1 && bench.forms()[0].contains("client_secret=new"),
        "{:?}",
        bench.forms()
    );
}

#[test]
fn without_the_secret_a_sign_in_has_failed_and_the_next_asks_for_it() {
    let mut bench = Bench::new(vec![by("c", account("work"))]);
    bench.come_back("work");
    bench.prints(&cancelled());
    assert_eq!(bench.ends(), ["failed"]);
    bench.come_back("work");
    assert_eq!(bench.asked.len(), 1, "the user is there");
}

#[test]
fn show_asks_no_server_for_codes_while_there_is_no_secret() {
    let mut bench = Bench::new(vec![by("c", on_device(account("work")))]);
    let shown = |bench: &mut Bench| {
        let shown = bench.keeper.show("work", bench.now).unwrap();
        bench.collect();
        shown
    };
    shown(&mut bench);
    bench.prints(&cancelled());
    assert_eq!(bench.ends(), ["failed"]);
    bench.pass(60);
    let Shown::Resting { last_error: Some(error), next_code_in } = shown(&mut bench) else {
        panic!("no rest")
    };
    assert_eq!(
        (error.as_str(), next_code_in),
        ("client_secret_cmd failed (exit 2): cancelled", seconds(HOUR - 60))
    );
    assert!(bench.is_idle());
    bench.pass(HOUR - 60);
    shown(&mut bench);
    assert_eq!(bench.asked.len(), 1);
}

#[test]
fn without_the_secret_nothing_is_revoked_at_the_server() {
    let mut bench = Bench::active(Some("rt-0"), 3600);
    let revocation_uri = Some(uri("https://as.example/revoke").into());
    bench.reloads(vec![Account { revocation_uri, ..by("c", account("work")) }]);
    bench.revokes();
    bench.prints(&cancelled());
    let [(_, RevocationEnd::NotRevoked(reason))] = bench.revoked.as_slice() else {
        panic!("{:?}", bench.revoked)
    };
    assert_eq!(reason.as_str(), "client_secret_cmd failed (exit 2): cancelled");
    assert!(matches!(bench.keeper.show("work", bench.now), Ok(Shown::AccessToken(_))));
    // A refused one is asked for once more, here too.
    bench.revokes();
    bench.prints(&printed("old"));
    bench.refused("invalid_client");
    bench.prints(&printed("new"));
    assert!(bench.sent_with("new"));
}

#[test]
fn a_refresh_that_loses_the_secret_ends_although_a_revocation_waits_for_it() {
    let mut bench = Bench::due();
    let revocation_uri = Some(uri("https://as.example/revoke").into());
    bench.reloads(vec![Account { revocation_uri, ..by("pass show oauth", account("work")) }]);
    bench.prints(&printed("old"));
    bench.refused("invalid_client");
    bench.revokes();
    bench.prints(&cancelled());
    assert!(matches!(bench.revoked.as_slice(), [(_, RevocationEnd::NotRevoked(_))]), "{:?}", bench.revoked);
    assert!(bench.needs_attention() && bench.is_idle());
    let row = bench.keeper.status(bench.now).remove(0);
    assert!(!row.in_flight && !row.waits_for_secret);
}

#[test]
fn accounts_of_one_client_share_the_secret_and_its_failure() {
    let mut bench = Bench::due_of(&["a", "b", "c"]);
    assert_eq!(bench.asked.len(), 1);
    bench.prints(&cancelled());
    assert!(bench.is_idle(), "one window was cancelled, and no second one opens");
    assert!(bench.keeper.status(bench.now).iter().all(|row| row.needs_attention));
    bench.keeper.refresh("b", bench.now).unwrap();
    bench.collect();
    bench.prints(&printed("s3cret"));
    assert!(bench.sent_with("s3cret"), "the others are tried in their time");
}

#[test]
fn another_client_server_or_command_has_its_own_secret_and_one_is_asked_for_at_a_time() {
    let other_client = Account { client_id: "other".into(), ..account("b") };
    let other_server = Account { token_uri: uri("https://other.example/token").into(), ..account("c") };
    let accounts = [account("a"), other_client, other_server].map(|account| by("same", by_itself(account)));
    let mut bench = Bench::new([accounts.to_vec(), vec![by("another", by_itself(account("d")))]].concat());
    bench.keeper.begin_fetching(bench.now);
    bench.collect();
    for secret in ["1", "2", "3", "4"] {
        assert_eq!(bench.asked.len(), 1);
        bench.prints(&printed(secret));
        assert!(bench.sent_with(secret));
        let job = bench.request();
        bench.answer(job, issued("at-0", None, 7200));
    }
    assert!(bench.asked.is_empty());
}

#[test]
fn a_secret_that_another_account_has_brought_is_sent_without_asking() {
    let mut bench = Bench::due_of(&["a", "b"]);
    bench.prints(&printed("old"));
    let (first, second) = (bench.requests[0].0, bench.requests[1].0);
    let refusal = || Ok(json_answer(401, r#"{"error":"invalid_client"}"#));
    bench.requests.clear();
    bench.keeper.answered(first, refusal(), bench.now);
    bench.collect();
    bench.prints(&printed("new"));
    assert!(bench.sent_with("new"));
    bench.requests.clear();
    bench.keeper.answered(second, refusal(), bench.now);
    bench.collect();
    assert!(bench.asked.is_empty() && bench.sent_with("new"));
}

#[test]
fn who_waits_for_it_takes_no_place_and_whoever_revokes_waits_no_more() {
    let names: Vec<String> = (0..12).map(|number| format!("n{number}")).collect();
    let mut accounts: Vec<_> = names.iter().map(|name| by(name, by_itself(account(name)))).collect();
    accounts.push(by_itself(account("plain")));
    let mut bench = Bench::new(accounts);
    bench.keeper.begin_fetching(bench.now);
    bench.collect();
    assert_eq!((bench.requests.len(), bench.asked.len()), (1, 1), "the one that needs no secret");
    bench.keeper.revoke("n1", bench.now).unwrap();
    bench.prints(&printed("0"));
    assert_eq!(
        bench.asked[0].1,
        names.iter().filter(|name| *name != "n0" && *name != "n1").min().unwrap().as_str()
    );
    // The token that comes too late is of no account any more.
    let asked = bench.asked[0].1.clone();
    bench.keeper.revoke(&asked, bench.now).unwrap();
    let before = bench.requests.len();
    bench.prints(&printed("late"));
    assert_eq!(bench.requests.len(), before);
}

#[test]
fn a_daemon_that_stops_runs_no_command_and_forgets_no_session() {
    let mut bench = Bench::due_of(&["a"]);
    let job = bench.command();
    bench.keeper.stop();
    bench.keeper.secret_told(job, &cancelled(), bench.now);
    bench.asked.clear();
    bench.pass(2 * HOUR);
    assert!(bench.is_idle());
    assert_eq!(bench.keeper.status(bench.now)[0].state, State::Active);
    assert_eq!(bench.errors(), 0);
}

#[test]
fn codes_that_end_meanwhile_end_the_wait() {
    let mut bench = Bench::new(vec![on_device(account("work"))]);
    bench.keeper.show("work", bench.now).unwrap();
    bench.collect();
    let job = bench.request();
    bench.requests.clear();
    let codes = r#"{"device_code":"dc","user_code":"AB","verification_uri":"https://as.example/d"}"#;
    bench.keeper.answered(job, Ok(json_answer(200, codes)), bench.now);
    bench.reloads(vec![by("c", on_device(account("work")))]);
    bench.pass(5);
    let job = bench.command();
    bench.pass(900);
    assert_eq!(bench.ends(), ["failed"]);
    assert!(!bench.keeper.status(bench.now)[0].waits_for_secret);
    bench.keeper.secret_told(job, &cancelled(), bench.now);
    bench.collect();
    assert_eq!(bench.ends(), ["failed"], "once");
}

#[test]
fn an_account_goes_on_waiting_for_the_secret_whoever_asks_while_all_places_are_taken() {
    let mut accounts: Vec<_> = (0..MAX_IN_FLIGHT).map(|n| by_itself(account(&format!("p{n}")))).collect();
    accounts.push(by("c", by_itself(account("a"))));
    let mut bench = Bench::new(accounts);
    bench.keeper.begin_fetching(bench.now);
    bench.collect();
    assert_eq!((bench.requests.len(), bench.asked.len()), (MAX_IN_FLIGHT, 1));
    bench.keeper.show("a", bench.now).unwrap();
    assert!(bench.keeper.status(bench.now)[0].waits_for_secret);
    bench.prints(&cancelled());
    assert!(bench.keeper.status(bench.now)[0].needs_attention, "it fails without a place");
}
