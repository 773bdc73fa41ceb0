//! All names of arguments, with an example each, and their aliases.

use crate::parse::names::Names;

/// The attribute's own arguments.
pub(super) const ATTRIBUTE: Names = Names {
    of: None,
    known: &KNOWN,
    aliases: &ALIASES,
};

/// The arguments of `budget(..)`.
pub(super) const BUDGET: Names = Names {
    of: Some("budget"),
    known: &[
        ("ratio", "ratio = 0.2"),
        ("burst", "burst = 20"),
        ("floor", "floor = 0"),
        ("name", "name = \"payments\""),
    ],
    aliases: &[
        ("percent", "ratio"),
        ("retry_ratio", "ratio"),
        ("capacity", "burst"),
        ("max_tokens", "burst"),
        ("min_per_sec", "floor"),
        ("min_retries_per_second", "floor"),
    ],
};

/// The arguments of `circuit_breaker(..)`.
pub(super) const CIRCUIT_BREAKER: Names = Names {
    of: Some("circuit_breaker"),
    known: &[
        ("failure_threshold", "failure_threshold = 5"),
        ("recovery_timeout", "recovery_timeout = \"60s\""),
        ("window", "window = 100"),
        ("failure_rate", "failure_rate = 0.5"),
        ("minimum_calls", "minimum_calls = 20"),
        ("slow_call", "slow_call = \"2s\""),
        ("slow_call_rate", "slow_call_rate = 0.5"),
        ("half_open_permits", "half_open_permits = 1"),
        ("success_threshold", "success_threshold = 1"),
        ("name", "name = \"payments\""),
    ],
    aliases: &[
        ("threshold", "failure_threshold"),
        ("failures", "failure_threshold"),
        ("fail_max", "failure_threshold"),
        ("reset", "recovery_timeout"),
        ("reset_timeout", "recovery_timeout"),
        ("open_for", "recovery_timeout"),
        ("timeout", "recovery_timeout"),
        ("window_size", "window"),
        ("sliding_window_size", "window"),
        ("failure_rate_threshold", "failure_rate"),
        ("minimum_number_of_calls", "minimum_calls"),
        ("slow_call_duration", "slow_call"),
        ("slow_call_duration_threshold", "slow_call"),
        ("slow_call_rate_threshold", "slow_call_rate"),
        ("half_open_max_calls", "half_open_permits"),
        ("permitted_calls", "half_open_permits"),
    ],
};

/// The arguments of `hedge(..)`.
pub(super) const HEDGE: Names = Names {
    of: Some("hedge"),
    known: &[
        ("after", "after = \"95ms\""),
        ("max", "max = 1"),
        ("safe", "safe = true"),
    ],
    aliases: &[
        ("delay", "after"),
        ("wait", "after"),
        ("copies", "max"),
        ("max_hedges", "max"),
        ("max_hedged_attempts", "max"),
        ("harmless", "safe"),
    ],
};

const KNOWN: [(&str, &str); 36] = [
    ("max_attempts", "max_attempts = 5"),
    ("min_wait", "min_wait = \"500ms\""),
    ("max_wait", "max_wait = \"10s\""),
    ("backoff", "backoff = \"exponential\""),
    ("multiplier", "multiplier = 1.5"),
    ("jitter", "jitter = \"full\""),
    ("policy", "policy = \"FLOW_NODE_DEFAULT\""),
    ("timeout", "timeout = \"10s\""),
    ("max_total_time", "max_total_time = \"1m\""),
    (
        "retry_if",
        "retry_if = |error: &MyError| error.is_transient()",
    ),
    ("retry_on_ok", "retry_on_ok = |value| value.is_pending()"),
    (
        "not_applied_if",
        "not_applied_if = |error: &MyError| error.is_refusal()",
    ),
    ("on_retry", "on_retry = |event| tell(event.attempt())"),
    ("name", "name = \"load_task\""),
    ("attempt", "attempt = n"),
    ("budget", "budget = 0.1"),
    ("circuit_breaker", "circuit_breaker(failure_threshold = 5)"),
    ("adaptive", "adaptive = true"),
    ("time_budget", "time_budget = \"30s\""),
    ("hedge", "hedge(after = \"95ms\", safe = true)"),
    ("nested", "nested = \"multiply\""),
    ("borrow", "borrow(client)"),
    ("idempotent", "idempotent = true"),
    ("key", "key(order_id)"),
    ("fingerprint", "fingerprint(cents)"),
    ("skip", "skip(client)"),
    ("scope", "scope = tenant"),
    ("store", "store = store()"),
    ("lease", "lease = \"30s\""),
    ("retain", "retain = \"7d\""),
    ("in_doubt", "in_doubt = \"halt\""),
    ("probe", "probe = find_charge"),
    ("probe_after", "probe_after = \"10s\""),
    ("on_busy", "on_busy = \"wait\""),
    ("replay_errors", "replay_errors = true"),
    ("crate", "crate = ::retry_core"),
];

const ALIASES: [(&str, &str); 29] = [
    ("retries", "max_attempts"),
    ("max_retries", "max_attempts"),
    ("attempts", "max_attempts"),
    ("tries", "max_attempts"),
    ("delay", "min_wait"),
    ("wait", "min_wait"),
    ("min_delay", "min_wait"),
    ("max_delay", "max_wait"),
    ("factor", "multiplier"),
    ("strategy", "backoff"),
    ("when", "retry_if"),
    ("not_applied", "not_applied_if"),
    ("harmless_if", "not_applied_if"),
    ("notify", "on_retry"),
    ("deadline", "max_total_time"),
    ("max_elapsed_time", "max_total_time"),
    ("retry_budget", "budget"),
    ("breaker", "circuit_breaker"),
    ("circuit", "circuit_breaker"),
    ("limiter", "adaptive"),
    ("rate_limiter", "adaptive"),
    ("throttle", "adaptive"),
    ("retry_time_budget", "time_budget"),
    ("hedged", "hedge"),
    ("hedging", "hedge"),
    ("input", "fingerprint"),
    ("input_hash", "fingerprint"),
    ("probe_delay", "probe_after"),
    ("settle_after", "probe_after"),
];
