//! The store on a Redis server: each server is one of the tests' own.
//!
//! `RETRY_EFFECTS_FULL=1 cargo test --release -p retry-tests --features redis --test redis --
//! --nocapture` runs the full numbers, and prints what was seen.
#![cfg(unix)]

#[cfg(test)]
mod redis {
    mod abandoned;
    mod blocking;
    mod cluster;
    mod conformance;
    mod counting;
    mod existing;
    mod expiry;
    mod outage;
    mod pipelining;
    mod place;
    mod refusals;
    mod same_decisions;
    mod side;
    mod silence;
    mod strangers;
    #[cfg(feature = "redis-tls")]
    mod tls;
    mod trouble;
    mod version_1;
    mod wakeups;
}
