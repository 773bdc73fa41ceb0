//! Tests.
mod blocking;
mod child;
#[cfg(feature = "libraries")]
pub mod judged;
pub mod loopback;
mod outcomes;
#[cfg(unix)]
pub mod postgres;
#[cfg(unix)]
pub mod proxy;
mod random;
#[cfg(unix)]
pub mod redis;
#[cfg(unix)]
mod shared;
pub mod simulation;
mod size;

pub use blocking::{block_on, park_on};
pub use child::{alone, child, is_child, printed_by};
pub use outcomes::{busy_once, busy_times, gate_error, refused, sendable};
pub use random::Random;
pub use size::short_or_full;

/// Has rustls encrypt by ring. A build of the whole workspace gives reqwest rustls without a provider,
/// and its clients then panic where nothing is chosen.
#[cfg(feature = "libraries")]
pub fn choose_encryption() {
    // Whether an earlier test has chosen it is all the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
