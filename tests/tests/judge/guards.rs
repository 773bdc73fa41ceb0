//! Breaker, budget and limiter see the judgement of a value, of one that is accepted too.

use retry_core::testing::no_wait;
use retry_core::{
    AdaptiveLimiter, CircuitBreaker, CircuitState, NO_RETRY, Retry, RetryBudget, RetryPolicy,
    retry_api,
};
use retry_tests::sendable;

use super::{Fault, Outcome, Reply, Server, by_status, server};

static FAILING: CircuitBreaker = CircuitBreaker::new("judge_failing").with_failure_threshold(2);

#[retry_api(max_attempts = 1, judge = by_status, circuit_breaker = FAILING)]
fn guarded(server: &Server) -> Outcome {
    server.next()
}

#[test]
fn values_open_a_circuit() {
    // Refused, and accepted from a server in trouble.
    assert_eq!(guarded(&server([502])), Ok(Reply(502)));
    assert_eq!(FAILING.state(), CircuitState::Closed);
    assert_eq!(guarded(&server([500])), Ok(Reply(500)));
    assert_eq!(FAILING.state(), CircuitState::Open);
    assert!(matches!(guarded(&server([])), Err(Fault::Other(_))));
    FAILING.reset();
    // A final answer is an answer.
    for status in [502, 200, 502, 404] {
        assert_eq!(guarded(&server([status])), Ok(Reply(status)));
    }
    assert_eq!(FAILING.state(), CircuitState::Closed);
}

#[test]
fn a_value_slows_a_limiter_down_refused_or_accepted() {
    for (status, slows) in [(503, true), (203, true), (502, false), (200, false)] {
        let limiter = AdaptiveLimiter::new();
        let retry = Retry::new(NO_RETRY).judge(by_status).adaptive(&limiter);
        let outcome = retry.run(|| server([status]).next());
        assert_eq!(outcome, Ok(Reply(status)));
        assert_eq!(limiter.is_throttling(), slows, "{status}");
    }
}

#[retry_api(judge = by_status, budget = budget, adaptive = true)]
async fn paid(server: &Server, budget: &RetryBudget) -> Outcome {
    server.next()
}

#[tokio::test(start_paused = true)]
async fn the_retry_of_a_value_takes_a_token() {
    let budget = RetryBudget::new(0.0).with_burst(1).with_floor(0);
    let script = server([502, 502, 200]);
    assert_eq!(sendable(paid(&script, &budget)).await, Ok(Reply(502)));
    assert_eq!(script.left(), 1);
}

#[test]
fn the_builder_tells_its_guards_the_same() {
    let _no_wait = no_wait();
    let breaker = CircuitBreaker::new("judge_builder").with_failure_threshold(3);
    let script = server([502, 503, 500]);
    let retry = Retry::new(RetryPolicy::new(4)).judge(by_status);
    let outcome = retry.circuit_breaker(&breaker).run(|| script.next());
    assert_eq!(outcome, Ok(Reply(500)));
    assert_eq!(breaker.state(), CircuitState::Open);
}
