//! The turns of the processes that write to one file.

use std::fs::File;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender, TrySendError};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

/// The queue of the processes that wait for SQLite's lock.
///
/// SQLite itself has no queue: each process looks again and again, those that look often take time from
/// the one that writes, and those that look seldom miss the moment. Here one process at a time looks, the
/// first of the queue; the others sleep until the system wakes them in their order (`flock` on the folder,
/// which SQLite does not use). A process with a free lock passes by the queue.
///
/// The queue decides nothing but who looks: a writer without it waits for SQLite's lock as ever.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// `None` where the folder cannot be opened, or no thread started.
    queue: OnceLock<Option<SyncSender<Waiter>>>,
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

impl Turns {
    /// Waits for the first place among the processes that write to files in the folder of `path`. `None`
    /// where there is none to be had.
    pub(super) fn wait(&self, path: &Path) -> Option<Turn> {
        let queue = self.queue.get_or_init(|| start(path)).as_ref()?;
        let (waiter, turn) = mpsc::sync_channel(1);
        match queue.try_send(waiter) {
            Ok(()) => match turn.recv_timeout(LONGEST) {
                Ok(turn) => Some(turn),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => None,
            },
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => None,
        }
    }
}

/// Starts the thread that waits in the queue: only a thread's end bounds a wait for `flock`.
fn start(path: &Path) -> Option<SyncSender<Waiter>> {
    let folder = path.parent()?;
    let here = Path::new(".");
    let is_here = folder.as_os_str().is_empty();
    let folder = Arc::new(File::open(if is_here { here } else { folder }).ok()?);
    // Of no length: what is sent while the thread still waits for a former turn is refused.
    let (queue, waiters) = mpsc::sync_channel::<Waiter>(0);
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
    use std::sync::atomic::{AtomicUsize, Ordering};
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
    fn where_there_is_no_folder_there_are_no_turns() {
        assert!(Turns::default().wait(Path::new("/no/such/folder/effects.db")).is_none());
    }
}
