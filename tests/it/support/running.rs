//! The usual scene: an authorization server, a sandbox, a daemon that knows some accounts.

use pizauth_test_server::{AuthServer, Endpoint, Entry, Fault, Gate, Https, Policy, browser};
use serde_json::Value;
use url::Url;

use super::{Daemon, PATIENCE, Ran, Sandbox};

/// The one line that programs look for (pizauth-show(1)).
const PENDING: &str = "Access token unavailable until authorised with URL ";

/// What a scene is made from.
pub(crate) struct Setup {
    policy: Policy,
    globals: String,
    accounts: Vec<(String, String)>,
    uses_tls: bool,
    asks_issuer: bool,
    metadata: Option<Fault>,
}

/// An authorization server, and a daemon with an account `work` (unless said otherwise).
pub(crate) struct Running {
    // Dropped in this order: the daemon before what it talks to.
    pub(crate) daemon: Daemon,
    _https: Option<Https>,
    pub(crate) server: AuthServer,
    pub(crate) sandbox: Sandbox,
}

impl Setup {
    pub(crate) fn new() -> Self {
        let (policy, globals, accounts) = (Policy::default(), String::new(), Vec::new());
        Self { policy, globals, accounts, uses_tls: false, asks_issuer: false, metadata: None }
    }

    pub(crate) fn policy(mut self, change: impl FnOnce(&mut Policy)) -> Self {
        change(&mut self.policy);
        self
    }

    /// Lines for the top of the configuration.
    pub(crate) fn global(mut self, lines: &str) -> Self {
        self.globals.push_str(lines);
        self.globals.push('\n');
        self
    }

    /// An account, with further fields.
    pub(crate) fn account(mut self, name: &str, fields: &str) -> Self {
        self.accounts.push((name.into(), fields.into()));
        self
    }

    /// The accounts name the issuer in place of endpoints.
    pub(crate) fn asks_issuer(mut self) -> Self {
        self.asks_issuer = true;
        self
    }

    /// The same, and it answers so as long as nobody says otherwise.
    pub(crate) fn asks_issuer_that_says(self, metadata: Fault) -> Self {
        Self { metadata: Some(metadata), ..self.asks_issuer() }
    }

    /// The token endpoint is asked over TLS. The daemon started here trusts its certificate; another one would not.
    pub(crate) fn over_tls(mut self) -> Self {
        self.uses_tls = true;
        self
    }

    #[track_caller]
    pub(crate) fn start(mut self) -> Running {
        if self.accounts.is_empty() {
            self = self.account("work", "");
        }
        let server = AuthServer::start(self.policy.clone()).expect("starting the authorization server");
        if self.metadata.is_some() {
            server.script_always(Endpoint::Metadata, self.metadata.take());
        }
        let sandbox = Sandbox::new();
        let https = self.uses_tls.then(|| Https::before(&server).expect("starting its HTTPS listener"));
        let token_uri = https.as_ref().map_or_else(|| server.token_uri(), Https::token_uri);
        sandbox.write_config(&self.config(&server, &token_uri));
        let mut call = sandbox.applet("server").args(["-vvv"]);
        if let Some(https) = &https {
            call = call.env("SSL_CERT_FILE", sandbox.write("ca.pem", https.certificate()));
        }
        let daemon = Daemon::start(&sandbox, call);
        Running { daemon, _https: https, server, sandbox }
    }

    /// The configuration file.
    fn config(&self, server: &AuthServer, token_uri: &str) -> String {
        let mut text = self.globals.clone();
        if !text.contains("https_listen") {
            text.push_str("https_listen = none;\n");
        }
        for (name, fields) in &self.accounts {
            // `@ISSUER@` stands for the server, whose port nobody knows before it has started.
            let fields = fields.replace("@ISSUER@", server.issuer());
            let endpoints = match self.asks_issuer {
                true => format!("issuer = \"{}\";", server.issuer()),
                false => format!("auth_uri = \"{}\";\n  token_uri = \"{token_uri}\";", server.auth_uri()),
            };
            text.push_str(&account_block(&endpoints, name, &fields));
        }
        text
    }
}

fn account_block(endpoints: &str, name: &str, fields: &str) -> String {
    format!(
        "account \"{name}\" {{\n  {endpoints}\n  client_id = \"client-of-{name}\";\n  scopes = [\"imap\", \"smtp\"];\n  {fields}\n}}\n"
    )
}

impl Running {
    /// With the account `work` and nothing special.
    #[track_caller]
    pub(crate) fn start() -> Self {
        Setup::new().start()
    }

    /// A daemon with these hooks that accepts commands and need not be ready.
    #[track_caller]
    pub(crate) fn starting(hooks: &str) -> Self {
        let mut running = Self::start();
        running.stop();
        running.sandbox.prepend_config(hooks);
        running.restart_without_waiting();
        running
    }

    /// Starts the next daemon, and waits until it accepts commands.
    #[track_caller]
    pub(crate) fn restart_without_waiting(&mut self) {
        self.daemon = Daemon::spawn(self.sandbox.applet("server").args(["-vvv"]));
        let is_there = || self.sandbox.applet("status").run().status.success().then_some(());
        super::eventually("the daemon", is_there);
    }

    /// Approves, as its user, the authorization whose URL a hook has written into a file.
    #[track_caller]
    pub(crate) fn approve_asked(&self, file: &str) {
        let asked = super::eventually("a URL", || {
            let asked = self.sandbox.read(file);
            asked.split_once(PENDING).and_then(|(_, url)| url.strip_suffix('\n')).map(str::to_owned)
        });
        let page = browser::approve(&asked).expect("the browser's way through");
        assert_eq!(page.status, 200, "{}", page.body);
    }

    /// Ends the daemon as its user does.
    #[track_caller]
    pub(crate) fn stop(&self) {
        self.sandbox.applet("shutdown").run().exits(0);
        self.daemon.wait();
    }

    /// Ends the daemon, and starts the next one by a shell script that ends in `exec "$@"`.
    #[track_caller]
    pub(crate) fn restart_by(&mut self, script: &str) {
        self.stop();
        let daemon = env!("CARGO_BIN_EXE_pizauthd");
        let server = self.sandbox.program("/bin/sh").args(["-c", script, "sh", daemon, "-vvv"]);
        self.daemon = Daemon::start(&self.sandbox, server);
    }

    /// Ends the daemon, and starts the next one with so many descriptors. What whoever runs the tests has left open
    /// would count, too.
    #[track_caller]
    pub(crate) fn restart_with_descriptors(&mut self, limit: u64) {
        let close =
            r#"for fd in /proc/self/fd/*; do fd=${fd##*/}; [ $fd -le 3 ] || eval "exec $fd>&-"; done"#;
        self.restart_by(&format!("exec bash -c '{close}; ulimit -n {limit}; exec \"$@\"' bash \"$@\""));
    }

    #[track_caller]
    pub(crate) fn show(&self, account: &str) -> Ran {
        self.sandbox.applet("show").args([account]).run()
    }

    #[track_caller]
    pub(crate) fn refresh(&self, account: &str) -> Ran {
        self.sandbox.applet("refresh").args([account]).run()
    }

    /// The first refresh of an account, under way at the server, which answers when the gate is opened.
    #[track_caller]
    pub(crate) fn begin_held_refresh(&self, account: &str) -> Gate {
        let gate = Gate::closed();
        self.server.script(Endpoint::Refresh, Fault::none().held(&gate));
        self.refresh(account).exits(0);
        self.wait_arrived(Endpoint::Refresh, 1);
        gate
    }

    #[track_caller]
    pub(crate) fn revoke(&self, account: &str) -> Ran {
        self.sandbox.applet("revoke").args([account]).run()
    }

    /// The URL that `show` tells of.
    #[track_caller]
    pub(crate) fn pending_url(&self, account: &str) -> String {
        url_in(&self.show(account).exits(1).prints_nothing())
    }

    /// Approves an account as its user; returns the access token that `show` prints then.
    #[track_caller]
    pub(crate) fn sign_in(&self, account: &str) -> String {
        let page = browser::approve(&self.pending_url(account)).expect("the browser's way through");
        assert_eq!(page.status, 200, "{}", page.body);
        self.token(account)
    }

    /// The access token that `show` prints.
    #[track_caller]
    pub(crate) fn token(&self, account: &str) -> String {
        self.show(account).exits(0).line()
    }

    /// The row of an account in `status -j`.
    #[track_caller]
    pub(crate) fn status_of(&self, account: &str) -> Value {
        let status = self.sandbox.applet("status").args(["-j"]).run().exits(0);
        let status: Value = serde_json::from_slice(&status.stdout).expect("status -j prints JSON");
        let accounts = status["accounts"].as_array().expect("status -j has accounts");
        accounts.iter().find(|row| row["account"] == account).expect("a row for the account").clone()
    }

    /// Waits until `count` requests to an endpoint are finished; returns the last of them.
    #[track_caller]
    pub(crate) fn wait_finished(&self, endpoint: Endpoint, count: usize) -> Entry {
        let at = |entries: &[Entry]| {
            let mut fitting = entries.iter().filter(|entry| entry.endpoint == endpoint);
            fitting.nth(count - 1).filter(|entry| entry.is_finished()).cloned()
        };
        let found = self.server.log().wait_for(PATIENCE, at);
        found.unwrap_or_else(|| panic!("fewer than {count} of {endpoint:?}:\n{}", self.daemon.log()))
    }

    /// Waits until `count` requests to an endpoint have arrived.
    #[track_caller]
    pub(crate) fn wait_arrived(&self, endpoint: Endpoint, count: usize) -> Entry {
        let at = |entries: &[Entry]| {
            entries.iter().filter(|entry| entry.endpoint == endpoint).nth(count - 1).cloned()
        };
        let found = self.server.log().wait_for(PATIENCE, at);
        found.unwrap_or_else(|| panic!("fewer than {count} of {endpoint:?}:\n{}", self.daemon.log()))
    }

    /// Waits until `show` prints another access token than `old`.
    #[track_caller]
    pub(crate) fn wait_for_other_token(&self, account: &str, old: &str) -> String {
        super::eventually("another access token", || {
            let ran = self.show(account);
            (ran.code() == 0).then(|| ran.line()).filter(|token| token != old)
        })
    }
}

/// An authorization server that does as it should, and nothing around it.
#[track_caller]
pub(crate) fn server() -> AuthServer {
    AuthServer::start(Policy::default()).expect("an authorization server")
}

/// The `state` in an authorization request URL.
#[track_caller]
pub(crate) fn state_in(url: &str) -> String {
    let url = Url::parse(url).expect("an authorization request URL");
    let state = url.query_pairs().find(|(name, _)| name == "state");
    state.expect("a state").1.into_owned()
}

/// The authorization request URL in what `show` or `refresh` said.
#[track_caller]
pub(crate) fn url_in(ran: &Ran) -> String {
    let line = ran.stderr.lines().find_map(|line| line.split_once(PENDING));
    line.unwrap_or_else(|| panic!("no authorization URL in {:?}", ran.stderr)).1.to_owned()
}
