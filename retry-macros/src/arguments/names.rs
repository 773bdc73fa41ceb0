//! The names of arguments, and what to say of one that is none.

use syn::Ident;

/// What may stand in a list of arguments.
pub(super) struct Names {
    /// Whose list it is, where it is not the attribute's own.
    of: Option<&'static str>,
    /// Arguments, each with an example.
    known: &'static [(&'static str, &'static str)],
    /// What other libraries call them.
    aliases: &'static [(&'static str, &'static str)],
}

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

const KNOWN: [(&str, &str); 33] = [
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
    ("skip", "skip(client)"),
    ("scope", "scope = tenant"),
    ("store", "store = store()"),
    ("lease", "lease = \"30s\""),
    ("retain", "retain = \"7d\""),
    ("in_doubt", "in_doubt = \"halt\""),
    ("probe", "probe = find_charge"),
    ("on_busy", "on_busy = \"wait\""),
    ("replay_errors", "replay_errors = true"),
    ("crate", "crate = ::retry_core"),
];

const ALIASES: [(&str, &str); 23] = [
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
];

impl Names {
    pub(super) fn is_known(&self, key: &str) -> bool {
        self.names().any(|known| known == key)
    }

    /// How the argument is written.
    pub(super) fn example(&self, key: &Ident) -> &'static str {
        let found = self.known.iter().find(|(known, _)| key == known);
        found.map_or("key = value", |(_, example)| example)
    }

    /// How any of them is written.
    pub(super) fn any_example(&self) -> &'static str {
        self.known.first().map_or("key = value", |first| first.1)
    }

    /// What to say of a name that is none: what was probably meant, else all that there is.
    pub(super) fn unknown(&self, key: &str) -> String {
        let of = self.of.map(|of| format!(" of `{of}`")).unwrap_or_default();
        if let Some((_, meant)) = self.aliases.iter().find(|(alias, _)| *alias == key) {
            let counts = if *meant == "max_attempts" {
                " (the first attempt counts)"
            } else {
                ""
            };
            return format!("unknown argument `{key}`{of}; here it is called `{meant}`{counts}");
        }
        match self.meant(key) {
            Some(meant) => format!("unknown argument `{key}`{of}; did you mean `{meant}`?"),
            None => {
                let all: Vec<_> = self.names().collect();
                format!(
                    "unknown argument `{key}`{of}; the arguments are {}",
                    all.join(", ")
                )
            }
        }
    }

    fn meant(&self, key: &str) -> Option<&'static str> {
        let begun = self
            .names()
            .find(|known| key.len() >= 3 && known.starts_with(key));
        begun.or_else(|| {
            let near = self.names().map(|known| (distance(known, key), known));
            let near = near.min()?;
            (near.0 <= 2 && key.len() > 3).then_some(near.1)
        })
    }

    fn names(&self) -> impl Iterator<Item = &'static str> {
        self.known.iter().map(|(known, _)| *known)
    }
}

/// Levenshtein's distance: single-letter insertions, deletions and substitutions.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant() {
        for (key, message) in [
            (
                "retries",
                "unknown argument `retries`; here it is called `max_attempts` (the first attempt counts)",
            ),
            (
                "delay",
                "unknown argument `delay`; here it is called `min_wait`",
            ),
            (
                "max_att",
                "unknown argument `max_att`; did you mean `max_attempts`?",
            ),
            (
                "max_atempts",
                "unknown argument `max_atempts`; did you mean `max_attempts`?",
            ),
            (
                "timout",
                "unknown argument `timout`; did you mean `timeout`?",
            ),
        ] {
            assert_eq!(ATTRIBUTE.unknown(key), message);
        }
        let all = ATTRIBUTE.unknown("zzz");
        assert!(all.ends_with("on_busy, replay_errors, crate"), "{all}");
    }

    #[test]
    fn what_was_meant_in_a_list_of_its_own() {
        for (names, key, message) in [
            (
                &CIRCUIT_BREAKER,
                "reset",
                "unknown argument `reset` of `circuit_breaker`; here it is called `recovery_timeout`",
            ),
            (
                &CIRCUIT_BREAKER,
                "failure_treshold",
                "unknown argument `failure_treshold` of `circuit_breaker`; did you mean \
                 `failure_threshold`?",
            ),
            (
                &BUDGET,
                "zzz",
                "unknown argument `zzz` of `budget`; the arguments are ratio, burst, floor, name",
            ),
            (
                &HEDGE,
                "budget",
                "unknown argument `budget` of `hedge`; the arguments are after, max, safe",
            ),
        ] {
            assert_eq!(names.unknown(key), message);
        }
    }

    #[test]
    fn aliases_and_examples_are_of_what_there_is() {
        for names in [&ATTRIBUTE, &BUDGET, &CIRCUIT_BREAKER, &HEDGE] {
            for (alias, meant) in names.aliases {
                assert!(names.is_known(meant), "{meant}");
                assert!(!names.is_known(alias), "{alias}");
            }
            for (known, example) in names.known {
                assert!(example.starts_with(known), "{example}");
            }
        }
    }

    #[test]
    fn distances() {
        for (a, b, far) in [
            ("", "", 0),
            ("a", "", 1),
            ("kitten", "sitting", 3),
            ("jitter", "jiter", 1),
        ] {
            assert_eq!(distance(a, b), far, "{a} {b}");
        }
    }
}
