//! The `Idempotency-Key` of HTTP requests (features `reqwest` and `reqwest-012`): the callee's part of
//! *exactly once*.
//!
//! A callee that remembers keys answers a repeated request with the first one's result. So every attempt, and
//! every later call that runs the action again, must send the same key. [`RequestExt::idempotency_key`]
//! derives it from the action under way and a label:
//!
//! ```
//! # #[cfg(feature = "reqwest")] mod example {
//! use retry_core::{Classify, http::{ResponseExt, StatusError}, retry_api};
//! use retry_effects::{EffectError, http::{KeyError, RequestExt}};
//!
//! #[derive(Debug, thiserror::Error, Classify)]
//! pub enum PayError {
//!     #[error("no answer: {0}")]
//!     Http(#[from] reqwest::Error),
//!     #[error("refused: {0}")]
//!     Status(#[from] StatusError),
//!     #[error(transparent)]
//!     Key(#[from] KeyError),
//!     #[error(transparent)]
//!     Effect(#[from] EffectError),
//! }
//!
//! // The bank keeps its keys for a day.
//! #[retry_api(
//!     idempotent = true, key(order), skip(client), in_doubt = "reexecute", dedupe_for = "23h",
//!     min_wait = "1ms",
//! )]
//! pub async fn charge(client: reqwest::Client, bank: &str, order: u64) -> Result<String, PayError> {
//!     let sent = client.post(bank).body("1999").idempotency_key("charge")?.send().await?;
//!     Ok(sent.checked().await?.text().await?)
//! }
//! # }
//! # #[cfg(feature = "reqwest")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), example::PayError> {
//! # use std::io::{Read, Write};
//! # let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
//! # let bank = format!("http://{}/", listener.local_addr().unwrap());
//! # let _ = rustls::crypto::ring::default_provider().install_default();
//! # let client = reqwest::Client::builder().no_proxy().build().unwrap();
//! # let server = std::thread::spawn(move || {
//! #     let mut keys = Vec::new();
//! #     for answer in ["500 Oops", "200 OK"] {
//! #         let (mut stream, _) = listener.accept().unwrap();
//! #         let mut request = [0; 4096];
//! #         let read = stream.read(&mut request).unwrap();
//! #         let request = String::from_utf8_lossy(&request[..read]).into_owned();
//! #         keys.extend(request.lines().find_map(|line| line.strip_prefix("idempotency-key: ").map(str::to_owned)));
//! #         let answer = format!("HTTP/1.1 {answer}\r\nconnection: close\r\ncontent-length: 9\r\n\r\nreceipt 1");
//! #         stream.write_all(answer.as_bytes()).unwrap();
//! #     }
//! #     keys
//! # });
//! // The bank books and answers 500; the second attempt has the same key, and gets the receipt.
//! assert_eq!(example::charge(client, &bank, 42).await?, "receipt 1");
//! # let keys = server.join().unwrap();
//! # assert_eq!(keys.len(), 2);
//! # assert_eq!(keys[0], keys[1]);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "reqwest"))] fn main() {}
//! ```
//!
//! # The key
//!
//! It is the SHA-256 of `{action id}:{label}` in 64 lower-case hexadecimal digits, so that any other program
//! that knows the action can compute it. In a gated call inside another one, the inner action counts.
//!
//! - **A label for each request of an action.** Two requests of one action with the same label have the same
//!   key: a callee answers the second with the first one's result, or with a 422. A label that is
//!   used again is not refused, since a body may well repeat its own request. From the second label on an attempt
//!   counts as acting ([`acted`](crate::acted)): the refusal of a later request proves nothing about an earlier one.
//!   A body that repeats a request itself, after an answer that leaves its effect unknown, calls `acted` before it does,
//!   unless the action is `in_doubt = "reexecute"`.
//! - **Labels are part of the key**: another label in the next release is another key.
//! - **One header.** A header `Idempotency-Key` that the request has already is replaced.
//! - **Bare or quoted.** The draft of the IETF writes the key as a string in quotes, Stripe and most others
//!   write it bare: [`idempotency_key`](RequestExt::idempotency_key) is bare,
//!   [`idempotency_key_quoted`](RequestExt::idempotency_key_quoted) is not.
//! - **Redirects.** A client that follows a redirect sends the header along, also to another host: 307 and
//!   308 repeat the request there, and 301, 302 and 303 turn a POST into a GET that still carries it. Under
//!   the gate switch redirects off (`redirect::Policy::none()`).
//! - **The callee forgets.** Stripe keeps keys for 24 hours; an action that runs again later would charge
//!   again. State it by `dedupe_for = ".."`, or [`Effect::dedupe_for`](crate::Effect::dedupe_for), less
//!   a margin for the longest attempt.
//!
//! # Without a gate
//!
//! Nothing identifies a call without a gate, and a key of its own in each attempt would protect nothing: there a
//! key is an error, [`KeyError::NotStable`], before anything is sent, and so it is in a task that a body spawns
//! without [`in_current_scope`](crate::in_current_scope). [`with_request_keys`] *around* the retried call gives all
//! its attempts the same keys.

mod key;
mod key_error;
mod key_scope;
mod request;

pub use key_error::KeyError;
pub use key_scope::with_request_keys;
pub use request::{HttpRequest, RequestExt};
