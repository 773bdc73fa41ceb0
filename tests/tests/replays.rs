//! A replay is the value that was returned, for every kind of value and on every store.
//!
//! This file is a test of two packages: of `retry-tests`, and of `arbitrary_precision/`, which
//! switches that feature of `serde_json` on for its whole build.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    reason = "a test may; the lint knows only test functions"
)]

mod replays {
    mod chance;
    mod checks;
    mod kinds;
    #[path = "../four_stores/place.rs"]
    mod place;
    mod refused;
    mod shapes;
    mod texts;
    mod transaction;
}
