//! Tests which attempt learns of which give-up, also against a model of nested calls.

use std::convert::identity;
use std::net::{TcpListener, TcpStream};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::{fs, io};

use proptest::prelude::*;

use super::attempt::{attempt_async, attempt_sync};
use super::gave_up::GaveUp;
use super::thread_notes::{InnerFailures, is_inside, note_gave_up};
use crate::classify::imprint::{Imprint, place};

fn gave_up(operation: &'static str) -> Vec<GaveUp> {
    let error = Imprint::of_text("busy".to_owned());
    vec![GaveUp::new(operation, error)]
}

/// Gives up with an error that `held` keeps alive, so that it stays known when the attempt goes on.
fn give_up_held(operation: &'static str, held: &str) {
    note_gave_up(|| {
        let mut error = Imprint::of_text(held.to_owned());
        error.add_text(held);
        vec![GaveUp::new(operation, error)]
    });
}

fn taken(mut inner: InnerFailures) -> Vec<&'static str> {
    inner.take().iter().map(|inner| inner.operation).collect()
}

#[test]
fn only_the_attempt_that_encloses_it_learns_of_a_give_up() {
    note_gave_up(|| unreachable!("nobody would read it"));
    let (mut outer, mut inner) = (InnerFailures::NONE, InnerFailures::NONE);
    attempt_sync(&mut outer, || {
        assert!(is_inside());
        attempt_sync(&mut inner, || {
            note_gave_up(|| gave_up("load"));
            assert!(is_inside());
        });
        assert!(is_inside());
    });
    assert_eq!(taken(inner), ["load"]);
    assert_eq!(taken(outer), [""; 0]);
    assert!(!is_inside());
}

#[test]
fn what_cannot_be_recognised_any_more_is_forgotten_when_the_attempt_goes_on() {
    let held = "busy".to_owned();
    let mut outer = InnerFailures::NONE;
    attempt_sync(&mut outer, || {
        note_gave_up(|| gave_up("text alone"));
        give_up_held("held", &held);
        attempt_sync(&mut InnerFailures::NONE.clone(), || ());
        note_gave_up(|| gave_up("last"));
    });
    assert_eq!(taken(outer), ["held", "last"]);
}

/// Two sockets that are refused: the second error is another one, whatever the system reports after the attempt.
#[test]
fn a_system_code_counts_as_it_was_at_the_end_of_the_attempt() -> io::Result<()> {
    let closed = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let refused = || {
        let error = TcpStream::connect(closed).expect_err("nobody listens");
        let mut imprint = Imprint::of_text(error.to_string());
        imprint.add_layer(&error, &place(&error));
        imprint
    };
    for fails_again in [true, false] {
        let mut inner = InnerFailures::NONE;
        let outer = attempt_sync(&mut inner, || {
            let first = refused();
            let text = first.text().to_owned();
            note_gave_up(|| vec![GaveUp::new("load", first)]);
            if fails_again {
                refused()
            } else {
                Imprint::of_text(text)
            }
        });
        fs::metadata("").expect_err("no file has this name");
        let carried = inner.take().iter().any(|inner| inner.is_carried_by(&outer));
        assert_eq!(carried, !fails_again);
    }
    Ok(())
}

#[test]
fn a_panic_leaves_the_standing_as_it_was() {
    let mut inner = InnerFailures::NONE;
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        attempt_sync(&mut inner, || {
            note_gave_up(|| gave_up("load"));
            panic!("expected");
        });
    }));
    assert!(panicked.is_err());
    assert!(!is_inside());
    assert_eq!(taken(inner), ["load"]);
}

#[tokio::test]
async fn a_future_keeps_it_between_polls_and_other_tasks_do_not_see_it() {
    let held = "busy".to_owned();
    let mut inner = InnerFailures::NONE;
    attempt_async(
        &mut inner,
        async {
            give_up_held("load", &held);
            tokio::task::yield_now().await;
            assert!(is_inside());
        },
        identity,
    )
    .await;
    assert_eq!(taken(inner), ["load"]);
    assert!(!is_inside());
}

#[test]
fn the_last_calls_of_an_attempt_are_remembered() {
    let mut inner = InnerFailures::NONE;
    attempt_sync(&mut inner, || {
        note_gave_up(|| (0..100).flat_map(|_| gave_up("early")).collect());
        attempt_sync(&mut InnerFailures::NONE.clone(), || {
            note_gave_up(|| gave_up("of another"));
        });
        note_gave_up(|| (0..100).flat_map(|_| gave_up("late")).collect());
    });
    assert_eq!(taken(inner), ["late"; 16]);
}

/// A step of an attempt.
#[derive(Clone, Debug)]
enum Step {
    /// A call in it gives up; a held error stays known.
    GivesUp { held: bool },
    /// Another attempt runs in it, with these steps.
    CallState(Vec<Step>),
    /// It is suspended: only an async attempt is.
    Suspends,
    /// It panics, and an enclosing step catches that.
    Panics,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => any::<bool>().prop_map(|held| Step::GivesUp { held }),
        2 => Just(Step::Suspends),
        1 => Just(Step::Panics),
    ];
    let step = step.prop_recursive(4, 48, 6, |inner| {
        prop::collection::vec(inner, 0..6).prop_map(Step::CallState)
    });
    prop::collection::vec(step, 0..8)
}

/// Returns the expected trace of an attempt of these steps: for each give-up that is still known,
/// whether the error was held. Each later step makes the attempt go on, and then only held errors
/// stay known.
fn expected(steps: &[Step], is_async: bool) -> Vec<bool> {
    let mut known = Vec::new();
    for step in steps {
        match step {
            Step::GivesUp { held } => {
                known.retain(|held| *held);
                known.push(*held);
            }
            Step::CallState(_) => known.retain(|held| *held),
            Step::Suspends if is_async => known.retain(|held| *held),
            Step::Suspends => {}
            Step::Panics => break,
        }
    }
    known.split_off(known.len().saturating_sub(16))
}

/// The content of held errors: alive for the whole test.
const HELD: &str = "busy";

fn run_sync(steps: &[Step], held: &str) {
    for step in steps {
        match step {
            Step::GivesUp { held: true } => give_up_held("held", held),
            Step::GivesUp { held: false } => note_gave_up(|| gave_up("text")),
            Step::CallState(steps) => attempt(steps, held),
            Step::Suspends => {}
            Step::Panics => std::panic::resume_unwind(Box::new(())),
        }
    }
}

/// Runs an attempt, and compares its trace with the model.
fn attempt(steps: &[Step], held: &str) {
    let mut inner = InnerFailures::NONE;
    let run = || attempt_sync(&mut inner, || run_sync(steps, held));
    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
    check(inner, &expected(steps, false));
}

fn check(inner: InnerFailures, expected: &[bool]) {
    let expected: Vec<_> = expected
        .iter()
        .map(|held| if *held { "held" } else { "text" })
        .collect();
    assert_eq!(taken(inner), expected);
}

fn run_async<'a>(
    steps: &'a [Step],
    held: &'a str,
) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
    Box::pin(async move {
        for step in steps {
            match step {
                Step::CallState(steps) => {
                    let mut inner = InnerFailures::NONE;
                    let attempt = attempt_async(&mut inner, run_async(steps, held), identity);
                    Caught(Box::pin(attempt)).await;
                    check(inner, &expected(steps, true));
                }
                Step::Suspends => tokio::task::yield_now().await,
                other => run_sync(std::slice::from_ref(other), held),
            }
        }
    })
}

/// A future whose panic ends it, between two levels.
struct Caught<F>(Pin<Box<F>>);

impl<F: Future<Output = ()>> Future for Caught<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let poll = std::panic::AssertUnwindSafe(|| self.0.as_mut().poll(context));
        std::panic::catch_unwind(poll).unwrap_or(Poll::Ready(()))
    }
}

/// Polls the futures in turn, each poll on a thread of its own or on this one.
fn interleave(mut futures: Vec<Pin<Box<dyn Future<Output = ()> + Send + '_>>>, threads: bool) {
    let poll = |future: &mut Pin<Box<dyn Future<Output = ()> + Send + '_>>| {
        let mut context = Context::from_waker(Waker::noop());
        let polled = future.as_mut().poll(&mut context);
        assert!(!is_inside(), "a poll leaves nothing behind");
        polled
    };
    while !futures.is_empty() {
        futures.retain_mut(|future| {
            let polled = if threads {
                std::thread::scope(|scope| scope.spawn(|| poll(future)).join())
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            } else {
                poll(future)
            };
            polled == Poll::Pending
        });
    }
}

proptest! {
    #[test]
    fn sync_attempts_learn_what_the_model_says(steps in steps()) {
        attempt(&steps, HELD);
        prop_assert!(!is_inside());
    }

    #[test]
    fn async_attempts_learn_what_the_model_says(
        tasks in prop::collection::vec(steps(), 1..4),
        threads in prop::bool::weighted(0.2),
    ) {
        let tasks: Vec<_> = tasks.into_iter().map(|steps| [Step::CallState(steps)]).collect();
        interleave(tasks.iter().map(|task| run_async(task, HELD)).collect(), threads);
    }
}

#[test]
fn a_ticket_whose_entry_was_removed_is_as_good_as_none() {
    let mut inner = InnerFailures::NONE;
    attempt_sync(&mut inner, || note_gave_up(|| gave_up("removed")));
    // A copy takes the entry, as if it had been removed as the oldest.
    assert_eq!(taken(inner), ["removed"]);
    assert_eq!(taken(inner), [""; 0]);
    attempt_sync(&mut inner, || note_gave_up(|| gave_up("load")));
    assert_eq!(taken(inner), ["load"]);
}

#[test]
fn a_future_that_is_dropped_half_way_leaves_the_thread_as_it_was() {
    let mut inner = InnerFailures::NONE;
    {
        let mut attempt = pin!(attempt_async(
            &mut inner,
            async {
                note_gave_up(|| gave_up("load"));
                std::future::pending::<()>().await;
            },
            identity
        ));
        let mut context = Context::from_waker(Waker::noop());
        assert!(attempt.as_mut().poll(&mut context).is_pending());
    }
    assert!(!is_inside());
    assert_eq!(
        taken(inner),
        [""; 0],
        "the attempt went on, and it was a text alone"
    );
}
