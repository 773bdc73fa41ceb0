//! The reactions of servers to a request, by name.

use retry_tests_bare::loopback::Reaction;

/// An answer with this status line and body.
pub(crate) fn answer(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n{headers}\r\n{body}").into_bytes()
}

/// The request is read in each case but the second, and may have been carried out.
pub(crate) fn broken_before_the_head() -> [(&'static str, Reaction); 5] {
    let part = b"HTTP/1.1 200 OK\r\ncontent-le".to_vec();
    [
        ("books, then closes", Reaction::Close),
        ("closes unread", Reaction::CloseUnread),
        ("cuts the head", Reaction::Answer(part)),
        ("resets", Reaction::Reset),
        (
            "speaks no HTTP",
            Reaction::Answer(b"220 mail ready\r\n".to_vec()),
        ),
    ]
}

/// A head that promises more than comes.
pub(crate) const HALF: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart";
