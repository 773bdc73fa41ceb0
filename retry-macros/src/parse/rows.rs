//! The attribute's own arguments: a row drives each of them.

use crate::parse::argument::Argument;
use crate::parse::arguments::Arguments;
use crate::parse::fault::Faults;
use crate::parse::table::{Row, Table};
use crate::parse::value::{Read, one_of};
use crate::parse::{adaptive, breaker, budget, hedge, limit, policy, value};

/// The reader of an argument's value, and its destination.
pub(super) enum Takes {
    /// The policy's settings, by the argument's name.
    Policy(Read),
    /// The gate, which reads its arguments together.
    Gate,
    /// A field of its own.
    Field(fn(&mut Arguments, &Argument, &mut Faults)),
}

use Takes::{Field, Gate, Policy};

/// The arguments of an attribute.
pub(super) const ATTRIBUTE: Table<Takes> = Table {
    of: None,
    rows: &[
        Row::new(
            "max_attempts",
            Policy(policy::attempts),
            "max_attempts = 5",
            &["retries", "max_retries", "attempts", "tries"],
        ),
        Row::new(
            "min_wait",
            Policy(value::wait),
            "min_wait = \"500ms\"",
            &["delay", "wait", "min_delay"],
        ),
        Row::new(
            "max_wait",
            Policy(value::wait),
            "max_wait = \"10s\"",
            &["max_delay"],
        ),
        Row::new(
            "backoff",
            Policy(|argument, faults| {
                one_of(
                    argument,
                    faults,
                    &[
                        ("constant", "Growth::Constant"),
                        ("linear", "Growth::Linear"),
                        ("exponential", "Growth::Exponential(2.0)"),
                        ("fibonacci", "Growth::Fibonacci"),
                    ],
                    "for given waits write an expression: `backoff = Growth::Schedule(&[..])`",
                )
            }),
            "backoff = \"exponential\"",
            &["strategy"],
        ),
        Row::new(
            "multiplier",
            Policy(policy::multiplier),
            "multiplier = 1.5",
            &["factor"],
        ),
        Row::new(
            "jitter",
            Policy(|argument, faults| {
                one_of(
                    argument,
                    faults,
                    &[
                        ("none", "Jitter::None"),
                        ("equal", "Jitter::Equal"),
                        ("full", "Jitter::Full"),
                        ("decorrelated", "Jitter::Decorrelated"),
                    ],
                    "for an additive one write an expression: `jitter = Jitter::Additive(..)`",
                )
            }),
            "jitter = \"full\"",
            &[],
        ),
        Row::new(
            "policy",
            Policy(policy::named),
            "policy = \"FLOW_NODE_DEFAULT\"",
            &[],
        ),
        Row::new(
            "timeout",
            Field(|all, it, faults| all.timeout = limit::read(it, faults)),
            "timeout = \"10s\"",
            &[],
        ),
        Row::new(
            "max_total_time",
            Field(|all, it, faults| all.max_total_time = limit::read(it, faults)),
            "max_total_time = \"1m\"",
            &["deadline", "max_elapsed_time"],
        ),
        Row::new(
            "retry_if",
            Field(|all, it, faults| all.retry_if = it.expression(faults)),
            "retry_if = |error: &MyError| error.is_transient()",
            &["when"],
        ),
        Row::new(
            "retry_on_ok",
            Field(|all, it, faults| all.retry_on_ok = it.expression(faults)),
            "retry_on_ok = |value| value.is_pending()",
            &[],
        ),
        Row::new(
            "not_applied_if",
            Field(|all, it, faults| all.not_applied_if = it.expression(faults)),
            "not_applied_if = |error: &MyError| error.is_refusal()",
            &["not_applied", "harmless_if"],
        ),
        Row::new(
            "on_retry",
            Field(|all, it, faults| all.on_retry = it.expression(faults)),
            "on_retry = |event| tell(event.attempt())",
            &["notify"],
        ),
        Row::new(
            "name",
            Field(|all, it, faults| all.name = value::name(it, faults)),
            "name = \"load_task\"",
            &[],
        ),
        Row::new(
            "attempt",
            Field(|all, it, faults| all.attempt = value::variable(it, faults)),
            "attempt = n",
            &[],
        ),
        Row::new(
            "budget",
            Field(|all, it, faults| {
                all.guards.budget = budget::read(it, &mut all.guards.settings, faults);
            }),
            "budget = 0.1",
            &["retry_budget"],
        ),
        Row::new(
            "circuit_breaker",
            Field(|all, it, faults| {
                all.guards.circuit_breaker = breaker::read(it, &mut all.guards.settings, faults);
            }),
            "circuit_breaker(failure_threshold = 5)",
            &["breaker", "circuit"],
        ),
        Row::new(
            "adaptive",
            Field(|all, it, faults| all.guards.adaptive = adaptive::read(it, faults)),
            "adaptive = true",
            &["limiter", "rate_limiter", "throttle"],
        ),
        Row::new(
            "time_budget",
            Field(|all, it, faults| all.guards.time_budget = limit::read(it, faults)),
            "time_budget = \"30s\"",
            &["retry_time_budget"],
        ),
        Row::new(
            "hedge",
            Field(|all, it, faults| all.guards.hedge = hedge::read(it, faults)),
            "hedge(after = \"95ms\", safe = true)",
            &["hedged", "hedging"],
        ),
        Row::new(
            "nested",
            Field(|all, it, faults| all.nested = value::nested(it, faults)),
            "nested = \"multiply\"",
            &[],
        ),
        Row::new(
            "borrow",
            Field(|all, it, faults| all.borrow = it.names(faults)),
            "borrow(client)",
            &[],
        ),
        Row::new("idempotent", Gate, "idempotent = true", &[]),
        Row::new("key", Gate, "key(order_id)", &[]),
        Row::new(
            "fingerprint",
            Gate,
            "fingerprint(cents)",
            &["input", "input_hash"],
        ),
        Row::new("skip", Gate, "skip(client)", &[]),
        Row::new("scope", Gate, "scope = tenant", &[]),
        Row::new("store", Gate, "store = store()", &[]),
        Row::new("lease", Gate, "lease = \"30s\"", &[]),
        Row::new("retain", Gate, "retain = \"7d\"", &[]),
        Row::new("in_doubt", Gate, "in_doubt = \"halt\"", &[]),
        Row::new("probe", Gate, "probe = find_charge", &[]),
        Row::new(
            "probe_after",
            Gate,
            "probe_after = \"10s\"",
            &["probe_delay", "settle_after"],
        ),
        Row::new("on_busy", Gate, "on_busy = \"wait\"", &[]),
        Row::new("replay_errors", Gate, "replay_errors = true", &[]),
        Row::new(
            "crate",
            Field(|all, it, faults| all.krate = value::path(it, faults)),
            "crate = ::retry_core",
            &[],
        ),
    ],
};

/// Returns the name and the example of each argument.
#[cfg(test)]
pub(crate) fn examples() -> impl Iterator<Item = (&'static str, &'static str)> {
    ATTRIBUTE.rows.iter().map(|row| (row.name, row.example))
}
