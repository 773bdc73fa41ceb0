//! Traits with functions of their own kind of async: implementations and default bodies.

use std::future::Future;
use std::io;

use retry_core::retry_worker;
use retry_core::testing::{Script, no_wait};
use retry_tests::{busy_once, sendable};

trait Runs {
    const STEP: u32;

    fn script(&self) -> &Script<u32, io::Error>;

    fn run(&mut self, task: String) -> impl Future<Output = io::Result<u32>> + Send;

    #[retry_worker]
    fn run_sync(&mut self, task: &str) -> io::Result<u32>
    where
        Self: Sized,
    {
        Ok(self.script().next()? + Self::STEP + task.len() as u32)
    }
}

trait ByDefault: Sync {
    fn script(&self) -> &Script<u32, io::Error>;

    #[retry_worker]
    async fn load(&self, (a, b): (u32, u32)) -> io::Result<u32> {
        Ok(self.script().next()? + a + b)
    }
}

struct Worker(Script<u32, io::Error>);

impl Runs for Worker {
    const STEP: u32 = 10;

    fn script(&self) -> &Script<u32, io::Error> {
        &self.0
    }

    #[retry_worker]
    async fn run(&mut self, mut task: String) -> io::Result<u32> {
        task.push('!');
        Ok(self.0.next()? + Self::STEP + task.len() as u32)
    }
}

impl ByDefault for Worker {
    fn script(&self) -> &Script<u32, io::Error> {
        &self.0
    }
}

#[tokio::test(start_paused = true)]
async fn implementation() -> io::Result<()> {
    let mut worker = Worker(busy_once());
    assert_eq!(sendable(worker.run("a".to_owned())).await?, 7 + 10 + 2);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn default_body() -> io::Result<()> {
    assert_eq!(sendable(Worker(busy_once()).load((1, 2))).await?, 10);
    Ok(())
}

#[test]
fn default_body_sync() -> io::Result<()> {
    let _no_wait = no_wait();
    assert_eq!(Worker(busy_once()).run_sync("abc")?, 7 + 10 + 3);
    Ok(())
}
