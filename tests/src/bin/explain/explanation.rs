//! Everything that is to be said of a policy.

use retry_core::{Growth, Jitter};
use serde::Serialize;

use super::arguments::Asked;
use super::prediction::{self, Prediction};
use super::schedule::{Schedule, Total};

/// The request, and the answers.
#[derive(Debug, Serialize)]
pub(crate) struct Explanation {
    pub(crate) asked: String,
    /// `null` if they have no end.
    pub(crate) max_attempts: Option<u32>,
    pub(crate) min_wait_s: f64,
    pub(crate) max_wait_s: f64,
    /// `null` if attempts that the other side throttles wait as the others do.
    pub(crate) throttled_min_wait_s: Option<f64>,
    pub(crate) growth: String,
    pub(crate) jitter: String,
    pub(crate) schedule: Schedule,
    /// If each attempt is throttled.
    pub(crate) throttled_schedule: Option<Schedule>,
    /// Of one attempt.
    pub(crate) timeout_s: Option<f64>,
    /// `null` where attempts have no end.
    pub(crate) worst_case: Option<WorstCase>,
    /// Empty where there are too many attempts to simulate.
    pub(crate) predictions: Vec<Prediction>,
}

/// The cost of one call at the top if everything fails and each layer has this policy.
#[derive(Debug, Serialize)]
pub(crate) struct WorstCase {
    pub(crate) layers: u32,
    /// With `nested = "stop"`, the default: only the innermost layer tries again.
    pub(crate) stop: Case,
    /// With `nested = "multiply"`.
    pub(crate) multiply: Case,
}

/// Attempts of the innermost layer, and the time.
#[derive(Debug, Serialize)]
pub(crate) struct Case {
    pub(crate) attempts: f64,
    /// Waits, and attempts that take their whole timeout; without one, waits alone.
    pub(crate) seconds: f64,
}

impl Explanation {
    pub(crate) fn of(asked: &Asked) -> Self {
        let policy = &asked.policy;
        let schedule = Schedule::of(policy);
        let throttled = policy.throttled_min_wait();
        let throttled_schedule = throttled.map(|wait| Schedule::of(&policy.with_min_wait(wait)));
        let longest = throttled_schedule.as_ref().unwrap_or(&schedule).total;
        let attempts = match policy.high_risk_immediate_fail() {
            true => Some(1),
            false => (!policy.is_unlimited()).then(|| policy.max_attempts()),
        };
        let timeout_s = asked.timeout.map(|timeout| timeout.as_secs_f64());
        Self {
            asked: asked.name.clone(),
            max_attempts: attempts,
            min_wait_s: policy.min_wait().as_secs_f64(),
            max_wait_s: policy.max_wait().as_secs_f64(),
            throttled_min_wait_s: throttled.map(|wait| wait.as_secs_f64()),
            growth: growth(policy.growth()),
            jitter: jitter(policy.jitter()),
            timeout_s,
            worst_case: attempts.zip(longest).map(|(attempts, total)| {
                WorstCase::of(attempts, total, timeout_s.unwrap_or(0.0), asked.layers)
            }),
            schedule,
            throttled_schedule,
            predictions: prediction::of(asked),
        }
    }

    pub(crate) fn json(&self) -> String {
        serde_json::to_string_pretty(self).expect("numbers and texts are JSON")
    }
}

impl WorstCase {
    fn of(attempts: u32, total: Total, timeout: f64, layers: u32) -> Self {
        let attempts = f64::from(attempts);
        let alone = attempts.mul_add(timeout, total.most_s);
        // Each attempt of a layer is all that the layer below does.
        let nested = (1..layers).fold(alone, |below, _| attempts.mul_add(below, total.most_s));
        Self {
            layers,
            stop: Case {
                attempts,
                seconds: alone,
            },
            multiply: Case {
                attempts: attempts.powi(layers.cast_signed()),
                seconds: nested,
            },
        }
    }
}

fn growth(growth: Growth) -> String {
    match growth {
        Growth::Constant => "constant".to_owned(),
        Growth::Exponential(multiplier) => format!("exponential × {multiplier}"),
        other => format!("{other:?}").to_lowercase(),
    }
}

fn jitter(jitter: Jitter) -> String {
    match jitter {
        Jitter::Additive(spread) => format!("up to {spread:?} more"),
        other => format!("{other:?}").to_lowercase(),
    }
}
