//! The connections of a proxy: message by message from the client to the server and back.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Notify, watch};

use super::Fault;
use super::wire::Wire;

/// The planned faults, and the counts of commands, on all connections of a proxy.
#[derive(Debug)]
pub(super) struct Shared {
    wire: Wire,
    server: PathBuf,
    /// For each command to come, what happens to it.
    next: Mutex<VecDeque<Option<Fault>>>,
    pub(super) faults: AtomicUsize,
    /// How many commands have come.
    seen: watch::Sender<usize>,
    /// From how many on answers are let through.
    pub(super) needed: AtomicUsize,
}

impl Shared {
    pub(super) fn new(wire: Wire, server: PathBuf) -> Self {
        Self {
            wire,
            server,
            next: Mutex::default(),
            faults: AtomicUsize::new(0),
            seen: watch::Sender::new(0),
            needed: AtomicUsize::new(0),
        }
    }

    pub(super) fn next(&self) -> MutexGuard<'_, VecDeque<Option<Fault>>> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn saw(&self, count: usize) {
        let mut seen = self.seen.subscribe();
        let seen = seen.wait_for(|seen| *seen >= count).await;
        drop(seen.expect("its sender is `self`"));
    }

    fn fails(&self) {
        self.faults.fetch_add(1, Ordering::SeqCst);
    }
}

pub(super) async fn accept(listener: UnixListener, shared: Arc<Shared>) {
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

/// The state that the two directions of a connection share.
#[derive(Default)]
struct Line {
    /// The faults of the answers to come: one entry for each request.
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
