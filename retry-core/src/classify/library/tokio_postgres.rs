//! [`tokio_postgres::Error`], by SQLSTATE if the server answered, else by the progress of the request.

use std::error::Error;

use super::outcome::{left_open, misused, refused, unknown};
use super::{connect, sqlstate};
use crate::classify::chain;
use crate::classify::judgement::Judgement;

classified! {
    tokio_postgres::Error: judge;
}

fn judge(error: &tokio_postgres::Error) -> Judgement {
    if let Some(code) = error.code() {
        return sqlstate::judge(code.code());
    }
    // The library does not distinguish a connection lost before the request from one lost under it.
    if error.is_closed() {
        return unknown("connection_closed");
    }
    judge_client_side(&error.to_string(), error.source())
}

/// The library's kinds are private: their fixed texts are the only public trace. A text that is not
/// listed leaves the outcome open, which costs at worst one attempt too many.
fn judge_client_side(text: &str, source: Option<&(dyn Error + 'static)>) -> Judgement {
    let begins = |beginnings: &[&str]| beginnings.iter().any(|with| text.starts_with(with));
    if begins(&["error connecting to server"]) {
        connect::judge(source)
    } else if begins(&["error performing TLS handshake"]) {
        connect::judge_tls(source)
    } else if begins(&["authentication error"]) {
        refused("authentication")
    } else if begins(&[
        "invalid connection string",
        "invalid configuration",
        "error serializing parameter",
        "error encoding message to server",
        "expected ",
    ]) {
        // Nothing was sent: the configuration or the parameters are wrong.
        misused("invalid_request")
    } else if begins(&["query returned an unexpected number of rows"]) {
        // The statement has run: it may have changed several rows, or only read.
        left_open("row_count")
    } else if begins(&["error communicating with the server"]) {
        // Connecting fails with another text, so the connection was up: whatever broke it, a request may
        // have been sent.
        let name = source.and_then(chain::kind);
        unknown(name.unwrap_or("io"))
    } else if begins(&["error deserializing column", "invalid column"]) {
        // The statement has run; the caller expected another answer.
        unknown("decode")
    } else if begins(&["timeout waiting for server"]) {
        unknown("timed_out")
    } else {
        unknown("protocol")
    }
}
