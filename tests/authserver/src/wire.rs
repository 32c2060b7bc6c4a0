//! HTTP/1.1, as much of it as an authorization server and a browser exchange: one request a connection.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

const MAX_HEAD: u64 = 32 * 1024;
const MAX_BODY: usize = 256 * 1024;
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Fields of a query or a form, in order.
pub type Fields = Vec<(String, String)>;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// Without the query.
    pub path: String,
    /// As written, without the `?`.
    pub raw_query: String,
    /// The query, decoded.
    pub query: Fields,
    /// Names in lower case.
    pub headers: Fields,
    /// The body of a form, decoded.
    pub form: Fields,
    /// The body as it came.
    pub body: Vec<u8>,
}

impl Request {
    /// The first value of a field of the query.
    pub fn query(&self, name: &str) -> Option<&str> {
        first(&self.query, name)
    }

    /// The first value of a field of the form.
    pub fn form(&self, name: &str) -> Option<&str> {
        first(&self.form, name)
    }

    /// The first value of a header; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        first(&self.headers, name)
    }
}

fn first<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Besides `Content-Length`, `Connection` and `Cache-Control`, which are added.
    pub headers: Fields,
    /// The body, whatever it is.
    pub body: Vec<u8>,
}

impl Response {
    /// A body of some type.
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: vec![("Content-Type".into(), content_type.into())], body: body.into() }
    }

    /// A JSON answer.
    pub fn json(status: u16, value: &Value) -> Self {
        Self::new(status, "application/json", value.to_string())
    }

    /// An HTML page.
    pub fn html(status: u16, page: String) -> Self {
        Self::new(status, "text/html; charset=utf-8", page)
    }

    /// A redirect of the browser.
    pub fn see_other(location: &str) -> Self {
        Self::new(303, "text/plain", "").header("Location", location)
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The body as JSON, if it is.
    pub fn as_json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The head, announcing `length` bytes of body.
    pub(crate) fn head(&self, length: usize) -> String {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!(
            "Cache-Control: no-store\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        ));
        head
    }

    /// The whole of it, head and body.
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.head(self.body.len()).as_bytes(), &self.body].concat()
    }

    /// Sends it whole.
    pub(crate) fn write_to(&self, stream: &mut impl Write) -> io::Result<()> {
        stream.write_all(&self.to_bytes())?;
        stream.flush()
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        303 => "See Other",
        400 => "Bad Request",
        401 => "Unauthorized",
        404 => "Not Found",
        405 => "Method Not Allowed",
        411 => "Length Required",
        _ => "As Scripted",
    }
}

/// Reads one request. `Ok(None)`: the connection was closed before a whole one had come.
pub fn read_request(stream: &TcpStream) -> io::Result<Option<Request>> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(stream);
    let Some((start, headers)) = read_head(&mut reader)? else { return Ok(None) };
    let mut parts = start.split(' ');
    let method = parts.next().unwrap_or_default().to_owned();
    let target = parts.next().unwrap_or_default();
    let (path, raw_query) = target.split_once('?').unwrap_or((target, ""));
    let body = read_body(&mut reader, &headers)?;
    Ok(Some(Request {
        method,
        path: path.to_owned(),
        raw_query: raw_query.to_owned(),
        query: decode(raw_query.as_bytes()),
        headers,
        form: decode(&body),
        body,
    }))
}

/// The first line of a message and its headers, names in lower case.
pub(crate) fn read_head(reader: &mut impl BufRead) -> io::Result<Option<(String, Fields)>> {
    let mut lines = reader.take(MAX_HEAD).lines();
    let Some(start) = lines.next().transpose()? else { return Ok(None) };
    let mut headers = Vec::new();
    for line in lines {
        let line = line?;
        if line.is_empty() {
            return Ok(Some((start, headers)));
        }
        let (name, value) = line.split_once(':').unwrap_or((&line, ""));
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    Ok(None)
}

/// The body that `Content-Length` announces. Many token endpoints take no chunked requests, nor does this.
fn read_body(reader: &mut impl Read, headers: &Fields) -> io::Result<Vec<u8>> {
    let length = first(headers, "content-length").map_or(Ok(0), str::parse::<usize>);
    let length = length.ok().filter(|length| *length <= MAX_BODY).ok_or(io::ErrorKind::InvalidData)?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(body)
}

fn decode(bytes: &[u8]) -> Fields {
    url::form_urlencoded::parse(bytes).into_owned().collect()
}
