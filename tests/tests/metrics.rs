//! The metrics: every one of them, with exact values, and that they fit together.

mod metrics {
    mod budgets;
    mod circuits;
    mod exporter;
    mod gate;
    mod hedges;
    mod outcomes;
    mod recovery;
    mod seen;
    mod totals;

    use retry_core::{Jitter, RetryPolicy};

    /// Three attempts, and a second before each retry.
    const SECONDS: RetryPolicy = RetryPolicy::new(3)
        .with_backoff_ms(1_000)
        .with_exponential_backoff(true)
        .with_jitter(Jitter::None);
}
