//! Servers and proxies that say nothing, or drip, at every step of a request: it ends by the deadline.

use super::*;

/// A server that does `first` with each connection and then sends a byte now and then.
fn dripping(byte: u8, first: impl Fn(&mut TcpStream) + Send + 'static) -> String {
    server(move |mut stream| {
        first(&mut stream);
        while stream.write_all(&[byte]).is_ok() {
            thread::park_timeout(Duration::from_millis(5));
        }
    })
}

#[track_caller]
fn ends_in_time(result: Result<Answer, Lost>, is_sent: bool) {
    let (why, sent) = lost(result);
    assert!(why.contains("timed out") && sent == is_sent, "{why}");
}

/// All of them at the same time: each waits for its end.
#[track_caller]
fn all_end_in_time<W: FnOnce() -> Result<Answer, Lost> + Send>(
    requests: impl IntoIterator<Item = W>,
    is_sent: bool,
) {
    thread::scope(|scope| {
        let running: Vec<_> = requests.into_iter().map(|request| scope.spawn(request)).collect();
        running.into_iter().for_each(|request| ends_in_time(request.join().unwrap(), is_sent));
    });
}

#[test]
fn a_mute_server_is_left_when_the_time_is_up() {
    let (keep, _kept) = channel();
    let mute = server(move |stream| drop(keep.send(stream)));
    ends_in_time(perform(&mute, impatient()), true);
    ends_in_time(perform(&mute.replace("http:", "https:"), impatient()), false);
}

#[test]
fn a_dripping_server_is_left_when_the_time_is_up() {
    let heads = [
        "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10000\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: ",
    ];
    let asked = |head: &'static str| {
        let uri = dripping(b' ', move |stream| {
            read_request(stream);
            let _ = stream.write_all(head.as_bytes());
        });
        move || perform(&uri, impatient())
    };
    all_end_in_time(heads.map(asked), true);
}

#[test]
fn a_dripping_handshake_is_left_when_the_time_is_up() {
    // The beginning of a record of 16 KiB.
    let uri = dripping(0, |stream| stream.write_all(&[0x16, 3, 3, 0x40, 0]).unwrap());
    ends_in_time(perform(&uri.replace("http:", "https:"), impatient()), false);
}

#[test]
fn a_proxy_that_is_mute_or_drips_is_left_when_the_time_is_up() {
    let (keep, _kept) = channel();
    let mute = server(move |stream| drop(keep.send(stream)));
    let drips = dripping(b' ', |stream| stream.write_all(b"HTTP/1.1 200 OK\r\nX: ").unwrap());
    // After its 200 it is the handshake that drips.
    let opens = dripping(0, |stream| {
        read_head(stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n\x16\x03\x03\x40\x00").unwrap();
    });
    let secret = mute.replace("http:", "https:");
    let through =
        |proxy: String| move || perform_with("https://as.example/", impatient(), &[("https_proxy", &proxy)]);
    all_end_in_time([mute, drips, opens, secret].map(through), false);
}

#[test]
fn a_server_that_takes_the_form_slowly_is_left_when_the_time_is_up() {
    let uri = server(|mut stream| {
        while stream.read(&mut [0; 512]).is_ok_and(|length| length > 0) {
            thread::park_timeout(Duration::from_millis(5));
        }
    });
    let form = Secret::new("x".repeat(16 * 1024 * 1024));
    ends_in_time(perform_request(&Request { body: form, ..post(&uri) }, impatient(), &[]), true);
}
