//! Asks an HTTP proxy for a tunnel to a server: CONNECT, RFC 9110 section 9.3.6.

use std::io::{Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use url::{Position, Url};

use super::connection::describe;

const MAX_HEAD_BYTES: usize = 16 * 1024;
const MAX_HEADERS: usize = 64;

/// After this, what is written goes to the server.
pub(super) fn ask<S: Read + Write>(proxy_side: &mut S, url: &Url, proxy: &Url) -> Result<(), String> {
    let host = url.host_str().unwrap_or_default();
    let server = format!("{host}:{}", url.port_or_known_default().unwrap_or_default());
    let credentials = credentials(proxy).map(|credentials| format!("Proxy-Authorization: {credentials}\r\n"));
    let request = format!(
        "CONNECT {server} HTTP/1.1\r\nHost: {server}\r\n{}\r\n",
        credentials.as_deref().unwrap_or_default()
    );
    let written = proxy_side.write_all(request.as_bytes()).and_then(|()| proxy_side.flush());
    let status = written.map_err(describe).and_then(|()| status(proxy_side));
    match status.map_err(|error| format!("the proxy {}: {error}", host_of(proxy)))? {
        200..300 => Ok(()),
        status => Err(format!("the proxy refused the connection with http status {status}")),
    }
}

/// The name and password in a proxy's URL, as the value of a `Proxy-Authorization`.
pub(super) fn credentials(proxy: &Url) -> Option<String> {
    let of_url = &proxy[Position::BeforeUsername..Position::AfterPassword];
    let (name, password) = of_url.split_once(':').unwrap_or((of_url, ""));
    let decoded = |text| percent_decode_str(text).collect::<Vec<u8>>();
    let pair = [decoded(name), decoded(password)].join(&b':');
    (!of_url.is_empty()).then(|| format!("Basic {}", STANDARD.encode(pair)))
}

fn host_of(proxy: &Url) -> &str {
    proxy.host_str().unwrap_or_default()
}

/// Reads the head of the answer, and nothing of what comes after it.
fn status(proxy_side: &mut impl Read) -> Result<u16, String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= MAX_HEAD_BYTES {
            return Err("the head of its answer is longer than 16 KiB".to_owned());
        }
        proxy_side.read_exact(&mut byte).map_err(describe)?;
        head.extend_from_slice(&byte);
    }
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut answer = httparse::Response::new(&mut headers);
    answer.parse(&head).map_err(|error| format!("its answer is not HTTP ({error})"))?;
    answer.code.ok_or_else(|| "its answer is not HTTP".to_owned())
}
