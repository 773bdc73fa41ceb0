//! The attributes' arguments: each has its effect, however it is written.

mod arguments {
    mod attempts;
    mod evaluation;
    mod hooks;
    mod identity;
    mod limits;
    mod predicates;
    mod schedules;
    mod throttled;
    mod waits;

    use std::io;
    use std::time::Duration;

    use retry_core::RetryPolicy;
    use retry_core::testing::{VirtualClock, seed};

    const SEED: u64 = 42;

    /// The outcome of every attempt.
    fn busy() -> io::Result<()> {
        Err(io::ErrorKind::ResourceBusy.into())
    }

    /// The waits of a sync call that always fails, drawn as [`expected`] draws them.
    fn slept(call: impl FnOnce() -> io::Result<()>) -> Vec<Duration> {
        let clock = VirtualClock::install();
        let _seeded = seed(SEED);
        assert!(call().is_err());
        clock.slept()
    }

    fn expected(policy: RetryPolicy) -> Vec<Duration> {
        policy.waits(SEED).collect()
    }
}
