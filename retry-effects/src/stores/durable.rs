//! The core of the stores that outlive their process: one queue, one way to repeat a request, one place
//! that asks the state machine, over a [`Backend`](backend::Backend) that compares and sets.
//!
//! An operation (`protocol/operation.rs`) is a chain of steps. [`run`] follows it from reply to reply;
//! [`queue`] collects the steps of concurrent callers; [`lanes`] hand them to the backend together, and
//! repeat what got no answer: as `tasks` of a runtime, or on the `thread` of a file. Some lanes live on the
//! [`runtimes`] of callers, and a lone caller's [`request`] is carried out [`inline`], by its own task; a [`job`]
//! that they leave moves to the store's own lanes. [`store`] gives all that the form of an `EffectStore`.

pub(crate) mod backend;
mod inline;
mod job;
mod lanes;
mod queue;
mod request;
mod run;
mod runtimes;
pub(crate) mod store;
mod task_waker;
mod tasks;
#[cfg(all(test, feature = "conformance"))]
mod tests;
#[cfg(any(feature = "sqlite", test))]
mod thread;
