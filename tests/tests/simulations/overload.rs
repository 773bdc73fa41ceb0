//! D: who comes back from an overload, and when.

use std::time::Duration;

use retry_core::NO_RETRY;
use retry_tests::simulation::client::{Allowance, Conduct, THREE_ATTEMPTS};
use retry_tests::simulation::overload::{self, Course, OFFERED, Queue, SLOW_FROM, SLOW_TO};

const PLAIN: Conduct = Conduct::new(THREE_ATTEMPTS);

const fn budget(floor: u32, is_shared: bool) -> Conduct {
    PLAIN.with_budget(Allowance {
        ratio: 0.1,
        floor,
        is_shared,
    })
}

fn run(conduct: Conduct, seconds: u32, seed: u64) -> Course {
    overload::run(Queue::Unbounded, conduct, seconds, seed)
}

/// The recoveries of runs with different seeds, in order.
fn recoveries(conduct: Conduct, seconds: u32, seeds: u64) -> Vec<Option<u32>> {
    let mut all: Vec<_> = (0..seeds)
        .map(|seed| run(conduct, seconds, seed).recovery())
        .collect();
    all.sort_unstable();
    all
}

fn mean(recoveries: &[Option<u32>]) -> f64 {
    let all = recoveries
        .iter()
        .map(|recovery| recovery.expect("it recovers"));
    f64::from(all.sum::<u32>()) / f64::from(u32::try_from(recoveries.len()).expect("few"))
}

#[track_caller]
fn assert_mean(recoveries: &[Option<u32>], least: f64, most: f64) {
    let mean = mean(recoveries);
    assert!((least..=most).contains(&mean), "{mean} s of {recoveries:?}");
}

#[test]
fn without_retries_the_queue_empties_by_itself() {
    assert_mean(&recoveries(NO_RETRY_AT_ALL, 110, 5), 22.0, 27.0);
}

const NO_RETRY_AT_ALL: Conduct = Conduct::new(NO_RETRY);

/// Retries keep the overload alive that they answer.
#[test]
fn three_plain_attempts_never_recover() {
    let course = run(PLAIN, 240, 1);
    assert_eq!(course.recovery(), None);
    let late: u32 = course.attempts[200..].iter().sum();
    assert!(
        f64::from(late) > 2.5 * OFFERED * 40.0,
        "{late} attempts in 40 s"
    );
    assert!(course.goodput[200..].iter().all(|second| *second == 0));
}

#[test]
fn a_budget_of_a_tenth_recovers_within_a_minute_or_so() {
    assert_mean(&recoveries(budget(0, false), 150, 3), 51.0, 67.0);
}

/// The benefit of the floor of a bucket depends on the number of buckets: twenty floors of a retry a second
/// are all that the service could spare; one has no visible effect.
#[test]
fn a_floor_for_each_client_is_too_much_and_one_for_all_is_not() {
    assert_eq!(run(budget(1, false), 240, 1).recovery(), None);
    assert_mean(&recoveries(budget(1, true), 150, 3), 41.0, 61.0);
}

/// Its clients come back when their breakers are half open, about 60 s after these opened.
#[test]
fn a_breaker_recovers_when_it_lets_a_call_through() {
    assert_mean(&recoveries(PLAIN.with_breaker(), 150, 3), 51.0, 57.0);
}

/// A service that sheds load refuses at once: three attempts are over in a moment. With a longer wait after a
/// throttle fewer of them meet the slow phase, and some calls outlast it.
#[test]
fn a_longer_wait_after_a_throttle_saves_some_calls() {
    let run = |policy| {
        let conduct = Conduct::new(policy);
        let courses = [1, 2, 3].map(|seed| overload::run(Queue::Shedding, conduct, 90, seed));
        let lost = courses.iter().map(Course::lost).sum::<f64>() / 3.0;
        let slow = SLOW_FROM as usize..SLOW_TO as usize;
        let attempts = courses.iter().flat_map(|it| &it.attempts[slow.clone()]);
        (lost, attempts.sum::<u32>())
    };
    let (lost, attempts) = run(THREE_ATTEMPTS);
    let patient = THREE_ATTEMPTS.with_throttled_min_wait(Duration::from_secs(1));
    let (lost_patient, attempts_patient) = run(patient);
    assert!(lost_patient < 0.97 * lost, "{lost_patient} to {lost}");
    assert!(
        attempts_patient < attempts,
        "{attempts_patient} to {attempts}"
    );
}

#[test]
fn before_the_overload_nobody_notices_a_difference() {
    for conduct in [
        NO_RETRY_AT_ALL,
        PLAIN,
        budget(0, false),
        PLAIN.with_breaker(),
    ] {
        let Course {
            calls,
            goodput,
            attempts,
        } = run(conduct, SLOW_FROM / 2, 1);
        assert_eq!(attempts, calls, "no attempt fails");
        let (calls, good): (u32, u32) = (calls.iter().sum(), goodput.iter().sum());
        assert!(
            calls - good <= 20,
            "{good} of {calls}: all but those in the queue at the end"
        );
    }
}

#[test]
fn the_seed_decides() {
    for conduct in [PLAIN, budget(1, true), PLAIN.with_breaker()] {
        assert_eq!(run(conduct, 75, 7), run(conduct, 75, 7));
    }
    assert_ne!(run(PLAIN, 10, 7), run(PLAIN, 10, 8));
}
