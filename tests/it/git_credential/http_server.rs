//! `git http-backend` over HTTP on loopback, for whoever has the access token.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

/// A server, until the tests have ended.
pub(super) struct HttpServer {
    port: u16,
    token: Arc<Mutex<String>>,
}

/// A request.
struct Request {
    method: String,
    target: String,
    /// By names in lower case.
    headers: HashMap<String, String>,
    body: Vec<u8>,
}

impl HttpServer {
    /// Serves the repositories in `root`.
    pub(super) fn start(root: &Path, token: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let token = Arc::new(Mutex::new(token.to_owned()));
        let (root, wanted) = (root.to_owned(), Arc::clone(&token));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let wanted = format!("Bearer {}", wanted.lock().unwrap());
                // Who leaves early is not our business.
                let _ = serve(&stream.unwrap(), &root, &wanted);
            }
        });
        Self { port, token }
    }

    /// From now on nobody else is served.
    pub(super) fn accept_only(&self, token: &str) {
        token.clone_into(&mut self.token.lock().unwrap());
    }

    pub(super) fn url(&self, repository: &str) -> String {
        format!("http://127.0.0.1:{}/{repository}", self.port)
    }
}

fn serve(stream: &TcpStream, root: &Path, wanted: &str) -> std::io::Result<()> {
    let request = read(stream)?;
    let is_allowed = request.headers.get("authorization").is_some_and(|given| given == wanted);
    let answer = if is_allowed {
        backend(&request, root)?
    } else {
        b"Status: 401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"git\"\r\nContent-Length: 0\r\n\r\n"
            .to_vec()
    };
    let (status, rest) = match answer.strip_prefix(b"Status: ") {
        Some(rest) => rest.split_at(rest.iter().position(|byte| *byte == b'\n').unwrap() + 1),
        None => (&b"200 OK\r\n"[..], &answer[..]),
    };
    let mut stream = stream;
    stream.write_all(&[b"HTTP/1.1 ", status, b"Connection: close\r\n", rest].concat())
}

fn read(stream: &TcpStream) -> std::io::Result<Request> {
    let mut lines = BufReader::new(stream);
    let mut line = || {
        let mut line = String::new();
        lines.read_line(&mut line).map(|_| line.trim_end().to_owned())
    };
    let first = line()?;
    let mut words = first.split(' ').map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = HashMap::new();
    while let Some((name, value)) = line()?.split_once(": ") {
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let mut body = Vec::new();
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    lines.take(length).read_to_end(&mut body)?;
    Ok(Request { method, target, headers, body })
}

/// By CGI, git-http-backend(1).
fn backend(request: &Request, root: &Path) -> std::io::Result<Vec<u8>> {
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let header = |name: &str| request.headers.get(name).map_or("", String::as_str);
    let variables = [
        ("REQUEST_METHOD", request.method.as_str()),
        ("PATH_INFO", path),
        ("QUERY_STRING", query),
        ("CONTENT_TYPE", header("content-type")),
        ("HTTP_CONTENT_ENCODING", header("content-encoding")),
        ("GIT_PROTOCOL", header("git-protocol")),
        ("CONTENT_LENGTH", header("content-length")),
        ("GIT_HTTP_EXPORT_ALL", "1"),
        ("REMOTE_USER", "somebody"),
    ];
    let mut backend = Command::new("git");
    backend.arg("http-backend").env("GIT_PROJECT_ROOT", PathBuf::from(root));
    backend.envs(variables.into_iter().filter(|(_, value)| !value.is_empty()));
    let mut child = backend.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    child.stdin.take().unwrap().write_all(&request.body)?;
    child.wait_with_output().map(|output| output.stdout)
}
