//! Fields and functions whose types `#[derive(Classify)]` can do nothing with.

use retry_core::{Classify, Judgement};
use std::fmt::{self, Debug, Display};

/// Neither an error nor `Classify`.
#[derive(Debug)]
struct Code(u32);

#[derive(Debug, Classify)]
enum Holds<T: Debug> {
    Code(#[source] Code),
    Parameter(#[source] Option<T>),
}

impl<T: Debug> Display for Holds<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("holds")
    }
}

#[derive(Debug, thiserror::Error, Classify)]
#[error("waits")]
enum Waits {
    #[classify(retry_after = millis)]
    Number { millis: u64 },
    #[classify(retry_after = 0)]
    Optional(Option<u64>),
}

#[derive(Debug, thiserror::Error, Classify)]
#[error("functions")]
enum Functions {
    #[classify(with = text)]
    Text,
    #[classify(with = fields)]
    Fields(u32),
    #[classify(with = code)]
    Code { text: String },
}

fn text() -> &'static str {
    "stop"
}

fn fields(_code: &u32, _more: &u32) -> Judgement {
    Judgement::stop()
}

fn code(code: &u32) -> bool {
    *code > 500
}

/// A `Classify` error displays itself.
#[derive(Debug, Classify)]
#[classify(stop)]
struct NoDisplay;

fn main() {}
