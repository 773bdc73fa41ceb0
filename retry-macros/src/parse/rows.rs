//! The table of the attribute's arguments. Each argument has one row: its name, the reader of its value, an
//! example, and its names in other libraries.

use crate::parse::argument::Argument;
use crate::parse::arguments::Arguments;
use crate::parse::fault::Faults;
use crate::parse::policy::PolicyArguments;
use crate::parse::table::{ArgumentRow, ArgumentTable};
use crate::parse::value::{Value, ValueReader, one_of};
use crate::parse::{adaptive, breaker, budget, hedge, limit, policy, throttled, value};

/// The reader of an argument's value, and its destination.
pub(super) enum ArgumentReader {
    /// A field of the policy's arguments, and the reader of its value.
    Policy(fn(&mut PolicyArguments) -> &mut Option<Value>, ValueReader),
    /// The gate, which reads its arguments together.
    Gate,
    /// A field of its own.
    Field(fn(&mut Arguments, &Argument, &mut Faults)),
}

use ArgumentReader::{Field, Gate, Policy};

/// The arguments of an attribute.
pub(super) const ATTRIBUTE: ArgumentTable<ArgumentReader> = ArgumentTable {
    of: None,
    rows: &[
        ArgumentRow::new(
            "max_attempts",
            Policy(|all| &mut all.max_attempts, policy::attempts),
            "max_attempts = 5",
            &["retries", "max_retries", "attempts", "tries", "stop"],
        ),
        ArgumentRow::new(
            "min_wait",
            Policy(|all| &mut all.min_wait, value::wait),
            "min_wait = \"500ms\"",
            &["delay", "wait", "min_delay", "initial_delay"],
        ),
        ArgumentRow::new(
            "max_wait",
            Policy(|all| &mut all.max_wait, value::wait),
            "max_wait = \"10s\"",
            &["max_delay"],
        ),
        ArgumentRow::new(
            "throttled",
            Policy(|all| &mut all.throttled_min_wait, throttled::read),
            "throttled(min_wait = \"5s\")",
            &["throttle", "throttling", "rate_limited"],
        ),
        ArgumentRow::new(
            "backoff",
            Policy(
                |all| &mut all.backoff,
                |argument, faults| {
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
                },
            ),
            "backoff = \"exponential\"",
            &["strategy"],
        ),
        ArgumentRow::new(
            "multiplier",
            Policy(|all| &mut all.multiplier, policy::multiplier),
            "multiplier = 1.5",
            &["factor"],
        ),
        ArgumentRow::new(
            "jitter",
            Policy(
                |all| &mut all.jitter,
                |argument, faults| {
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
                },
            ),
            "jitter = \"full\"",
            &[],
        ),
        ArgumentRow::new(
            "policy",
            Policy(|all| &mut all.policy, policy::named),
            "policy = \"FLOW_NODE_DEFAULT\"",
            &[],
        ),
        ArgumentRow::new(
            "timeout",
            Field(|all, it, faults| all.timeout = limit::read(it, faults)),
            "timeout = \"10s\"",
            &[],
        ),
        ArgumentRow::new(
            "max_total_time",
            Field(|all, it, faults| all.max_total_time = limit::read(it, faults)),
            "max_total_time = \"1m\"",
            &["deadline", "max_elapsed_time", "stop_after_delay"],
        ),
        ArgumentRow::new(
            "judge",
            Field(|all, it, faults| all.judge = it.expression(faults)),
            "judge = |outcome: &Result<Reply, MyError>| verdict_on(outcome)",
            &["judgement", "judged_by"],
        ),
        ArgumentRow::new(
            "retry_if",
            Field(|all, it, faults| all.retry_if = it.expression(faults)),
            "retry_if = |error: &MyError| error.is_transient()",
            &["when", "retry", "retry_on"],
        ),
        ArgumentRow::new(
            "retry_on_ok",
            Field(|all, it, faults| all.retry_on_ok = it.expression(faults)),
            "retry_on_ok = |value| value.is_pending()",
            &["retry_if_result"],
        ),
        ArgumentRow::new(
            "not_applied_if",
            Field(|all, it, faults| all.not_applied_if = it.expression(faults)),
            "not_applied_if = |error: &MyError| error.is_refusal()",
            &["not_applied", "harmless_if"],
        ),
        ArgumentRow::new(
            "on_retry",
            Field(|all, it, faults| all.on_retry = it.expression(faults)),
            "on_retry = |event| tell(event.attempt())",
            &["notify", "before_sleep"],
        ),
        ArgumentRow::new(
            "name",
            Field(|all, it, faults| all.name = value::name(it, faults)),
            "name = \"load_task\"",
            &[],
        ),
        ArgumentRow::new(
            "attempt",
            Field(|all, it, faults| all.attempt = value::variable(it, faults)),
            "attempt = n",
            &[],
        ),
        ArgumentRow::new(
            "budget",
            Field(|all, it, faults| {
                all.guards.budget = budget::read(it, &mut all.guards.settings, faults);
            }),
            "budget = 0.1",
            &["retry_budget"],
        ),
        ArgumentRow::new(
            "circuit_breaker",
            Field(|all, it, faults| {
                all.guards.circuit_breaker = breaker::read(it, &mut all.guards.settings, faults);
            }),
            "circuit_breaker(failure_threshold = 5)",
            &["breaker", "circuit"],
        ),
        ArgumentRow::new(
            "adaptive",
            Field(|all, it, faults| all.guards.adaptive = adaptive::read(it, faults)),
            "adaptive = true",
            &["limiter", "rate_limiter"],
        ),
        ArgumentRow::new(
            "time_budget",
            Field(|all, it, faults| all.guards.time_budget = limit::read(it, faults)),
            "time_budget = \"30s\"",
            &["retry_time_budget"],
        ),
        ArgumentRow::new(
            "hedge",
            Field(|all, it, faults| all.guards.hedge = hedge::read(it, faults)),
            "hedge(after = \"95ms\", safe = true)",
            &["hedged", "hedging"],
        ),
        ArgumentRow::new(
            "nested",
            Field(|all, it, faults| all.nested = value::nested(it, faults)),
            "nested = \"multiply\"",
            &[],
        ),
        ArgumentRow::new(
            "borrow",
            Field(|all, it, faults| all.borrow = it.names(faults)),
            "borrow(client)",
            &[],
        ),
        ArgumentRow::new("idempotent", Gate, "idempotent = true", &[]),
        ArgumentRow::new("key", Gate, "key(order_id)", &[]),
        ArgumentRow::new(
            "fingerprint",
            Gate,
            "fingerprint(cents)",
            &["input", "input_hash"],
        ),
        ArgumentRow::new("skip", Gate, "skip(client)", &[]),
        ArgumentRow::new("scope", Gate, "scope = tenant", &[]),
        ArgumentRow::new("store", Gate, "store = store()", &[]),
        ArgumentRow::new("lease", Gate, "lease = \"30s\"", &[]),
        ArgumentRow::new("retain", Gate, "retain = \"7d\"", &[]),
        ArgumentRow::new("in_doubt", Gate, "in_doubt = \"halt\"", &[]),
        ArgumentRow::new(
            "dedupe_for",
            Gate,
            "dedupe_for = \"23h\"",
            &["deduplicates_for", "key_lifetime"],
        ),
        ArgumentRow::new("probe", Gate, "probe = find_charge", &[]),
        ArgumentRow::new(
            "probe_after",
            Gate,
            "probe_after = \"10s\"",
            &["probe_delay", "settle_after"],
        ),
        ArgumentRow::new("on_busy", Gate, "on_busy = \"wait\"", &[]),
        ArgumentRow::new("replay_errors", Gate, "replay_errors = true", &[]),
        ArgumentRow::new(
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
