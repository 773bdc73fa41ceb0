//! A server without TLS at a port at which TLS was expected.

use std::io;
use std::time::Duration;

use redis::ConnectionAddr;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The time that such a server has to answer: it is a server that can be reached.
const PATIENCE: Duration = Duration::from_secs(1);

/// Whether the server at an address for TLS answers without it, on a connection of its own. Nothing
/// secret is sent.
pub(super) async fn speaks_without_tls(address: &ConnectionAddr) -> bool {
    let ConnectionAddr::TcpTls { host, port, .. } = address else {
        return false;
    };
    let answer = timeout(PATIENCE, ping(host, *port)).await;
    matches!(answer, Ok(Ok(true)))
}

/// Returns whether the server answers PING in clear text, be it with an error.
async fn ping(host: &str, port: u16) -> io::Result<bool> {
    let stream = TcpStream::connect((host, port)).await?;
    let mut unsent: &[u8] = b"PING\r\n";
    while !unsent.is_empty() {
        stream.writable().await?;
        match stream.try_write(unsent) {
            Ok(count) => unsent = &unsent[count..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    let mut answer = [0; 16];
    loop {
        stream.readable().await?;
        match stream.try_read(&mut answer) {
            Ok(count) => return Ok(is_answer(&answer[..count])),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}

/// `+PONG`, or an error with its code in capital letters: `-NOAUTH ..`. An alert of TLS is neither.
fn is_answer(answer: &[u8]) -> bool {
    let is_error = |code: &[u8]| {
        code.len() > 2 && code[0] == b'-' && code[1..3].iter().all(u8::is_ascii_uppercase)
    };
    answer.starts_with(b"+PONG") || is_error(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_in_clear_text_is_told_from_others() {
        for answer in [
            "+PONG\r\n",
            "-NOAUTH Authenticat",
            "-ERR x\r\n",
            "-LOADING Redis",
        ] {
            assert!(is_answer(answer.as_bytes()), "{answer}");
        }
        for answer in ["", "-", "HTTP/1.1 400 Bad", "\u{15}\u{3}\u{3}", "+OK\r\n"] {
            assert!(!is_answer(answer.as_bytes()), "{answer}");
        }
    }
}
