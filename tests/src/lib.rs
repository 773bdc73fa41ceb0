//! Tests.
#[cfg(feature = "libraries")]
pub mod judged;
pub mod loopback;
mod outcomes;
#[cfg(unix)]
pub mod postgres;
#[cfg(unix)]
pub mod proxy;
#[cfg(unix)]
pub mod redis;
pub mod simulation;

pub use outcomes::{busy_once, busy_times, sendable};
