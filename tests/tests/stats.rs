//! The five figures, from a process that does nothing else with these operations.

use std::time::Duration;

use retry_core::testing::{Script, VirtualClock};
use retry_core::{Jitter, Retry, RetryPolicy, enable_stats, retry_storage, stats};

const SECONDS: RetryPolicy = RetryPolicy::new(3)
    .with_min_wait(Duration::from_secs(1))
    .with_jitter(Jitter::None);

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
