//! `backoff`, `multiplier`, `jitter` and `policy`: the waits are those of the policy they make.

use std::io;
use std::time::Duration;

use retry_core::{
    AGENT_LOW_MEDIUM, ASYNC_JOB_DEFAULT, FLOW_NODE_DEFAULT, Growth, Jitter,
    NODUS_SCHEDULED_DEFAULT, OperationClass, RetryPolicy, retry_worker,
};

use super::{busy, expected, slept};

const WAITS: &[Duration] = &[Duration::from_millis(1), Duration::from_millis(20)];
const OWN: RetryPolicy = RetryPolicy::new(4).with_backoff_ms(30);

mod policies {
    use retry_core::RetryPolicy;

    pub(super) static SHARED: RetryPolicy = RetryPolicy::new(5).with_backoff_ms(3);
    pub(super) const SLOW: RetryPolicy = RetryPolicy::new(3).with_backoff_ms(9_000);

    pub(super) fn of(attempts: u32) -> RetryPolicy {
        RetryPolicy::new(attempts)
    }
}

struct Worker {
    policy: RetryPolicy,
}

impl Worker {
    const POLICY: RetryPolicy = RetryPolicy::new(2).with_backoff_ms(77);

    #[retry_worker(policy = Self::POLICY)]
    fn by_associated_constant() -> io::Result<()> {
        busy()
    }

    #[retry_worker(policy = self.policy, max_attempts = 3)]
    fn by_field(&self) -> io::Result<()> {
        busy()
    }
}

trait Configured {
    const POLICY: RetryPolicy;

    #[retry_worker(policy = Self::POLICY, max_attempts = 3)]
    fn by_trait() -> io::Result<()> {
        busy()
    }
}

impl Configured for Worker {
    const POLICY: RetryPolicy = OWN;
}

#[retry_worker(policy = C::POLICY)]
fn by_parameter<C: Configured>() -> io::Result<()> {
    busy()
}

/// Functions that always fail, each with its arguments.
macro_rules! failing {
    ($($name:ident $arguments:tt;)*) => {
        $(
            #[retry_worker $arguments]
            fn $name() -> io::Result<()> {
                busy()
            }
        )*
    };
}

failing! {
    constant(max_attempts = 6, backoff = "constant");
    linear(max_attempts = 6, backoff = "linear");
    exponential(max_attempts = 6, backoff = "exponential");
    fibonacci(max_attempts = 6, backoff = "fibonacci");
    by_growth(max_attempts = 6, backoff = Growth::Schedule(WAITS));
    tripled(max_attempts = 6, multiplier = 3);
    by_half(max_attempts = 6, backoff = "exponential", multiplier = 1.5);
    by_multiplier(max_attempts = 6, multiplier = f64::from(2_u8) + 0.25);
    without_jitter(max_attempts = 6, jitter = "none");
    equal(max_attempts = 6, jitter = "equal");
    full(max_attempts = 6, jitter = "full");
    decorrelated(max_attempts = 6, jitter = "decorrelated");
    additive(max_attempts = 6, jitter = Jitter::Additive(Duration::from_millis(9)));
    by_name(policy = "FLOW_NODE_DEFAULT");
    agent(policy = "AGENT_LOW_MEDIUM");
    job(policy = "ASYNC_JOB_DEFAULT");
    nodus(policy = "NODUS_SCHEDULED_DEFAULT");
    high_risk(policy = "AGENT_HIGH_RISK", max_attempts = 5);
    none(policy = "NO_RETRY");
    by_constant(policy = OWN);
    by_path(policy = policies::SLOW);
    by_foreign_path(policy = ::retry_core::FLOW_NODE_DEFAULT);
    by_static(policy = policies::SHARED);
    by_call(policy = policies::of(3));
    over_a_policy(policy = OWN, max_attempts = 2, min_wait = "50ms", jitter = "none");
}

fn worker() -> RetryPolicy {
    OperationClass::Worker.default_policy().with_max_attempts(6)
}

#[test]
fn backoff() {
    for (call, growth) in [
        (constant as fn() -> _, Growth::Constant),
        (linear, Growth::Linear),
        (exponential, Growth::Exponential(2.0)),
        (fibonacci, Growth::Fibonacci),
        (by_growth, Growth::Schedule(WAITS)),
        (tripled, Growth::Exponential(3.0)),
        (by_half, Growth::Exponential(1.5)),
        (by_multiplier, Growth::Exponential(2.25)),
    ] {
        assert_eq!(
            slept(call),
            expected(worker().with_growth(growth)),
            "{growth:?}"
        );
    }
}

#[test]
fn jitter() {
    for (call, jitter) in [
        (without_jitter as fn() -> _, Jitter::None),
        (equal, Jitter::Equal),
        (full, Jitter::Full),
        (decorrelated, Jitter::Decorrelated),
        (additive, Jitter::Additive(Duration::from_millis(9))),
    ] {
        assert_eq!(
            slept(call),
            expected(worker().with_jitter(jitter)),
            "{jitter:?}"
        );
    }
}

#[test]
fn policies() {
    for (call, policy) in [
        (by_name as fn() -> _, FLOW_NODE_DEFAULT),
        (agent, AGENT_LOW_MEDIUM),
        (job, ASYNC_JOB_DEFAULT),
        (nodus, NODUS_SCHEDULED_DEFAULT),
        (by_constant, OWN),
        (by_path, policies::SLOW),
        (by_foreign_path, FLOW_NODE_DEFAULT),
        (by_static, policies::SHARED),
        (by_call, policies::of(3)),
        (Worker::by_associated_constant, Worker::POLICY),
        (Worker::by_trait, OWN.with_max_attempts(3)),
        (by_parameter::<Worker>, OWN),
    ] {
        let waits = slept(call);
        assert_eq!(waits, expected(policy), "{policy:?}");
        assert!(!waits.is_empty());
    }
    assert!(slept(none).is_empty());
    // Its first failure is final, whatever the attempts.
    assert!(slept(high_risk).is_empty());
}

#[test]
fn an_argument_is_over_the_policy() {
    assert_eq!(slept(over_a_policy), [Duration::from_millis(50)]);
    let worker = Worker { policy: OWN };
    assert_eq!(
        slept(|| worker.by_field()),
        expected(OWN.with_max_attempts(3))
    );
}
