//! The five figures, from a process that does nothing else with these operations.

use std::time::Duration;

use retry_core::testing::{Script, VirtualClock};
use retry_core::{Jitter, Retry, RetryPolicy, enable_stats, retry_storage, stats};
use retry_effects::{Effect, InMemoryEffectStore, Probe};

const SECONDS: RetryPolicy = RetryPolicy::new(3)
    .with_min_wait(Duration::from_secs(1))
    .with_jitter(Jitter::None);

/// A bank whose answers are lost, and which can be asked.
type Bank = (InMemoryEffectStore, Script<(), std::io::ErrorKind>);

#[retry_storage(policy = SECONDS, idempotent = true, skip(bank), store = bank.0.clone(), probe = |_, _| Probe::Applied(7))]
fn rescued(bank: &Bank, order_id: u32) -> Result<u32, std::io::Error> {
    let _ = order_id;
    bank.1.next()?;
    Ok(1)
}

#[retry_storage(
    policy = SECONDS,
    idempotent = true,
    skip(bank),
    store = bank.0.clone(),
    timeout = "1s",
    probe = |_, _| async { Probe::Applied(7) },
)]
async fn rescued_async(bank: &Bank, order_id: u32) -> Result<u32, std::io::Error> {
    let _ = order_id;
    if bank.1.next().is_err() {
        std::future::pending::<()>().await;
    }
    Ok(1)
}

/// A probe that has the result does not make a success of the attempt whose answer was lost.
#[tokio::test(start_paused = true)]
async fn an_attempt_that_a_probe_rescued_has_failed() -> Result<(), std::io::Error> {
    use std::io::ErrorKind::{ConnectionRefused as Refused, TimedOut};
    enable_stats();
    let _clock = VirtualClock::install();
    let bank = |outcomes: &[_]| (InMemoryEffectStore::new(), Script::new(outcomes.to_vec()));
    let (one, two) = ([Err(TimedOut)], [Err(Refused), Err(TimedOut)]);
    for outcomes in [&one[..], &two[..]] {
        assert_eq!(rescued(&bank(outcomes), 1)?, 7);
        assert_eq!(rescued_async(&bank(&one), 1).await?, 7);
        let script = Script::new(outcomes.to_vec());
        let effect = |store: InMemoryEffectStore, name| {
            let retry = Retry::new(SECONDS).name(name);
            Effect::new("pay", &1).store(store).retry(retry)
        };
        let by_hand = effect(InMemoryEffectStore::new(), "rescued by hand")
            .probe(|| Probe::Applied(7))
            .run(|| script.next().map(|()| 1).map_err(std::io::Error::from));
        assert_eq!(by_hand?, 7);
        let script = Script::new(outcomes.to_vec());
        let by_hand = effect(InMemoryEffectStore::new(), "rescued by hand, async")
            .probe(|| async { Probe::Applied(7) })
            .run_async(|| async { script.next().map(|()| 1).map_err(std::io::Error::from) });
        assert_eq!(by_hand.await?, 7);
    }
    let stats = stats();
    let figures = |name| {
        let of = stats.operation(name).expect("it ran");
        (of.calls, of.retried, of.recovered, of.attempts)
    };
    for name in ["rescued", "rescued by hand", "rescued by hand, async"] {
        assert_eq!(figures(name), (2, 1, 1, 3), "{name}");
        let failures = &stats.operation(name).expect("it ran").failures;
        assert_eq!(failures.iter().map(|(_, count)| count).sum::<u64>(), 3);
    }
    assert_eq!(figures("rescued_async"), (2, 0, 0, 2));
    let failures = &stats.operation("rescued_async").expect("it ran").failures;
    assert_eq!(failures, &[("attempt_timeout", 2)]);
    Ok(())
}

#[retry_storage(policy = SECONDS)]
fn counted(script: &Script<(), std::io::ErrorKind>) -> Result<(), std::io::Error> {
    Ok(script.next()?)
}

#[test]
fn five_figures_of_an_operation() {
    use std::io::ErrorKind::{ConnectionRefused as Refused, NotFound, TimedOut};
    enable_stats();
    let _clock = VirtualClock::install();
    for outcomes in [
        vec![Ok(())],
        vec![Ok(())],
        vec![Err(Refused), Ok(())],
        vec![Err(TimedOut), Err(Refused), Err(Refused)],
        vec![Err(NotFound)],
    ] {
        let _ = counted(&Script::new(outcomes));
    }
    let stats = stats();
    let counted = stats.operation("counted").expect("it ran");
    assert_eq!(counted.class, "storage");
    assert_eq!(
        (
            counted.calls,
            counted.retried,
            counted.recovered,
            counted.attempts
        ),
        (5, 2, 1, 8)
    );
    assert_eq!(
        (
            counted.retried_share(),
            counted.recovered_share(),
            counted.mean_attempts()
        ),
        (0.4, 0.5, 1.6)
    );
    // A wait of one second, and two of one.
    assert_eq!(counted.time_spent, Duration::from_secs(3));
    assert_eq!(
        counted.failures,
        [
            ("connection_refused", 3),
            ("not_found", 1),
            ("timed_out", 1)
        ]
    );
    let table = stats.to_string();
    let row = table
        .lines()
        .find(|line| line.starts_with("counted"))
        .expect("a row");
    assert!(
        row.contains("40%") && row.contains("50%") && row.contains("1.60"),
        "{table}"
    );
}

#[test]
fn threads_count_into_one_sum() {
    enable_stats();
    let threads: Vec<_> = (0..4)
        .map(|_| {
            std::thread::spawn(|| {
                for _ in 0..1_000 {
                    let _ = Retry::new(SECONDS)
                        .name("from_threads")
                        .run(|| Ok::<_, String>(()));
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("no panic");
    }
    let stats = stats();
    let operation = stats.operation("from_threads").expect("it ran");
    assert_eq!(
        (operation.class, operation.calls, operation.attempts),
        ("ad_hoc", 4_000, 4_000)
    );
}
