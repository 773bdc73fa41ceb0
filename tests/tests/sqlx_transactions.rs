//! Transactions of sqlx 0.9 and 0.8, and statements for other drivers: rows and record in one commit.
#![expect(
    clippy::unwrap_used,
    reason = "a test may; the lint knows only test functions"
)]

mod sqlx_transactions {
    mod bench;
    mod completion;
    mod errors;
    mod own_ends;
    mod postgres;
    mod sqlite;
}
