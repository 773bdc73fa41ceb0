//! The attributes in another crate: see `downstream/src/lib.rs`.

use std::cell::Cell;
use std::io;
use std::time::Duration;

use retry_core::testing::{Recorder, no_wait};
use retry_core::{CircuitBreaker, Classify, Judgement, RetryBudget};
use retry_tests::{busy_once, busy_times, sendable};
use retry_tests_downstream::{
    Judged, Source, Works, constants, gated, gated_sync, generic, guarded, guarded_sync, predicates,
};

struct Worker(Box<Source<'static>>);

impl Works for Worker {
    fn source(&mut self) -> &mut Source<'static> {
        &mut *self.0
    }
}

#[tokio::test(start_paused = true)]
async fn of_another_edition_by_another_name() -> io::Result<()> {
    let script = busy_times(2);
    let mut source = || script.next();
    let call = constants(&mut source, ("k".to_owned(), 1));
    assert_eq!(sendable(call).await?, "k37");
    let script = busy_once();
    assert_eq!(sendable(generic(&mut || script.next())).await?, 7);
    Ok(())
}

#[test]
fn of_another_edition_by_another_name_sync() -> Result<(), Box<dyn std::error::Error>> {
    let (_no_wait, recorder) = (no_wait(), Recorder::install());
    let (script, mut waits) = (busy_times(2), Vec::new());
    assert_eq!(predicates(&mut || script.next(), &mut waits, 3)?, 7);
    assert_eq!(waits.len(), 2);
    let script = busy_once();
    let mut worker = Worker(Box::new(move || script.next()));
    assert_eq!(worker.work("12345".to_owned())?, [5, 6]);
    assert!(worker.work(String::new()).is_err());
    let last = recorder.messages().pop();
    assert_eq!(
        last.as_deref(),
        Some("DEBUG Not retried: work failed on attempt 1/3: invalid task")
    );
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn of_another_edition_under_guards() -> io::Result<()> {
    let script = busy_once();
    let source = || script.next();
    assert_eq!(sendable(guarded(&source, "k".to_owned())).await?, "k7");
    let (_no_wait, script) = (no_wait(), busy_once());
    let budget = RetryBudget::new(0.0).with_burst(1).with_floor(0);
    let breakers = [CircuitBreaker::new("downstream")];
    assert_eq!(guarded_sync(&mut || script.next(), &budget, &breakers)?, 7);
    assert!(budget.tokens() < 1.0);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn of_another_edition_at_the_gate() -> Result<(), Box<dyn std::error::Error>> {
    let script = busy_once();
    for _ in 0..2 {
        let mut source = || script.next();
        let call = gated(&mut source, 1, "t", (2, String::new()), "x");
        assert_eq!(sendable(call).await?, "1t27x");
    }
    let asked = Cell::new(false);
    for _ in 0..2 {
        let mut source = || Err(io::ErrorKind::TimedOut.into());
        assert_eq!(gated_sync(&mut source, 3, &asked)?, [3, 3]);
    }
    assert!(asked.get());
    Ok(())
}

#[test]
fn of_another_edition_with_the_derive() {
    let after = Duration::from_secs(1);
    for (error, judgement) in [
        (
            Judged::Limited { after: Some(after) },
            Judgement::retry_after(after).not_applied(),
        ),
        (
            Judged::Io(io::ErrorKind::NotFound.into()),
            io::Error::from(io::ErrorKind::NotFound).classify(),
        ),
        (Judged::Status(503), Judgement::retry()),
        (Judged::Other, Judgement::stop()),
    ] {
        assert_eq!(error.classify(), judgement, "{error:?}");
        assert!(error.as_error().is_some());
    }
}
