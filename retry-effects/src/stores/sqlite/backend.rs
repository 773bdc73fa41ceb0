//! The file as a [`Backend`]: one connection that writes, and others that read.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use retry_core::RetryPolicy;
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::alone::{Alone, Written};
use super::clock::LeaseClock;
use super::commit_time::CommitTime;
use super::connection::{PATIENCE, SharedError, describe, failed};
use super::file::OpenFiles;
use super::readers::Readers;
use super::transaction::Transaction;
use super::turns::Turns;
use super::{completion, row};
use crate::identity::action_id::ActionId;
use crate::protocol::completion::Completion;
use crate::protocol::counts::Counts;
use crate::protocol::ids::Token;
use crate::protocol::operation::{Step, Stored, Write};
use crate::protocol::store_error::StoreError;
use crate::stores::durable::backend::{
    Backend, Call, Cause, Failure, Mix, Pace, Page, Reply, Select,
};

/// A file that is open.
#[derive(Debug)]
pub(super) struct SqliteBackend {
    pub(super) path: Arc<PathBuf>,
    clock: LeaseClock,
    writer: Arc<Mutex<Writer>>,
    /// Whether the last commit was of one call.
    is_lone: AtomicBool,
    /// The time that commits take.
    commits: Arc<CommitTime>,
    readers: Arc<Readers>,
}

/// The connection that writes, and the files to which it does.
#[derive(Debug)]
struct Writer {
    connection: Connection,
    alone: Alone,
    files: OpenFiles,
    turns: Turns,
    commits: Arc<CommitTime>,
}

/// The reason why a step was not written.
#[derive(Clone, Debug)]
pub(super) struct NotWritten {
    cause: Cause,
    reason: Reason,
}

#[derive(Clone, Debug)]
enum Reason {
    Sqlite(SharedError),
    /// The path leads to other files than those that are open.
    FilesAreGone(String),
}

impl Failure for NotWritten {
    fn cause(&self) -> Cause {
        self.cause
    }
}

impl NotWritten {
    fn new(cause: Cause, error: rusqlite::Error) -> Self {
        let reason = Reason::Sqlite(error.into());
        Self { cause, reason }
    }

    fn error(&self, path: &Path) -> StoreError {
        match &self.reason {
            Reason::Sqlite(error) => failed("write", path, error.clone()),
            Reason::FilesAreGone(reason) => {
                StoreError::unavailable(describe("write", path), reason.clone())
            }
        }
    }
}

impl SqliteBackend {
    pub(super) fn new(
        connection: Connection,
        path: Arc<PathBuf>,
        clock: LeaseClock,
    ) -> Result<Self, StoreError> {
        let files = OpenFiles::of(&connection, &path)?;
        let turns = Turns::at(files.log().to_owned());
        let commits = Arc::<CommitTime>::default();
        Ok(Self {
            readers: Arc::new(Readers::new(path.clone())),
            path,
            clock,
            is_lone: AtomicBool::new(true),
            commits: commits.clone(),
            writer: Arc::new(Mutex::new(Writer {
                connection,
                alone: Alone::default(),
                files,
                turns,
                commits,
            })),
        })
    }

    #[cfg(test)]
    pub(super) fn has_waited(&self) -> bool {
        self.writer().turns.has_waited()
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads on this thread, by the connection that writes if that is idle: its pages are in its cache,
    /// while a commit by another connection empties a reader's. Not beside concurrent callers, whose next
    /// commit would wait.
    fn read_here<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let is_lone = self.is_lone.load(Ordering::Relaxed);
        let writer = is_lone.then(|| self.writer.try_lock().ok()).flatten();
        match writer {
            // It is in a transaction after a panic.
            Some(writer) if writer.connection.is_autocommit() => {
                read(&writer.connection).map_err(|error| failed("read", &self.path, error))
            }
            _ => self.readers.read(read),
        }
    }

    /// Reads on a thread of its own: it may take long.
    async fn read_apart<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection, &LeaseClock) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (readers, clock) = (self.readers.clone(), self.clock.clone());
        apart(move || readers.read(|connection| read(connection, &clock))).await
    }

    /// Removes records that have no id on a thread of its own: it may wait for other processes.
    async fn remove_apart(&self, places: Vec<i64>) -> Result<u64, StoreError> {
        let (writer, clock, path) = (self.writer.clone(), self.clock.clone(), self.path.clone());
        apart(move || {
            let writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
            let removed = writer.transact(&clock, places.len(), |it| it.remove_unnamed(&places));
            removed.map_err(|failure| failure.error(&path))
        })
        .await
    }
}

impl Writer {
    /// Writes all steps in one commit.
    fn write(&self, calls: &[Call<'_>], clock: &LeaseClock) -> Result<Vec<Reply>, NotWritten> {
        if let [call] = calls
            && let Some(reply) = self.write_without_transaction(call, clock)?
        {
            return Ok(vec![reply]);
        }
        self.transact(clock, calls.len(), |transaction| {
            let replies = calls.iter().map(|call| transaction.carry_out(call));
            replies.collect()
        })
    }

    /// Carries out a step without waiting for the file's lock, if that suffices: by one statement, or by a look
    /// at what keeps a claim from being new.
    fn write_without_transaction(
        &self,
        call: &Call<'_>,
        clock: &LeaseClock,
    ) -> Result<Option<Reply>, NotWritten> {
        let written = self.write_alone(call, clock)?;
        if written.is_some() || !matches!(call.step, Step::Insert) {
            return Ok(written);
        }
        let found = row::find(&self.connection, call.id(), clock, clock.now());
        let found = found.map_err(|error| NotWritten::new(Cause::Step, error))?;
        Ok(found.map(|found| Reply::Found(Some(found))))
    }

    /// Writes a step by a statement that commits by itself, if that suffices.
    fn write_alone(
        &self,
        call: &Call<'_>,
        clock: &LeaseClock,
    ) -> Result<Option<Reply>, NotWritten> {
        self.end_transaction()?;
        if !self.turns.may_pass() {
            return Ok(None);
        }
        let began = Instant::now();
        let written = self.alone.carry_out(&self.connection, clock, call);
        let written = written.map_err(|error| NotWritten::new(Cause::Step, error))?;
        let Some(Written {
            fence,
            is_upkeep_due,
        }) = written
        else {
            return Ok(None);
        };
        self.commits.count(began.elapsed(), 1);
        self.turns.count();
        if is_upkeep_due {
            // If this fails, a later claim does it. The claim is committed, and its caller may be a task.
            let _ = self.keep_fence_at_once(clock);
        }
        self.acknowledged(Some(call.written(fence)))
    }

    /// Writes the store's own row, if no other process writes.
    fn keep_fence_at_once(&self, clock: &LeaseClock) -> rusqlite::Result<()> {
        let mut transaction = Transaction::begin_at_once(&self.connection, clock)?;
        let kept = transaction.keep_fence().and_then(|()| transaction.commit());
        if kept.is_err() {
            // If this fails, the next BEGIN fails too, and reports it.
            let _ = self.end_transaction();
        }
        kept
    }

    /// Does `work`, which writes so many records, in one transaction.
    fn transact<T>(
        &self,
        clock: &LeaseClock,
        records: usize,
        work: impl FnOnce(&mut Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, NotWritten> {
        self.end_transaction()?;
        let whole = |error| NotWritten::new(Cause::Final, error);
        let written = Transaction::begin(&self.connection, clock, &self.turns)
            .map_err(whole)
            .and_then(|mut transaction| {
                let done = work(&mut transaction);
                let done = done.map_err(|error| NotWritten::new(Cause::Step, error))?;
                let began = Instant::now();
                transaction.commit().map_err(whole)?;
                self.commits.count(began.elapsed(), records);
                self.turns.count();
                Ok(done)
            });
        if written.is_err() {
            // If this fails, the next BEGIN fails too, and reports it.
            let _ = self.end_transaction();
        }
        self.acknowledged(written?)
    }

    /// Undoes a transaction that is left from a failure, or from a panic.
    fn end_transaction(&self) -> Result<(), NotWritten> {
        if self.connection.is_autocommit() {
            return Ok(());
        }
        let rolled_back = self.connection.execute_batch("ROLLBACK");
        rolled_back.map_err(|error| NotWritten::new(Cause::Final, error))
    }

    /// Returns what was written. Nothing is acknowledged that went to files which the path no longer leads
    /// to.
    fn acknowledged<T>(&self, written: T) -> Result<T, NotWritten> {
        match self.files.are_gone() {
            None => Ok(written),
            Some(reason) => Err(NotWritten {
                cause: Cause::Final,
                reason: Reason::FilesAreGone(reason),
            }),
        }
    }
}

impl Backend for SqliteBackend {
    type Failure = NotWritten;

    const KIND: &'static str = "sqlite";
    const PACE: Pace = Pace {
        most: 256,
        heaviest: usize::MAX,
        mix: Mix::All,
        few: 2,
        alone: 4,
        is_remote: false,
        blocks: true,
        runtimes: 0,
        sweep_every: 64,
        // A connection waits for the others by itself.
        waits: RetryPolicy::new(1),
    };

    async fn exchange(&self, calls: &[Call<'_>], _by: Instant) -> Vec<Result<Reply, NotWritten>> {
        self.is_lone.store(calls.len() == 1, Ordering::Relaxed);
        match self.writer().write(calls, &self.clock) {
            Ok(replies) => replies.into_iter().map(Ok).collect(),
            Err(failure) => calls.iter().map(|_| Err(failure.clone())).collect(),
        }
    }

    fn is_quick(&self) -> bool {
        self.commits.are_quick()
    }

    /// Writes if no process and no other thread does.
    fn exchange_at_once(&self, call: &Call<'_>) -> Option<Result<Reply, NotWritten>> {
        // Beside others, it would split the commit that they share.
        if !self.is_lone.load(Ordering::Relaxed) {
            return None;
        }
        let writer = self.writer.try_lock().ok()?;
        writer
            .write_without_transaction(call, &self.clock)
            .transpose()
    }

    /// Reads on the caller's thread, and waits for nobody.
    fn read_here(&self, id: ActionId) -> Option<Result<Option<Stored>, StoreError>> {
        let clock = &self.clock;
        Some(self.read_here(|connection| row::find(connection, id, clock, clock.now())))
    }

    async fn page(
        &self,
        after: Option<ActionId>,
        select: Select,
        limit: usize,
    ) -> Result<Page, StoreError> {
        self.read_apart(move |connection, clock| row::page(connection, clock, after, select, limit))
            .await
    }

    async fn due(&self, limit: usize) -> Result<Vec<(ActionId, Stored)>, StoreError> {
        self.read_here(|connection| row::due(connection, &self.clock, limit))
    }

    async fn purge_unnamed(&self, age: u64) -> Result<u64, StoreError> {
        let (mut removed, mut after) = (0, Some(i64::MIN));
        while let Some(place) = after {
            let unnamed =
                move |connection: &_, clock: &_| row::unnamed(connection, clock, place, age);
            let (places, last) = self.read_apart(unnamed).await?;
            after = last;
            if !places.is_empty() {
                removed += self.remove_apart(places).await?;
            }
        }
        Ok(removed)
    }

    async fn counts(&self) -> Result<Counts, StoreError> {
        self.read_apart(row::counts).await
    }

    /// A connection waits so long for the others.
    fn patience(&self) -> Duration {
        PATIENCE
    }

    fn completion(&self, token: &Token, write: &Write) -> Option<Completion> {
        Some(completion::of(&self.clock, token, write))
    }

    fn error(&self, _: Call<'_>, failure: &NotWritten) -> StoreError {
        failure.error(&self.path)
    }
}

/// Does `work` on a thread of its own.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let (sender, receiver) = oneshot::channel();
    thread::Builder::new()
        .name("effects-sqlite-apart".into())
        // A caller that has left needs no answer.
        .spawn(move || drop(sender.send(work())))
        .map_err(|error| StoreError::unavailable("start a thread", error))?;
    let done = receiver.await;
    done.unwrap_or_else(|_| Err(StoreError::unavailable("answer", "its thread has ended")))
}
