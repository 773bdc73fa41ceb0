//! `#[async_trait]`: it makes a sync function of each method, with the body in a boxed block.

use std::io;

use async_trait::async_trait;
use retry_core::retry_worker;
use retry_core::testing::{Recorder, Script};
use retry_tests::{busy_once, sendable};

#[async_trait]
trait Runs: Send + Sync {
    fn script(&self) -> &Script<u32, io::Error>;

    async fn shared(&self, task: &str) -> io::Result<u32>;
    async fn exclusive(&mut self, task: String) -> io::Result<u32>;
    async fn patterns(&self, pair: (String, u32), more: [u32; 2]) -> io::Result<String>;
    async fn lent<'a>(&'a self, task: &'a str) -> io::Result<&'a str>;
    async fn without_self(script: Script<u32, io::Error>) -> io::Result<u32>
    where
        Self: Sized;

    #[retry_worker(attempt = n)]
    async fn by_default(&self, mut task: String) -> io::Result<u32> {
        task.push_str(&n.to_string());
        Ok(self.script().next()? + task.len() as u32)
    }

    #[retry_worker]
    async fn by_default_exclusive(&mut self, task: Vec<u32>) -> io::Result<u32> {
        let seven = self.script().next()?;
        Ok(task.into_iter().sum::<u32>() + seven)
    }

    #[retry_worker]
    fn by_default_sync(&self) -> io::Result<u32> {
        self.script().next()
    }
}

struct Worker {
    script: Script<u32, io::Error>,
    runs: u32,
}

impl Worker {
    const ONE: u32 = 1;

    fn new() -> Self {
        Self {
            script: busy_once(),
            runs: 0,
        }
    }
}

#[async_trait]
impl Runs for Worker {
    fn script(&self) -> &Script<u32, io::Error> {
        &self.script
    }

    #[retry_worker]
    async fn shared(&self, task: &str) -> io::Result<u32> {
        if task.is_empty() {
            return Ok(0);
        }
        self.script.next()
    }

    #[retry_worker(max_attempts = 2)]
    async fn exclusive(&mut self, mut task: String) -> io::Result<u32> {
        self.runs += Self::ONE;
        task.push('!');
        assert_eq!(task, "a!");
        self.script.next()
    }

    #[retry_worker]
    async fn patterns(
        &self,
        (name, mut number): (String, u32),
        [first, _]: [u32; 2],
    ) -> io::Result<String> {
        number += self.script.next()?;
        Ok(format!("{name} {number} {first}"))
    }

    #[retry_worker]
    async fn lent<'a>(&'a self, task: &'a str) -> io::Result<&'a str> {
        self.script.next()?;
        Ok(task)
    }

    #[retry_worker(borrow(script))]
    async fn without_self(script: Script<u32, io::Error>) -> io::Result<u32> {
        script.next()
    }
}

#[tokio::test(start_paused = true)]
async fn shared_self() -> io::Result<()> {
    let recorder = Recorder::install();
    assert_eq!(sendable(Worker::new().shared("a")).await?, 7);
    assert_eq!(
        recorder.messages().last().map(String::as_str),
        Some("INFO Retry succeeded on attempt 2/3 for shared")
    );
    assert_eq!(Worker::new().shared("").await?, 0);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn exclusive_self() -> io::Result<()> {
    let mut worker = Worker::new();
    assert_eq!(sendable(worker.exclusive("a".to_owned())).await?, 7);
    assert_eq!(worker.runs, 2);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn patterns() -> io::Result<()> {
    let worker = Worker::new();
    let text = sendable(worker.patterns(("a".to_owned(), 1), [2, 3])).await?;
    assert_eq!(text, "a 8 2");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn default_bodies() -> io::Result<()> {
    assert_eq!(sendable(Worker::new().by_default("a".to_owned())).await?, 9);
    assert_eq!(
        sendable(Worker::new().by_default_exclusive(vec![1, 2])).await?,
        10
    );
    let _no_wait = retry_core::testing::no_wait();
    assert_eq!(Worker::new().by_default_sync()?, 7);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn without_self() -> io::Result<()> {
    assert_eq!(sendable(Worker::without_self(busy_once())).await?, 7);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_result_that_borrows() -> io::Result<()> {
    assert_eq!(sendable(Worker::new().lent("a")).await?, "a");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn behind_a_trait_object() -> io::Result<()> {
    let mut worker: Box<dyn Runs> = Box::new(Worker::new());
    assert_eq!(sendable(worker.exclusive("a".to_owned())).await?, 7);
    Ok(())
}
