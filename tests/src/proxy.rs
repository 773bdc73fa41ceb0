//! A proxy before a server of the tests: it cuts connections just before a command reaches the
//! server or just after the server has done it, or falls silent there; and it can withhold answers.

mod relay;
mod wire;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;

use relay::Shared;
use tempfile::TempDir;
use tokio::net::UnixListener;
use tokio::sync::oneshot;
use wire::Wire;

/// The fault that a command meets on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection is cut, and the command never reaches the server.
    CutBefore,
    /// The connection is cut once the server has done it; its answer is lost.
    CutAfter,
    /// The command never reaches the server, and the connection stays without a word more.
    SilentBefore,
    /// The server has done it, and the connection stays without a word more.
    SilentAfter,
}

impl Fault {
    /// The two that cut: what a test of many turns takes by turns.
    #[must_use]
    pub const fn cut(turn: u64) -> Self {
        if turn.is_multiple_of(2) {
            Self::CutBefore
        } else {
            Self::CutAfter
        }
    }

    const fn is_before(self) -> bool {
        matches!(self, Self::CutBefore | Self::SilentBefore)
    }

    const fn is_silent(self) -> bool {
        matches!(self, Self::SilentBefore | Self::SilentAfter)
    }
}

/// A proxy with a thread and a Unix socket of its own; its connections end with it.
///
/// A command is, with Postgres, the execution of a statement or a COMMIT, and with Redis an `EVALSHA`.
/// The messages that set up a client pass uncounted.
///
/// ```
/// use retry_tests::proxy::{Fault, Proxy};
///
/// let proxy = Proxy::before_redis("/run/redis/socket");
/// // The second command from now on is done, and its answer lost.
/// proxy.fail_after(1, Fault::CutAfter);
/// assert_eq!(proxy.faults(), 0);
/// ```
#[derive(Debug)]
pub struct Proxy {
    folder: TempDir,
    shared: Arc<Shared>,
    /// Dropped, it ends the thread.
    end: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Proxy {
    /// A proxy before the Postgres server with this socket.
    ///
    /// # Panics
    ///
    /// Where the machine gives no folder, socket or thread.
    #[must_use]
    pub fn before_postgres(server: impl Into<PathBuf>) -> Self {
        Self::start(Wire::Postgres, server.into())
    }

    /// A proxy before the Redis server with this socket.
    ///
    /// # Panics
    ///
    /// As [`before_postgres`](Self::before_postgres).
    #[must_use]
    pub fn before_redis(server: impl Into<PathBuf>) -> Self {
        Self::start(Wire::Redis, server.into())
    }

    fn start(wire: Wire, server: PathBuf) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let listener = {
            let _within = runtime.enter();
            UnixListener::bind(socket_in(folder.path())).expect("a socket")
        };
        let shared = Arc::new(Shared::new(wire, server));
        let (end, ended) = oneshot::channel::<()>();
        let of_thread = shared.clone();
        let thread = thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = relay::accept(listener, of_thread) => {}
                    _ = ended => {}
                }
            });
        });
        Self {
            folder,
            shared,
            end: Some(end),
            thread: Some(thread),
        }
    }

    /// The folder of its socket: the `host` of a Postgres connection string, with the port 5432.
    #[must_use]
    pub fn socket_dir(&self) -> &Path {
        self.folder.path()
    }

    /// Where it listens.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        socket_in(self.folder.path())
    }

    /// Lets a fault happen to the command that comes after `passed` others, in place of what was
    /// planned before.
    pub fn fail_after(&self, passed: usize, fault: Fault) {
        let mut next = self.shared.next();
        next.clear();
        next.resize(passed, None);
        next.push_back(Some(fault));
    }

    /// Lets a fault happen to so many commands to come, each after `passed` others.
    pub fn fail_often(&self, times: usize, passed: usize, fault: Fault) {
        let mut next = self.shared.next();
        next.clear();
        for _ in 0..times {
            next.extend(std::iter::repeat_n(None, passed));
            next.push_back(Some(fault));
        }
    }

    /// Lets all that comes pass.
    pub fn clear(&self) {
        self.shared.next().clear();
    }

    /// How many faults have happened.
    #[must_use]
    pub fn faults(&self) -> usize {
        self.shared.faults.load(Ordering::SeqCst)
    }

    /// Withholds answers until so many commands have come.
    pub fn withhold(&self, until: usize) {
        self.shared.needed.store(until, Ordering::SeqCst);
    }

    /// Waits until so many commands have come.
    ///
    /// # Panics
    ///
    /// Never: the count lives as long as the proxy.
    pub async fn saw(&self, count: usize) {
        self.shared.saw(count).await;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The name that a Postgres client looks for; to others any name is as good.
fn socket_in(folder: &Path) -> PathBuf {
    folder.join(".s.PGSQL.5432")
}
