//! D: whether a service that was overloaded for ten seconds comes back.

use std::time::Duration;

use retry_core::{NO_RETRY, RetryPolicy};
use retry_tests::simulation::chart::{Axis, Chart, Line};
use retry_tests::simulation::client::{Allowance, Conduct, THREE_ATTEMPTS};
use retry_tests::simulation::overload::{Course, Queue, SLOW_FROM, SLOW_TO, run};
use retry_tests::simulation::table::Table;

use super::Report;

const SECONDS: u32 = 300;
const SEEDS: u64 = 20;
/// The chart ends here, when all that recover have, and averages so many seconds.
const DRAWN: usize = 160;
const AVERAGED: usize = 4;

pub(crate) fn report() -> Report {
    let plain = Conduct::new(THREE_ATTEMPTS);
    let budget = |floor, is_shared| Allowance {
        ratio: 0.1,
        floor,
        is_shared,
    };
    let five = THREE_ATTEMPTS.with_max_attempts(5);
    let patient = |policy: RetryPolicy| policy.with_throttled_min_wait(Duration::from_secs(1));
    let conducts = [
        ("no retry", Queue::Unbounded, Conduct::new(NO_RETRY), true),
        ("3 attempts", Queue::Unbounded, plain, true),
        (
            "budget 10 %",
            Queue::Unbounded,
            plain.with_budget(budget(0, false)),
            true,
        ),
        (
            "budget 10 % of all",
            Queue::Unbounded,
            plain.with_budget(budget(1, true)),
            false,
        ),
        (
            "budget, floor 1/s",
            Queue::Unbounded,
            plain.with_budget(budget(1, false)),
            false,
        ),
        (
            "breaker 5 / 60 s",
            Queue::Unbounded,
            plain.with_breaker(),
            true,
        ),
        (
            "no retry; load is shed",
            Queue::Shedding,
            Conduct::new(NO_RETRY),
            false,
        ),
        ("3 attempts; load is shed", Queue::Shedding, plain, false),
        (
            "3, throttled from 1 s; load is shed",
            Queue::Shedding,
            Conduct::new(patient(THREE_ATTEMPTS)),
            false,
        ),
        (
            "5 attempts; load is shed",
            Queue::Shedding,
            Conduct::new(five),
            false,
        ),
        (
            "5, throttled from 1 s; load is shed",
            Queue::Shedding,
            Conduct::new(patient(five)),
            false,
        ),
    ];
    let mut table = Table::new(&[
        "each of 20 clients",
        "recovered after (s)",
        "attempts/s, 60 s to 70 s",
        "70 s to 80 s",
        "calls that fail, 60 s to 80 s",
    ]);
    let mut chart = Chart::new(
        "Goodput through an overload, by policy",
        Axis::linear("time (s)", 0.0, 160.0),
        Axis::linear("calls that succeed (per s)", 0.0, 100.0),
    )
    .with_shade(SLOW_FROM.into(), SLOW_TO.into(), "service 4 × slower");
    for (name, queue, conduct, is_drawn) in conducts {
        let courses: Vec<Course> = (0..SEEDS)
            .map(|seed| run(queue, conduct, SECONDS, seed))
            .collect();
        table.row([
            name.to_owned(),
            recoveries(&courses),
            load(&courses, SLOW_FROM),
            load(&courses, SLOW_TO),
            lost(&courses),
        ]);
        if is_drawn {
            chart = chart.with_line(Line::new(name, goodput(&courses)));
        }
    }
    Report {
        question: "D. 80 calls a second to a service that does 100, but 25 from 60 s to 70 s \
                   (20 runs of 300 s)",
        table,
        charts: Some(("overload.svg", vec![chart])),
    }
}

/// The mean, the soonest and the latest.
fn recoveries(courses: &[Course]) -> String {
    let all: Vec<u32> = courses.iter().filter_map(Course::recovery).collect();
    let (Some(soonest), Some(latest)) = (all.iter().min(), all.iter().max()) else {
        return "never".to_owned();
    };
    let mean = f64::from(all.iter().sum::<u32>()) / all.len() as f64;
    let told = format!("{mean:.0} ({soonest} to {latest})");
    match courses.len() - all.len() {
        0 => told,
        never => format!("{told}, never in {never} runs"),
    }
}

/// Attempts a second in the ten seconds from this one on.
fn load(courses: &[Course], from: u32) -> String {
    let after = from as usize..from as usize + 10;
    let attempts = courses
        .iter()
        .flat_map(|course| &course.attempts[after.clone()]);
    let (sum, count) = attempts.fold((0, 0), |(sum, count), now| (sum + now, count + 1));
    format!("{:.0}", f64::from(sum) / f64::from(count))
}

/// The mean share of the calls around the slow phase that failed.
fn lost(courses: &[Course]) -> String {
    let lost: f64 = courses.iter().map(Course::lost).sum();
    format!("{:.0} %", 100.0 * lost / courses.len() as f64)
}

/// Calls a second that succeeded, averaged over the runs.
fn goodput(courses: &[Course]) -> Vec<(f64, f64)> {
    (0..DRAWN)
        .step_by(AVERAGED)
        .zip((0_u32..).step_by(AVERAGED))
        .map(|(from, second)| {
            let seconds = courses
                .iter()
                .flat_map(|course| &course.goodput[from..from + AVERAGED]);
            let (sum, count) = seconds.fold((0, 0), |(sum, count), now| (sum + now, count + 1));
            let middle = f64::from(second) + AVERAGED as f64 / 2.0;
            (middle, f64::from(sum) / f64::from(count))
        })
        .collect()
}
