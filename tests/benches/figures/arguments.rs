//! The arguments of the command line.

/// The task to do with the figures.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    /// Print all contenders' figures.
    Print,
    /// Compare this project's figures with the committed ones.
    Check,
    /// Commit this project's figures.
    Update,
}

/// The command line.
pub(crate) struct Arguments {
    pub(crate) task: Task,
    words: Vec<String>,
}

impl Arguments {
    /// `None` without cargo's `--bench`: `cargo test` runs benches too, and there is nothing to test.
    pub(crate) fn parse(arguments: &[String]) -> Option<Self> {
        let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
        let task = if has("--check") {
            Task::Check
        } else if has("--update") {
            Task::Update
        } else {
            Task::Print
        };
        let words = arguments.iter().filter(|it| !it.starts_with('-'));
        has("--bench").then(|| Self {
            task,
            words: words.cloned().collect(),
        })
    }

    /// Whether a row is to be measured.
    pub(crate) fn chooses(&self, row: &str) -> bool {
        self.words.is_empty() || self.words.iter().any(|word| row.contains(word))
    }

    /// Whether all rows are to be measured.
    pub(crate) fn choose_all(&self) -> bool {
        self.words.is_empty()
    }
}
