//! What a closed circuit remembers of its calls.

/// How a call went, as far as a circuit cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Success,
    Failure,
}

pub(super) struct Record;
