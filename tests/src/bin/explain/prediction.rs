//! The results of the simulations for a policy: the load of a service that fails, and whether an
//! overloaded service recovers.

use std::thread;

use retry_core::NO_RETRY;
use retry_tests::simulation::client::{Allowance, Conduct};
use retry_tests::simulation::overload::{Course, Queue, SLOW_TO};
use retry_tests::simulation::{load, overload};
use serde::Serialize;

use super::arguments::Asked;

/// Beyond this nobody waits for the answer.
pub(crate) const MOST_ATTEMPTS: u32 = 10;
pub(crate) const FAILURES: [f64; 6] = [0.0, 0.1, 0.3, 0.5, 0.8, 1.0];
/// Of the overload, for each seed.
pub(crate) const SECONDS: u32 = 180;
const SEEDS: [u64; 3] = [1, 2, 3];
const SHEDDING_SECONDS: u32 = SLOW_TO + 15;

/// The policy, and what it is to be compared with.
#[derive(Debug, Serialize)]
pub(crate) struct Prediction {
    pub(crate) conduct: &'static str,
    pub(crate) load: Vec<Load>,
    /// Seconds until 95 % of the calls succeed again, of each run; null is never.
    pub(crate) recoveries_s: Vec<Option<u32>>,
    /// Share of the calls of the slow phase and the ten seconds after it that fail if the service sheds load
    /// instead; for a policy with waits of its own after throttles.
    pub(crate) lost_if_shed: Option<f64>,
    /// Calls that succeed in each second of the first run.
    #[serde(skip)]
    pub(crate) goodput: Vec<u32>,
}

/// The result of a service's failures.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Load {
    /// How probably an attempt fails.
    pub(crate) failure: f64,
    pub(crate) attempts_per_call: f64,
    /// Share of the calls that succeed.
    pub(crate) success: f64,
}

/// Predictions for what was asked, with a budget if it has none, and without retries; none where
/// there are too many attempts.
pub(crate) fn of(asked: &Asked) -> Vec<Prediction> {
    if asked.policy.is_unlimited() || asked.policy.max_attempts() > MOST_ATTEMPTS {
        return Vec::new();
    }
    let tenth = Allowance {
        ratio: 0.1,
        floor: 0,
        is_shared: false,
    };
    let mut conducts = vec![("as asked", asked.conduct())];
    if asked.policy.max_attempts() > 1 {
        if asked.allowance.is_none() {
            let with_budget = asked.conduct().with_budget(tenth);
            conducts.push(("with budget 10 %", with_budget));
        }
        conducts.push(("no retry", Conduct::new(NO_RETRY)));
    }
    let sheds = asked.policy.throttled_min_wait().is_some();
    thread::scope(|scope| {
        let running: Vec<_> = conducts
            .into_iter()
            .map(|(name, conduct)| scope.spawn(move || predict(name, conduct, sheds)))
            .collect();
        let predicted = running.into_iter().map(thread::ScopedJoinHandle::join);
        predicted
            .map(|prediction| prediction.expect("a simulation does not panic"))
            .collect()
    })
}

fn predict(name: &'static str, conduct: Conduct, sheds: bool) -> Prediction {
    let courses = SEEDS.map(|seed| overload::run(Queue::Unbounded, conduct, SECONDS, seed));
    let load = FAILURES.map(|failure| {
        let load = load::run(conduct, failure, 1);
        Load {
            failure,
            attempts_per_call: load.attempts,
            success: load.success,
        }
    });
    Prediction {
        conduct: name,
        load: load.to_vec(),
        recoveries_s: courses.iter().map(Course::recovery).collect(),
        lost_if_shed: sheds.then(|| lost_if_shed(conduct)),
        goodput: courses[0].goodput.clone(),
    }
}

/// The share of the calls around the slow phase that fail if the service sheds load.
fn lost_if_shed(conduct: Conduct) -> f64 {
    let run = |seed| overload::run(Queue::Shedding, conduct, SHEDDING_SECONDS, seed);
    let lost: f64 = SEEDS.map(run).iter().map(Course::lost).sum();
    lost / SEEDS.len() as f64
}
