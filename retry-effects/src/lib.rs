//! One name for one effect, the same in every process and in every language.
//!
//! An effect that must not happen twice needs a name that a retry, a duplicate request, a restarted
//! process and a worker written in Python all arrive at on their own. That name is the [`ActionId`]:
//! the SHA-256 of *what is done* (the action type), *to what* (the payload) and *for whom* (the
//! scope).
//!
//! ```
//! use retry_effects::compute_action_id;
//! use serde::Serialize;
//!
//! #[derive(Serialize)]
//! struct Charge {
//!     order_id: u64,
//!     cents: u64,
//! }
//!
//! let charge = Charge { order_id: 42, cents: 1999 };
//! let id = compute_action_id("charge", &charge, "tenant-7")?;
//! assert_eq!(
//!     id.to_string(),
//!     "0038c298ff6356bc728f2e23e8ca29f15463c8c98465e96f094a92cbcb2ca373",
//! );
//!
//! // The same content gives the same id, however it is held...
//! let parsed: serde_json::Value = serde_json::from_str(r#"{"cents": 1999, "order_id": 42}"#)?;
//! assert_eq!(compute_action_id("charge", &parsed, "tenant-7")?, id);
//! // ...and any other content another one.
//! assert_ne!(compute_action_id("charge", &charge, "tenant-8")?, id);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The rule
//!
//! The hashed text is what Python's
//! `json.dumps({"action_type": .., "payload": .., "scope": ..}, sort_keys=True, separators=(",", ":"))`
//! writes, so the ids are those of the Python package nodus-retry:
//!
//! - no white space; the keys of every object sorted by code point;
//! - everything outside printable ASCII escaped: `\b \t \n \f \r`, else `\uXXXX` in lower-case hex,
//!   with a surrogate pair above U+FFFF;
//! - integers of any size in plain digits;
//! - floats as Python's `repr` writes them: the shortest digits that read back as the same value,
//!   an even last digit where two are equally near, and an exponent below 1e-4 and from 1e16 on.
//!
//! Rust's types map to JSON as `serde_json` maps them. What has no faithful JSON form is an
//! [`ActionIdError`], never a silent `null`: a name that stands for two different contents would
//! let one effect pass for another.
//!
//! # What changes an id
//!
//! Whatever changes the text: a renamed or added field, `1` against `1.0`, an `f64` against an
//! `f32`, another order in a list. [`compute_action_id`] tells what to watch for.

#[cfg(feature = "conformance")]
#[doc(hidden)]
pub mod __model;
mod action_id;
mod canonical;
mod claim;
mod effect_error;
mod error;
mod record;
mod state;
mod store;
mod store_error;

pub use action_id::{ActionId, compute_action_id};
pub use claim::{Busy, Claim, ClaimId, ClaimRequest, DEFAULT_LEASE, Fence, Silent, Token};
pub use effect_error::EffectError;
pub use error::{ActionIdError, ParseActionIdError};
pub use record::{FORMAT, Finished, InputHash, Payload, Record, Resolved, Status};
pub use store::{Changed, EffectStore, Filter, Outcome, Settlement, StoreFuture};
pub use store_error::StoreError;
