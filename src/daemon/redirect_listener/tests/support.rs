//! A listener with a loop behind it, and clients that speak raw HTTP.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use mio::{Poll, Token};
use pizauth_common::account_name::AccountName;
use pizauth_common::config::{ListenAddress, Listeners, RedirectPeer};
use pizauth_core::oauth::redirect::RedirectRequest;
use rustls::ServerConfig;

use super::super::connection::{Terms, Timeouts, serve};
use super::super::connections::{Connections, Place};
use super::super::{BindError, RedirectListener, Settings};
use crate::mailbox::{Event, Mailbox};
use crate::name_lookup::Addresses;
use crate::page::Page;
use crate::testing::connection;

/// Longer than any test may take; a failure then, not a hang.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

pub(super) const ROOT_VISIT: &str = "GET /?code=c&state=s HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Short ones where a test waits for them to pass, long ones where it must not matter.
pub(super) fn patient() -> Timeouts {
    Timeouts { head: PATIENCE, decision: PATIENCE, page: PATIENCE, closing: PATIENCE, notice: PATIENCE }
}

pub(super) fn address(host: &str, port: u16) -> ListenAddress {
    ListenAddress { host: host.to_owned(), port }
}

pub(super) fn http_only(host: &str, port: u16) -> Settings {
    Settings {
        listeners: Listeners::Http(address(host, port)),
        has_localhost_redirect: true,
        https_hosts: Vec::new(),
        redirect_peer: RedirectPeer::SameUser,
    }
}

pub(super) fn https_only(hosts: &[&str]) -> Settings {
    Settings {
        listeners: Listeners::Https(address("127.0.0.1", 0)),
        https_hosts: hosts.iter().map(|&host| host.to_owned()).collect(),
        ..http_only("127.0.0.1", 0)
    }
}

/// A listener, and what came to its mailbox.
pub(super) struct Bench {
    pub(super) listener: RedirectListener,
    pub(super) requests: Receiver<RedirectRequest>,
    _poll: Poll,
}

pub(super) fn sign_in(_: &RedirectRequest, reply: Sender<Page>) {
    let _ = reply.send(Page::SignedIn(AccountName::from("work")));
}

impl Bench {
    /// `decide` is what the loop does with a request.
    pub(super) fn new<D>(settings: Settings, timeouts: Timeouts, decide: D) -> Self
    where
        D: Fn(&RedirectRequest, Sender<Page>) + Send + 'static,
    {
        let poll = Poll::new().unwrap();
        let (mailbox, events) = Mailbox::new(poll.registry(), Token(0)).unwrap();
        let (seen, requests) = channel();
        thread::spawn(move || {
            for event in events {
                let Event::Redirect { request, reply } = event else { panic!("not a redirect: {event:?}") };
                let _ = seen.send(request.clone());
                decide(&request, reply);
            }
        });
        let listener = RedirectListener::with_timeouts(settings, mailbox, timeouts).unwrap();
        Self { listener, requests, _poll: poll }
    }

    pub(super) fn http(settings: Settings) -> Self {
        Self::new(settings, patient(), sign_in)
    }

    /// A reload of what names no host.
    pub(super) fn reconfigure(&mut self, settings: Settings) -> Result<(), BindError> {
        self.listener.reconfigure(settings, Addresses::default())
    }

    pub(super) fn port(&self) -> u16 {
        self.listener.ports().http.or(self.listener.ports().https).unwrap()
    }

    pub(super) fn connect(&self) -> TcpStream {
        connect(IpAddr::V4(Ipv4Addr::LOCALHOST), self.port()).unwrap()
    }

    /// What the listener answers to `request`.
    pub(super) fn ask(&self, request: &str) -> String {
        exchange(self.connect(), request)
    }
}

/// A visit whose first bytes have arrived before it is served: what is told of its time cannot depend on how fast the
/// machine is.
pub(super) struct Begun {
    pub(super) client: TcpStream,
    pub(super) connections: Arc<Connections>,
    pub(super) place: Place,
    pub(super) terms: Terms,
    pub(super) events: Receiver<Event>,
    _poll: Poll,
}

impl Begun {
    pub(super) fn with(sent: &[u8], tls: Option<Arc<ServerConfig>>, timeouts: Timeouts) -> Self {
        let poll = Poll::new().unwrap();
        let (mailbox, events) = Mailbox::new(poll.registry(), Token(0)).unwrap();
        let (mut client, accepted) = connection();
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        client.write_all(sent).unwrap();
        accepted.set_nonblocking(true).unwrap();
        let port = accepted.local_addr().unwrap().port();
        let connections = Arc::new(Connections::new(1, timeouts.notice));
        let place = connections.admit(accepted, true).unwrap();
        let terms = Terms { tls, port, is_welcome: true, timeouts, mailbox };
        Self { client, connections, place, terms, events, _poll: poll }
    }

    /// Serves it: what it is answered until its end.
    pub(super) fn served(self) -> String {
        let Self { mut client, place, terms, events: _events, _poll, .. } = self;
        thread::spawn(move || serve(&place, &terms));
        answer(&mut client)
    }
}

pub(super) const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

pub(super) fn connect(ip: IpAddr, port: u16) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(SocketAddr::new(ip, port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// Waits until nobody listens on a port of 127.0.0.1, and fails if somebody still accepts there. A process that another
/// test starts has our listeners, too, until it has become its program: a connection that it keeps waiting ends then.
pub(in crate::redirect_listener) fn until_nobody_listens(port: u16) {
    while let Ok(mut stream) = connect(IpAddr::V4(Ipv4Addr::LOCALHOST), port) {
        let _ = stream.write_all(ROOT_VISIT.as_bytes());
        let ended = stream.read(&mut [0]);
        let is_over = |error: &std::io::Error| error.kind() != ErrorKind::WouldBlock;
        assert!(ended.as_ref().map_or_else(is_over, |read| *read == 0), "somebody listens: {ended:?}");
    }
}

pub(super) fn exchange(mut stream: TcpStream, request: &str) -> String {
    stream.write_all(request.as_bytes()).unwrap();
    answer(&mut stream)
}

/// Everything until the listener closes.
pub(super) fn answer(stream: &mut impl Read) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

pub(super) fn status(answer: &str) -> &str {
    answer.split_once("\r\n").map_or(answer, |(line, _)| line.strip_prefix("HTTP/1.1 ").unwrap_or(line))
}

pub(super) fn has_ipv6() -> bool {
    TcpListener::bind((V6, 0)).is_ok()
}
