//! A proxy in front of the server, which cuts connections where it is told to: just before a
//! statement reaches the server, or just after its commit, before the client hears of it.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// Where a connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The statement never reaches the server.
    Before,
    /// The statement has committed, and its answer is lost.
    After,
}

/// A proxy; it is gone with the value, and its connections with it.
pub(crate) struct Proxy {
    folder: TempDir,
    plan: Arc<Plan>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Plan {
    /// For each statement to come, whether it is cut.
    next: Mutex<VecDeque<Option<Cut>>>,
    cuts: AtomicUsize,
}

impl Plan {
    fn take(&self) -> Option<Cut> {
        self.next.lock().unwrap().pop_front().flatten()
    }
}

impl Proxy {
    /// A proxy to the server with this socket.
    pub(crate) fn start(server: PathBuf) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).unwrap();
        let plan = Arc::<Plan>::default();
        let task = tokio::spawn({
            let plan = plan.clone();
            async move {
                let mut served = tokio::task::JoinSet::new();
                while let Ok((client, _)) = listener.accept().await {
                    let server = UnixStream::connect(&server).await.unwrap();
                    served.spawn(serve(client, server, plan.clone()));
                }
            }
        });
        Self { folder, plan, task }
    }

    pub(crate) fn socket_dir(&self) -> &Path {
        self.folder.path()
    }

    /// Cuts the statement that comes after `passed` others.
    pub(crate) fn cut_after(&self, passed: usize, cut: Cut) {
        let mut next = self.plan.next.lock().unwrap();
        next.clear();
        next.resize(passed, None);
        next.push_back(Some(cut));
    }

    /// How often it has cut.
    pub(crate) fn cuts(&self) -> usize {
        self.plan.cuts.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What the two directions of a connection know of each other.
#[derive(Default)]
struct Line {
    /// What is to happen to the statements that the server is at.
    sent: Mutex<VecDeque<Option<Cut>>>,
    cut: Notify,
}

async fn serve(client: UnixStream, server: UnixStream, plan: Arc<Plan>) {
    let ((from_client, to_client), (from_server, to_server)) =
        (client.into_split(), server.into_split());
    let line = Line::default();
    tokio::select! {
        () = forward(from_client, to_server, &plan, &line) => {}
        () = backward(from_server, to_client, &plan, &line) => {}
        () = line.cut.notified() => {}
    }
}

/// From the client to the server, until a statement is cut before it is sent.
async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, plan: &Plan, line: &Line) {
    // The first message has no type.
    let Some(start) = message(&mut from, false).await else {
        return;
    };
    if to.write_all(&start).await.is_err() {
        return;
    }
    while let Some(message) = message(&mut from, true).await {
        // Execute: what comes before it prepares a statement, and changes nothing.
        if message[0] == b'E' {
            let cut = plan.take();
            if cut == Some(Cut::Before) {
                plan.cuts.fetch_add(1, Ordering::SeqCst);
                return;
            }
            line.sent.lock().unwrap().push_back(cut);
        }
        if to.write_all(&message).await.is_err() {
            return;
        }
    }
}

/// From the server to the client, until a statement is cut after its commit.
async fn backward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, plan: &Plan, line: &Line) {
    let mut held: Vec<u8> = Vec::new();
    let mut is_cut = false;
    while let Some(message) = message(&mut from, true).await {
        match message[0] {
            // The statement is done; it commits before the server is ready for the next query.
            b'C' | b'E' => {
                let cut = line.sent.lock().unwrap().pop_front().flatten();
                is_cut |= cut == Some(Cut::After);
            }
            b'Z' if is_cut => {
                plan.cuts.fetch_add(1, Ordering::SeqCst);
                line.cut.notify_one();
                return;
            }
            _ => {}
        }
        held.extend(&message);
        // Rows are held back too, until it is known that the client may have them.
        if matches!(message[0], b'D' | b'C' | b'2') {
            continue;
        }
        if to.write_all(&std::mem::take(&mut held)).await.is_err() {
            return;
        }
    }
}

/// One message: its type, its length, its body.
async fn message(from: &mut OwnedReadHalf, has_type: bool) -> Option<Vec<u8>> {
    let mut message = Vec::new();
    if has_type {
        message.push(from.read_u8().await.ok()?);
    }
    let length = from.read_u32().await.ok()?;
    message.extend(length.to_be_bytes());
    let start = message.len();
    message.resize(start + usize::try_from(length).ok()?.checked_sub(4)?, 0);
    from.read_exact(&mut message[start..]).await.ok()?;
    Some(message)
}
