//! The one thread that writes, and the commands that it is sent.
//!
//! It takes what has queued up while it wrote the last batch, applies it in one transaction, and
//! answers after the commit: a lone caller has a commit to itself, and many share one. A thread of
//! its own, also for a lone caller, since a caller may be a task, whose thread must not wait for the
//! disk.

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
use super::connection::{SameFile, SharedError, failed};
use crate::identity::action_id::ActionId;
use crate::protocol::store_error::StoreError;
use crate::stores::waiters::Waiters;

/// How many commands one transaction takes.
const MOST: usize = 256;

/// After how many commands it removes records whose time is up: more than so many can have made.
const SWEEP_EVERY: usize = 64;

/// How long it looks for those whom it has just answered.
const LONGEST: Duration = Duration::from_millis(5);

/// For how much of that it stays awake: about what it costs to be woken.
const AWAKE: Duration = Duration::from_micros(50);

/// The way to the thread. It ends when this is dropped, after what it was sent.
#[derive(Debug)]
pub(super) struct Writer {
    queue: Sender<Box<dyn Command>>,
    path: Arc<PathBuf>,
}

/// What the thread works with.
pub(super) struct Desk {
    pub(super) connection: Connection,
    pub(super) path: Arc<PathBuf>,
    pub(super) file: SameFile,
    pub(super) clock: LeaseClock,
    pub(super) waiters: Waiters,
    /// How many commands came since records whose time is up were last removed.
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

    /// Sends a command, at once; its answer comes after the commit.
    ///
    /// `work` may run twice, where another command of its batch has failed. Who watches `wakes` is
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
        // The thread ends before the queue does only if it has panicked; then the answer is gone too.
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
    /// Does it in a transaction. What it comes to is kept until it is known whether that commits.
    fn apply(&mut self, batch: &mut Batch<'_>) -> rusqlite::Result<()>;

    /// It was not committed.
    fn fail(&mut self, error: StoreError);

    /// Tells its sender what it came to.
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
        // A caller that has left wants no answer.
        let _ = self.answer.send(outcome);
    }
}

/// How a batch went wrong.
enum Broken {
    /// One of its commands could not be written.
    Command(rusqlite::Error),
    /// All of it.
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

    /// Writes all; where one cannot be written, each by itself.
    fn write(&self, commands: &mut [Box<dyn Command>]) {
        if let Some(reason) = self.file.is_gone(&self.path) {
            for command in commands {
                let action = format!("write {}", self.path.display());
                command.fail(StoreError::unavailable(action, reason.clone()));
            }
            return;
        }
        match self.transact(commands) {
            Ok(()) => {}
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
            // Where this fails, so does the next BEGIN, and says so.
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

/// Looks for as many commands as were just answered, for a part of the time that their commit took.
///
/// Who has won a claim mostly completes it soon. Without this, callers that were answered last miss
/// the next commit, and fall into two groups that pay for two; and a lone caller would have to wake
/// the thread each time.
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
