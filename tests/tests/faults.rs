//! Faults of the field, each with the test that keeps it out of here.

use std::cell::RefCell;
use std::time::Duration;

use retry_core::testing::{Recorder, Script, VirtualClock, no_wait};
use retry_core::{
    Classify, Growth, Jitter, Judgement, OperationClass, Retry, RetryPolicy, execute_with_retry,
    execute_with_retry_async, retry_storage, retry_worker,
};

const JITTERS: [Jitter; 5] = [
    Jitter::None,
    Jitter::Additive(Duration::from_millis(50)),
    Jitter::Equal,
    Jitter::Full,
    Jitter::Decorrelated,
];

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn backoff_does_not_overflow_at_large_attempts_or_the_longest_duration() {
    for jitter in JITTERS {
        for growth in [
            Growth::Exponential(1e300),
            Growth::Linear,
            Growth::Fibonacci,
        ] {
            let policy = RetryPolicy::new(u32::MAX)
                .with_min_wait(Duration::MAX)
                .with_growth(growth)
                .with_jitter(jitter);
            assert_eq!(policy.waits(1).take(200).count(), 200);
        }
    }
}

#[test]
fn no_first_wait_is_above_the_cap() {
    for jitter in JITTERS {
        let policy = RetryPolicy::new(2)
            .with_min_wait(5 * SECOND)
            .with_max_wait(SECOND)
            .with_exponential_backoff(true)
            .with_jitter(jitter);
        for seed in 0..1_000 {
            assert!(policy.waits(seed).all(|wait| wait <= SECOND), "{jitter:?}");
        }
    }
}

#[test]
fn jitter_neither_passes_the_cap_nor_collapses_at_it() {
    for jitter in [
        Jitter::Additive(Duration::from_millis(50)),
        Jitter::Equal,
        Jitter::Full,
    ] {
        let policy = RetryPolicy::new(12)
            .with_min_wait(Duration::from_millis(500))
            .with_max_wait(SECOND)
            .with_exponential_backoff(true)
            .with_jitter(jitter);
        // The last wait of each schedule: its step is far over the cap.
        let mut waits: Vec<_> = (0..1_000)
            .flat_map(|seed| policy.waits(seed).last())
            .collect();
        waits.sort();
        waits.dedup();
        assert!(waits.iter().all(|wait| *wait <= SECOND), "{jitter:?}");
        assert!(
            waits.len() > 900,
            "{jitter:?} has {} different waits",
            waits.len()
        );
    }
}

#[test]
fn clones_of_a_policy_do_not_share_their_jitter() {
    let policy = RetryPolicy::new(2)
        .with_backoff_ms(1_000)
        .with_jitter(Jitter::Full);
    let mut waits: Vec<_> = (0..100)
        .map(|_| {
            let clock = VirtualClock::install();
            let copy = policy;
            assert!(execute_with_retry(|| Err::<(), _>("busy"), &copy).is_err());
            clock.slept()[0]
        })
        .collect();
    waits.sort();
    waits.dedup();
    assert_eq!(waits.len(), 100);
}

#[test]
fn threads_do_not_share_their_jitter() {
    let first_wait = || {
        let clock = VirtualClock::install();
        let policy = RetryPolicy::new(2)
            .with_backoff_ms(1_000_000)
            .with_jitter(Jitter::Full);
        assert!(execute_with_retry(|| Err::<(), _>("busy"), &policy).is_err());
        clock.slept()[0]
    };
    let threads: Vec<_> = (0..8).map(|_| std::thread::spawn(first_wait)).collect();
    let mut waits: Vec<_> = threads
        .into_iter()
        .map(|thread| thread.join().expect("no panic"))
        .collect();
    waits.sort();
    waits.dedup();
    assert_eq!(waits.len(), 8);
}

#[test]
fn jitter_is_on_by_default() {
    let new = RetryPolicy::new(2).with_backoff_ms(100);
    let defaults = OperationClass::ALL
        .iter()
        .map(|class| class.default_policy());
    for policy in defaults
        .into_iter()
        .chain([new, retry_core::FLOW_NODE_DEFAULT])
    {
        assert_ne!(policy.waits(1).next(), policy.waits(2).next(), "{policy:?}");
    }
}

#[test]
fn a_throttled_attempt_counts() {
    #[derive(Debug)]
    struct Throttled;
    impl std::fmt::Display for Throttled {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("throttled")
        }
    }
    impl Classify for Throttled {
        fn classify(&self) -> Judgement {
            Judgement::retry_after(SECOND)
        }
    }
    let _clock = VirtualClock::install();
    let mut attempts = 0;
    let outcome = execute_with_retry(
        || {
            attempts += 1;
            Err::<(), _>(Throttled)
        },
        &RetryPolicy::new(4),
    );
    assert!(outcome.is_err());
    assert_eq!(attempts, 4);
}

#[test]
fn the_hook_reports_the_very_wait_that_is_slept() {
    let clock = VirtualClock::install();
    let recorder = Recorder::install();
    let told = RefCell::new(Vec::new());
    let policy = RetryPolicy::new(6)
        .with_backoff_ms(300)
        .with_exponential_backoff(true);
    let outcome = Retry::new(policy)
        .on_retry(|event| told.borrow_mut().push(event.wait()))
        .run(|| Err::<(), _>("busy"));
    assert!(outcome.is_err());
    assert_eq!(told.into_inner(), clock.slept());
    let logged: Vec<_> = recorder
        .events()
        .iter()
        .filter(|event| event.message.starts_with("Waiting"))
        .map(|event| event.fields["wait_ms"].clone())
        .collect();
    let slept: Vec<_> = clock
        .slept()
        .iter()
        .map(|wait| wait.as_millis().to_string())
        .collect();
    assert_eq!(logged, slept);
}

#[tokio::test(start_paused = true)]
async fn a_generated_future_is_send_and_can_be_spawned() {
    #[retry_worker]
    async fn spawned(text: String) -> Result<usize, std::num::ParseIntError> {
        tokio::task::yield_now().await;
        text.parse()
    }
    let call = tokio::spawn(spawned("7".to_owned()));
    assert_eq!(call.await.expect("no panic"), Ok(7));
    let policy = retry_core::NO_RETRY;
    let call = tokio::spawn(async move {
        execute_with_retry_async(|| async { Ok::<_, String>(8) }, &policy).await
    });
    assert_eq!(call.await.expect("no panic"), Ok(8));
}

#[test]
fn question_marks_and_returns_in_closures_are_their_own() {
    #[retry_storage(min_wait = 0, jitter = "none")]
    fn sums(texts: &[&str]) -> Result<u32, std::num::ParseIntError> {
        let numbers = || -> Result<Vec<u32>, std::num::ParseIntError> {
            let mut numbers = Vec::new();
            for text in texts {
                if text.is_empty() {
                    return Ok(numbers);
                }
                numbers.push(text.parse()?);
            }
            Ok(numbers)
        };
        let known = texts.iter().find_map(|text| {
            let number: u32 = text.parse().ok()?;
            Some(number)
        });
        if known.is_none() {
            return Ok(0);
        }
        Ok(numbers()?.iter().sum())
    }
    let _no_wait = no_wait();
    assert_eq!(sums(&["1", "2"]), Ok(3));
    assert_eq!(sums(&["1", "", "2"]), Ok(1));
    assert_eq!(sums(&["x"]), Ok(0));
    assert!(sums(&["1", "x"]).is_err());
}

#[test]
fn exhaustion_returns_the_last_error_and_does_not_panic() {
    let _no_wait = no_wait();
    let script: Script<(), _> = Script::new([Err("first"), Err("last")]);
    let outcome = execute_with_retry(|| script.next(), &RetryPolicy::new(2));
    assert_eq!(outcome, Err("last"));
}

#[test]
fn retry_numbers_are_no_metric_labels_and_kinds_are_few() {
    let kinds = [
        std::io::Error::from(std::io::ErrorKind::TimedOut),
        std::io::Error::other("attempt 17 of 99 failed"),
    ];
    for error in &kinds {
        let kind = error.classify().kind();
        assert!(
            kind.chars()
                .all(|char| char.is_ascii_lowercase() || char == '_'),
            "{kind}"
        );
    }
}

#[test]
fn an_endless_loop_without_waits_lets_other_tasks_run() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let stopped = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let other = tokio::spawn({
            let stopped = std::sync::Arc::clone(&stopped);
            async move { stopped.store(true, std::sync::atomic::Ordering::Relaxed) }
        });
        let policy = RetryPolicy::new(1)
            .with_unlimited_attempts()
            .with_jitter(Jitter::None);
        let outcome = execute_with_retry_async(
            || async {
                if stopped.load(std::sync::atomic::Ordering::Relaxed) {
                    Ok(())
                } else {
                    Err("busy")
                }
            },
            &policy,
        );
        assert_eq!(outcome.await, Ok(()));
        other.await.expect("no panic");
    });
}

#[tokio::test(start_paused = true)]
async fn a_call_dropped_at_any_await_leaves_nothing_running() {
    #[retry_worker(min_wait = "10s", jitter = "none")]
    async fn dropped(alive: std::sync::Arc<()>) -> Result<(), &'static str> {
        let _alive = alive;
        tokio::time::sleep(SECOND).await;
        Err("busy")
    }
    // In the first attempt, in the first wait, in the second attempt.
    for seconds in [0, 5, 11] {
        let alive = std::sync::Arc::new(());
        let call = dropped(std::sync::Arc::clone(&alive));
        let cut = tokio::time::timeout(Duration::from_millis(seconds * 1_000 + 500), call).await;
        assert!(cut.is_err());
        assert_eq!(std::sync::Arc::strong_count(&alive), 1, "after {seconds} s");
    }
}

/// Says nothing, and says so.
#[derive(Debug)]
struct Mute;

impl std::fmt::Display for Mute {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Err(std::fmt::Error)
    }
}

impl Classify for Mute {}

#[test]
fn an_error_that_cannot_be_displayed_does_not_panic_the_engine() {
    let _no_wait = no_wait();
    let _recorder = Recorder::install();
    let outcome = execute_with_retry(
        || execute_with_retry(|| Err::<(), _>(Mute), &RetryPolicy::new(2)),
        &RetryPolicy::new(2),
    );
    assert!(outcome.is_err());
}

#[test]
fn a_subscriber_that_retries_finds_no_lock_held() {
    use std::sync::atomic::{AtomicBool, Ordering};
    use tracing::span::{Attributes, Id, Record};

    #[retry_storage(max_attempts = 1)]
    fn ships_logs() -> Result<(), &'static str> {
        Err("collector down")
    }

    /// Ships each event through an annotated function, but not its own.
    struct Shipping(AtomicBool);

    impl tracing::Subscriber for Shipping {
        fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
            true
        }
        fn event(&self, _: &tracing::Event<'_>) {
            if !self.0.swap(true, Ordering::SeqCst) {
                let _ = ships_logs();
                self.0.store(false, Ordering::SeqCst);
            }
        }
        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }
        fn record(&self, _: &Id, _: &Record<'_>) {}
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }

    let _no_wait = no_wait();
    let shipping = Shipping(AtomicBool::new(false));
    tracing::subscriber::with_default(shipping, || {
        assert!(ships_logs().is_err());
    });
}

#[test]
fn a_wait_inside_a_scope_gives_back_the_threads_wake_up() {
    let scope = retry_core::RetryScope::new();
    let policy = RetryPolicy::new(2)
        .with_min_wait(Duration::from_millis(1))
        .with_jitter(Jitter::None);
    // Meant for whoever parks next on this thread: an executor, for instance.
    std::thread::current().unpark();
    let outcome = scope.run(|| execute_with_retry(|| Err::<(), _>("busy"), &policy));
    assert!(outcome.is_err());
    // Without it, this would never end.
    std::thread::park();
}

#[test]
fn a_body_from_a_macros_block_and_a_word_that_holds_a_parameters_name() {
    struct Guard;
    macro_rules! retried {
        ($name:ident, $body:block) => {
            #[retry_storage(max_attempts = 1)]
            fn $name() -> Result<u32, &'static str> $body
        };
    }
    retried!(seven, { Ok(7) });
    assert_eq!(seven(), Ok(7));

    // `g` stands in "nothing", which does not make the body use it.
    #[expect(unused_variables, reason = "as a trait's method may have to take it")]
    #[retry_storage(max_attempts = 1)]
    fn hold(g: Guard) -> Result<(), String> {
        Err("nothing {}".into())
    }
    assert!(hold(Guard).is_err());
}

/// Counts how often it is judged.
#[derive(Clone, Debug)]
struct Counted(std::sync::Arc<std::sync::atomic::AtomicU32>);

impl std::fmt::Display for Counted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("busy")
    }
}

impl Classify for Counted {
    fn classify(&self) -> Judgement {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Judgement::retry()
    }
}

#[test]
fn a_failure_is_judged_once_whoever_looks_on() {
    let _no_wait = no_wait();
    for watched in [false, true] {
        let _recorder = watched.then(Recorder::install);
        let error = Counted(std::sync::Arc::default());
        let policy = RetryPolicy::new(3).with_backoff_ms(5);
        assert!(execute_with_retry(|| Err::<(), _>(error.clone()), &policy).is_err());
        assert_eq!(error.0.load(std::sync::atomic::Ordering::Relaxed), 3);
    }
}
