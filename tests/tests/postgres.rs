//! The store in a Postgres server that the tests start themselves.
#![expect(
    clippy::unwrap_used,
    reason = "a test may; the lint knows only test functions"
)]

mod postgres {
    mod batching;
    mod bench;
    mod conformance;
    mod refusals;
    mod transactions;
    mod wakeups;
}
