//! The waits of a policy, as the policy itself gives them for many seeds.

use std::time::Duration;

use retry_core::RetryPolicy;
use serde::Serialize;

/// Schedules drawn.
const DRAWN: u64 = 50_000;
/// Retries shown. Those that follow count as the last of them: by then a policy is at its cap.
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
        let retries = retries(policy);
        let shown = retries.map_or(SHOWN, |retries| SHOWN.min(retries as usize));
        let mut spreads = vec![Spread::NONE; shown];
        for seed in 0..DRAWN {
            for (spread, wait) in spreads.iter_mut().zip(policy.waits(seed)) {
                spread.add(wait);
            }
        }
        let mut waited = Total::NOTHING;
        let shown: Vec<Retry> = (1..)
            .zip(&spreads)
            .map(|(retry, spread)| spread.before(retry, &mut waited))
            .collect();
        let last = shown.last().map_or(Total::NOTHING, |last| Total {
            mean_s: last.mean_s,
            most_s: last.longest_s,
        });
        let more = retries.map(|retries| f64::from(retries) - shown.len() as f64);
        Self {
            retries: shown,
            goes_on: more != Some(0.0),
            total: more.map(|more| Total {
                mean_s: last.mean_s.mul_add(more, waited.mean_s),
                most_s: last.most_s.mul_add(more, waited.most_s),
            }),
        }
    }
}

/// How many retries there are at most; `None` if they have no end.
fn retries(policy: &RetryPolicy) -> Option<u32> {
    if policy.high_risk_immediate_fail() {
        return Some(0);
    }
    (!policy.is_unlimited()).then(|| policy.max_attempts() - 1)
}

impl Total {
    const NOTHING: Self = Self {
        mean_s: 0.0,
        most_s: 0.0,
    };
}

#[derive(Clone, Copy)]
struct Spread {
    shortest: Duration,
    longest: Duration,
    sum: f64,
}

impl Spread {
    const NONE: Self = Self {
        shortest: Duration::MAX,
        longest: Duration::ZERO,
        sum: 0.0,
    };

    fn add(&mut self, wait: Duration) {
        self.shortest = self.shortest.min(wait);
        self.longest = self.longest.max(wait);
        self.sum += wait.as_secs_f64();
    }

    /// The wait before this retry, after all that was `waited`.
    fn before(&self, retry: u32, waited: &mut Total) -> Retry {
        let (shortest, longest) = (self.shortest.as_secs_f64(), self.longest.as_secs_f64());
        let mean = self.sum / DRAWN as f64;
        let [shortest_s, mean_s, longest_s] =
            [shortest, mean, longest].map(|wait| rounded(wait, longest));
        waited.mean_s += mean_s;
        waited.most_s += longest_s;
        Retry {
            retry,
            shortest_s,
            mean_s,
            longest_s,
            waited_mean_s: waited.mean_s,
            waited_most_s: waited.most_s,
        }
    }
}

/// To the third digit of `longest`, which is as exact as so many draws are: the least of those from
/// 0 to 1 s is not quite 0.
fn rounded(wait: f64, longest: f64) -> f64 {
    if longest == 0.0 {
        return 0.0;
    }
    let grain = 10_f64.powf(2.0 - longest.log10().floor());
    (wait * grain).round() / grain
}
