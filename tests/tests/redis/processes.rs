//! Processes that share a store: they race, and they are killed.
//!
//! Effects are counted outside the store, in a file to which every one appends a line.

use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use retry_effects::{ActionId, Effect, EffectStore, RedisEffectStore, Status, compute_action_id};
use retry_tests::redis::ThrowawayRedis;

use super::place::{fresh_prefix, store};
use super::short_or_full;

/// Server, prefix, ledger, number of actions and lease in milliseconds of a worker, a line each.
const TASK: &str = "RETRY_TESTS_REDIS_WORKER";

const THREADS: u64 = 8;

fn id(n: u64) -> ActionId {
    compute_action_id("shared", &n, "").expect("a number has a JSON form")
}

/// A process that does all the actions. It does not outlive its test.
struct Worker(Child);

impl Worker {
    fn start(task: &str) -> Self {
        let program = std::env::current_exe().expect("this program");
        let child = Command::new(program)
            .args(["--exact", "redis::processes::child_acts", "--nocapture"])
            .env(TASK, task)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self(child.expect("it starts"))
    }

    fn ends(mut self) {
        let status = self.0.wait().expect("it ends");
        assert!(status.success(), "{status}");
    }

    /// SIGKILL. Says whether it was still at work.
    fn kill(&mut self) -> bool {
        let ended = self.0.try_wait().expect("our own process");
        self.0.kill().expect("our own process");
        self.0.wait().expect("our own process");
        ended.is_none()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn child_acts() {
    let Ok(task) = std::env::var(TASK) else {
        return;
    };
    let parts: Vec<_> = task.lines().collect();
    let [url, prefix, ledger, actions, lease] = parts[..] else {
        panic!("{task}");
    };
    let number = |text: &str| text.parse::<u64>().expect("a number");
    let (actions, lease) = (number(actions), Duration::from_millis(number(lease)));
    let builder = RedisEffectStore::builder(url).prefix(prefix);
    let store = builder.connect_blocking().expect("a store");
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let store = store.clone();
            scope.spawn(move || {
                for n in 0..actions {
                    // From where another is not, and then behind it.
                    let n = (n + thread * actions / THREADS) % actions;
                    let result = act(&store, Path::new(ledger), n, lease);
                    assert!(result.is_err() || result == Ok(n * 7), "{result:?} of {n}");
                }
            });
        }
    });
}

/// One call of the action; an error where it is in doubt.
fn act(store: &RedisEffectStore, ledger: &Path, n: u64, lease: Duration) -> Result<u64, String> {
    Effect::new("shared", &n)
        .store(store.clone())
        .lease(lease)
        .run(|| {
            let mut ledger = OpenOptions::new()
                .append(true)
                .open(ledger)
                .expect("it is there");
            ledger.write_all(format!("{n}\n").as_bytes()).expect("room");
            Ok::<_, String>(n * 7)
        })
}

/// The actions that were done, of which none was done twice.
fn done_once(ledger: &Path) -> HashSet<u64> {
    let mut done = HashSet::new();
    for line in fs::read_to_string(ledger).expect("a ledger").lines() {
        let n = line.parse().expect("a number");
        assert!(done.insert(n), "action {n} was done twice");
    }
    done
}

/// A ledger, and the task of workers that write to it.
fn begin(server: &ThrowawayRedis, folder: &Path, actions: u64, lease: u64) -> (String, String) {
    let (prefix, ledger) = (fresh_prefix(), folder.join("ledger"));
    fs::write(&ledger, "").expect("room");
    let (url, ledger) = (server.url(), ledger.display());
    let task = format!("{url}\n{prefix}\n{ledger}\n{actions}\n{lease}");
    (prefix, task)
}

#[tokio::test]
async fn processes_that_race_act_once() {
    let actions = short_or_full(1_000, 100_000);
    let Some(server) = ThrowawayRedis::start() else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let (prefix, task) = begin(&server, folder.path(), actions, 30_000);
    let workers: Vec<_> = (0..4).map(|_| Worker::start(&task)).collect();
    workers.into_iter().for_each(Worker::ends);
    assert_eq!(
        done_once(&folder.path().join("ledger")).len() as u64,
        actions
    );
    let store = store(&server, &prefix).await;
    for n in 0..actions {
        let record = store
            .get(id(n))
            .await
            .expect("an answer")
            .expect("a record");
        assert_eq!(record.status, Status::Success, "{record:?}");
    }
    println!("race on Redis: {actions} actions of 4 processes x {THREADS}, duplicates: 0");
}

#[tokio::test]
async fn processes_that_are_killed_act_once_or_leave_doubt() {
    let kills = short_or_full(20, 1_000);
    let actions = kills * 100;
    let Some(server) = ThrowawayRedis::start() else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let ledger = folder.path().join("ledger");
    let (prefix, task) = begin(&server, folder.path(), actions, 300);
    let mut workers: Vec<_> = (0..2).map(|_| Worker::start(&task)).collect();
    let (mut killed, mut done) = (0, 0);
    while killed < kills {
        // Whenever some more was done, whoever is at it.
        while done_once(&ledger).len() < done + 20 && workers.iter_mut().any(Worker::is_at_work) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        done = done_once(&ledger).len();
        let turn = usize::try_from(killed % 2).expect("a small number");
        assert!(
            workers[turn].kill(),
            "{killed} kills have met workers at work"
        );
        workers[turn] = Worker::start(&task);
        killed += 1;
    }
    workers.into_iter().for_each(Worker::ends);
    let done = done_once(&ledger);
    let store = store(&server, &prefix).await;
    let mut doubts = 0;
    for n in 0..actions {
        let record = store
            .get(id(n))
            .await
            .expect("an answer")
            .expect("a record");
        match record.status {
            Status::Success => assert!(done.contains(&n), "{n} was never done"),
            Status::InDoubt => doubts += 1,
            other => panic!("{n} is {other}"),
        }
    }
    println!(
        "kill -9 on Redis: {kills} kills, {actions} actions, {doubts} in doubt, duplicates: 0"
    );
}

impl Worker {
    fn is_at_work(&mut self) -> bool {
        self.0.try_wait().expect("our own process").is_none()
    }
}
