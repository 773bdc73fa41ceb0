//! Nested calls: an outer call does not multiply the attempts of an inner call that has given up.
//!
//! # The rule
//!
//! A call inside an attempt gives up, and the attempt fails. Does the attempt's error *carry* the
//! inner call's error? No type states it. The error may have been returned, wrapped, or printed
//! into a text; or it was swallowed, and something else failed with another text. These signs are
//! checked, in this order; if they leave it open, the outer call goes on:
//!
//! 1. The two share a part in memory that does not move: a boxed error, the payload of an
//!    [`io::Error`](std::io::Error), the bytes of a `String`. Carried. (A part that was dropped before
//!    the attempt did something else does not count: another error may be in its place by now.)
//! 2. The attempt has done something else since: another annotated call ran in it, or it was suspended
//!    (returned `Pending`), or the system has reported the inner error's code once more. Not carried.
//! 3. The outer error holds another error of the inner one's type and text in memory. Not carried.
//! 4. The inner error's text occurs in the outer error or in a layer below it, alone or set off:
//!    `cannot load: connection reset`. Carried: the attempt ended with the inner call's failure,
//!    and its error states so.
//!
//! # What it costs
//!
//! A thread-local number counts the attempts that run on the thread; a future's attempt counts while it
//! is polled. The number is negative once a call inside has given up. A call without a failure tests
//! nothing else. The errors of the calls that gave up are kept in a table of the process; a future
//! carries only the number of its entry, its ticket.

pub(crate) mod attempt;
pub(crate) mod gave_up;
pub(crate) mod refusal;
pub(crate) mod system_code;
pub(crate) mod thread_notes;
pub(crate) mod tickets;

#[cfg(test)]
mod tests;
