//! A proxy before a server of the tests: it cuts connections just before a command reaches the
//! server or just after the server has done it, or falls silent there; and it can withhold answers.

mod wire;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use tempfile::TempDir;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Notify, oneshot, watch};
use wire::Wire;

/// What happens to a command on its way.
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
/// What counts as a command: with Postgres the execution of a statement and a COMMIT, with Redis an
/// `EVALSHA`. What a client does to set itself up passes uncounted.
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

#[derive(Debug)]
struct Shared {
    wire: Wire,
    server: PathBuf,
    /// For each command to come, what happens to it.
    next: Mutex<VecDeque<Option<Fault>>>,
    faults: AtomicUsize,
    /// How many commands have come.
    seen: watch::Sender<usize>,
    /// From how many on answers are let through.
    needed: AtomicUsize,
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
        let shared = Arc::new(Shared {
            wire,
            server,
            next: Mutex::default(),
            faults: AtomicUsize::new(0),
            seen: watch::Sender::new(0),
            needed: AtomicUsize::new(0),
        });
        let (end, ended) = oneshot::channel::<()>();
        let of_thread = shared.clone();
        let thread = thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = accept(listener, of_thread) => {}
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

impl Shared {
    fn next(&self) -> MutexGuard<'_, VecDeque<Option<Fault>>> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn saw(&self, count: usize) {
        let mut seen = self.seen.subscribe();
        let seen = seen.wait_for(|seen| *seen >= count).await;
        drop(seen.expect("its sender is `self`"));
    }

    fn fails(&self) {
        self.faults.fetch_add(1, Ordering::SeqCst);
    }
}

async fn accept(listener: UnixListener, shared: Arc<Shared>) {
    while let Ok((client, _)) = listener.accept().await {
        let shared = shared.clone();
        tokio::spawn(async move {
            // A server that is down: the client is hung up on.
            if let Ok(server) = UnixStream::connect(&shared.server).await {
                serve(client, server, &shared).await;
            }
        });
    }
}

/// What the two directions of a connection know of each other.
#[derive(Default)]
struct Line {
    /// What is to happen to the answers that are to come: one for each request.
    due: Mutex<VecDeque<Option<Fault>>>,
    cut: Notify,
}

impl Line {
    fn due(&self) -> MutexGuard<'_, VecDeque<Option<Fault>>> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn serve(client: UnixStream, server: UnixStream, shared: &Shared) {
    let ((from_client, to_client), (from_server, to_server)) =
        (client.into_split(), server.into_split());
    let line = Line::default();
    tokio::select! {
        () = forward(from_client, to_server, shared, &line) => {}
        () = backward(from_server, to_client, shared, &line) => {}
        () = line.cut.notified() => {}
    }
}

/// From the client to the server, until a command fails before it is sent.
async fn forward(from: OwnedReadHalf, mut to: OwnedWriteHalf, shared: &Shared, line: &Line) {
    let (mut from, mut is_first, mut fault) = (BufReader::new(from), true, None);
    while let Some(message) = shared.wire.read(&mut from, is_first).await {
        if shared.wire.is_command(&message, is_first) {
            fault = shared.next().pop_front().flatten();
            shared.seen.send_modify(|seen| *seen += 1);
            if fault.is_some_and(Fault::is_before) {
                shared.fails();
                if fault.is_some_and(Fault::is_silent) {
                    swallow(from).await;
                }
                return;
            }
        }
        if shared.wire.is_answered(&message, is_first) {
            line.due().push_back(fault.take());
        }
        is_first = false;
        if to.write_all(&message).await.is_err() {
            return;
        }
    }
}

/// From the server to the client, until a command fails after it is done.
async fn backward(from: OwnedReadHalf, mut to: OwnedWriteHalf, shared: &Shared, line: &Line) {
    let mut from = BufReader::new(from);
    while let Some(message) = shared.wire.read(&mut from, false).await {
        let is_last = shared.wire.is_last(&message);
        let fault = line.due().front().copied().flatten();
        let Some(fault) = fault else {
            if is_last {
                line.due().pop_front();
            }
            shared.saw(shared.needed.load(Ordering::SeqCst)).await;
            if to.write_all(&message).await.is_err() {
                return;
            }
            continue;
        };
        // Rows are lost too, and only when all is committed.
        if is_last {
            shared.fails();
            if fault.is_silent() {
                swallow(from).await;
            }
            line.cut.notify_one();
            return;
        }
    }
}

/// Takes what comes until the other end hangs up.
async fn swallow(mut from: BufReader<OwnedReadHalf>) {
    let _ = tokio::io::copy_buf(&mut from, &mut tokio::io::sink()).await;
}
