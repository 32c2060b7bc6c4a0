//! Reads an answer: its body as far as it is of use, and all of it that the server has meant.

use std::io::{self, Read};

use attohttpc::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderMap, HeaderName, RETRY_AFTER,
};
use attohttpc::{Error, ErrorKind, InvalidResponseKind, Response, ResponseReader};
use pizauth_core::http::Answer;
use zeroize::Zeroizing;

use super::failure::Trouble;
use super::unpacking::{Packing, unpacked};

/// Of what is sent, and of what it is unpacked to.
const MAX_BODY_BYTES: u64 = 1024 * 1024;

/// # Errors
/// The answer is not the last one, too long, or not whole.
pub(super) fn read(response: Response, is_secure: bool) -> Result<Answer, Trouble> {
    let (status, headers, reader) = response.split();
    if status.is_informational() {
        return Err(Trouble::Interim(status.as_u16()));
    }
    // Nothing in a redirect's body is of use, and its end may never come.
    let (packing, body) = match status.is_redirection() {
        true => (Packing::None, Zeroizing::default()),
        false => read_body(reader, &headers)?,
    };
    // A token is taken from a success alone.
    if status.is_success() && !is_end_known(packing, &headers, is_secure) && !shows_its_end(&body) {
        return Err(Trouble::EndUnknown);
    }
    Ok(Answer {
        status: status.as_u16(),
        content_type: text(&headers, &CONTENT_TYPE),
        retry_after: text(&headers, &RETRY_AFTER),
        date: text(&headers, &DATE),
        signed: None,
        body,
    })
}

fn read_body(reader: ResponseReader, headers: &HeaderMap) -> Result<(Packing, Zeroizing<Vec<u8>>), Trouble> {
    let told = told_length(headers);
    if told.is_some_and(|length| length > MAX_BODY_BYTES) {
        return Err(Trouble::TooLong);
    }
    // What is told is under the cap by now; growing towards it would take up to twice as much.
    let room = told.and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
    let mut body = Zeroizing::new(Vec::with_capacity(room));
    let encoding = text(headers, &CONTENT_ENCODING).unwrap_or_default();
    let mut packing = Packing::None;
    let read = unpacked(reader, MAX_BODY_BYTES, &encoding).and_then(|(how, unpacked)| {
        packing = how;
        unpacked.take(MAX_BODY_BYTES + 1).read_to_end(&mut body)
    });
    match read {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(Trouble::EndedEarly),
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => return Err(Trouble::TooLong),
        Err(error) if is_about_a_chunk(&error) && shows_its_end(&body) => {}
        Err(error) => return Err(error.into()),
    }
    let read = body.len() as u64;
    match told {
        _ if read > MAX_BODY_BYTES => Err(Trouble::TooLong),
        Some(length) if packing == Packing::None && read != length => Err(Trouble::EndedEarly),
        _ => Ok((packing, body)),
    }
}

/// Fields behind the last chunk (RFC 9112 §7.1.2) are an error to attohttpc. They come after all of the body, and
/// nobody needs them: they are left unread.
fn is_about_a_chunk(error: &io::Error) -> bool {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<Error>());
    matches!(cause.map(Error::kind), Some(ErrorKind::InvalidResponse(InvalidResponseKind::Chunk)))
}

/// Of what is sent.
fn told_length(headers: &HeaderMap) -> Option<u64> {
    text(headers, &CONTENT_LENGTH)?.parse().ok()
}

/// False where a body that was cut off may have been read without an error. Over TLS attohttpc takes every end of the
/// connection for one that the server wanted, and it does not tell a body of chunks from one that ends so.
fn is_end_known(packing: Packing, headers: &HeaderMap, is_secure: bool) -> bool {
    match packing {
        Packing::None => !is_secure || told_length(headers).is_some(),
        Packing::Gzip | Packing::Zlib => true,
        Packing::Deflate => false,
    }
}

/// JSON and markup show by themselves that something is missing. A form does not: `access_token=a` is whole wherever
/// it ends.
fn shows_its_end(body: &[u8]) -> bool {
    matches!(body.trim_ascii_start().first(), None | Some(b'{' | b'[' | b'<'))
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}
