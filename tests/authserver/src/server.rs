//! The server itself: a listener, a thread a connection (bounded), and what they share.

use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::authorization;
use crate::device;
use crate::fault::{Fault, Script};
use crate::log::{Answer, Endpoint, Log};
use crate::metadata;
use crate::policy::Policy;
use crate::registration;
use crate::store::Store;
use crate::sync::Watched;
use crate::token;
use crate::wire::{self, Request, Response};

/// Connections at a time; more wait in the listener's queue.
const MAX_CONNECTIONS: usize = 128;
const LONGEST_WAIT: Duration = Duration::from_secs(120);

/// An authorization server on 127.0.0.1 that runs until it is dropped.
#[derive(Debug)]
pub struct AuthServer {
    shared: Arc<Shared>,
    port: u16,
    accepting: Option<Accepting>,
    /// The connection that woke it to stop: while it is there, nobody else is given the port.
    keeps_port: Option<(TcpStream, TcpStream)>,
}

#[derive(Debug)]
struct Accepting {
    stop: Arc<Watched<bool>>,
    /// Gives the connection that woke it to stop.
    thread: JoinHandle<Option<TcpStream>>,
}

#[derive(Debug, Default)]
struct Shared {
    issuer: String,
    log: Log,
    policy: Watched<Policy>,
    store: Watched<Store>,
    script: Watched<Script>,
    connections: Watched<usize>,
}

impl AuthServer {
    /// On a free port.
    pub fn start(policy: Policy) -> io::Result<Self> {
        Self::start_on(0, policy)
    }

    /// On `port`.
    pub fn start_on(port: u16, policy: Policy) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let port = listener.local_addr()?.port();
        let issuer = format!("http://127.0.0.1:{port}");
        let shared = Shared { issuer, policy: Watched::new(policy), ..Shared::default() };
        let mut server = Self { shared: Arc::new(shared), port, accepting: None, keeps_port: None };
        server.accept_on(listener);
        Ok(server)
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn issuer(&self) -> &str {
        &self.shared.issuer
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The authorization endpoint.
    pub fn auth_uri(&self) -> String {
        format!("{}/authorize", self.issuer())
    }

    /// The token endpoint.
    pub fn token_uri(&self) -> String {
        format!("{}/token", self.issuer())
    }

    /// The device authorization endpoint.
    pub fn device_auth_uri(&self) -> String {
        format!("{}/device", self.issuer())
    }

    /// The revocation endpoint.
    pub fn revocation_uri(&self) -> String {
        format!("{}/revoke", self.issuer())
    }

    /// Every request so far.
    pub fn log(&self) -> &Log {
        &self.shared.log
    }

    /// Changes the rules for what comes from now on.
    pub fn change_policy(&self, change: impl FnOnce(&mut Policy)) {
        self.shared.policy.change(change);
    }

    /// Scripts the next request to `endpoint` that no earlier script is for.
    pub fn script(&self, endpoint: Endpoint, fault: Fault) {
        self.shared.script.change(|script| script.push(endpoint, fault));
    }

    /// Scripts every request to `endpoint` once its queue is empty; `None` ends that.
    pub fn script_always(&self, endpoint: Endpoint, fault: Option<Fault>) {
        self.shared.script.change(|script| script.always(endpoint, fault));
    }

    /// Whether this access token is known, alive and not revoked.
    pub fn is_live(&self, access_token: &str) -> bool {
        self.shared.store.lock().access_grant(access_token).is_some()
    }

    /// Ends every session: refreshes get `invalid_grant`.
    pub fn end_all_sessions(&self) {
        self.shared.store.change(Store::end_all);
    }

    /// Stops listening: connections are refused until [`AuthServer::come_back`].
    pub fn go_down(&mut self) {
        let Some(Accepting { stop, thread }) = self.accepting.take() else { return };
        stop.change(|stop| *stop = true);
        // Wakes the blocked accept; a failure means that it has gone already.
        let waking = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        let last = waking.ok().zip(thread.join().ok().flatten());
        let is_ours = |(one, other): &(TcpStream, TcpStream)| one.local_addr().ok() == other.peer_addr().ok();
        self.keeps_port = last.filter(is_ours);
    }

    /// Listens again on the same port, with everything remembered.
    pub fn come_back(&mut self) -> io::Result<()> {
        self.go_down();
        self.accept_on(TcpListener::bind((Ipv4Addr::LOCALHOST, self.port))?);
        self.keeps_port = None;
        Ok(())
    }

    fn accept_on(&mut self, listener: TcpListener) {
        let stop = Arc::new(Watched::new(false));
        let thread = thread::spawn({
            let (shared, stop) = (Arc::clone(&self.shared), Arc::clone(&stop));
            move || accept(&listener, &shared, &stop)
        });
        self.accepting = Some(Accepting { stop, thread });
    }
}

impl Drop for AuthServer {
    fn drop(&mut self) {
        self.go_down();
    }
}

/// Until it is stopped, and then gives the last connection.
fn accept(listener: &TcpListener, shared: &Arc<Shared>, stop: &Arc<Watched<bool>>) -> Option<TcpStream> {
    for stream in listener.incoming() {
        if *stop.lock() {
            // Closing is not enough: a child that was just forked may have the listener open, too.
            let _ = rustix::net::shutdown(listener, rustix::net::Shutdown::Both);
            return stream.ok();
        }
        let Ok(stream) = stream else { continue };
        shared.connections.wait_for(LONGEST_WAIT, |count| (*count < MAX_CONNECTIONS).then(|| *count += 1));
        let (shared, stop) = (Arc::clone(shared), Arc::clone(stop));
        thread::spawn(move || {
            // A connection that breaks is what many tests are about; the log tells.
            let _ = serve(stream, &shared, &stop);
            shared.connections.change(|count| *count = count.saturating_sub(1));
        });
    }
    None
}

fn serve(mut stream: TcpStream, shared: &Shared, stop: &Watched<bool>) -> io::Result<()> {
    let first = shared.script.change(|script| script.next(Endpoint::Connection));
    if let Some(fault) = first {
        return fault.perform(&mut stream, stop, None, || Response::new(500, "text/plain", "")).map(|_| ());
    }
    let Some(request) = wire::read_request(&stream)? else { return Ok(()) };
    let endpoint = Endpoint::of(&request);
    let index = shared.log.arrived(endpoint, request.clone());
    let fault = shared.script.change(|script| script.next(endpoint)).unwrap_or_else(Fault::none);
    let sent = fault.perform(&mut stream, stop, Some(&request), || {
        let response = process(shared, endpoint, &request);
        shared.log.decided(index);
        response
    });
    shared.log.finished(index, sent.ok().flatten().map_or(Answer::Cut, Answer::Sent));
    Ok(())
}

fn process(shared: &Shared, endpoint: Endpoint, request: &Request) -> Response {
    let policy = shared.policy.lock().clone();
    let mut store = shared.store.lock();
    match endpoint {
        Endpoint::Authorization => authorization::show(request, &shared.issuer),
        Endpoint::Decision => authorization::decide(request, &policy, &mut store, &shared.issuer),
        Endpoint::Verification => device::page(request, &mut store),
        Endpoint::Device => token::device(request, &policy, &mut store, &shared.issuer),
        Endpoint::Revocation => token::revoke(request, &policy, &mut store),
        Endpoint::Metadata => metadata::document(request, &policy, &shared.issuer),
        Endpoint::Registration => registration::register(request, &mut store),
        Endpoint::Introspection => token::introspect(request, &store),
        _ if request.path == "/token" && request.method == "POST" => {
            token::token(request, &policy, &mut store)
        }
        _ => Response::new(404, "text/plain", "nothing here\n"),
    }
}
