//! Whoever signs is asked once for each request, and what it makes of the body is sent.

use super::*;

fn adding(request: &Request) -> Result<Signed, NotSigned> {
    let body = Secret::new(format!("{}&added=hunter2", request.body.expose()));
    Ok(Signed { body, added: Some(Secret::from("hunter2")) })
}

#[test]
fn what_was_signed_is_sent_and_told_beside_the_answer() {
    let (sent, received) = channel();
    let uri = server(move |mut stream| {
        sent.send(read_request(&mut stream)).unwrap();
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    });
    let transport = Transport::new(limits(), adding, |_| None);
    let answer = transport.perform(&post(&uri), &Attempt::default()).unwrap();
    assert_eq!(answer.signed, Some(Secret::from("hunter2")));
    assert_eq!(parts(&received.recv().unwrap()).1, format!("{FORM}&added=hunter2"));
}
