use std::cell::{Cell, RefCell};
use std::time::Duration;

use retry_core::{CircuitBreaker, Hedge, NO_RETRY, Retry, RetryBudget};
use tokio::time::{Instant, sleep};

const AFTER: Duration = Duration::from_millis(95);

/// Copies that take so long each, and then say so.
async fn answer(took: u64, outcome: Result<u64, &'static str>) -> Result<u64, &'static str> {
    sleep(Duration::from_millis(took)).await;
    outcome
}

#[tokio::test(start_paused = true)]
async fn the_first_success_counts() {
    for (first, second, told, copies, after) in [
        (answer(50, Ok(1)), answer(10, Ok(2)), Ok(1), 1, 50),
        (answer(500, Ok(1)), answer(10, Ok(2)), Ok(2), 2, 105),
        (answer(100, Ok(1)), answer(50, Ok(2)), Ok(1), 2, 100),
        // A failure before the hedge is the attempt's; after it, the other copy's word is waited for.
        (answer(50, Err("a")), answer(10, Ok(2)), Err("a"), 1, 50),
        (answer(100, Err("a")), answer(50, Ok(2)), Ok(2), 2, 145),
        (answer(200, Ok(1)), answer(10, Err("b")), Ok(1), 2, 200),
        (
            answer(100, Err("a")),
            answer(50, Err("b")),
            Err("b"),
            2,
            145,
        ),
    ] {
        let script = RefCell::new(vec![second, first]);
        let began = Instant::now();
        let outcome = Retry::new(NO_RETRY)
            .hedge(Hedge::after(AFTER))
            .run_async(|| script.borrow_mut().pop().expect("at most two copies"));
        assert_eq!(outcome.await, told);
        assert_eq!(2 - script.borrow().len(), copies, "{told:?}");
        assert_eq!(began.elapsed(), Duration::from_millis(after), "{told:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_leaves_the_first_alone() {
    let budget = RetryBudget::new(0.0).with_burst(1).with_floor(0);
    let copies = Cell::new(0);
    let call = || {
        let call = Retry::new(NO_RETRY)
            .budget(&budget)
            .hedge(Hedge::after(AFTER).with_max(2));
        call.run_async(|| {
            copies.set(copies.get() + 1);
            answer(1_000, Ok(0))
        })
    };
    assert_eq!(call().await, Ok(0));
    assert_eq!(copies.get(), 2, "one of two hedges was paid for");
    assert_eq!(call().await, Ok(0));
    assert_eq!(copies.get(), 3, "and none after that");
}

#[tokio::test(start_paused = true)]
async fn a_trial_of_a_half_open_circuit_is_not_hedged() {
    let breaker = CircuitBreaker::new("hedged").with_failure_threshold(1);
    let copies = Cell::new(0);
    let call = |fails: bool| {
        let call = Retry::new(NO_RETRY)
            .circuit_breaker(&breaker)
            .hedge(Hedge::after(AFTER));
        call.run_async(move || async move {
            sleep(Duration::from_secs(1)).await;
            if fails {
                Err("down".to_owned())
            } else {
                Ok(())
            }
        })
    };
    let counted = |fails| {
        copies.set(copies.get() + 1);
        call(fails)
    };
    assert!(counted(true).await.is_err());
    tokio::time::advance(Duration::from_secs(67)).await;
    let began = Instant::now();
    assert!(counted(false).await.is_ok());
    assert_eq!(began.elapsed(), Duration::from_secs(1));
    assert_eq!(copies.get(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_hedged_attempt_is_retried_and_timed_out_as_one() {
    let copies = Cell::new(0);
    let outcome = Retry::new(super::POLICY)
        .timeout(Duration::from_millis(200))
        .hedge(Hedge::after(AFTER))
        .run_async(|| {
            copies.set(copies.get() + 1);
            std::future::pending::<Result<(), String>>()
        });
    let error = outcome.await.unwrap_err();
    assert!(error.contains("attempt 3 of"), "{error}");
    assert_eq!(copies.get(), 6, "two copies in each of three attempts");
}

#[tokio::test]
async fn its_future_is_send() {
    fn assert_send<T: Send>(value: T) -> T {
        value
    }
    let breaker = CircuitBreaker::new("send");
    let budget = RetryBudget::new(0.1);
    let text = String::from("x");
    let call = Retry::new(NO_RETRY)
        .budget(&budget)
        .circuit_breaker(&breaker)
        .hedge(Hedge::after(AFTER))
        .run_async(|| async { Ok::<_, String>(text.len()) });
    assert_eq!(assert_send(call).await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn a_final_error_is_not_held_back_nor_replaced() {
    let script = RefCell::new(vec![
        answer(5_000, Err("connection refused")),
        answer(100, Err("order not found")),
    ]);
    let began = Instant::now();
    let outcome = Retry::new(super::POLICY)
        .hedge(Hedge::after(Duration::from_millis(10)))
        .run_async(|| script.borrow_mut().pop().expect("at most two copies"));
    assert_eq!(outcome.await, Err("order not found"));
    assert_eq!(began.elapsed(), Duration::from_millis(100));
}

#[tokio::test(start_paused = true)]
async fn a_limiter_that_asks_to_wait_lets_no_hedge_go() {
    let limiter = retry_core::AdaptiveLimiter::new();
    let copies = Cell::new(0);
    let call = |outcome: Result<u64, &'static str>| {
        let call = Retry::new(NO_RETRY)
            .adaptive(&limiter)
            .hedge(Hedge::after(Duration::from_millis(10)).with_max(16));
        let copies = &copies;
        call.run_async(move || {
            copies.set(copies.get() + 1);
            answer(200, outcome)
        })
    };
    while !limiter.is_throttling() {
        let _ = call(Err("429 too many requests")).await;
    }
    copies.set(0);
    assert_eq!(call(Ok(1)).await, Ok(1));
    assert!(
        copies.get() <= 2,
        "{} copies at half an attempt a second",
        copies.get()
    );
}
