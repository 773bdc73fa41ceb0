//! A proxy that cuts connections just before, or just after, the server has done what it was asked,
//! and that can withhold answers.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Where a connection is cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cut {
    /// The command never reaches the server.
    Before,
    /// The server has done it, and its answer is lost.
    After,
}

#[derive(Debug, Default)]
struct Plan {
    next: Option<Cut>,
    cuts: u64,
}

#[derive(Debug)]
struct Shared {
    plan: Mutex<Plan>,
    /// How many commands of the store have come.
    seen: watch::Sender<usize>,
    /// From how many on answers are let through.
    needed: Mutex<usize>,
}

#[derive(Debug)]
pub(super) struct Proxy {
    folder: TempDir,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Proxy {
    pub(super) fn before(server: PathBuf) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let listener = UnixListener::bind(folder.path().join("proxy")).expect("a socket");
        let shared = Arc::new(Shared {
            plan: Mutex::default(),
            seen: watch::Sender::new(0),
            needed: Mutex::new(0),
        });
        let of_task = shared.clone();
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(relay(client, server.clone(), of_task.clone()));
            }
        });
        Self {
            folder,
            shared,
            task,
        }
    }

    pub(super) fn url(&self) -> String {
        format!("unix://{}", self.folder.path().join("proxy").display())
    }

    /// Cuts at the next command of the store.
    pub(super) fn cut(&self, cut: Cut) {
        self.shared.plan.lock().expect("no panic with it").next = Some(cut);
    }

    pub(super) fn cuts(&self) -> u64 {
        self.shared.plan.lock().expect("no panic with it").cuts
    }

    /// Withholds answers until so many commands have come.
    pub(super) fn withhold(&self, until: usize) {
        *self.shared.needed.lock().expect("no panic with it") = until;
    }

    /// Waits until so many commands have come.
    pub(super) async fn saw(&self, count: usize) {
        let mut seen = self.shared.seen.subscribe();
        seen.wait_for(|seen| *seen >= count)
            .await
            .expect("the proxy");
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    /// What is to be cut, where these are commands of the store.
    fn cut_at(&self, commands: usize) -> Option<Cut> {
        if commands == 0 {
            return None;
        }
        let mut plan = self.plan.lock().expect("no panic with it");
        let cut = plan.next.take()?;
        plan.cuts += 1;
        Some(cut)
    }
}

async fn relay(mut client: UnixStream, server: PathBuf, shared: Arc<Shared>) -> io::Result<()> {
    let mut server = UnixStream::connect(Path::new(&server)).await?;
    let (mut asked, mut answered) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    let mut tail = Vec::new();
    let mut loses_answer = false;
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let bytes = &asked[..read?];
                if bytes.is_empty() {
                    return Ok(());
                }
                let commands = commands_in(&mut tail, bytes);
                match shared.cut_at(commands) {
                    Some(Cut::Before) => return Ok(()),
                    Some(Cut::After) => loses_answer = true,
                    None => {}
                }
                server.write_all(bytes).await?;
                shared.seen.send_modify(|seen| *seen += commands);
            }
            read = server.read(&mut answered) => {
                let bytes = &answered[..read?];
                if bytes.is_empty() || loses_answer {
                    return Ok(());
                }
                let needed = *shared.needed.lock().expect("no panic with it");
                if *shared.seen.borrow() < needed {
                    // What else is asked meanwhile must pass.
                    let held = bytes.to_vec();
                    hold(&mut client, &mut server, &shared, needed, &mut tail).await?;
                    client.write_all(&held).await?;
                    continue;
                }
                client.write_all(bytes).await?;
            }
        }
    }
}

/// Passes on what is asked until enough has come.
async fn hold(
    client: &mut UnixStream,
    server: &mut UnixStream,
    shared: &Shared,
    needed: usize,
    tail: &mut Vec<u8>,
) -> io::Result<()> {
    let mut asked = vec![0; 64 * 1024];
    while *shared.seen.borrow() < needed {
        let length = client.read(&mut asked).await?;
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let commands = commands_in(tail, &asked[..length]);
        server.write_all(&asked[..length]).await?;
        shared.seen.send_modify(|seen| *seen += commands);
    }
    Ok(())
}

/// How many commands of the store begin in these bytes; `tail` is the end of those before.
fn commands_in(tail: &mut Vec<u8>, bytes: &[u8]) -> usize {
    const NAME: &[u8] = b"EVALSHA";
    tail.extend_from_slice(bytes);
    let count = tail
        .windows(NAME.len())
        .filter(|name| *name == NAME)
        .count();
    let kept = tail.len().saturating_sub(NAME.len() - 1);
    tail.drain(..kept);
    count
}
