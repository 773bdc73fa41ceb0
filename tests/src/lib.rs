//! Tests.
pub mod loopback;
mod outcomes;
#[cfg(unix)]
pub mod postgres;
pub mod simulation;

pub use outcomes::{busy_once, busy_times, sendable};
