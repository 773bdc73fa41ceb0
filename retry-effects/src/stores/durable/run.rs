//! An operation under way: which step is next, and when.

use std::time::{Duration, Instant};

use super::backend::{Call, Reply};
use crate::protocol::claim::Claim;
use crate::protocol::operation::{Answer, Expected, Next, Operation, Step};
use crate::protocol::store_error::StoreError;

/// For how long a claim retries a record that is locked before the record counts as busy: the lock of
/// another statement of a store is gone by then, that of a transaction of the owner's may remain.
const BUSY_AFTER: Duration = Duration::from_millis(250);

/// For how long a change retries a record that is locked.
const PATIENCE: Duration = Duration::from_secs(30);

/// For how long a claim retries a key that a transaction is about to make.
const PATIENCE_OF_CLAIMS: Duration = Duration::from_secs(10);

/// The first and the longest pause between those retries.
const PAUSE: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(100));

/// An operation, and its next step.
#[derive(Debug)]
pub(super) struct Run {
    operation: Operation,
    step: Step,
    /// The expectation of the last step that wrote nothing.
    refused: Option<Expected>,
    locked: Option<Locked>,
    /// Whether the record is read on a server that takes no writes.
    only_reads: bool,
    /// Whether a server has refused a write, since it takes none.
    was_refused: bool,
}

/// A record that is as expected, and could not be written.
#[derive(Clone, Copy, Debug)]
struct Locked {
    since: Instant,
    pause: Duration,
}

/// The consequence of a reply.
#[derive(Debug)]
pub(super) enum Advance {
    Answer(Result<Answer, StoreError>),
    /// The next step may be sent.
    Again,
    /// The next step is to be sent after a pause.
    After(Duration),
    /// The server takes no writes, and the next step is one.
    Unwritable,
}

impl Run {
    pub(super) fn new(operation: Operation) -> Self {
        Self {
            step: operation.first(),
            operation,
            refused: None,
            locked: None,
            only_reads: false,
            was_refused: false,
        }
    }

    pub(super) fn operation(&self) -> &Operation {
        &self.operation
    }

    /// Gives the operation back, before its first step is sent.
    #[cfg(any(feature = "sqlite", test))]
    pub(super) fn into_operation(self) -> Operation {
        self.operation
    }

    pub(super) fn step(&self) -> &Step {
        &self.step
    }

    pub(super) fn call(&self) -> Call<'_> {
        Call {
            operation: &self.operation,
            step: &self.step,
            was_refused: self.was_refused,
        }
    }

    /// Goes on by the reply to its step.
    pub(super) fn advance(&mut self, reply: Reply) -> Advance {
        let found = match reply {
            Reply::Answer(answer) => return Advance::Answer(answer),
            Reply::Missed => {
                self.refused = self.step.expected();
                self.step = Step::Read;
                return Advance::Again;
            }
            Reply::Found(found) => found,
        };
        if let Some(expected) = self.step.expected() {
            self.refused = Some(expected);
        }
        match self.operation.after(found.as_ref()) {
            Next::Answer(answer) => Advance::Answer(answer),
            Next::Step(step) if self.only_reads && step.expected().is_some() => {
                self.step = step;
                self.only_reads = false;
                Advance::Unwritable
            }
            Next::Step(step) => {
                let is_as_expected = step.expected() == self.refused;
                self.step = step;
                if !is_as_expected {
                    self.locked = None;
                    return Advance::Again;
                }
                let locked = self.locked.get_or_insert_with(|| Locked {
                    since: Instant::now(),
                    pause: PAUSE.0,
                });
                let (since, pause) = (locked.since, locked.pause);
                locked.pause = (pause * 2).min(PAUSE.1);
                match (&self.operation, found) {
                    // The next purge, or sweep, removes it.
                    (Operation::Remove(..), _) => Advance::Answer(Ok(Answer::Removed(false))),
                    // A record that is confirmed is the claim's own.
                    (Operation::Claim(_), Some(found))
                        if since.elapsed() >= BUSY_AFTER
                            && !matches!(self.step, Step::Confirm(..)) =>
                    {
                        let busy: Claim = Operation::busy(&found, BUSY_AFTER);
                        Advance::Answer(Ok(Answer::Claim(busy)))
                    }
                    (operation, _) if since.elapsed() >= patience(operation) => {
                        Advance::Answer(Err(locked_for_ever()))
                    }
                    _ => Advance::After(pause),
                }
            }
        }
    }

    /// Sets whether the server takes no writes: then the record is read first, and an operation that
    /// writes nothing is answered.
    pub(super) fn only_read(&mut self, only_reads: bool) {
        self.only_reads = only_reads;
        if only_reads {
            self.was_refused = true;
            self.step = Step::Read;
        }
    }
}

fn patience(operation: &Operation) -> Duration {
    match operation {
        Operation::Claim(_) => PATIENCE_OF_CLAIMS,
        _ => PATIENCE,
    }
}

fn locked_for_ever() -> StoreError {
    StoreError::unavailable(
        "write a record",
        "it is locked by a transaction that does not end; pg_stat_activity shows it, and \
         pg_terminate_backend ends it",
    )
}
