//! Methods, traits and generic functions: they say their name.

use std::fmt::Display;
use std::io;
use std::sync::Arc;

use retry_core::testing::{Script, no_wait};
use retry_core::{retry_scheduler, retry_worker};
use retry_effects::{EffectError, compute_action_id};
use retry_tests::{busy_once, busy_times, sendable};
use serde::Serialize;
use serde_json::json;

use super::{Store, gate_error, own_id, store};

struct Worker {
    store: Store,
    script: Script<u32, io::Error>,
    runs: u32,
}

impl Worker {
    fn new() -> Self {
        Self {
            store: store(),
            script: busy_once(),
            runs: 0,
        }
    }

    #[retry_worker(idempotent = true, name = "shared", store = &self.store)]
    async fn shared(&self, task: &str) -> io::Result<u32> {
        Ok(self.script.next()? + task.len() as u32)
    }

    #[retry_worker(idempotent = true, name = "exclusive", store = self.store.clone(), key(task))]
    async fn exclusive(&mut self, mut task: String, more: &mut Vec<u32>) -> io::Result<u32> {
        self.runs += 1;
        task.push('!');
        let seven = self.script.next()?;
        more.push(seven);
        Ok(task.len() as u32 + seven)
    }

    #[retry_scheduler(idempotent = true, name = "exclusive", store = &self.store)]
    fn exclusive_sync(&mut self, task: String) -> io::Result<u32> {
        self.runs += 1;
        drop(task);
        self.script.next()
    }

    #[retry_worker(idempotent = true, name = "counted", store = &self.store, borrow(task))]
    async fn counted(self: Arc<Self>, task: String) -> io::Result<usize> {
        self.script.next()?;
        Ok(task.len() + Arc::strong_count(&self))
    }

    #[retry_worker(idempotent = true, name = "lent", store = &self.store)]
    async fn returns_itself(&self, task: u32) -> io::Result<(u32, Vec<Option<u32>>)> {
        let seven = self.script.next()?;
        Ok((task, vec![Some(seven), None]))
    }

    #[retry_worker(idempotent = true, name = "without self")]
    async fn without_self(task: u32) -> io::Result<String> {
        let _ = task;
        own_id()
    }
}

#[tokio::test(start_paused = true)]
async fn methods() -> io::Result<()> {
    let mut worker = Worker::new();
    for _ in 0..2 {
        assert_eq!(sendable(worker.shared("ab")).await?, 9);
    }
    worker.script = busy_once();
    let mut more = Vec::new();
    assert_eq!(
        sendable(worker.exclusive("a".to_owned(), &mut more)).await?,
        9
    );
    assert_eq!((worker.runs, more.as_slice()), (2, [7].as_slice()));
    // The first call changed `more`, a part of the fingerprint: another input.
    let refused = gate_error(worker.exclusive("a".to_owned(), &mut more).await);
    assert!(
        matches!(refused, EffectError::PayloadMismatch { .. }),
        "{refused}"
    );
    worker.script = busy_once();
    let worker = Arc::new(worker);
    for _ in 0..2 {
        assert_eq!(sendable(worker.clone().counted("ab".to_owned())).await?, 4);
    }
    let id = compute_action_id("without self", &json!({"task": 1}), "");
    let id = id.map_err(io::Error::other)?.to_string();
    assert_eq!(sendable(Worker::without_self(1)).await?, id);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_replay_is_the_whole_result() -> io::Result<()> {
    let worker = Worker::new();
    for _ in 0..2 {
        let result = sendable(worker.returns_itself(3)).await?;
        assert_eq!(result, (3, vec![Some(7), None]));
    }
    Ok(())
}

#[test]
fn methods_sync() -> io::Result<()> {
    let _no_wait = no_wait();
    let mut worker = Worker::new();
    for _ in 0..2 {
        assert_eq!(worker.exclusive_sync("a".to_owned())?, 7);
    }
    assert_eq!(worker.runs, 2);
    Ok(())
}

trait Works {
    fn script(&self) -> &Script<u32, io::Error>;
    fn store(&self) -> &Store;

    #[retry_worker(idempotent = true, name = "by default", store = self.store())]
    async fn by_default(&self, task: u32) -> io::Result<u32>
    where
        Self: Sync,
    {
        Ok(self.script().next()? + task)
    }

    fn renamed(&mut self, task: u32) -> io::Result<u32>;
}

impl Works for Worker {
    fn script(&self) -> &Script<u32, io::Error> {
        &self.script
    }

    fn store(&self) -> &Store {
        &self.store
    }

    #[retry_worker(idempotent = true, name = "of a trait", store = self.store())]
    fn renamed(&mut self, task: u32) -> io::Result<u32> {
        self.runs += task;
        self.script.next()
    }
}

#[tokio::test(start_paused = true)]
async fn traits() -> io::Result<()> {
    let mut worker = Worker::new();
    for _ in 0..2 {
        assert_eq!(worker.by_default(1).await?, 8);
    }
    let _no_wait = no_wait();
    worker.script = busy_once();
    for _ in 0..2 {
        assert_eq!(worker.renamed(1)?, 7);
    }
    assert_eq!(worker.runs, 2);
    Ok(())
}

#[retry_worker(idempotent = true, name = "generic", skip(script, with), store = store)]
#[expect(
    clippy::needless_lifetimes,
    reason = "a lifetime beside the other generics"
)]
async fn generic<'a, T, const N: usize>(
    store: &Store,
    script: &'a Script<u32, io::Error>,
    task: T,
    list: [T; N],
    with: impl FnOnce(u32) -> u32 + Clone + Send + Sync,
) -> io::Result<u32>
where
    T: Serialize + Clone + Send + Sync,
    [T; N]: Serialize,
{
    drop((task, list));
    Ok(with(script.next()?))
}

#[retry_worker(idempotent = true, name = "impl trait", skip(script), store = store)]
fn takes_impl(
    store: &Store,
    script: &Script<u32, io::Error>,
    task: &(impl Display + Serialize),
) -> io::Result<String> {
    Ok(format!("{task}{}", script.next()?))
}

#[tokio::test(start_paused = true)]
async fn generic_functions() -> io::Result<()> {
    let (store, script) = (store(), busy_once());
    for _ in 0..2 {
        let call = generic(&store, &script, 1_u8, [1, 2], |seven| seven + 1);
        assert_eq!(sendable(call).await?, 8);
    }
    let (_no_wait, script) = (no_wait(), busy_times(1));
    for _ in 0..2 {
        assert_eq!(takes_impl(&store, &script, &"t")?, "t7");
    }
    Ok(())
}
