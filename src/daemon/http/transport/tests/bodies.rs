//! Bodies: joined, unpacked, bounded, and never less than the server has meant.

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use super::*;

const FORM_ANSWER: &str = "access_token=a";

#[test]
fn chunks_are_joined() {
    let uri = answering(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{\"access_\r\nb\r\ntoken\":\"a\"}\r\n0\r\n\r\n",
    );
    assert_eq!(body(perform(&uri, limits())), "{\"access_token\":\"a\"}");
}

#[test]
fn fields_behind_the_last_chunk_are_left_unread_however_many_they_are() {
    let chunked = |body: &str, behind: &str| {
        let length = body.len();
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        perform(&answering(format!("{head}{length:x}\r\n{body}\r\n0\r\n{behind}")), limits())
    };
    for behind in ["\r\n".to_owned(), "X: y\r\n\r\n".to_owned(), "X: y\r\n".repeat(100_000)] {
        assert_eq!(body(chunked("{}", &behind)), "{}");
    }
    let (why, sent) = lost(chunked(FORM_ANSWER, "X: y\r\n\r\n"));
    assert!(sent, "a form does not show its end: {why}");
}

#[test]
fn a_broken_answer_is_lost_and_the_request_was_sent() {
    let long = "x".repeat(2 * 1024 * 1024);
    for (bytes, why) in [
        (String::new(), "the connection was closed"),
        ("garbage".to_owned(), "the connection was closed"),
        ("garbage\r\n\r\n".to_owned(), "the answer is not HTTP"),
        ("HTTP/1.1 200 OK\r\nno header\r\n\r\n".to_owned(), "the answer is not HTTP"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"access_token\":\"a\"}".to_owned(), "ended early"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n50\r\n{\"access_token\"".to_owned(),
            "ended early",
        ),
        (format!("HTTP/1.1 200 OK\r\n\r\n{{\"access_token\":\"{long}\"}}"), "longer than 1 MiB"),
        (format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 2 << 20), "longer than 1 MiB"),
        (format!("HTTP/1.1 200 OK\r\nX: {long}\r\n\r\n"), "no answer"),
        ("X: y\r\n".repeat(1000), "no answer"),
    ] {
        let (told, sent) = lost(perform(&answering(bytes), limits()));
        assert!(told.starts_with("no answer from 127.0.0.1: ") && sent, "{why}: {told}");
        assert!(told.contains(why), "{why}: {told}");
    }
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn packed(encoding: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

#[test]
fn gzip_is_unpacked_and_its_end_is_looked_for() {
    let body_of = |bytes: &[u8]| perform(&answering(packed("gzip", bytes)), limits());
    let answer = gzip(FORM_ANSWER.as_bytes());
    assert_eq!(body(body_of(&answer)), FORM_ANSWER);
    for missing in 1..=8 {
        let (why, sent) = lost(body_of(&answer[..answer.len() - missing]));
        assert!(why.contains("ended early") && sent, "{why}");
    }
}

/// What counts is how it is packed, and not what the server says of that.
#[test]
fn gzip_is_known_by_its_beginning() {
    let gzip = gzip(FORM_ANSWER.as_bytes());
    for (encoding, sent) in [
        ("GZIP", &*gzip),
        ("x-gzip", &gzip),
        ("identity", &gzip),
        ("deflate", &gzip),
        ("gzip", FORM_ANSWER.as_bytes()),
        ("br", FORM_ANSWER.as_bytes()),
    ] {
        assert_eq!(body(perform(&answering(packed(encoding, sent)), limits())), FORM_ANSWER, "{encoding}");
    }
    for short in ["", "a"] {
        assert_eq!(body(perform(&answering(packed("gzip", short.as_bytes())), limits())), short);
    }
    let (why, sent) = lost(perform(&answering("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\na"), limits()));
    assert!(why.contains("ended early") && sent, "{why}");
}

/// Nobody asks for it, since nothing in it says where it ends, unless it is what RFC 9110 §8.4.1.2 wants.
#[test]
fn deflate_is_good_for_what_shows_its_end() {
    let body_of = |packing: &[u8]| perform(&answering(packed("deflate", packing)), limits());
    let deflate = |text: &str| {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let zlib = |level: Compression| {
        let mut encoder = ZlibEncoder::new(Vec::new(), level);
        encoder.write_all(FORM_ANSWER.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    assert_eq!(body(body_of(&deflate("{}"))), "{}");
    let (why, sent) = lost(body_of(&deflate(FORM_ANSWER)));
    assert!(why.contains("may have been cut off") && sent, "{why}");
    for level in [Compression::none(), Compression::fast(), Compression::best()] {
        let zlib = zlib(level);
        assert_eq!(body(body_of(&zlib)), FORM_ANSWER);
        let (why, sent) = lost(body_of(&zlib[..zlib.len() - 1]));
        assert!(why.contains("ended early") && sent, "{why}");
    }
}

#[test]
fn what_gzip_is_unpacked_to_is_bounded() {
    let bomb = packed("gzip", &gzip(&vec![b' '; 64 << 20]));
    assert!(bomb.len() < 1 << 20);
    let (why, _) = lost(perform(&answering(bomb), limits()));
    assert!(why.contains("longer than 1 MiB"), "{why}");
}

/// Blocks without content, which unpack to nothing for ever.
#[test]
fn gzip_that_goes_on_without_content_is_bounded_too() {
    let (head, block) = ([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3], [0, 0, 0, 0xff, 0xff]);
    let goes_on = |times: usize| {
        let blocks = [&head[..], &block.repeat(times)].concat();
        lost(perform(&answering([b"HTTP/1.1 200 OK\r\n\r\n", &*blocks].concat()), limits()))
    };
    let (why, sent) = goes_on(1 << 18);
    assert!(why.contains("longer than 1 MiB") && sent, "{why}");
    let (why, sent) = goes_on(1 << 16);
    assert!(why.contains("ended early") && sent, "{why}");
}

fn over_tls(head: &str, body: &str, has_end: bool) -> Result<Answer, Lost> {
    let folder = tempfile::tempdir().unwrap();
    let authority = folder.path().join("ca.pem");
    let uri = tls_server_with_end(&authority, &format!("HTTP/1.1 {head}\r\n\r\n{body}"), has_end);
    perform_with(&uri, limits(), &[("SSL_CERT_FILE", authority.to_str().unwrap())])
}

/// Over TLS attohttpc takes any end of the connection for that of the answer, and does not tell it from chunks.
#[test]
fn a_form_over_tls_that_may_have_been_cut_off_is_none() {
    for has_end in [true, false] {
        let length = format!("200 OK\r\nContent-Length: {}", FORM_ANSWER.len());
        assert_eq!(body(over_tls(&length, FORM_ANSWER, has_end)), FORM_ANSWER);
        let (why, sent) = lost(over_tls("200 OK", FORM_ANSWER, has_end));
        assert!(why.contains("may have been cut off") && sent, "{why}");
        let (why, sent) = lost(over_tls("200 OK\r\nContent-Length: 99", FORM_ANSWER, has_end));
        assert!(why.contains("ended early") && sent, "{why}");
        // Whoever reads these sees whether they are whole, and takes no token from an error.
        for body_so_far in ["", " {\"access_token\":\"a", "<html>"] {
            assert_eq!(body(over_tls("200 OK", body_so_far, has_end)), body_so_far);
        }
        assert_eq!(over_tls("503 Busy", "later", has_end).unwrap().status, 503);
    }
}

/// Every answer that others judge, through the whole transport.
#[test]
fn every_golden_answer_comes_back_as_it_was_sent() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/answers");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let cases: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "http")).collect();
    assert!(cases.len() >= 50, "only {} cases", cases.len());
    let (next, answers) = channel::<Vec<u8>>();
    // One for all: each has a socket until the tests end, and there are hundreds of answers.
    let uri = server(move |mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(&answers.recv().unwrap());
    });
    let transport = Transport::new(limits(), as_it_is, |_| None);
    for case in cases {
        let bytes = fs::read(&case).unwrap();
        next.send(bytes.clone()).unwrap();
        let answer = transport.perform(&post(&uri), &Attempt::default());
        assert_is(&bytes, answer, &case.display().to_string());
    }
}

fn assert_is(bytes: &[u8], answer: Result<Answer, Failure>, case: &str) {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut head = httparse::Response::new(&mut headers);
    let length = head.parse(bytes).unwrap().unwrap();
    let status = head.code.unwrap();
    if status < 200 {
        let Err(Failure::Unanswered { trouble: Trouble::Interim(told), .. }) = answer else {
            panic!("{case}")
        };
        return assert_eq!(told, status, "{case}");
    }
    let answer = answer.unwrap_or_else(|failure| panic!("{case}: {failure}"));
    let header = |name: &str| {
        let found = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        found.map(|header| String::from_utf8_lossy(header.value).into_owned())
    };
    assert_eq!(answer.status, status, "{case}");
    assert_eq!(answer.content_type, header("content-type"), "{case}");
    assert_eq!((answer.retry_after, answer.date), (header("retry-after"), header("date")), "{case}");
    let expected = if (300..400).contains(&status) { &[] } else { &bytes[length..] };
    assert_eq!(answer.body.as_slice(), expected, "{case}");
}
