//! The one thread that writes, and its commands.
//!
//! It takes the commands that queued up while it wrote the last batch, applies them in one
//! transaction, and answers after the commit: a lone caller has a commit to itself, and many callers
//! share one. A lone caller needs the thread, too, since it may be a task, whose thread must not wait
//! for the disk.

use std::cell::Cell;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::batch::{Batch, Written};
use super::clock::LeaseClock;
use super::connection::{SharedError, failed};
use super::file::OpenFiles;
use crate::identity::action_id::ActionId;
use crate::protocol::store_error::StoreError;
use crate::stores::waiters::Waiters;

/// The largest number of commands in one transaction.
const MOST: usize = 256;

/// The number of commands between two sweeps. A sweep removes more records than these commands can
/// make.
const SWEEP_EVERY: usize = 64;

/// The longest wait for commands of callers that were just answered.
const LONGEST: Duration = Duration::from_millis(5);

/// The part of that wait for which it stays awake: about the cost of a wake-up.
const AWAKE: Duration = Duration::from_micros(50);

/// The handle of the thread. Dropped, it ends the thread after the commands already sent.
#[derive(Debug)]
pub(super) struct Writer {
    queue: Sender<Box<dyn Command>>,
    path: Arc<PathBuf>,
}

/// The state of the thread.
pub(super) struct Desk {
    pub(super) connection: Connection,
    pub(super) path: Arc<PathBuf>,
    pub(super) files: OpenFiles,
    pub(super) clock: LeaseClock,
    pub(super) waiters: Waiters,
    /// The number of commands since the last sweep.
    pub(super) unswept: Cell<usize>,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(desk: Desk) -> Result<Self, StoreError> {
        let (queue, commands) = mpsc::channel();
        let path = desk.path.clone();
        thread::Builder::new()
            .name("effects-sqlite".into())
            .spawn(move || desk.serve(&commands))
            .map_err(|error| StoreError::unavailable("start its writer thread", error))?;
        Ok(Self { queue, path })
    }

    /// Sends a command at once; its answer comes after the commit.
    ///
    /// `work` may run twice, if another command of its batch has failed. The waiters of `wakes` are
    /// woken if it succeeds.
    pub(super) fn send<T, W>(
        &self,
        wakes: Option<ActionId>,
        work: W,
    ) -> impl Future<Output = Result<T, StoreError>> + Send + use<T, W>
    where
        T: Send + 'static,
        W: FnMut(&mut Batch<'_>) -> Written<T> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let job = Job {
            work,
            wakes,
            outcome: None,
            answer: sender,
        };
        let path = self.path.clone();
        // The thread ends before the queue only if it has panicked; then the answer is gone, too.
        let _ = self.queue.send(Box::new(job));
        async move {
            receiver.await.unwrap_or_else(|_| {
                let action = format!("write {}", path.display());
                Err(StoreError::unavailable(
                    action,
                    "its writer thread has ended",
                ))
            })
        }
    }
}

/// A command that waits for its commit.
trait Command: Send {
    /// Runs in a transaction. Its result is held back until the commit has succeeded or failed.
    fn apply(&mut self, batch: &mut Batch<'_>) -> rusqlite::Result<()>;

    /// Records that it was not committed.
    fn fail(&mut self, error: StoreError);

    /// Sends the result to the caller.
    fn answer(self: Box<Self>, waiters: &Waiters);
}

struct Job<T, W> {
    work: W,
    wakes: Option<ActionId>,
    outcome: Option<Result<T, StoreError>>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl<T: Send, W: FnMut(&mut Batch<'_>) -> Written<T> + Send> Command for Job<T, W> {
    fn apply(&mut self, batch: &mut Batch<'_>) -> rusqlite::Result<()> {
        self.outcome = None;
        self.outcome = Some((self.work)(batch)?);
        Ok(())
    }

    fn fail(&mut self, error: StoreError) {
        self.outcome = Some(Err(error));
    }

    fn answer(self: Box<Self>, waiters: &Waiters) {
        let outcome = self.outcome.expect("a command is answered after its batch");
        if outcome.is_ok()
            && let Some(id) = self.wakes
        {
            waiters.wake(id);
        }
        // A caller that has left needs no answer.
        let _ = self.answer.send(outcome);
    }
}

/// The failure of a batch.
enum Broken {
    /// One of its commands could not be written.
    Command(rusqlite::Error),
    /// The whole batch.
    Whole(rusqlite::Error),
}

impl Desk {
    fn serve(self, queue: &Receiver<Box<dyn Command>>) {
        let mut batch = Vec::with_capacity(MOST);
        loop {
            if batch.is_empty() {
                let Ok(first) = queue.recv() else { return };
                batch.push(first);
            }
            batch.extend(queue.try_iter().take(MOST - batch.len()));
            let (count, began) = (batch.len(), Instant::now());
            self.write(&mut batch);
            let patience = (began.elapsed() / 4).min(LONGEST);
            for command in batch.drain(..) {
                command.answer(&self.waiters);
            }
            linger(queue, &mut batch, count, patience);
        }
    }

    /// Writes all commands together; if one cannot be written, each by itself. Nothing is acknowledged
    /// that went to files which the path no longer leads to.
    fn write(&self, commands: &mut [Box<dyn Command>]) {
        match self.transact(commands) {
            Ok(()) => {
                if let Some(reason) = self.files.are_gone() {
                    for command in commands {
                        let action = format!("write {}", self.path.display());
                        command.fail(StoreError::unavailable(action, reason.clone()));
                    }
                }
            }
            Err(Broken::Command(_)) if commands.len() > 1 => {
                for command in commands.chunks_exact_mut(1) {
                    self.write(command);
                }
            }
            Err(Broken::Command(error) | Broken::Whole(error)) => {
                let error = SharedError::from(error);
                for command in commands {
                    command.fail(failed("write", &self.path, error.clone()));
                }
            }
        }
    }

    fn transact(&self, commands: &mut [Box<dyn Command>]) -> Result<(), Broken> {
        let outcome = self.attempt(commands);
        if outcome.is_err() && !self.connection.is_autocommit() {
            // If this fails, the next BEGIN fails too, and reports it.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        outcome
    }

    fn attempt(&self, commands: &mut [Box<dyn Command>]) -> Result<(), Broken> {
        let mut batch = Batch::begin(&self.connection, &self.clock).map_err(Broken::Whole)?;
        let unswept = self.unswept.get() + commands.len();
        if unswept >= SWEEP_EVERY {
            batch.sweep().map_err(Broken::Whole)?;
        }
        self.unswept.set(unswept % SWEEP_EVERY);
        for command in commands {
            command.apply(&mut batch).map_err(Broken::Command)?;
        }
        batch.commit().map_err(Broken::Whole)
    }
}

/// Waits for as many commands as were just answered, for a part of the time that their commit took.
///
/// The winner of a claim mostly completes it soon. Without this wait, callers that were answered last
/// miss the next commit, and two groups of callers pay for two commits; and a lone caller would have
/// to wake the thread each time.
fn linger(
    queue: &Receiver<Box<dyn Command>>,
    batch: &mut Vec<Box<dyn Command>>,
    count: usize,
    patience: Duration,
) {
    let began = Instant::now();
    while batch.len() < count {
        let waited = began.elapsed();
        let left = patience.saturating_sub(waited);
        let next = match queue.try_recv() {
            Err(TryRecvError::Empty) if left.is_zero() => return,
            Err(TryRecvError::Empty) if waited < AWAKE => {
                thread::yield_now();
                continue;
            }
            Err(TryRecvError::Empty) => queue.recv_timeout(left).ok(),
            next => next.ok(),
        };
        let Some(command) = next else { return };
        batch.push(command);
    }
}
