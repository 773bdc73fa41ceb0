//! Attribute, function and builder, sync and async, are one engine: the same script of outcomes
//! makes the same attempts, waits and events, whichever way it is called.

use std::time::Duration;

use proptest::prelude::*;
use retry_core::testing::{Recorder, Script, VirtualClock, seed};
use retry_core::{
    Classify, Judgement, Retry, RetryPolicy, execute_with_retry, execute_with_retry_async,
    retry_api,
};

#[derive(Clone, Debug, PartialEq)]
struct Judged(Judgement);

impl std::fmt::Display for Judged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl Classify for Judged {
    fn classify(&self) -> Judgement {
        self.0
    }
}

type Outcome = Result<u32, Judged>;

const POLICY: RetryPolicy = RetryPolicy::new(4)
    .with_backoff_ms(300)
    .with_exponential_backoff(true);

#[retry_api(policy = POLICY, name = "call")]
fn annotated(script: &Script<u32, Judged>) -> Outcome {
    script.next()
}

#[retry_api(policy = POLICY, name = "call")]
async fn annotated_async(script: &Script<u32, Judged>) -> Outcome {
    script.next()
}

/// The observed results of a call: its outcome, its attempts, and its events without the names that differ.
#[derive(Debug, PartialEq)]
struct Seen {
    outcome: Outcome,
    attempts: u32,
    slept: Duration,
    events: Vec<String>,
}

fn see(
    outcomes: &[Outcome],
    call: impl FnOnce(&Script<u32, Judged>) -> (Outcome, Duration),
) -> Seen {
    let script = Script::new(outcomes.iter().cloned());
    let recorder = Recorder::install();
    let _seeded = seed(11);
    let (outcome, slept) = call(&script);
    let events = recorder
        .messages()
        .into_iter()
        .filter(|message| !message.starts_with("DEBUG Retry policy"))
        .map(|message| {
            // A function's name is its place in this file.
            message
                .split(' ')
                .map(|word| if word.contains(".rs:") { "call:" } else { word })
                .map(|word| word.trim_end_matches(':'))
                .collect::<Vec<_>>()
                .join(" ")
        });
    Seen {
        outcome,
        attempts: script.attempts(),
        slept,
        events: events.collect(),
    }
}

fn sync(outcomes: &[Outcome], call: impl FnOnce(&Script<u32, Judged>) -> Outcome) -> Seen {
    see(outcomes, |script| {
        let clock = VirtualClock::install();
        (call(script), clock.elapsed())
    })
}

fn paused(outcomes: &[Outcome], call: impl AsyncFnOnce(&Script<u32, Judged>) -> Outcome) -> Seen {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    see(outcomes, |script| {
        runtime.block_on(async {
            let start = tokio::time::Instant::now();
            let outcome = call(script).await;
            (outcome, start.elapsed())
        })
    })
}

fn any_outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        1 => Just(Ok(7)),
        4 => Just(Err(Judged(Judgement::retry()))),
        2 => Just(Err(Judged(Judgement::retry().not_applied()))),
        1 => Just(Err(Judged(Judgement::stop()))),
        1 => (0_u64..70_000).prop_map(|ms| {
            Err(Judged(Judgement::retry_after(Duration::from_millis(ms))))
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn six_ways_to_call_do_the_same(outcomes in prop::collection::vec(any_outcome(), 4)) {
        let expected = sync(&outcomes, annotated);
        prop_assert_eq!(&expected, &sync(&outcomes, |script| execute_with_retry(|| script.next(), &POLICY)));
        prop_assert_eq!(&expected, &sync(&outcomes, |script| Retry::new(POLICY).name("call").run(|| script.next())));
        // Tokio's timer counts in whole milliseconds, rounded up: waits are compared as reported.
        let whole = |seen: Seen| Seen { slept: Duration::ZERO, ..seen };
        let expected = whole(expected);
        prop_assert_eq!(&expected, &whole(paused(&outcomes, async |script| annotated_async(script).await)));
        prop_assert_eq!(&expected, &whole(paused(&outcomes, async |script| {
            execute_with_retry_async(|| async { script.next() }, &POLICY).await
        })));
        prop_assert_eq!(&expected, &whole(paused(&outcomes, async |script| {
            Retry::new(POLICY).name("call").run_async(|| async { script.next() }).await
        })));
    }
}

/// Judges values too: 0 and 1 are to be retried, 1 after a hint.
fn judge(outcome: &Outcome) -> Judgement {
    match outcome {
        Ok(0) => Judgement::retry(),
        Ok(1) => Judgement::retry_after(Duration::from_secs(5)).not_applied(),
        Ok(_) => Judgement::stop(),
        Err(error) => error.classify(),
    }
}

#[retry_api(policy = POLICY, name = "call", judge = judge)]
fn judged(script: &Script<u32, Judged>) -> Outcome {
    script.next()
}

#[retry_api(policy = POLICY, name = "call", judge = judge)]
async fn judged_async(script: &Script<u32, Judged>) -> Outcome {
    script.next()
}

fn any_answer() -> impl Strategy<Value = Outcome> {
    prop_oneof![2 => (0_u32..3).prop_map(Ok), 1 => any_outcome()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn four_ways_to_judge_do_the_same(outcomes in prop::collection::vec(any_answer(), 4)) {
        let expected = sync(&outcomes, judged);
        let retry = Retry::new(POLICY).name("call").judge(judge);
        prop_assert_eq!(&expected, &sync(&outcomes, |script| retry.run(|| script.next())));
        // As above: waits are compared as reported.
        let whole = |seen: Seen| Seen { slept: Duration::ZERO, ..seen };
        let expected = whole(expected);
        prop_assert_eq!(&expected, &whole(paused(&outcomes, async |script| judged_async(script).await)));
        prop_assert_eq!(&expected, &whole(paused(&outcomes, async |script| {
            retry.run_async(|| async { script.next() }).await
        })));
    }
}

#[test]
fn an_engine_call_waits_as_its_policy_says_for_the_same_seed() {
    let clock = VirtualClock::install();
    let _seeded = seed(42);
    assert!(execute_with_retry(|| Err::<(), _>("busy"), &POLICY).is_err());
    assert_eq!(clock.slept(), POLICY.waits(42).collect::<Vec<_>>());
}
