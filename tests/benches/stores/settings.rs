//! The settings of a run.

/// The number of rounds, and the numbers of callers.
pub(crate) struct Settings {
    pub(crate) rounds: usize,
    pub(crate) callers: Vec<usize>,
}

impl Settings {
    pub(crate) fn from_environment() -> Self {
        let rounds = variable("ROUNDS", "5");
        let callers = variable("CALLERS", "1,2,8,64");
        Self {
            rounds: number("ROUNDS", &rounds),
            callers: callers
                .split(',')
                .map(|count| number("CALLERS", count))
                .collect(),
        }
    }
}

fn variable(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| default.to_owned())
}

fn number(name: &str, text: &str) -> usize {
    let number = text.trim().parse().ok().filter(|&number| number > 0);
    number.unwrap_or_else(|| panic!("{name} has {text:?}, which is not a count of at least 1"))
}
