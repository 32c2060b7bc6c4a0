//! The table of raw requests and their verdicts: a row a case.
//!
//! `|` stands for CRLF. `{host}` is `localhost` with the listener's port, `{port}` that port; `{query}` is
//! `code={code}&state={state}`, the authorization server's answer to the account's pending request, `{state%}` the
//! state with each byte percent-encoded; `{16K}` and `{200 headers}` are what they say.

use State::{Kept, Used};

/// What becomes of the account's `state`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It can still be used.
    Kept,
    /// It is good no more.
    Used,
}

/// A request, the status of its answer (`None`: the connection is closed without one), and what it uses up.
pub(super) struct Case {
    pub(super) what: &'static str,
    pub(super) request: &'static str,
    pub(super) status: Option<u16>,
    pub(super) state: State,
}

/// A row that is answered.
const fn row(what: &'static str, request: &'static str, status: u16, state: State) -> Case {
    Case { what, request, status: Some(status), state }
}

/// A row that is closed without an answer.
const fn closed(what: &'static str, request: &'static str) -> Case {
    Case { what, request, status: None, state: Kept }
}

#[rustfmt::skip]
pub(super) const TABLE: &[Case] = &[
    // What browsers send, and what is as good.
    row("a visit", "GET /?{query} HTTP/1.1|Host: {host}||", 200, Used),
    row("a visit that says so", "GET /?{query} HTTP/1.1|Host: {host}|Sec-Fetch-Dest: document||", 200, Used),
    row("HTTP/1.0 with a Host", "GET /?{query} HTTP/1.0|Host: {host}||", 200, Used),
    row("bare line feeds", "GET /?{query} HTTP/1.1\nHost: {host}\n\n", 200, Used),
    row("an odd spelling of Host", "GET /?{query} HTTP/1.1|hOsT:{host}  ||", 200, Used),
    row("a host in capitals", "GET /?{query} HTTP/1.1|Host: LOCALHOST:{port}||", 200, Used),
    row("parameters that nobody knows", "GET /?{query}&session_state=1&session_state=2 HTTP/1.1|Host: {host}||", 200, Used),
    row("parameters without a value", "GET /?error=&{query}&iss= HTTP/1.1|Host: {host}||", 200, Used),
    row("a state that is percent-encoded", "GET /?code={code}&state={state%} HTTP/1.1|Host: {host}||", 200, Used),
    row("a name that is percent-encoded", "GET /?code={code}&st%61te={state} HTTP/1.1|Host: {host}||", 200, Used),
    row("a denial", "GET /?error=access_denied&state={state} HTTP/1.1|Host: {host}||", 200, Used),
    row("a denial with markup", "GET /?error=%3Cscript%3E&error_description=%22%3E%3Cscript%3E&state={state} HTTP/1.1|Host: {host}||", 200, Used),
    row("a wish for https", "GET /?{query} HTTP/1.1|Host: {host}|Upgrade-Insecure-Requests: 1|Sec-Fetch-Mode: navigate||", 200, Used),
    row("a second request behind", "GET /?{query} HTTP/1.1|Host: {host}||GET /?{query} HTTP/1.1|Host: {host}||", 200, Used),
    row("an empty purpose and an empty body", "GET /?{query} HTTP/1.1|Host: {host}|Purpose:|Content-Length: 0||", 200, Used),
    // Hosts.
    row("no Host", "GET /?{query} HTTP/1.1||", 404, Kept),
    row("no Host in HTTP/1.0", "GET /?{query} HTTP/1.0||", 404, Kept),
    row("an empty Host", "GET /?{query} HTTP/1.1|Host:||", 404, Kept),
    row("two Hosts", "GET /?{query} HTTP/1.1|Host: {host}|Host: {host}||", 404, Kept),
    row("two Hosts, the first foreign", "GET /?{query} HTTP/1.1|Host: evil.example|hOST: {host}||", 404, Kept),
    row("two Hosts in one", "GET /?{query} HTTP/1.1|Host: {host}, evil.example||", 404, Kept),
    row("a name that was made to lead here", "GET /?{query} HTTP/1.1|Host: evil.example:{port}||", 404, Kept),
    row("and says otherwise elsewhere", "GET /?{query} HTTP/1.1|Host: evil.example|X-Forwarded-Host: {host}|Forwarded: host={host}||", 404, Kept),
    row("another name of ours, 127.0.0.1", "GET /?{query} HTTP/1.1|Host: 127.0.0.1:{port}||", 404, Kept),
    row("another name of ours, ::1", "GET /?{query} HTTP/1.1|Host: [::1]:{port}||", 404, Kept),
    row("an address as one number", "GET /?{query} HTTP/1.1|Host: 2130706433:{port}||", 404, Kept),
    row("a name below localhost", "GET /?{query} HTTP/1.1|Host: evil.localhost:{port}||", 404, Kept),
    row("a name that ends in localhost", "GET /?{query} HTTP/1.1|Host: evil-localhost:{port}||", 404, Kept),
    row("a dot at the end", "GET /?{query} HTTP/1.1|Host: localhost.:{port}||", 404, Kept),
    row("without the port", "GET /?{query} HTTP/1.1|Host: localhost||", 404, Kept),
    row("without the port's digits", "GET /?{query} HTTP/1.1|Host: localhost:||", 404, Kept),
    row("another port", "GET /?{query} HTTP/1.1|Host: localhost:1||", 404, Kept),
    row("a zero before the port", "GET /?{query} HTTP/1.1|Host: localhost:0{port}||", 404, Kept),
    row("a user before the host", "GET /?{query} HTTP/1.1|Host: evil@{host}||", 404, Kept),
    row("a host after a user", "GET /?{query} HTTP/1.1|Host: {host}@evil.example||", 404, Kept),
    row("a scheme before the host", "GET /?{query} HTTP/1.1|Host: http://{host}||", 404, Kept),
    row("a path after the host", "GET /?{query} HTTP/1.1|Host: {host}/||", 404, Kept),
    row("an encoded host", "GET /?{query} HTTP/1.1|Host: local%68ost:{port}||", 404, Kept),
    row("a host that is not ASCII", "GET /?{query} HTTP/1.1|Host: lőcalhost:{port}||", 404, Kept),
    row("a Host over two lines", "GET /?{query} HTTP/1.1|Host:| {host}||", 400, Kept),
    row("a space before the colon", "GET /?{query} HTTP/1.1|Host : {host}||", 400, Kept),
    // Parameters.
    row("no query", "GET / HTTP/1.1|Host: {host}||", 400, Kept),
    row("no state", "GET /?code={code} HTTP/1.1|Host: {host}||", 400, Kept),
    row("an empty state", "GET /?code={code}&state= HTTP/1.1|Host: {host}||", 400, Kept),
    row("neither code nor error", "GET /?state={state} HTTP/1.1|Host: {host}||", 400, Kept),
    row("both code and error", "GET /?{query}&error=access_denied HTTP/1.1|Host: {host}||", 400, Kept),
    row("state twice", "GET /?{query}&state={state} HTTP/1.1|Host: {host}||", 400, Kept),
    row("state twice, one of them empty", "GET /?state=&{query} HTTP/1.1|Host: {host}||", 400, Kept),
    row("state twice, one name encoded", "GET /?{query}&%73tate=x HTTP/1.1|Host: {host}||", 400, Kept),
    row("code twice", "GET /?{query}&code=x HTTP/1.1|Host: {host}||", 400, Kept),
    row("error twice", "GET /?error=a&error=b&state={state} HTTP/1.1|Host: {host}||", 400, Kept),
    row("iss twice", "GET /?{query}&iss=a&iss=b HTTP/1.1|Host: {host}||", 400, Kept),
    row("a code with a NUL", "GET /?code=%00&state={state} HTTP/1.1|Host: {host}||", 400, Kept),
    row("a code that is not ASCII", "GET /?code=%C3%BC&state={state} HTTP/1.1|Host: {host}||", 400, Kept),
    row("an unknown state", "GET /?code={code}&state=unknown HTTP/1.1|Host: {host}||", 404, Kept),
    row("a state that goes on", "GET /?{query}x HTTP/1.1|Host: {host}||", 404, Kept),
    row("a state that goes on after a NUL", "GET /?{query}%00 HTTP/1.1|Host: {host}||", 404, Kept),
    row("a state with markup", "GET /?code={code}&state=%3Cscript%3Ealert(1)%3C/script%3E HTTP/1.1|Host: {host}||", 404, Kept),
    row("a semicolon between parameters", "GET /?code={code};state={state} HTTP/1.1|Host: {host}||", 400, Kept),
    // Paths and request targets.
    row("another path", "GET /other?{query} HTTP/1.1|Host: {host}||", 404, Kept),
    row("a path that comes to the same", "GET /./?{query} HTTP/1.1|Host: {host}||", 404, Kept),
    row("two slashes", "GET //?{query} HTTP/1.1|Host: {host}||", 404, Kept),
    row("the icon", "GET /favicon.ico HTTP/1.1|Host: {host}||", 404, Kept),
    row("absolute form", "GET http://{host}/?{query} HTTP/1.1|Host: {host}||", 400, Kept),
    row("authority form", "GET {host} HTTP/1.1|Host: {host}||", 400, Kept),
    row("asterisk form", "GET * HTTP/1.1|Host: {host}||", 400, Kept),
    row("a fragment", "GET /?{query}#part HTTP/1.1|Host: {host}||", 400, Kept),
    row("a target that is not ASCII", "GET /ü?{query} HTTP/1.1|Host: {host}||", 400, Kept),
    // What a browser does by itself, or a page makes it do.
    row("a prefetch", "GET /?{query} HTTP/1.1|Host: {host}|Sec-Purpose: prefetch||", 503, Kept),
    row("a prerender", "GET /?{query} HTTP/1.1|Host: {host}|Sec-Purpose: prefetch;prerender|Sec-Fetch-Dest: document||", 503, Kept),
    row("an older browser's prefetch", "GET /?{query} HTTP/1.1|Host: {host}|X-Moz: Prefetch||", 503, Kept),
    row("a preview", "GET /?{query} HTTP/1.1|Host: {host}|Purpose: preview||", 503, Kept),
    row("an image", "GET /?{query} HTTP/1.1|Host: {host}|Sec-Fetch-Dest: image||", 503, Kept),
    row("a frame", "GET /?{query} HTTP/1.1|Host: {host}|Sec-Fetch-Dest: iframe|Sec-Fetch-Mode: navigate||", 503, Kept),
    row("a fetch", "GET /?{query} HTTP/1.1|Host: {host}|Sec-Fetch-Dest: empty||", 503, Kept),
    row("a fetch without credentials", "GET /?{query} HTTP/1.1|Host: {host}|Sec-Fetch-Mode: cors||", 503, Kept),
    row("a fetch that looks like a visit", "GET /?{query} HTTP/1.1|Host: {host}|Sec-Fetch-Dest: document|Sec-Fetch-Mode: no-cors||", 503, Kept),
    row("an older browser's fetch", "GET /?{query} HTTP/1.1|Host: {host}|Origin: http://evil.example||", 503, Kept),
    row("a fetch from a page without an origin", "GET /?{query} HTTP/1.1|Host: {host}|Origin: null||", 503, Kept),
    row("a web socket", "GET /?{query} HTTP/1.1|Host: {host}|Connection: Upgrade|Upgrade: websocket|Sec-WebSocket-Version: 13||", 503, Kept),
    row("an offer to upgrade", "GET /?{query} HTTP/1.1|Host: {host}|Connection: Upgrade|Upgrade: h2c||", 503, Kept),
    row("two destinations", "GET /?{query} HTTP/1.1|Host: {host}|Sec-Fetch-Dest: document|Sec-Fetch-Dest: image||", 503, Kept),
    // Methods.
    row("HEAD", "HEAD /?{query} HTTP/1.1|Host: {host}||", 405, Kept),
    row("a form", "POST / HTTP/1.1|Host: {host}|Content-Length: 7||{query}", 405, Kept),
    row("a preflight", "OPTIONS /?{query} HTTP/1.1|Host: {host}|Origin: http://evil.example||", 405, Kept),
    row("a tunnel", "CONNECT {host} HTTP/1.1|Host: {host}||", 405, Kept),
    row("lower case", "get /?{query} HTTP/1.1|Host: {host}||", 405, Kept),
    // Bodies: where one begins and ends is what smuggling is about.
    row("a body", "GET /?{query} HTTP/1.1|Host: {host}|Content-Length: 1||x", 400, Kept),
    row("chunks", "GET /?{query} HTTP/1.1|Host: {host}|Transfer-Encoding: chunked||0||", 400, Kept),
    row("both lengths", "GET /?{query} HTTP/1.1|Host: {host}|Content-Length: 0|Transfer-Encoding: chunked||0||", 400, Kept),
    row("an odd length", "GET /?{query} HTTP/1.1|Host: {host}|Content-Length: +0||", 400, Kept),
    // What is not HTTP/1.
    row("HTTP/0.9", "GET /?{query}|", 400, Kept),
    row("HTTP/1.2", "GET /?{query} HTTP/1.2|Host: {host}||", 400, Kept),
    row("the preface of HTTP/2", "PRI * HTTP/2.0||SM||", 400, Kept),
    row("another protocol", "SSH-2.0-OpenSSH_9.2|", 400, Kept),
    row("a NUL", "GET /?{query} HTTP/1.1|Host: {host}|X: \0||", 400, Kept),
    row("a carriage return alone", "GET /?{query} HTTP/1.1|Host: {host}|X: a\rb||", 400, Kept),
    // Too much and too little.
    row("a long address", "GET /?{query}&x={16K} HTTP/1.1|Host: {host}||", 431, Kept),
    row("a long header", "GET /?{query} HTTP/1.1|Host: {host}|Cookie: {16K}||", 431, Kept),
    row("many headers", "GET /?{query} HTTP/1.1|Host: {host}|{200 headers}|", 431, Kept),
    closed("nothing", ""),
    closed("half a line", "GET /?{query}"),
    closed("no end of the head", "GET /?{query} HTTP/1.1|Host: {host}|"),
];
