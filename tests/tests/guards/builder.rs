//! Attribute and builder do the same under guards: the same attempts, outcomes, waits and events.

use std::fmt;
use std::time::Duration;

use proptest::prelude::*;
use retry_core::testing::{Recorder, Script, VirtualClock, seed};
use retry_core::{
    AdaptiveLimiter, CircuitBreaker, Classify, Hedge, Judgement, Retry, RetryBudget, RetryError,
    RetryPolicy, retry_api,
};

use super::SECOND;

#[derive(Clone, Debug, PartialEq)]
enum Judged {
    By(Judgement),
    Retry(RetryError),
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::By(verdict) => write!(f, "{verdict:?}"),
            Self::Retry(error) => error.fmt(f),
        }
    }
}

impl Classify for Judged {
    fn classify(&self) -> Judgement {
        match self {
            Self::By(judgement) => *judgement,
            Self::Retry(error) => error.classify(),
        }
    }
}

impl From<RetryError> for Judged {
    fn from(error: RetryError) -> Self {
        Self::Retry(error)
    }
}

type Outcome = Result<u32, Judged>;

const POLICY: RetryPolicy = RetryPolicy::new(4)
    .with_backoff_ms(300)
    .with_exponential_backoff(true);
const SPARE: Duration = Duration::from_secs(20);
/// Far over any wait: what the breaker's clock rounds off then decides nothing.
const RECOVERY: Duration = Duration::from_secs(3_600);
const HEDGE: Hedge = Hedge::after(Duration::from_secs(1));

struct Guards {
    budget: RetryBudget,
    breaker: CircuitBreaker,
    limiter: AdaptiveLimiter,
}

impl Guards {
    fn new() -> Self {
        let breaker = CircuitBreaker::new("bank")
            .with_failure_threshold(3)
            .with_recovery_timeout(RECOVERY);
        Self {
            budget: RetryBudget::new(0.2).with_burst(4).with_floor(0),
            breaker,
            limiter: AdaptiveLimiter::new(),
        }
    }
}

#[retry_api(
    policy = POLICY,
    name = "call",
    budget = guards.budget,
    circuit_breaker = guards.breaker,
    adaptive = guards.limiter,
    time_budget = SPARE
)]
fn annotated(guards: &Guards, script: &Script<u32, Judged>) -> Outcome {
    script.next()
}

#[retry_api(
    policy = POLICY,
    name = "call",
    budget = guards.budget,
    circuit_breaker = guards.breaker,
    adaptive = guards.limiter,
    time_budget = SPARE,
    max_total_time = "1m"
)]
async fn annotated_async(guards: &Guards, script: &Script<u32, Judged>) -> Outcome {
    script.next()
}

#[retry_api(
    policy = POLICY,
    name = "call",
    budget = guards.budget,
    circuit_breaker = guards.breaker,
    hedge(after = "1s", safe = true)
)]
async fn annotated_hedged(guards: &Guards, script: &Script<u32, Judged>) -> Outcome {
    slow(script).await
}

async fn slow(script: &Script<u32, Judged>) -> Outcome {
    let outcome = script.next();
    if script.attempts().is_multiple_of(3) {
        tokio::time::sleep(3 * SECOND).await;
    }
    outcome
}

/// The observed results of a row of calls.
#[derive(Debug, PartialEq)]
struct Seen {
    outcomes: Vec<String>,
    attempts: u32,
    elapsed: Duration,
    tokens: u32,
    events: Vec<String>,
}

const CALLS: usize = 9;

fn script(outcomes: &[Outcome]) -> Script<u32, Judged> {
    Script::new(outcomes.iter().cycle().take(1_000).cloned())
}

fn seen(
    recorder: &Recorder,
    (guards, script): (&Guards, &Script<u32, Judged>),
    outcomes: Vec<Outcome>,
    elapsed: Duration,
) -> Seen {
    // The breaker counts whole milliseconds of the process's clock: two runs may differ by one.
    let without_time = |text: String| match text.split_once("open for ") {
        Some((before, _)) => before.to_owned(),
        None => text,
    };
    let events = recorder.messages().into_iter().map(without_time);
    let outcomes = outcomes.into_iter().map(|outcome| match outcome {
        Ok(value) => value.to_string(),
        Err(error) => without_time(error.to_string()),
    });
    Seen {
        outcomes: outcomes.collect(),
        attempts: script.attempts(),
        elapsed,
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 to 4000"
        )]
        tokens: (guards.budget.tokens() * 1_000.0).round() as u32,
        events: events
            .filter(|it| !it.starts_with("DEBUG Retry policy"))
            .collect(),
    }
}

fn sync(outcomes: &[Outcome], call: impl Fn(&Guards, &Script<u32, Judged>) -> Outcome) -> Seen {
    let (guards, script) = (Guards::new(), script(outcomes));
    let (clock, recorder, _seeded) = (VirtualClock::install(), Recorder::install(), seed(11));
    let outcomes = (0..CALLS).map(|at| {
        if at.is_multiple_of(3) {
            clock.advance(RECOVERY + RECOVERY / 5);
        }
        call(&guards, &script)
    });
    let outcomes = outcomes.collect();
    seen(&recorder, (&guards, &script), outcomes, clock.elapsed())
}

fn paused(
    outcomes: &[Outcome],
    call: impl AsyncFn(&Guards, &Script<u32, Judged>) -> Outcome,
) -> Seen {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let (guards, script) = (Guards::new(), script(outcomes));
    let (recorder, _seeded) = (Recorder::install(), seed(11));
    runtime.block_on(async {
        let began = tokio::time::Instant::now();
        let mut outcomes = Vec::new();
        for at in 0..CALLS {
            if at.is_multiple_of(3) {
                tokio::time::advance(RECOVERY + RECOVERY / 5).await;
            }
            outcomes.push(call(&guards, &script).await);
        }
        seen(&recorder, (&guards, &script), outcomes, began.elapsed())
    })
}

fn any_outcome() -> impl Strategy<Value = Outcome> {
    let failed = |verdict| Err(Judged::By(verdict));
    prop_oneof![
        2 => Just(Ok(7)),
        5 => Just(failed(Judgement::retry())),
        1 => Just(failed(Judgement::stop().not_applied())),
        1 => Just(failed(Judgement::stop())),
        1 => (0_u64..9_000).prop_map(move |ms| {
            failed(Judgement::retry_after(Duration::from_millis(ms)))
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn the_same_under_guards(outcomes in prop::collection::vec(any_outcome(), 1..9)) {
        let built = |guards: &Guards, script: &Script<u32, Judged>| {
            Retry::new(POLICY)
                .name("call")
                .budget(&guards.budget)
                .circuit_breaker(&guards.breaker)
                .adaptive(&guards.limiter)
                .time_budget(SPARE)
                .run(|| script.next())
        };
        prop_assert_eq!(sync(&outcomes, built), sync(&outcomes, annotated));

        let built = async |guards: &Guards, script: &Script<u32, Judged>| {
            Retry::new(POLICY)
                .name("call")
                .max_total_time(Duration::from_secs(60))
                .budget(&guards.budget)
                .circuit_breaker(&guards.breaker)
                .adaptive(&guards.limiter)
                .time_budget(SPARE)
                .run_async(|| async { script.next() })
                .await
        };
        let annotated = async |guards: &Guards, script: &Script<u32, Judged>| {
            annotated_async(guards, script).await
        };
        prop_assert_eq!(paused(&outcomes, built), paused(&outcomes, annotated));

        let built = async |guards: &Guards, script: &Script<u32, Judged>| {
            Retry::new(POLICY)
                .name("call")
                .budget(&guards.budget)
                .circuit_breaker(&guards.breaker)
                .hedge(HEDGE)
                .run_async(|| slow(script))
                .await
        };
        let annotated = async |guards: &Guards, script: &Script<u32, Judged>| {
            annotated_hedged(guards, script).await
        };
        prop_assert_eq!(paused(&outcomes, built), paused(&outcomes, annotated));
    }
}
