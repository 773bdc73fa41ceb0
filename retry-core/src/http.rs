//! HTTP answers: which status is an error, whether it is worth another attempt, and when.
//!
//! A client's `send` returns an `Ok` for every answer. [`ResponseExt::checked`] (features `reqwest` and
//! `reqwest-012`) makes the answer an error if its status is one, with the headers, in which servers name
//! waits, and the beginning of the body, in which some state that a 429 is final:
//!
//! ```
//! # #[cfg(feature = "reqwest")] mod example {
//! use retry_core::{Classify, RetryError, http::{ResponseExt, StatusError}, retry_api};
//!
//! #[derive(Debug, thiserror::Error, Classify)]
//! pub enum OrderError {
//!     #[error("no answer: {0}")]
//!     Http(#[from] reqwest::Error),
//!     #[error("refused: {0}")]
//!     Status(#[from] StatusError),
//!     #[error(transparent)]
//!     Limit(#[from] RetryError), // of `timeout`
//! }
//!
//! #[retry_api(timeout = "10s", min_wait = "1ms")]
//! pub async fn order(client: reqwest::Client, url: String) -> Result<String, OrderError> {
//!     Ok(client.get(url).send().await?.checked().await?.text().await?)
//! }
//! # }
//! # #[cfg(feature = "reqwest")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), example::OrderError> {
//! # use std::io::{Read, Write};
//! # let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
//! # let url = format!("http://{}/orders?token=SECRET", listener.local_addr().unwrap());
//! # let _ = rustls::crypto::ring::default_provider().install_default();
//! # let client = reqwest::Client::builder().no_proxy().build().unwrap();
//! # std::thread::spawn(move || {
//! #     for answer in [
//! #         "HTTP/1.1 429 Too Many Requests\r\nretry-after-ms: 5\r\nconnection: close\r\ncontent-length: 4\r\n\r\nslow",
//! #         "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 8\r\n\r\naccepted",
//! #     ] {
//! #         let (mut stream, _) = listener.accept().unwrap();
//! #         let _ = stream.read(&mut [0; 4096]).unwrap();
//! #         stream.write_all(answer.as_bytes()).unwrap();
//! #     }
//! # });
//! // The server answers 429 with `retry-after-ms: 5`, then 200.
//! assert_eq!(example::order(client, url).await?, "accepted");
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "reqwest"))] fn main() {}
//! ```
//!
//! # What a status and its headers mean
//!
//! The status answers by the [table](crate#what-is-retried), and the headers add advice:
//!
//! | header | effect |
//! |---|---|
//! | `retry-after-ms` | the wait in milliseconds, also `1500.5` |
//! | `Retry-After` | else the wait in seconds or until a date, which is compared with the answer's own `Date`. On a 503 it proves *not applied*: the server itself turned the request away |
//! | `x-amz-retry-after` | else the wait in milliseconds |
//! | `RateLimit`, else `RateLimit-Reset` | else, of a 429 or 529, the time until the exhausted quota is renewed |
//! | `x-should-retry`, else `stripe-should-retry` | `true` and `false` replace the advice. They prove nothing: whether the request was *not applied* stays as the status has it |
//!
//! A final status has no wait, unless the server asks for another attempt. A value that cannot be read is
//! ignored, and one that is too large is the largest wait. A wait above the policy's
//! `max_retry_after`, one minute unless set, ends the call at once, whatever `x-should-retry` states.
//!
//! # Limits
//!
//! - *A body is not judged* by default: a 429 that only its body calls final (`insufficient_quota`, a spend
//!   limit) is tried again. [`checked_with`](ResponseExt::checked_with) reads it.
//! - *A redirect* is followed by the client, and the error is that of the last answer. A 301, 302 or 303
//!   turns a POST into a GET, and 307 and 308 repeat it, perhaps on another host: under the gate switch that
//!   off (`redirect::Policy::none()`).
//! - *A streamed answer* is an `Ok` from its head on. What breaks later, in the body, is an error of the
//!   reading: it is retried only if the attempt does the reading.

mod judgement;
#[cfg(any(feature = "reqwest", feature = "reqwest-012"))]
mod response;

pub use crate::http::judgement::judge_status;
#[cfg(any(feature = "reqwest", feature = "reqwest-012"))]
pub use crate::{
    classify::library::status_error::StatusError,
    http::response::{HttpResponse, ResponseExt},
};
