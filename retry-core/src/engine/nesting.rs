//! Nested calls: an outer call does not multiply the attempts of an inner one that has given up.
//!
//! # The rule
//!
//! A call inside an attempt gives up, and the attempt fails. Does the attempt's error *carry* the
//! inner call's? No type says so: the error may have been returned, wrapped, or printed into a text,
//! or it may have been swallowed, and something else has failed with a text of its own. These signs
//! are asked, in this order; where they leave it open, the outer call goes on:
//!
//! 1. The two share a part in memory that does not move: a boxed error, the payload of an
//!    [`io::Error`](std::io::Error), the bytes of a `String`. Carried. (A part that was dropped before
//!    the attempt did something else does not count: its place may be another error's by now.)
//! 2. The attempt has done something else since: another annotated call ran in it, or it was
//!    suspended (returned `Pending`), or the system has reported the inner error's code once more. Not
//!    carried.
//! 3. The outer error holds another error of the inner one's type and text in memory. Not carried.
//! 4. The inner error's text stands in the outer error or in a layer below it, alone or set off:
//!    `cannot load: connection reset`. Carried: the attempt ended with the inner call's failure, and
//!    says so.
//!
//! # What it costs
//!
//! A thread knows how many attempts it stands in: one thread-local number, one more while an attempt
//! runs (of a future: while it is polled). Its sign says whether some call inside has given up; that is
//! all that a call looks at which does not fail. The rest is kept aside, and moves with a future by its
//! ticket.

mod attempt;
mod gave_up;
mod standing;
mod system_code;
mod tickets;

pub use attempt::{attempt_async, attempt_sync};
pub(crate) use gave_up::GaveUp;
pub(crate) use standing::Inner;
pub(crate) use standing::{give_up, is_inside, refused};

/// What a call does when an annotated call inside its attempt has given up.
///
/// "Inside" is on the same task, or in sync code on the same thread. The inner call has failed after
/// all its attempts, and the attempt around it fails too. Where the attempt's error carries the inner
/// call's, another attempt would only make all inner attempts once more; where the inner failure was
/// swallowed and something else has failed, it is an error like any other.
///
/// | the outer error | counts as |
/// |---|---|
/// | is the inner one: by `?`, `#[from]`, `#[source]`, boxed, with anyhow's context | carried |
/// | is a text that quotes it: `format!("cannot load: {e}")` | carried |
/// | has another text | swallowed |
/// | has the same text, after another annotated call, an `.await` that waited, or another refused system call | swallowed, unless it is the very same object: a boxed error, a `String` |
/// | has the same text, and nothing of this was seen | carried |
///
/// The last row is the one that can be wrong: sync code that swallows an inner failure, and then fails
/// with an equal text of its own making. Let the texts differ there, or say `nested = "multiply"`.
///
/// # Examples
///
/// ```
/// use retry_core::{RetryPolicy, execute_with_retry};
///
/// const THREE: RetryPolicy = RetryPolicy::new(3).with_backoff_ms(0);
///
/// fn load(attempts: &mut u32) -> Result<(), String> {
///     let attempt = || {
///         *attempts += 1;
///         Err("connection reset".to_owned())
///     };
///     execute_with_retry(attempt, &THREE)
/// }
///
/// // The outer call fails of the inner one: one attempt of it, and the three of that.
/// let mut attempts = 0;
/// let page = || load(&mut attempts).map_err(|error| format!("no page: {error}"));
/// assert!(execute_with_retry(page, &THREE).is_err());
/// assert_eq!(attempts, 3);
///
/// // The inner failure is swallowed: the outer call makes its three attempts.
/// let mut attempts = 0;
/// let page = || load(&mut attempts).or(Err("database busy".to_owned()));
/// assert!(execute_with_retry(page, &THREE).is_err());
/// assert_eq!(attempts, 9);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Nested {
    /// Stop: the inner call has used its attempts, and its error says why. The default.
    #[default]
    Stop,
    /// Try again, inner attempts and all.
    Multiply,
}

#[cfg(test)]
mod tests;
