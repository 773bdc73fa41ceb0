//! The turns of the processes that write to one file.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

/// The queue of the processes that wait for SQLite's lock.
///
/// SQLite itself has no queue: each process looks again and again, those that look often take time from
/// the one that writes, and those that look seldom miss the moment. Here one process at a time looks, the
/// first of the queue; the others sleep until the system wakes them in their order (`flock` on the folder,
/// which SQLite does not use). A process that finds the lock free passes by the queue, some times in a row.
///
/// The queue decides nothing but the order of looks: a writer without a place waits for SQLite's lock as ever.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// `None` where the folder cannot be opened.
    folder: OnceLock<Option<Arc<File>>>,
    /// The thread that waits in the queue; `None` where it cannot be started.
    queue: OnceLock<Option<SyncSender<Waiter>>>,
    /// The writes since the last turn, or since the last look at the queue.
    in_a_row: AtomicU32,
}

type Waiter = SyncSender<Turn>;

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

/// The number of writes by which a process may pass by the queue in a row. A look at the queue costs two
/// system calls, and a handover the pages in a processor's cache.
const MOST_IN_A_ROW: u32 = 16;

impl Turns {
    /// Counts a write. Whether it must wait for a turn: others do, and this process has passed them by often
    /// enough.
    pub(super) fn is_due(&self, path: &Path) -> bool {
        if self.in_a_row.fetch_add(1, Ordering::Relaxed) < MOST_IN_A_ROW {
            return false;
        }
        self.in_a_row.store(0, Ordering::Relaxed);
        match self.folder(path).map(|folder| (folder.try_lock(), folder)) {
            Some((Err(TryLockError::WouldBlock), _)) => true,
            Some((Ok(()), folder)) => {
                let _ = folder.unlock();
                false
            }
            Some((Err(TryLockError::Error(_)), _)) | None => false,
        }
    }

    /// Waits for the first place among the processes that write to files in the folder of `path`. `None`
    /// where there is none to be had.
    pub(super) fn wait(&self, path: &Path) -> Option<Turn> {
        self.in_a_row.store(0, Ordering::Relaxed);
        let start = || self.folder(path).and_then(|folder| start(folder.clone()));
        let queue = self.queue.get_or_init(start).as_ref()?;
        let (waiter, turn) = mpsc::sync_channel(1);
        // Refused while the thread still waits for a former turn.
        queue.try_send(waiter).ok()?;
        turn.recv_timeout(LONGEST).ok()
    }

    fn folder(&self, path: &Path) -> Option<&Arc<File>> {
        let open = || {
            let folder = path.parent()?;
            let is_here = folder.as_os_str().is_empty();
            let folder = if is_here { Path::new(".") } else { folder };
            File::open(folder).ok().map(Arc::new)
        };
        self.folder.get_or_init(open).as_ref()
    }
}

/// Starts the thread that waits in the queue: a wait for `flock` has no bound but that of its thread.
fn start(folder: Arc<File>) -> Option<SyncSender<Waiter>> {
    let (queue, waiters) = mpsc::sync_channel::<Waiter>(1);
    thread::Builder::new()
        .name("effects-sqlite-turns".into())
        .spawn(move || {
            for waiter in waiters {
                if folder.lock().is_err() {
                    return;
                }
                // The turn of a waiter that has left is over at once.
                let _ = waiter.send(Turn(folder.clone()));
            }
        })
        .ok()?;
    Some(queue)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::time::Instant;

    use super::*;

    #[test]
    fn one_at_a_time_has_the_turn() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("effects.db");
        let at_work = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let turns = Turns::default();
                    for _ in 0..50 {
                        let turn = wait(&turns, &path);
                        assert_eq!(at_work.fetch_add(1, Ordering::SeqCst), 0);
                        assert_eq!(at_work.fetch_sub(1, Ordering::SeqCst), 1);
                        drop(turn);
                    }
                });
            }
        });
    }

    /// The thread may not wait for the next waiter yet.
    fn wait(turns: &Turns, path: &Path) -> Turn {
        loop {
            if let Some(turn) = turns.wait(path) {
                return turn;
            }
        }
    }

    #[test]
    fn a_turn_that_does_not_end_holds_up_nobody_for_long() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("effects.db");
        let (stopped, other) = (Turns::default(), Turns::default());
        let turn = wait(&stopped, &path);
        while other.wait(&path).is_some() {}
        let began = Instant::now();
        assert!(other.wait(&path).is_none());
        assert!(began.elapsed() < LONGEST, "its thread waits already");
        drop(turn);
        // What the thread has waited for is given back, as nobody wants it any more.
        drop(wait(&other, &path));
        drop(wait(&stopped, &path));
    }

    #[test]
    fn a_process_that_others_wait_for_gives_way_after_some_writes() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("effects.db");
        let (busy, other) = (Turns::default(), Turns::default());
        let writes = |count| (0..count).filter(|_| busy.is_due(&path)).count();
        assert_eq!(writes(5 * MOST_IN_A_ROW), 0, "nobody else waits");
        let turn = wait(&other, &path);
        assert!(writes(MOST_IN_A_ROW + 1) <= 1);
        assert_eq!(writes(MOST_IN_A_ROW + 1), 1);
        drop(turn);
        assert_eq!(writes(2 * MOST_IN_A_ROW), 0);
    }

    #[test]
    fn where_there_is_no_folder_there_are_no_turns() {
        let (turns, path) = (Turns::default(), Path::new("/no/such/folder/effects.db"));
        assert!(turns.wait(path).is_none());
        assert!((0..100).all(|_| !turns.is_due(path)));
    }
}
