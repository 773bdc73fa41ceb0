//! The names of arguments, and what to say of one that is none.

use syn::Ident;

use crate::parse::spelling;

pub(super) use crate::parse::table::{ATTRIBUTE, BUDGET, CIRCUIT_BREAKER, HEDGE};

/// What may stand in a list of arguments.
pub(super) struct Names {
    /// Whose list it is, where it is not the attribute's own.
    pub(super) of: Option<&'static str>,
    /// Arguments, each with an example.
    pub(super) known: &'static [(&'static str, &'static str)],
    /// What other libraries call them.
    pub(super) aliases: &'static [(&'static str, &'static str)],
}

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
        match spelling::meant(key, self.names()) {
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

    fn names(&self) -> impl Iterator<Item = &'static str> + Clone {
        self.known.iter().map(|(known, _)| *known)
    }
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
}
