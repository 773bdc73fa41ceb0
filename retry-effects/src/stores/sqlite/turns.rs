//! The turns of the processes that write to one file.

use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The queue of the processes that wait for SQLite's lock.
///
/// SQLite itself has no queue: each process looks again and again, those that look often take time from
/// the one that writes, and those that look seldom miss the moment. Here one process at a time looks, the
/// first of the queue; the others sleep until the system wakes them in their order (`flock` on the log of the
/// database, on which SQLite takes no lock). A process that finds SQLite's lock free passes by the queue, but
/// only for [`QUANTUM`] commits while others wait: a process at work finds the lock free far more often than one
/// that has to be woken for a look.
///
/// The queue decides nothing but the order of looks: a writer without a place waits for SQLite's lock as ever.
#[derive(Debug)]
pub(super) struct Turns(Arc<Queue>);

#[derive(Debug)]
struct Queue {
    log: PathBuf,
    state: Mutex<State>,
    /// Notified when a turn is wanted, is given, or is wanted no more for good.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// The open log, once it was needed.
    file: Option<Arc<File>>,
    /// Whether the thread that waits in the queue runs.
    has_thread: bool,
    /// Whether it waits in the queue.
    is_queued: bool,
    is_wanted: bool,
    is_closed: bool,
    /// The number of commits since the last turn.
    passes: u32,
    /// Whether others waited at the last turn, or at the last look. Then a free place proves nothing: it is free for
    /// as long as the system takes to wake the next process.
    is_contended: bool,
    /// Whether the file system has no such locks.
    cannot_lock: bool,
    given: Option<Turn>,
}

/// The first place in the queue, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn(Arc<File>);

impl Drop for Turn {
    fn drop(&mut self) {
        // If this fails, the file was closed, and with it the lock.
        let _ = self.0.unlock();
    }
}

/// The longest wait for a turn. A process that was stopped while it had the first place costs the others
/// this once each: as long as their threads wait for it, they do without turns.
const LONGEST: Duration = Duration::from_secs(1);

/// How long a process that has had its share waits between two looks at whether the first one works.
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// The number of commits of a process between two turns, while others wait. Fewer share the time more evenly,
/// and cost more: each turn wakes a process.
const QUANTUM: u32 = 32;

impl Turns {
    /// Returns the queue of a database, by its log (`-wal`).
    pub(super) fn at(log: PathBuf) -> Self {
        Self(Arc::new(Queue {
            log,
            state: Mutex::default(),
            changed: Condvar::new(),
        }))
    }

    /// Counts a commit.
    pub(super) fn count(&self) {
        let mut state = self.0.state();
        state.passes = state.passes.saturating_add(1);
    }

    /// Returns whether the next write may pass by the queue.
    pub(super) fn may_pass(&self) -> bool {
        let mut state = self.0.state();
        if state.passes < QUANTUM || state.is_queued || state.cannot_lock {
            return true;
        }
        if state.is_contended {
            return false;
        }
        if let Some(file) = self.0.file(&mut state) {
            match file.try_lock() {
                // If this fails, the file was closed, and with it the lock.
                Ok(()) => drop(file.unlock()),
                Err(TryLockError::WouldBlock) => {
                    state.is_contended = true;
                    return false;
                }
                Err(TryLockError::Error(_)) => state.cannot_lock = true,
            }
        }
        state.passes = 0;
        true
    }

    /// Waits for the first place. `None` where there is none to be had, or once `ends` returns true, which is asked
    /// from time to time.
    pub(super) fn wait(&self, mut ends: impl FnMut() -> bool) -> Option<Turn> {
        let mut state = self.0.state();
        state.passes = 0;
        if state.is_queued || state.cannot_lock {
            // Its thread waits for a turn that came too late for a former write.
            return None;
        }
        let file = self.0.file(&mut state)?;
        if !state.has_thread {
            state.has_thread = start(&self.0, file).is_some();
        }
        if !state.has_thread {
            return None;
        }
        state.is_wanted = true;
        self.0.changed.notify_all();
        let until = Instant::now() + LONGEST;
        loop {
            let waiting = self
                .0
                .changed
                .wait_timeout_while(state, BETWEEN_LOOKS, |state| {
                    state.given.is_none() && state.has_thread
                });
            state = waiting.unwrap_or_else(PoisonError::into_inner).0;
            if state.given.is_some() || !state.has_thread || Instant::now() >= until {
                break;
            }
            drop(state);
            let is_over = ends();
            state = self.0.state();
            if is_over {
                break;
            }
        }
        state.is_wanted = false;
        state.given.take()
    }
}

#[cfg(test)]
impl Turns {
    /// Whether a write has waited for a turn.
    pub(super) fn has_waited(&self) -> bool {
        self.0.state().has_thread
    }
}

impl Drop for Turns {
    fn drop(&mut self) {
        self.0.state().is_closed = true;
        self.0.changed.notify_all();
    }
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the open log; `None` where it cannot be opened.
    fn file(&self, state: &mut State) -> Option<Arc<File>> {
        // Elsewhere such a lock keeps others from reading the log.
        if cfg!(unix) && state.file.is_none() {
            state.file = File::open(&self.log).ok().map(Arc::new);
        }
        state.file.clone()
    }

    /// Waits in the queue whenever a turn is wanted.
    fn serve(&self, file: &Arc<File>) {
        let mut state = self.state();
        loop {
            let idle = |state: &mut State| !state.is_closed && !state.is_wanted;
            let waiting = self.changed.wait_while(state, idle);
            state = waiting.unwrap_or_else(PoisonError::into_inner);
            if state.is_closed {
                return;
            }
            state.is_queued = true;
            drop(state);
            let is_contended = matches!(file.try_lock(), Err(TryLockError::WouldBlock));
            let locked = lock(file);
            state = self.state();
            state.is_queued = false;
            state.is_contended = is_contended;
            if locked.is_err() {
                state.cannot_lock = true;
                state.has_thread = false;
                self.changed.notify_all();
                return;
            }
            let turn = Turn(file.clone());
            // The turn of a write that has gone on without it is over at once.
            if state.is_wanted {
                state.is_wanted = false;
                state.given = Some(turn);
                self.changed.notify_all();
            }
        }
    }
}

/// Locks a file; a signal does not end the wait.
fn lock(file: &File) -> std::io::Result<()> {
    loop {
        match file.lock() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            locked => return locked,
        }
    }
}

/// Starts the thread that waits in the queue: a wait for `flock` has no bound but that of its thread.
fn start(queue: &Arc<Queue>, file: Arc<File>) -> Option<()> {
    let queue = queue.clone();
    thread::Builder::new()
        .name("effects-sqlite-turns".into())
        .spawn(move || queue.serve(&file))
        .ok()
        .map(drop)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// A log of a database, in a folder.
    fn log() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let log = folder.path().join("effects.db-wal");
        File::create(&log).expect("created");
        (folder, log)
    }

    fn of(log: &Path) -> Turns {
        Turns::at(log.to_owned())
    }

    #[test]
    fn one_at_a_time_has_the_turn() {
        let (_folder, log) = log();
        let at_work = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let turns = of(&log);
                    for _ in 0..50 {
                        let turn = turns.wait(|| false).expect("nobody stands still");
                        assert_eq!(at_work.fetch_add(1, Ordering::SeqCst), 0);
                        assert_eq!(at_work.fetch_sub(1, Ordering::SeqCst), 1);
                        drop(turn);
                    }
                });
            }
        });
    }

    #[test]
    fn a_turn_that_does_not_end_holds_up_each_other_store_once() {
        let (_folder, log) = log();
        let (stopped, other) = (of(&log), of(&log));
        let turn = stopped.wait(|| false).expect("nobody else waits");
        assert!(other.wait(|| false).is_none());
        let began = Instant::now();
        assert!((0..100).all(|_| other.wait(|| false).is_none()));
        assert!(began.elapsed() < LONGEST, "its thread waits already");
        drop(turn);
        // The thread gives its turn back, as nobody wants it any more.
        while other.wait(|| false).is_none() {}
        drop(stopped.wait(|| false).expect("nobody has the turn"));
    }

    /// Returns the number of commits, at most thrice the share, before one may not pass.
    fn passed(turns: &Turns) -> u32 {
        let mut passed = 0;
        while passed < 3 * QUANTUM && turns.may_pass() {
            turns.count();
            passed += 1;
        }
        passed
    }

    #[test]
    fn a_process_that_has_had_its_share_passes_by_nobody() {
        let (_folder, log) = log();
        let (one, other) = (of(&log), of(&log));
        assert_eq!(passed(&one), 3 * QUANTUM, "while nobody waits");
        let turn = other.wait(|| false).expect("nobody else waits");
        assert!(passed(&one) <= QUANTUM);
        drop(turn);
        // A place that is free for a moment proves nothing.
        assert!(!one.may_pass());
        drop(one.wait(|| false).expect("nobody else waits"));
        assert_eq!(passed(&one), 3 * QUANTUM, "while nobody waits any more");
    }

    #[test]
    fn a_wait_for_one_that_does_not_work_ends() {
        let (_folder, log) = log();
        let (stopped, other) = (of(&log), of(&log));
        let _turn = stopped.wait(|| false).expect("nobody else waits");
        let mut looks = 0;
        let turn = other.wait(|| {
            looks += 1;
            looks == 2
        });
        assert!(turn.is_none() && looks == 2);
        assert_eq!(passed(&other), 3 * QUANTUM, "its thread waits already");
    }

    #[test]
    fn another_database_in_the_folder_has_turns_of_its_own() {
        let (_folder, log) = log();
        let beside = log.with_file_name("other.db-wal");
        File::create(&beside).expect("created");
        let _turn = of(&log).wait(|| false).expect("nobody else waits");
        let other = of(&beside);
        assert!(other.wait(|| false).is_some());
    }

    #[test]
    fn the_thread_ends_with_the_store() {
        let (_folder, log) = log();
        let turns = of(&log);
        drop(turns.wait(|| false).expect("nobody else waits"));
        let queue = Arc::downgrade(&turns.0);
        drop(turns);
        while queue.strong_count() > 0 {
            thread::yield_now();
        }
    }

    #[test]
    fn without_a_log_there_are_no_turns() {
        assert!(
            of(Path::new("/no/such/folder/effects.db-wal"))
                .wait(|| false)
                .is_none()
        );
    }
}
