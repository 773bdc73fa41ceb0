//! The names of arguments, and what to say of one that is none.

use syn::Ident;

/// Arguments that work, each with an example.
const KNOWN: [(&str, &str); 28] = [
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

/// Arguments that the design knows and this version does not do yet.
const PLANNED: [&str; 5] = [
    "time_budget",
    "budget",
    "circuit_breaker",
    "adaptive",
    "hedge",
];

/// What other libraries call them.
const ALIASES: [(&str, &str); 14] = [
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
];

pub(super) fn is_known(key: &str) -> bool {
    known().any(|known| known == key)
}

pub(super) fn is_planned(key: &str) -> bool {
    PLANNED.contains(&key)
}

/// How the argument is written.
pub(super) fn example(key: &Ident) -> &'static str {
    let found = KNOWN.iter().find(|(known, _)| key == known);
    found.map_or("key = value", |(_, example)| example)
}

/// What to say of a name that is none: what was probably meant, else all that there is.
pub(super) fn unknown(key: &str) -> String {
    if let Some((_, meant)) = ALIASES.iter().find(|(alias, _)| *alias == key) {
        let counts = if *meant == "max_attempts" {
            " (the first attempt counts)"
        } else {
            ""
        };
        return format!("unknown argument `{key}`; here it is called `{meant}`{counts}");
    }
    let meant = known().find(|known| key.len() >= 3 && known.starts_with(key));
    let near = || known().map(|known| (distance(known, key), known)).min();
    let meant = meant.or_else(|| {
        near()
            .filter(|(far, _)| *far <= 2 && key.len() > 3)
            .map(|near| near.1)
    });
    match meant {
        Some(meant) => format!("unknown argument `{key}`; did you mean `{meant}`?"),
        None => {
            let all: Vec<_> = known().collect();
            format!(
                "unknown argument `{key}`; the arguments are {}",
                all.join(", ")
            )
        }
    }
}

fn known() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().map(|(known, _)| *known)
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
            assert_eq!(unknown(key), message);
        }
        assert!(unknown("zzz").ends_with("on_busy, replay_errors, crate"));
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
