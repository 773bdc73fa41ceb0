//! The waits of a policy, as the policy itself gives them for many seeds.

use std::time::Duration;

use retry_core::RetryPolicy;
use serde::Serialize;

/// Schedules drawn: the ends of a range are met to within a thousandth of it.
const DRAWN: u64 = 10_000;
/// Retries shown; what follows is like the last of them, but for a few policies without a cap.
const SHOWN: usize = 20;

/// A policy's waits.
#[derive(Debug, Serialize)]
pub(crate) struct Schedule {
    pub(crate) retries: Vec<Retry>,
    /// Whether the policy has more retries than are shown.
    pub(crate) goes_on: bool,
    /// All waits together, on average and if each is the longest; none where they have no end.
    pub(crate) total: Option<Total>,
}

/// The wait before one retry, in seconds.
#[derive(Debug, Serialize)]
pub(crate) struct Retry {
    /// From 1.
    pub(crate) retry: u32,
    pub(crate) shortest_s: f64,
    pub(crate) mean_s: f64,
    pub(crate) longest_s: f64,
    /// All waits so far, on average.
    pub(crate) waited_mean_s: f64,
    /// All waits so far, if each was the longest.
    pub(crate) waited_most_s: f64,
}

/// All waits together, in seconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Total {
    pub(crate) mean_s: f64,
    pub(crate) most_s: f64,
}

impl Schedule {
    pub(crate) fn of(policy: &RetryPolicy) -> Self {
        let attempts = (!policy.is_unlimited()).then(|| policy.max_attempts());
        let retries = attempts.map_or(usize::MAX, |attempts| attempts as usize - 1);
        let final_at_once = policy.high_risk_immediate_fail();
        let shown = if final_at_once { 0 } else { retries.min(SHOWN) };
        let mut spreads = vec![Spread::NONE; shown];
        for seed in 0..DRAWN {
            for (spread, wait) in spreads.iter_mut().zip(policy.waits(seed)) {
                spread.add(wait);
            }
        }
        let mut waited = Total { mean_s: 0.0, most_s: 0.0 };
        let retries: Vec<Retry> = (1..)
            .zip(&spreads)
            .map(|(retry, spread)| spread.retry(retry, &mut waited))
            .collect();
        let more = if final_at_once { 0 } else { attempts.map_or(u32::MAX, |attempts| attempts - 1) };
        let more = more - u32::try_from(shown).unwrap_or(more);
        let last = retries.last().map_or(waited, |last| Total { mean_s: last.mean_s, most_s: last.longest_s });
        let total = (!policy.is_unlimited() || final_at_once).then(|| Total {
            mean_s: last.mean_s.mul_add(f64::from(more), waited.mean_s),
            most_s: last.most_s.mul_add(f64::from(more), waited.most_s),
        });
        Self { retries, goes_on: more > 0, total }
    }
}

#[derive(Clone, Copy)]
struct Spread {
    shortest: Duration,
    longest: Duration,
    sum: f64,
}

impl Spread {
    const NONE: Self = Self { shortest: Duration::MAX, longest: Duration::ZERO, sum: 0.0 };

    fn add(&mut self, wait: Duration) {
        self.shortest = self.shortest.min(wait);
        self.longest = self.longest.max(wait);
        self.sum += wait.as_secs_f64();
    }
}
