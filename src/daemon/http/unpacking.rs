//! Unpacks a body by what it begins with: what the server says of it (RFC 9110 §8.4) is not always so, and a token that
//! is in it does not come a second time.

use std::io::{self, Cursor, Read};

use flate2::read::{DeflateDecoder, GzDecoder, ZlibDecoder};

/// How a body was packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    None,
    /// RFC 1952; `gzip` and `x-gzip`. Has a checksum at its end, without which reading it fails.
    Gzip,
    /// RFC 1950; what `deflate` should be. Has one, too.
    Zlib,
    /// RFC 1951; what some servers call `deflate`. Nothing in it says where it ends.
    Deflate,
}

/// What `body` is when it is unpacked, and how it was packed. `encoding` is its Content-Encoding. Of what is sent no
/// more than `most` bytes are read: then it is [`io::ErrorKind::FileTooLarge`], however little it is when it is
/// unpacked.
///
/// # Errors
/// Its beginning cannot be read.
pub(super) fn unpacked<'a>(
    body: impl Read + 'a,
    most: u64,
    encoding: &str,
) -> io::Result<(Packing, Box<dyn Read + 'a>)> {
    let mut body = Capped { body, left: most };
    let mut beginning = Vec::new();
    body.by_ref().take(2).read_to_end(&mut beginning)?;
    let &[first, second] = &*beginning else {
        // It has ended, and what has ended is not read once more.
        return Ok((Packing::None, Box::new(Cursor::new(beginning))));
    };
    let packing = packing([first, second], encoding);
    let whole = Cursor::new(beginning).chain(body);
    let unpacked: Box<dyn Read + 'a> = match packing {
        Packing::None => Box::new(whole),
        Packing::Gzip => Box::new(GzDecoder::new(whole)),
        Packing::Zlib => Box::new(ZlibDecoder::new(whole)),
        Packing::Deflate => Box::new(DeflateDecoder::new(whole)),
    };
    Ok((packing, unpacked))
}

/// No JSON, no form and no page begins as gzip does.
fn packing(beginning: [u8; 2], encoding: &str) -> Packing {
    if beginning == [0x1f, 0x8b] {
        return Packing::Gzip;
    }
    if !encoding.to_ascii_lowercase().contains("deflate") {
        return Packing::None;
    }
    let is_zlib = beginning[0] & 0x0f == 8 && u16::from_be_bytes(beginning).is_multiple_of(31);
    if is_zlib { Packing::Zlib } else { Packing::Deflate }
}

/// A body that ends with an error where too much is sent.
struct Capped<R> {
    body: R,
    left: u64,
}

impl<R: Read> Read for Capped<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.body.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or(io::ErrorKind::FileTooLarge)?;
        Ok(read)
    }
}
