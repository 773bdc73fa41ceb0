//! Each way in which a call ends, and all that is told of it.

use std::io;
use std::time::Duration;

use io::ErrorKind::{ConnectionRefused, PermissionDenied, TimedOut};
use retry_core::testing::{Script, VirtualClock, no_wait};
use retry_core::{
    AGENT_HIGH_RISK, CircuitBreaker, Classify, Judgement, NO_RETRY, Retry, RetryBudget, RetryError,
    RetryScope, retry_storage,
};
use retry_effects::{Effect, InMemoryEffectStore, Probe};
use tokio::time::sleep;

use super::SECONDS;
use super::seen::{Seen, Series};

const TICK: Duration = Duration::from_millis(30);

/// Outcomes by error kind; each attempt takes 30 ms.
async fn attempt(script: &Script<(), io::ErrorKind>) -> io::Result<()> {
    sleep(TICK).await;
    Ok(script.next()?)
}

#[tokio::test(start_paused = true)]
async fn success_first() {
    let seen = Seen::install();
    let script = Script::new([Ok(())]);
    let call = Retry::new(SECONDS).name("first");
    call.run_async(|| attempt(&script)).await.expect("it works");
    assert_eq!(
        seen.operation("first"),
        [
            "retry_attempts_per_call{} [1]",
            "retry_attempts_total{phase=initial,result=success} 1",
            "retry_calls_total{outcome=success_first} 1",
            "retry_duration_seconds{} [0.03]",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn success_retried() {
    let seen = Seen::install();
    let script = Script::new([Err(ConnectionRefused), Err(TimedOut), Ok(())]);
    let call = Retry::new(SECONDS).name("retried");
    call.run_async(|| attempt(&script)).await.expect("it works");
    assert_eq!(
        seen.operation("retried"),
        [
            "retry_attempts_per_call{} [3]",
            "retry_attempts_total{phase=initial,result=failed} 1",
            "retry_attempts_total{phase=retry,result=success} 1",
            "retry_attempts_total{phase=retry,result=unknown} 1",
            "retry_calls_total{outcome=success_retried} 1",
            // 3 × 30 ms, and waits of one second and of two.
            "retry_duration_seconds{} [3.09]",
            "retry_success_rate{} 1",
            "retry_wait_seconds{} [1, 2]",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn not_retryable() {
    let seen = Seen::install();
    let script = Script::new([Err(PermissionDenied), Err(TimedOut)]);
    let call = Retry::new(SECONDS).name("final");
    assert!(call.run_async(|| attempt(&script)).await.is_err());
    assert_eq!(
        seen.operation("final"),
        [
            "retry_attempts_per_call{} [1]",
            "retry_attempts_total{phase=initial,result=not_retryable} 1",
            "retry_calls_total{outcome=not_retryable} 1",
            "retry_duration_seconds{} [0.03]",
        ]
    );
    // Nobody knows whether it happened: under EXACTLY_ONCE that is final, too.
    let once = AGENT_HIGH_RISK.with_max_attempts(3);
    let call = Retry::new(once).name("unknown");
    assert!(call.run_async(|| attempt(&script)).await.is_err());
    assert_eq!(
        seen.operation("unknown"),
        [
            "retry_attempts_per_call{} [1]",
            "retry_attempts_total{phase=initial,result=unknown} 1",
            "retry_calls_total{outcome=not_retryable} 1",
            "retry_duration_seconds{} [0.03]",
        ]
    );
}

#[test]
fn attempts_exhausted_by_an_attribute_on_a_sync_function() {
    #[retry_storage(policy = SECONDS)]
    fn read(clock: &VirtualClock) -> io::Result<()> {
        clock.advance(TICK);
        Err(ConnectionRefused.into())
    }
    let seen = Seen::install();
    let clock = VirtualClock::install();
    assert!(read(&clock).is_err());
    assert_eq!(
        seen.lines("operation", "read"),
        [
            "retry_attempts_per_call{class=storage} [3]",
            "retry_attempts_total{class=storage,phase=initial,result=failed} 1",
            "retry_attempts_total{class=storage,phase=retry,result=failed} 2",
            "retry_calls_total{class=storage,outcome=attempts_exhausted} 1",
            "retry_duration_seconds{class=storage} [3.09]",
            "retry_success_rate{class=storage} 0",
            "retry_wait_seconds{class=storage} [1, 2]",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn attempts_exhausted_where_an_inner_call_has_used_them() {
    let seen = Seen::install();
    let script = Script::new([
        Err(ConnectionRefused),
        Err(ConnectionRefused),
        Err(ConnectionRefused),
    ]);
    let inner = Retry::new(SECONDS).name("inner");
    let outer = Retry::new(SECONDS).name("outer");
    let call = outer.run_async(|| inner.run_async(|| attempt(&script)));
    assert!(call.await.is_err());
    let all = seen.series();
    let of = |operation: &str, name: &str| {
        let series = all.iter();
        let matching = series.filter(|one| one.label("operation") == operation && one.name == name);
        matching.map(Series::count).sum::<u64>()
    };
    // Each call is its own, once; the outer one made one attempt.
    for (operation, attempts) in [("inner", 3), ("outer", 1)] {
        assert_eq!(of(operation, "retry_calls_total"), 1);
        assert_eq!(of(operation, "retry_attempts_total"), attempts);
    }
    let outcomes = all.iter().filter(|one| one.name == "retry_calls_total");
    for outcome in outcomes {
        assert_eq!(outcome.label("outcome"), "attempts_exhausted");
    }
}

#[tokio::test(start_paused = true)]
async fn deadline_that_cuts_an_attempt() {
    let seen = Seen::install();
    let call = Retry::new(SECONDS)
        .name("cut")
        .max_total_time(Duration::from_millis(1_250));
    let mut attempts = 0;
    let ended = call.run_async(|| {
        attempts += 1;
        let hangs = attempts > 1;
        async move {
            if hangs {
                sleep(Duration::from_secs(60)).await;
            }
            Err::<(), _>(io::Error::from(ConnectionRefused))
        }
    });
    assert!(ended.await.is_err());
    assert_eq!(
        seen.operation("cut"),
        [
            "retry_attempts_per_call{} [2]",
            "retry_attempts_total{phase=initial,result=failed} 1",
            "retry_attempts_total{phase=retry,result=dropped} 1",
            "retry_calls_total{outcome=deadline} 1",
            "retry_duration_seconds{} [1.25]",
            "retry_success_rate{} 0",
            "retry_wait_seconds{} [1]",
        ]
    );
}

/// A server that asks for that many seconds.
#[derive(Debug)]
struct Later(u64);

impl std::fmt::Display for Later {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "come back in {} s", self.0)
    }
}

impl Classify for Later {
    fn classify(&self) -> Judgement {
        Judgement::retry_after(Duration::from_secs(self.0))
    }
}

#[test]
fn deadline_that_leaves_no_time_for_a_wait_or_for_a_hint() {
    let seen = Seen::install();
    let _clock = VirtualClock::install();
    let short = Retry::new(SECONDS)
        .name("short")
        .max_total_time(Duration::from_millis(900));
    let busy = || Err::<(), _>(io::Error::from(ConnectionRefused));
    assert!(short.run(busy).is_err());
    let hinted = Retry::new(SECONDS).name("hinted");
    assert!(hinted.run(|| Err::<(), _>(Later(3_600))).is_err());
    let all = seen.series();
    let outcome = |operation: &str| {
        let found = all
            .iter()
            .find(|one| one.name == "retry_calls_total" && one.label("operation") == operation);
        found.map(|one| one.label("outcome").to_owned())
    };
    assert_eq!(outcome("short").as_deref(), Some("deadline"));
    assert_eq!(outcome("hinted").as_deref(), Some("deadline"));
}

#[test]
fn budget_of_tokens_and_of_time() {
    let seen = Seen::install();
    let _clock = VirtualClock::install();
    let budget = RetryBudget::new(0.0).with_burst(1).with_floor(0);
    let busy = || Err::<(), _>(io::Error::from(ConnectionRefused));
    let paid = Retry::new(SECONDS).name("paid").budget(&budget);
    assert!(paid.run(busy).is_err());
    assert_eq!(
        seen.operation("paid"),
        [
            "retry_attempts_per_call{} [2]",
            "retry_attempts_total{phase=initial,result=failed} 1",
            "retry_attempts_total{phase=retry,result=failed} 1",
            "retry_budget_exhausted_total{} 1",
            "retry_budget_tokens{} 0",
            "retry_calls_total{outcome=budget} 1",
            "retry_duration_seconds{} [1]",
            "retry_success_rate{} 0",
            "retry_wait_seconds{} [1]",
        ]
    );
    let scope = RetryScope::new().with_time_budget(Duration::from_millis(2_500));
    let timed = Retry::new(SECONDS).name("timed");
    assert!(scope.run(|| timed.run(busy)).is_err());
    assert_eq!(
        seen.operation("timed"),
        [
            "retry_attempts_per_call{} [2]",
            "retry_attempts_total{phase=initial,result=failed} 1",
            "retry_attempts_total{phase=retry,result=failed} 1",
            "retry_calls_total{outcome=budget} 1",
            "retry_duration_seconds{} [1]",
            "retry_success_rate{} 0",
            "retry_wait_seconds{} [1]",
        ]
    );
}

#[derive(Debug, thiserror::Error)]
enum BankError {
    #[error("the bank: {0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Retry(#[from] RetryError),
}

impl Classify for BankError {}

#[test]
fn circuit_open_before_the_first_attempt_and_after_it() {
    static BANK: CircuitBreaker = CircuitBreaker::new("outcomes_bank").with_failure_threshold(2);
    let seen = Seen::install();
    let _clock = VirtualClock::install();
    let busy = || Err::<(), BankError>(io::Error::from(ConnectionRefused).into());
    let guarded = |name| {
        Retry::new(SECONDS)
            .name(name)
            .circuit_breaker(&BANK)
            .run(busy)
    };
    // The second failure opens the circuit, which will be open for longer than the next wait.
    assert!(guarded("stopped").is_err());
    assert!(guarded("rejected").is_err());
    let all = seen.series();
    let lines = |operation: &str| {
        let mut lines: Vec<_> = all
            .iter()
            .filter(|one| one.label("operation") == operation)
            .map(|one| (one.name.clone(), one.label("outcome").to_owned()))
            .collect();
        lines.sort_unstable();
        lines
    };
    let calls = ("retry_calls_total".to_owned(), "circuit_open".to_owned());
    assert!(lines("stopped").contains(&calls));
    // No attempt was made: there is nothing to measure.
    assert_eq!(lines("rejected"), [calls]);
    let attempts = all
        .iter()
        .filter(|one| one.name == "retry_attempts_per_call");
    let attempts: Vec<_> = attempts.map(Series::values).collect();
    assert_eq!(attempts, [[2.0]]);
}

#[tokio::test(start_paused = true)]
async fn cancelled_in_its_wait() {
    let seen = Seen::install();
    let scope = RetryScope::new();
    let busy = || async { Err::<(), _>(io::Error::from(ConnectionRefused)) };
    let call = Retry::new(SECONDS).name("cancelled").run_async(busy);
    let call = scope.clone().run_async(call);
    let (ended, ()) = tokio::join!(call, async {
        sleep(Duration::from_millis(400)).await;
        scope.cancel();
    });
    assert!(ended.is_err());
    assert_eq!(
        seen.operation("cancelled"),
        [
            "retry_attempts_per_call{} [1]",
            "retry_attempts_total{phase=initial,result=failed} 1",
            "retry_calls_total{outcome=cancelled} 1",
            "retry_duration_seconds{} [0.4]",
            "retry_wait_seconds{} [1]",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_has_not_ended() {
    let seen = Seen::install();
    let hangs = || std::future::pending::<Result<(), String>>();
    let call = Retry::new(SECONDS).name("dropped").run_async(hangs);
    let cut = tokio::time::timeout(Duration::from_secs(5), call).await;
    assert!(cut.is_err());
    assert_eq!(seen.operation("dropped"), Vec::<String>::new());
}

#[test]
fn a_recorder_that_comes_late_hears_what_comes_then() {
    let call = || {
        Retry::new(NO_RETRY)
            .name("before")
            .run(|| Ok::<_, String>(7))
    };
    assert_eq!(call(), Ok(7));
    let first = Seen::install();
    assert_eq!(call(), Ok(7));
    let calls = "retry_calls_total{outcome=success_first} 1";
    assert!(first.operation("before").contains(&calls.to_owned()));
    drop(first);
    let second = Seen::install();
    assert_eq!(call(), Ok(7));
    assert!(second.operation("before").contains(&calls.to_owned()));
}

#[test]
fn policies_without_waits_count_every_attempt() {
    let seen = Seen::install();
    let _no_wait = no_wait();
    let at_once = retry_core::RetryPolicy::new(4).with_jitter(retry_core::Jitter::None);
    let script = Script::new([Err("busy"), Err("busy"), Err("busy"), Ok(())]);
    let call = Retry::new(at_once).name("at_once");
    assert_eq!(call.run(|| script.next()), Ok(()));
    let lines = seen.operation("at_once");
    for line in [
        "retry_attempts_total{phase=initial,result=failed} 1",
        "retry_attempts_total{phase=retry,result=failed} 2",
        "retry_attempts_total{phase=retry,result=success} 1",
        "retry_attempts_per_call{} [4]",
    ] {
        assert!(lines.contains(&line.to_owned()), "{lines:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn rescued_by_a_probe() {
    let seen = Seen::install();
    let ended = Effect::new("rescued", &1)
        .store(InMemoryEffectStore::new())
        .retry(Retry::new(SECONDS).name("rescued"))
        .probe(|| async { Probe::Applied(7) })
        .run_async(|| async { Err::<u32, _>(io::Error::from(TimedOut)) });
    assert_eq!(ended.await.expect("the callee has it"), 7);
    assert_eq!(
        seen.operation("rescued"),
        [
            "retry_attempts_per_call{} [1]",
            "retry_attempts_total{phase=initial,result=unknown} 1",
            "retry_calls_total{outcome=success_first} 1",
            "retry_duration_seconds{} [0]",
        ]
    );
}
