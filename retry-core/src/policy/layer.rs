//! Layers of a policy: the values that a variable, an attribute's arguments or an operator set over the
//! layers below, and the origin of each value of the result.

use std::fmt;
use std::time::Duration;

use super::error::PolicyError;
use super::jitter::Jitter;
use super::retry_policy::RetryPolicy;
use crate::policy::growth::Growth;
use crate::text::duration::DisplayDuration;

/// A layer's limit of attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptLimit {
    /// This many attempts, from 1.
    Count(u32),
    /// No limit.
    Unlimited,
}

/// Values that one layer sets; a value that it leaves unset comes from below.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PolicyLayer {
    /// A whole policy, which hides all layers below.
    pub policy: Option<RetryPolicy>,
    /// `max_attempts`.
    pub max_attempts: Option<AttemptLimit>,
    /// `min_wait`.
    pub min_wait: Option<Duration>,
    /// `max_wait`.
    pub max_wait: Option<Duration>,
    /// `min_wait` of `throttled`.
    pub throttled_min_wait: Option<Duration>,
    /// `backoff` and `multiplier`.
    pub growth: Option<Growth>,
    /// `jitter`.
    pub jitter: Option<Jitter>,
}

impl PolicyLayer {
    /// A layer that sets nothing.
    pub const NONE: Self = Self {
        policy: None,
        max_attempts: None,
        min_wait: None,
        max_wait: None,
        throttled_min_wait: None,
        growth: None,
        jitter: None,
    };

    /// Merges both layers; `other` wins where both set a value.
    pub(crate) fn and(&self, other: &Self) -> Self {
        Self {
            policy: other.policy.or(self.policy),
            max_attempts: other.max_attempts.or(self.max_attempts),
            min_wait: other.min_wait.or(self.min_wait),
            max_wait: other.max_wait.or(self.max_wait),
            throttled_min_wait: other.throttled_min_wait.or(self.throttled_min_wait),
            growth: other.growth.or(self.growth),
            jitter: other.jitter.or(self.jitter),
        }
    }

    /// Moves each value out of range to the nearest bound, and calls `report` for each.
    pub(crate) fn clamped(
        mut self,
        report: &mut dyn FnMut(&dyn fmt::Display, &dyn fmt::Display),
    ) -> Self {
        if self.max_attempts == Some(AttemptLimit::Count(0)) {
            report(&PolicyError::MaxAttempts { value: 0 }, &1);
            self.max_attempts = Some(AttemptLimit::Count(1));
        }
        if let Some(growth) = self.growth
            && let Err(error) = RetryPolicy::new(1).try_with_growth(growth)
        {
            report(&error, &"a constant wait");
            self.growth = Some(Growth::Constant);
        }
        if let (Some(min), Some(max)) = (self.min_wait, self.max_wait)
            && min > max
        {
            let (min_text, max_text) = (DisplayDuration(min), DisplayDuration(max));
            let error = format!("max_wait is {max_text}; it must be at least min_wait, {min_text}");
            report(&error, &min_text);
            self.max_wait = Some(min);
        }
        if let (Some(min), Some(max)) = (self.throttled_min_wait, self.max_wait)
            && min > max
        {
            let (min_text, max_text) = (DisplayDuration(min), DisplayDuration(max));
            let error = format!(
                "max_wait is {max_text}; it must be at least min_wait of throttled, {min_text}"
            );
            report(&error, &min_text);
            self.max_wait = Some(min);
        }
        self
    }

    /// Lays this layer over `below`. A bound set here moves the other one where they cross.
    pub(crate) const fn over(&self, below: RetryPolicy) -> RetryPolicy {
        let mut policy = match self.policy {
            Some(whole) => whole,
            None => below,
        };
        match self.max_attempts {
            Some(AttemptLimit::Count(count)) => policy = policy.with_max_attempts(count),
            Some(AttemptLimit::Unlimited) => policy = policy.with_unlimited_attempts(),
            None => {}
        }
        if let Some(growth) = self.growth {
            policy = policy.with_growth(growth);
        }
        if let Some(max_wait) = self.max_wait {
            policy = policy.with_max_wait(max_wait);
        }
        if let Some(throttled) = self.throttled_min_wait {
            policy = policy.with_throttled_min_wait(throttled);
        }
        if let Some(min_wait) = self.min_wait {
            policy = policy.with_min_wait(min_wait);
        }
        if let Some(jitter) = self.jitter {
            policy = policy.with_jitter(jitter);
        }
        policy
    }
}

/// Origin of a value of a resolved policy, lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Default,
    ClassVariable,
    Policy,
    Argument,
    OperationVariable,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Default => "default",
            Self::ClassVariable => "class variable",
            Self::Policy => "policy",
            Self::Argument => "argument",
            Self::OperationVariable => "operation variable",
        })
    }
}

/// A policy with the origin of each value, for the DEBUG event at its first use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resolution {
    pub(crate) policy: RetryPolicy,
    max_attempts: Origin,
    min_wait: Origin,
    max_wait: Origin,
    throttled_min_wait: Origin,
    growth: Origin,
    jitter: Origin,
}

impl Resolution {
    pub(crate) const fn of(policy: RetryPolicy) -> Self {
        let origin = Origin::Default;
        Self {
            policy,
            max_attempts: origin,
            min_wait: origin,
            max_wait: origin,
            throttled_min_wait: origin,
            growth: origin,
            jitter: origin,
        }
    }

    /// Lays `layer` over this; each value that it sets or moves gets `origin`.
    pub(crate) fn under(self, layer: &PolicyLayer, origin: Origin) -> Self {
        let mut over = if layer.policy.is_some() {
            let origin = Origin::Policy;
            Self {
                max_attempts: origin,
                min_wait: origin,
                max_wait: origin,
                throttled_min_wait: origin,
                growth: origin,
                jitter: origin,
                ..self
            }
        } else {
            self
        };
        let base = layer.policy.unwrap_or(self.policy);
        over.policy = layer.over(self.policy);
        let set = |now: &mut Origin, set: bool, moved: bool| {
            if set || moved {
                *now = origin;
            }
        };
        set(&mut over.max_attempts, layer.max_attempts.is_some(), false);
        let moved = over.policy.min_wait() != base.min_wait();
        set(&mut over.min_wait, layer.min_wait.is_some(), moved);
        let moved = over.policy.max_wait() != base.max_wait();
        set(&mut over.max_wait, layer.max_wait.is_some(), moved);
        let moved = over.policy.throttled_min_wait() != base.throttled_min_wait();
        let is_set = layer.throttled_min_wait.is_some();
        set(&mut over.throttled_min_wait, is_set, moved);
        set(&mut over.growth, layer.growth.is_some(), false);
        set(&mut over.jitter, layer.jitter.is_some(), false);
        over
    }
}

impl fmt::Display for Resolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let policy = &self.policy;
        write!(
            f,
            "max_attempts={} ({}), ",
            policy.attempts(),
            self.max_attempts
        )?;
        write!(
            f,
            "min_wait={} ({}), ",
            DisplayDuration(policy.min_wait()),
            self.min_wait
        )?;
        write!(
            f,
            "max_wait={} ({}), ",
            DisplayDuration(policy.max_wait()),
            self.max_wait
        )?;
        if let Some(throttled) = policy.throttled_min_wait() {
            let origin = self.throttled_min_wait;
            let throttled = DisplayDuration(throttled);
            write!(f, "throttled min_wait={throttled} ({origin}), ")?;
        }
        write!(f, "backoff={:?} ({}), ", policy.growth(), self.growth)?;
        write!(f, "jitter={:?} ({})", policy.jitter(), self.jitter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::class::OperationClass;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_higher_bound_moves_the_lower_layers_other_bound() {
        let storage = OperationClass::Storage.default_policy();
        let variable = PolicyLayer {
            max_wait: Some(SECOND),
            ..PolicyLayer::NONE
        };
        let argument = PolicyLayer {
            min_wait: Some(2 * SECOND),
            ..PolicyLayer::NONE
        };
        let policy = argument.over(variable.over(storage));
        assert_eq!(
            (policy.min_wait(), policy.max_wait()),
            (2 * SECOND, 2 * SECOND)
        );
    }

    #[test]
    fn a_whole_policy_hides_what_lies_below() {
        let variable = PolicyLayer {
            max_attempts: Some(AttemptLimit::Count(9)),
            ..PolicyLayer::NONE
        };
        let argument = PolicyLayer {
            policy: Some(crate::FLOW_NODE_DEFAULT),
            ..PolicyLayer::NONE
        };
        let below = variable.over(OperationClass::Api.default_policy());
        assert_eq!(argument.over(below), crate::FLOW_NODE_DEFAULT);
    }

    #[test]
    fn origins_are_told_for_each_value() {
        let resolution = Resolution::of(OperationClass::Storage.default_policy())
            .under(
                &PolicyLayer {
                    max_wait: Some(SECOND),
                    ..PolicyLayer::NONE
                },
                Origin::ClassVariable,
            )
            .under(
                &PolicyLayer {
                    min_wait: Some(2 * SECOND),
                    ..PolicyLayer::NONE
                },
                Origin::Argument,
            )
            .under(
                &PolicyLayer {
                    max_attempts: Some(AttemptLimit::Unlimited),
                    ..PolicyLayer::NONE
                },
                Origin::OperationVariable,
            );
        assert_eq!(
            resolution.to_string(),
            "max_attempts=unlimited (operation variable), min_wait=2.0s (argument), \
             max_wait=2.0s (argument), backoff=Exponential(2.0) (default), jitter=Equal (default)"
        );
    }
}
