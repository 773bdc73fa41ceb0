//! Methods: each attempt borrows `self` anew.

use std::io;
use std::rc::Rc;
use std::sync::Arc;

use retry_core::retry_worker;
use retry_core::testing::{Script, no_wait};
use retry_tests::{busy_once, sendable};

struct Worker {
    script: Script<u32, io::Error>,
    runs: u32,
    done: Vec<String>,
}

impl Worker {
    const FACTOR: u32 = 6;

    fn new() -> Self {
        Self {
            script: busy_once(),
            runs: 0,
            done: Vec::new(),
        }
    }

    #[retry_worker]
    async fn shared(&self) -> io::Result<u32> {
        self.script.next()
    }

    #[retry_worker]
    fn shared_sync(&self) -> io::Result<u32> {
        self.script.next()
    }

    #[retry_worker]
    async fn exclusive(&mut self, task: String) -> Result<u32, io::Error> {
        self.runs += 1;
        self.done.push(task);
        self.script.next()
    }

    #[retry_worker]
    fn exclusive_sync(&mut self, task: String) -> Result<u32, io::Error> {
        self.runs += 1;
        self.done.push(task);
        self.script.next()
    }

    #[retry_worker]
    async fn counted(self: Arc<Self>, times: u32) -> io::Result<u32> {
        Ok(self.script.next()? * times)
    }

    #[retry_worker]
    fn counted_sync(self: Rc<Self>, times: u32) -> io::Result<u32> {
        Ok(self.script.next()? * times)
    }

    #[retry_worker]
    async fn by_box(self: &mut Box<Self>) -> io::Result<u32> {
        self.runs += 1;
        self.script.next()
    }

    #[retry_worker]
    async fn lent<'a>(&'a self, prefix: &'a str) -> io::Result<&'a str> {
        self.script.next()?;
        Ok(self.done.first().map_or(prefix, String::as_str))
    }

    #[retry_worker]
    async fn lent_by_elision(&self, _: &str) -> io::Result<&[String]> {
        self.script.next()?;
        Ok(&self.done)
    }

    #[retry_worker]
    fn lent_sync(&self) -> io::Result<&[String]> {
        self.script.next()?;
        Ok(&self.done)
    }

    #[retry_worker]
    async fn named_self(&self) -> Result<Self, io::Error> {
        let runs = self.script.next()? * Self::FACTOR;
        Ok(Self {
            runs,
            ..Self::new()
        })
    }

    #[retry_worker]
    fn named_self_sync(&self) -> Result<Self, io::Error> {
        let runs = self.script.next()? * Self::FACTOR;
        Ok(Self {
            runs,
            ..Self::new()
        })
    }

    #[retry_worker]
    async fn associated(script: &Script<u32, io::Error>) -> Result<Self, io::Error> {
        let runs = script.next()?;
        Ok(Self {
            runs,
            ..Self::new()
        })
    }
}

#[tokio::test(start_paused = true)]
async fn shared_self() -> io::Result<()> {
    assert_eq!(sendable(Worker::new().shared()).await?, 7);
    Ok(())
}

#[test]
fn shared_self_sync() -> io::Result<()> {
    let _no_wait = no_wait();
    assert_eq!(Worker::new().shared_sync()?, 7);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn exclusive_self_with_an_owned_argument() -> io::Result<()> {
    let mut worker = Worker::new();
    assert_eq!(sendable(worker.exclusive("a".to_owned())).await?, 7);
    assert_eq!((worker.runs, worker.done.join(",")), (2, "a,a".to_owned()));
    Ok(())
}

#[test]
fn exclusive_self_with_an_owned_argument_sync() -> io::Result<()> {
    let _no_wait = no_wait();
    let mut worker = Worker::new();
    assert_eq!(worker.exclusive_sync("a".to_owned())?, 7);
    assert_eq!((worker.runs, worker.done.join(",")), (2, "a,a".to_owned()));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn counted_self() -> io::Result<()> {
    let worker = Arc::new(Worker::new());
    assert_eq!(sendable(Arc::clone(&worker).counted(3)).await?, 21);
    assert_eq!(Arc::strong_count(&worker), 1);
    Ok(())
}

#[test]
fn counted_self_sync() -> io::Result<()> {
    let _no_wait = no_wait();
    assert_eq!(Rc::new(Worker::new()).counted_sync(3)?, 21);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn boxed_self() -> io::Result<()> {
    let mut worker = Box::new(Worker::new());
    assert_eq!(sendable(worker.by_box()).await?, 7);
    assert_eq!(worker.runs, 2);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn results_that_borrow_from_self() -> io::Result<()> {
    assert_eq!(sendable(Worker::new().lent("p")).await?, "p");
    assert!(
        sendable(Worker::new().lent_by_elision("p"))
            .await?
            .is_empty()
    );
    Ok(())
}

#[test]
fn results_that_borrow_from_self_sync() -> io::Result<()> {
    let _no_wait = no_wait();
    assert!(Worker::new().lent_sync()?.is_empty());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_type_self_and_its_constants() -> io::Result<()> {
    assert_eq!(sendable(Worker::new().named_self()).await?.runs, 42);
    assert_eq!(sendable(Worker::associated(&busy_once())).await?.runs, 7);
    Ok(())
}

#[test]
fn the_type_self_and_its_constants_sync() -> io::Result<()> {
    let _no_wait = no_wait();
    assert_eq!(Worker::new().named_self_sync()?.runs, 42);
    Ok(())
}
