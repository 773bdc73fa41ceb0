//! The store in a Postgres server that the tests start themselves.
#![expect(
    clippy::unwrap_used,
    reason = "a test may; the lint knows only test functions"
)]

mod postgres {
    mod abandoned;
    mod batch_failures;
    mod batching;
    mod bench;
    mod callers;
    mod conformance;
    mod costs;
    mod counting;
    mod heap_only;
    mod moving;
    mod open_transactions;
    mod own_sessions;
    mod panics;
    mod plans;
    mod poolers;
    mod purging;
    mod refusals;
    mod results;
    mod settings;
    mod standby;
    mod storm;
    mod tls;
    mod transactions;
    mod wakeups;
}
