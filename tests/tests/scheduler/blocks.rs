//! The contents of a body: closures, nested blocks, items, macros; each with its own `?` and `return`.

use std::io;

use retry_core::retry_scheduler;
use retry_core::testing::{Script, no_wait};
use retry_tests::{busy_once, sendable};

#[retry_scheduler]
async fn closures(script: &Script<u32, io::Error>, texts: Vec<String>) -> io::Result<usize> {
    let long = |text: &&String| {
        if text.is_empty() {
            return false;
        }
        text.len() > 1
    };
    let parse = |text: &str| -> Result<u32, std::num::ParseIntError> {
        let number: u32 = text.parse()?;
        Ok(number)
    };
    let count = texts.iter().filter(long).count();
    let numbers = texts.iter().filter(|text| parse(text).is_ok()).count();
    script.next()?;
    Ok(count * 10 + numbers)
}

#[retry_scheduler]
fn closures_sync(script: &Script<u32, io::Error>, texts: Vec<String>) -> io::Result<usize> {
    let long = |text: &&String| {
        if text.is_empty() {
            return false;
        }
        text.len() > 1
    };
    let count = texts.iter().filter(long).count();
    // Takes the attempt's own copy along.
    let total = move || -> io::Result<usize> {
        script.next()?;
        Ok(texts.len())
    };
    Ok(count * 10 + total()?)
}

#[retry_scheduler]
async fn nested_async(script: &Script<u32, io::Error>, start: u32) -> io::Result<u32> {
    let inner = async {
        let seven = script.next()?;
        if seven == 0 {
            return Ok(0);
        }
        Ok::<u32, io::Error>(seven + start)
    };
    let unrelated = async move {
        if start > 100 {
            return "early";
        }
        "late"
    };
    let (inner, text) = tokio::join!(inner, unrelated);
    Ok(inner? + text.len() as u32)
}

#[retry_scheduler]
async fn async_closures(script: &Script<u32, io::Error>, log: &mut Vec<u32>) -> io::Result<u32> {
    let mut next = async || {
        log.push(0);
        script.next()
    };
    next().await
}

#[retry_scheduler]
async fn selected(script: &Script<u32, io::Error>) -> io::Result<u32> {
    tokio::select! {
        biased;
        outcome = async { script.next() } => outcome,
        () = std::future::pending() => Ok(0),
    }
}

#[retry_scheduler]
fn items(script: &Script<u32, io::Error>) -> io::Result<u32> {
    const STEP: u32 = 1;
    static CALL: u32 = 2;
    struct Own(u32);
    impl Own {
        fn value(&self) -> Option<u32> {
            if self.0 == 0 {
                return None;
            }
            Some(self.0 + STEP)
        }
    }
    fn helper(own: &Own) -> u32 {
        own.value().unwrap_or(0)
    }
    macro_rules! add {
        ($($n:expr),*) => { 0 $(+ $n)* };
    }
    Ok(add!(script.next()?, helper(&Own(4)), CALL))
}

#[retry_scheduler]
async fn holds_a_lock(
    script: &Script<u32, io::Error>,
    log: &tokio::sync::Mutex<Vec<u32>>,
) -> io::Result<u32> {
    let mut log = log.lock().await;
    log.push(1);
    tokio::task::yield_now().await;
    let seven = script.next()?;
    log.push(seven);
    Ok(seven)
}

#[tokio::test(start_paused = true)]
async fn closures_keep_their_return() -> io::Result<()> {
    let texts = vec![String::new(), "12".to_owned(), "3".to_owned()];
    assert_eq!(sendable(closures(&busy_once(), texts)).await?, 12);
    Ok(())
}

#[test]
fn closures_keep_their_return_sync() -> io::Result<()> {
    let _no_wait = no_wait();
    let texts = vec![String::new(), "12".to_owned(), "3".to_owned()];
    assert_eq!(closures_sync(&busy_once(), texts)?, 13);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn async_blocks_keep_their_return() -> io::Result<()> {
    assert_eq!(sendable(nested_async(&busy_once(), 1)).await?, 12);
    assert_eq!(sendable(selected(&busy_once())).await?, 7);
    let mut log = Vec::new();
    assert_eq!(async_closures(&busy_once(), &mut log).await?, 7);
    assert_eq!(log, [0, 0]);
    Ok(())
}

#[test]
fn items_and_macros() -> io::Result<()> {
    let _no_wait = no_wait();
    assert_eq!(items(&busy_once())?, 7 + 5 + 2);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_guard_is_released_between_attempts() -> io::Result<()> {
    let log = tokio::sync::Mutex::default();
    assert_eq!(sendable(holds_a_lock(&busy_once(), &log)).await?, 7);
    assert_eq!(log.into_inner(), [1, 1, 7]);
    Ok(())
}
