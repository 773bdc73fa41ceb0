//! [`Retry::judge`], sync and async, and that a predicate is the same judgement.

use std::time::Duration;

use proptest::prelude::*;
use retry_core::testing::{Recorder, Script, VirtualClock, seed};
use retry_core::{Judgement, Retry, RetryPolicy};

use super::{Fault, Outcome, Reply, Server, by_status, server};

const POLICY: RetryPolicy = RetryPolicy::new(4)
    .with_backoff_ms(300)
    .with_exponential_backoff(true);

/// A call's outcome, its attempts, its waits and its events.
type Seen = (Outcome, u32, Vec<Duration>, Vec<String>);

fn see(outcomes: &[Outcome], call: impl FnOnce(&Server) -> Outcome) -> Seen {
    let server = Script::new(outcomes.iter().cloned());
    let (clock, recorder, _seeded) = (VirtualClock::install(), Recorder::install(), seed(11));
    let outcome = call(&server);
    (
        outcome,
        server.attempts(),
        clock.slept(),
        recorder.messages(),
    )
}

fn any_outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        1 => Just(Ok(Reply(200))),
        3 => Just(Ok(Reply(502))),
        2 => Just(Err(Fault::Down)),
        1 => Just(Err(Fault::Declined)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn predicates_and_a_judge_that_says_the_same_do_the_same(
        outcomes in prop::collection::vec(any_outcome(), 4),
    ) {
        let retry = Retry::new(POLICY).name("call");
        let refused = |reply: &Reply| reply.0 == 502;
        let retried = |error: &Fault| *error == Fault::Down;
        let by_predicates = see(&outcomes, |server| {
            retry.retry_on_ok(refused).retry_if(retried).run(|| server.next())
        });
        let by_judge = see(&outcomes, |server| {
            let judge = |outcome: &Outcome| match outcome {
                Ok(reply) => refused(reply),
                Err(error) => retried(error),
            };
            retry.judge(judge).run(|| server.next())
        });
        prop_assert_eq!(by_predicates, by_judge);
    }
}

#[tokio::test(start_paused = true)]
async fn the_async_twin_and_the_last_judge_wins() {
    let retry = Retry::new(POLICY)
        .judge(|_: &Outcome| false)
        .judge(by_status);
    let script = server([502, 429, 200]);
    let outcome = retry.run_async(|| async { script.next() }).await;
    assert_eq!((outcome, script.left()), (Ok(Reply(200)), 0));
}

#[test]
fn the_last_retry_on_ok_wins() {
    let _no_wait = retry_core::testing::no_wait();
    let script = Script::new([Ok(1), Ok(2)]);
    let outcome = Retry::new(POLICY)
        .retry_on_ok(|_: &u32| true)
        .retry_on_ok(|value: &u32| *value < 2)
        .run(|| script.next());
    assert_eq!(outcome, Ok::<_, String>(2));
}

#[test]
fn a_hint_that_is_too_long_ends_the_call_with_the_value() {
    let clock = VirtualClock::install();
    let long = |outcome: &Outcome| match outcome {
        Ok(_) => Judgement::retry_after(Duration::from_secs(61)),
        Err(_) => Judgement::stop(),
    };
    let script = server([429, 200]);
    let outcome = Retry::new(POLICY).judge(long).run(|| script.next());
    assert_eq!((outcome, clock.slept().len()), (Ok(Reply(429)), 0));
}
