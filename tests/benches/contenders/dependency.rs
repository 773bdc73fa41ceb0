//! The dependency that every contender calls: the same attempt, the same errors, the same number of failures.

use std::cell::Cell;
use std::fmt;
use std::hint::black_box;

use retry_core::{Classify, Judgement, RetryError};

/// A dependency that fails as often as it is told to, and then answers.
pub(crate) struct Dependency {
    failures_left: Cell<u32>,
}

impl Dependency {
    pub(crate) const fn new() -> Self {
        Self {
            failures_left: Cell::new(0),
        }
    }

    /// Makes the next `failures` attempts fail.
    pub(crate) fn fail(&self, failures: u32) {
        self.failures_left.set(failures);
    }

    /// One attempt. Never inlined: no contender is to see through it.
    #[inline(never)]
    pub(crate) fn fetch_blocking(&self) -> Result<u64, Fault> {
        if self.fails() {
            Err(black_box(Fault::ConnectionReset))
        } else {
            Ok(black_box(7))
        }
    }

    /// One async attempt, ready at once.
    pub(crate) async fn fetch(&self) -> Result<u64, Fault> {
        self.fetch_blocking()
    }

    /// One attempt whose error is a text.
    #[inline(never)]
    pub(crate) fn read_blocking(&self) -> Result<u64, String> {
        if self.fails() {
            Err("connection reset by peer".to_owned())
        } else {
            Ok(black_box(7))
        }
    }

    /// One async attempt whose error is a text.
    pub(crate) async fn read(&self) -> Result<u64, String> {
        self.read_blocking()
    }

    fn fails(&self) -> bool {
        let left = black_box(self.failures_left.get());
        self.failures_left.set(left.saturating_sub(1));
        left > 0
    }
}

/// A small error of the caller's own, as most programs have one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    ConnectionReset,
    #[expect(dead_code, reason = "an error with one variant would need no judging")]
    Denied,
    Rejected,
}

impl From<RetryError> for Fault {
    fn from(_: RetryError) -> Self {
        Self::Rejected
    }
}

impl Fault {
    pub(crate) fn is_transient(&self) -> bool {
        matches!(self, Self::ConnectionReset)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ConnectionReset => "connection reset by peer",
            Self::Denied => "permission denied",
            Self::Rejected => "rejected",
        })
    }
}

impl std::error::Error for Fault {}

impl Classify for Fault {
    fn classify(&self) -> Judgement {
        self.is_transient().into()
    }
}

/// The predicate of the rows whose error is a text.
pub(crate) fn is_transient_text(error: &str) -> bool {
    !error.is_empty()
}
