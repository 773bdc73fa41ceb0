//! The six named policies, and their selection by name or by kind of work.

use super::error::PolicyError;
use super::retry_policy::{ExecutionGuarantee, RetryPolicy};

/// A node of a flow: 3 attempts, 500 ms doubling.
pub const FLOW_NODE_DEFAULT: RetryPolicy = doubling(3, 500);

/// An agent's step of low or medium risk: 3 attempts, 200 ms doubling.
pub const AGENT_LOW_MEDIUM: RetryPolicy = doubling(3, 200);

/// An agent's step of high risk: the first failure is final, and an attempt with an unknown outcome is
/// not retried.
pub const AGENT_HIGH_RISK: RetryPolicy = RetryPolicy::new(1)
    .with_high_risk_immediate_fail(true)
    .with_execution_guarantee(ExecutionGuarantee::ExactlyOnce);

/// A background job: 5 attempts, 1 s doubling.
pub const ASYNC_JOB_DEFAULT: RetryPolicy = doubling(5, 1_000);

/// A scheduled job: 3 attempts, 300 ms doubling.
pub const NODUS_SCHEDULED_DEFAULT: RetryPolicy = doubling(3, 300);

/// One attempt, no retry.
pub const NO_RETRY: RetryPolicy = RetryPolicy::new(1);

const NAMED: [(&str, RetryPolicy); 6] = [
    ("FLOW_NODE_DEFAULT", FLOW_NODE_DEFAULT),
    ("AGENT_LOW_MEDIUM", AGENT_LOW_MEDIUM),
    ("AGENT_HIGH_RISK", AGENT_HIGH_RISK),
    ("ASYNC_JOB_DEFAULT", ASYNC_JOB_DEFAULT),
    ("NODUS_SCHEDULED_DEFAULT", NODUS_SCHEDULED_DEFAULT),
    ("NO_RETRY", NO_RETRY),
];

const KNOWN: &str = "FLOW_NODE_DEFAULT, AGENT_LOW_MEDIUM, AGENT_HIGH_RISK, ASYNC_JOB_DEFAULT, \
                     NODUS_SCHEDULED_DEFAULT, NO_RETRY";

/// Returns the named policy called `name`; case and surrounding space do not matter.
///
/// # Errors
///
/// [`PolicyError::UnknownPolicy`], which lists the known names.
///
/// ```
/// use retry_core::{resolve_retry_policy, FLOW_NODE_DEFAULT};
///
/// assert_eq!(resolve_retry_policy("FLOW_NODE_DEFAULT")?, FLOW_NODE_DEFAULT);
/// assert!(resolve_retry_policy("flow").is_err());
/// # Ok::<(), retry_core::PolicyError>(())
/// ```
pub fn resolve_retry_policy(name: &str) -> Result<RetryPolicy, PolicyError> {
    let wanted = name.trim();
    let found = NAMED
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(wanted));
    found
        .map(|(_, policy)| *policy)
        .ok_or_else(|| PolicyError::UnknownPolicy {
            name: name.to_owned(),
            known: KNOWN,
        })
}

/// Returns the policy for a kind of work: `flow`, `agent`, `job` or `nodus`; case and surrounding space
/// do not matter.
///
/// `risk_level` matters only for an agent: `low` and `medium` give [`AGENT_LOW_MEDIUM`]; `high`, an
/// unknown level and no level give [`AGENT_HIGH_RISK`].
///
/// # Errors
///
/// [`PolicyError::UnknownExecutionType`].
///
/// ```
/// use retry_core::{resolve_retry_policy_for, AGENT_HIGH_RISK, AGENT_LOW_MEDIUM};
///
/// assert_eq!(resolve_retry_policy_for("agent", Some("low"))?, AGENT_LOW_MEDIUM);
/// assert_eq!(resolve_retry_policy_for(" Agent ", None)?, AGENT_HIGH_RISK);
/// # Ok::<(), retry_core::PolicyError>(())
/// ```
pub fn resolve_retry_policy_for(
    execution_type: &str,
    risk_level: Option<&str>,
) -> Result<RetryPolicy, PolicyError> {
    let is = |known: &str| execution_type.trim().eq_ignore_ascii_case(known);
    let risk = risk_level.unwrap_or("high").trim();
    if is("flow") {
        Ok(FLOW_NODE_DEFAULT)
    } else if is("agent") {
        let moderate = ["low", "medium"]
            .iter()
            .any(|level| risk.eq_ignore_ascii_case(level));
        Ok(if moderate {
            AGENT_LOW_MEDIUM
        } else {
            AGENT_HIGH_RISK
        })
    } else if is("job") {
        Ok(ASYNC_JOB_DEFAULT)
    } else if is("nodus") {
        Ok(NODUS_SCHEDULED_DEFAULT)
    } else {
        Err(PolicyError::UnknownExecutionType {
            value: execution_type.to_owned(),
        })
    }
}

const fn doubling(attempts: u32, backoff_ms: u64) -> RetryPolicy {
    RetryPolicy::new(attempts)
        .with_backoff_ms(backoff_ms)
        .with_exponential_backoff(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_of_the_design() {
        for (name, attempts, first_ms, doubles) in [
            ("FLOW_NODE_DEFAULT", 3, 500, true),
            ("AGENT_LOW_MEDIUM", 3, 200, true),
            ("AGENT_HIGH_RISK", 1, 0, false),
            ("ASYNC_JOB_DEFAULT", 5, 1_000, true),
            ("NODUS_SCHEDULED_DEFAULT", 3, 300, true),
            ("NO_RETRY", 1, 0, false),
        ] {
            let policy = resolve_retry_policy(name).expect("a known name");
            assert_eq!(policy.max_attempts(), attempts, "{name}");
            assert_eq!(policy.min_wait().as_millis(), first_ms, "{name}");
            assert_eq!(policy.max_wait().as_secs(), 10, "{name}");
            for (n, wait) in policy.waits(7).enumerate() {
                let step = if doubles { first_ms << n } else { first_ms };
                assert!(
                    (step..=step + 50).contains(&wait.as_millis()),
                    "{name}: {wait:?}"
                );
            }
            let exactly_once = policy.execution_guarantee() == ExecutionGuarantee::ExactlyOnce;
            assert_eq!(exactly_once, name == "AGENT_HIGH_RISK");
            assert_eq!(policy.high_risk_immediate_fail(), name == "AGENT_HIGH_RISK");
            assert!(KNOWN.contains(name));
        }
    }

    #[test]
    fn unknown_names_and_types_say_what_is_known() {
        let error = resolve_retry_policy("FLOW")
            .expect_err("unknown")
            .to_string();
        assert_eq!(
            error,
            format!("unknown policy \"FLOW\"; known policies are {KNOWN}")
        );
        let error = resolve_retry_policy_for("batch", None)
            .expect_err("unknown")
            .to_string();
        assert_eq!(
            error,
            "unknown execution type \"batch\"; it must be flow, agent, job or nodus"
        );
    }

    #[test]
    fn kinds_of_work() {
        for (kind, risk, policy) in [
            ("flow", None, FLOW_NODE_DEFAULT),
            ("FLOW ", Some("high"), FLOW_NODE_DEFAULT),
            ("agent", Some("low"), AGENT_LOW_MEDIUM),
            ("agent", Some(" Medium"), AGENT_LOW_MEDIUM),
            ("agent", Some("high"), AGENT_HIGH_RISK),
            ("agent", Some("extreme"), AGENT_HIGH_RISK),
            ("agent", None, AGENT_HIGH_RISK),
            ("job", None, ASYNC_JOB_DEFAULT),
            ("nodus", None, NODUS_SCHEDULED_DEFAULT),
        ] {
            assert_eq!(
                resolve_retry_policy_for(kind, risk),
                Ok(policy),
                "{kind} {risk:?}"
            );
        }
    }
}
