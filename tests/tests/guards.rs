//! The attributes' guards: `budget`, `circuit_breaker`, `adaptive`, `time_budget` and `hedge`, in each
//! of their forms, on functions of all kinds.

mod guards {
    mod adaptive;
    mod breaker;
    mod budget;
    mod builder;
    mod dropped;
    mod gate;
    mod hedge;
    mod keyed;
    mod time_budget;

    use std::future::Future;
    use std::io;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};
    use std::time::Duration;

    use retry_core::RetryError;
    use retry_core::testing::Script;
    use retry_tests::refused;

    const SECOND: Duration = Duration::from_secs(1);

    /// The outcomes of a dependency that stays down: refusals only.
    fn down() -> Script<u32, io::Error> {
        Script::new((0..1_000).map(|_| Err(refused())))
    }

    /// Returns the rejection, if the error is the circuit breaker's.
    fn rejection(error: &io::Error) -> Option<&RetryError> {
        error.get_ref()?.downcast_ref()
    }

    fn is_about(one: f64, other: f64) -> bool {
        (one - other).abs() < 1e-9
    }

    /// Polls a future for as long as it is ready to go on, and drops it where it first waits.
    fn dropped_where_it_waits(future: impl Future) {
        let mut future = pin!(future);
        let mut context = Context::from_waker(Waker::noop());
        assert!(matches!(future.as_mut().poll(&mut context), Poll::Pending));
    }
}
