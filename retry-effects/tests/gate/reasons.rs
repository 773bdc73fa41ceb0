//! The reason of a doubt: in the record, and in the error of each caller that the doubt stops.

use super::odd_store::{OddStore, Pace, Step};
use super::*;
use retry_core::{Classify, Judgement};
use retry_effects::{OnDoubt, Probe, Reason, acted};
use serde::{Serialize, Serializer};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// Returns the reason in a record in doubt.
fn reason_in(record: Option<Record>) -> Option<String> {
    let record = record.expect("a record");
    assert_eq!((record.status, record.payload), (Status::InDoubt, None));
    record.reason.map(|reason| reason.to_string())
}

/// Returns the reason in the record.
fn reason(store: &impl EffectStore) -> Option<String> {
    reason_in(record(store))
}

/// The same, once the store has recorded the doubt.
fn settled_reason(store: &InMemoryEffectStore) -> String {
    reason_in(settled_record(store)).expect("a reason")
}

fn unknown<T>(text: &str) -> Result<T, String> {
    Err(text.to_owned())
}

#[test]
fn it_is_the_error_and_later_callers_get_it() {
    let store = store();
    let outcome = charge(&store).run(|| unknown::<()>("the bank\nhung up"));
    assert_eq!(outcome, unknown("the bank\nhung up"));
    assert_eq!(reason(&*store).as_deref(), Some(r"the bank\u{a}hung up"));
    let EffectError::InDoubt { record, .. } = word(charge(&store).run(|| io::Result::Ok(())))
    else {
        panic!("it is in doubt");
    };
    let kept = record.reason.as_ref().map(Reason::as_str);
    assert_eq!(kept, Some(r"the bank\u{a}hung up"));

    // An error that is known to prove nothing is a reason, too.
    let store = self::store();
    assert!(charge(&store).run(timed_out::<()>).is_err());
    let text = io::Error::from(io::ErrorKind::TimedOut).to_string();
    assert_eq!(reason(&*store), Some(text));
}

#[test]
fn it_holds_the_sources_of_the_error() {
    #[derive(Debug, thiserror::Error, Classify)]
    enum PayError {
        #[error("no receipt")]
        Silent(#[source] io::Error),
        #[error("no receipt ({0})")]
        Named(#[source] io::Error),
        #[error(transparent)]
        Effect(#[from] EffectError),
    }

    type Wrap = fn(io::Error) -> PayError;
    let reset = || io::ErrorKind::ConnectionReset.into();
    for (wrap, expected) in [
        (PayError::Silent as Wrap, "no receipt: connection reset"),
        (PayError::Named, "no receipt (connection reset)"),
    ] {
        let store = store();
        let outcome = charge(&store).run(|| Err::<(), _>(wrap(reset())));
        assert!(outcome.is_err());
        assert_eq!(reason(&*store).as_deref(), Some(expected));
    }
}

#[test]
fn the_error_of_later_callers_shows_its_beginning() {
    let store = store();
    let long = "no answer, ".repeat(100);
    assert!(charge(&store).run(|| unknown::<()>(&long)).is_err());
    let kept = reason(&*store).expect("a reason");
    assert!(kept.len() <= Reason::LONGEST && kept.len() > Reason::LONGEST - 4);
    let shown = charge(&store).run(|| unknown::<()>("")).expect_err("doubt");
    let (about, short) = shown.split_once("): ").expect("a reason at its end");
    assert!(about.contains("charge is in doubt: it may have happened (action "));
    assert!(
        short.len() <= 200 && short.starts_with("no answer, no answer,") && short.ends_with('…')
    );
}

#[test]
fn of_several_attempts_it_is_the_newest_whose_effect_is_unknown() {
    let (store, attempts) = (store(), Effects::default());
    let outcome = charge(&store)
        .in_doubt(OnDoubt::Reexecute)
        .retry(thrice())
        .run(|| match attempts.happen() {
            1 => Err::<(), _>(io::Error::other("first")),
            2 => Err(io::Error::other("second")),
            _ => refused(),
        });
    assert!(outcome.is_err());
    assert_eq!(attempts.count(), 3);
    assert_eq!(reason(&*store).as_deref(), Some("second"));
}

#[test]
fn it_says_what_makes_more_of_the_error_than_that_says() {
    let store = store();
    let outcome = charge(&store).run(|| {
        acted();
        refused::<()>()
    });
    assert!(outcome.is_err());
    let text = io::Error::from(io::ErrorKind::ConnectionRefused);
    let expected = format!("it failed after it had acted: {text}");
    assert_eq!(reason(&*store), Some(expected));

    let store = self::store();
    let outcome = charge(&store).run(|| {
        let inner = Effect::new("inner", &1).store(&store);
        let _ = inner.run(timed_out::<()>);
        refused::<()>()
    });
    assert!(outcome.is_err());
    let expected = format!("a call inside it may have happened: {text}");
    assert_eq!(reason(&*store), Some(expected));
}

#[tokio::test(start_paused = true)]
async fn a_time_limit_says_which() {
    let second = Duration::from_secs(1);
    for total in [false, true] {
        let store = store();
        let retry = Retry::new(THREE);
        let hangs = || std::future::pending::<Result<(), String>>();
        let effect = charge(&store);
        let outcome = if total {
            let retry = retry.max_total_time(second);
            effect.retry(retry).run_async(hangs).await
        } else {
            let retry = retry.timeout(second);
            effect.retry(retry).run_async(hangs).await
        };
        let text = outcome.expect_err("it hangs");
        let limit = if total {
            "time limit of 1.0s"
        } else {
            "timed out after 1.0s"
        };
        assert!(text.contains(limit), "{text}");
        assert_eq!(reason(&*store), Some(text));
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_was_cut_before_another_says_so() {
    let (store, attempts) = (store(), Effects::default());
    let outcome = charge(&store)
        .in_doubt(OnDoubt::Reexecute)
        .retry(thrice().timeout(Duration::from_secs(1)))
        .run_async(|| async {
            if attempts.happen() == 1 {
                std::future::pending::<()>().await;
            }
            refused::<()>()
        })
        .await;
    assert!(outcome.is_err());
    let kept = reason(&*store).expect("a reason");
    assert!(
        kept.starts_with("attempt 1 of ") && kept.ends_with(" timed out after 1.0s"),
        "{kept}"
    );
}

#[test]
fn a_call_that_is_dropped_says_so() {
    let store = store();
    let mut call = Box::pin(charge(&store).run_async(|| async {
        Step(false).await;
        io::Result::Ok(())
    }));
    let mut context = Context::from_waker(Waker::noop());
    assert!(call.as_mut().poll(&mut context).is_pending());
    drop(call);
    assert_eq!(settled_reason(&store), "the call was dropped");
}

#[test]
fn between_attempts_it_is_that_of_the_one_before() {
    let store = store();
    let slow = RetryPolicy::new(3).with_backoff_ms(60_000);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let call = charge(&store)
            .in_doubt(OnDoubt::Reexecute)
            .retry(Retry::new(slow))
            .run_async(|| async { unknown::<()>("no answer") });
        let second = Duration::from_secs(1);
        assert!(tokio::time::timeout(second, call).await.is_err());
    });
    assert_eq!(settled_reason(&store), "no answer");
}

fn panics<T>(run: impl FnOnce() -> T) {
    assert!(catch_unwind(AssertUnwindSafe(run)).is_err(), "it panics");
}

#[test]
fn a_panic_says_where() {
    let store = store();
    panics(|| charge(&store).run(|| -> io::Result<()> { panic!("expected") }));
    assert_eq!(settled_reason(&store), "the body panicked");

    let store = self::store();
    panics(|| wait_for(charge(&store).run_async(|| async { panicking() })));
    assert_eq!(settled_reason(&store), "the body panicked");

    // The judgement of an error that the body returned.
    #[derive(Debug)]
    struct Judged;

    impl Classify for Judged {
        fn classify(&self) -> Judgement {
            panic!("expected")
        }
    }

    impl std::fmt::Display for Judged {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("judged")
        }
    }

    impl From<EffectError> for Judged {
        fn from(_: EffectError) -> Self {
            Self
        }
    }

    let store = self::store();
    panics(|| charge(&store).run(|| Err::<(), _>(Judged)));
    assert_eq!(settled_reason(&store), "a panic ended the call");
}

fn panicking() -> io::Result<()> {
    panic!("expected")
}

/// A runtime catches the panic of a task, and drops the call after that.
#[tokio::test]
async fn a_panic_in_a_task_is_the_bodys() {
    /// Forwards everything but the drop: the call in it outlives the panic of its body.
    struct Caught<F>(std::pin::Pin<Box<F>>);

    impl<F: Future> Future for Caught<F> {
        type Output = ();

        fn poll(mut self: std::pin::Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
            let call = self.0.as_mut();
            match catch_unwind(AssertUnwindSafe(|| call.poll(context))) {
                Ok(polled) => polled.map(drop),
                Err(_) => Poll::Ready(()),
            }
        }
    }

    let store = store();
    Caught(Box::pin(charge(&store).run_async(|| async { panicking() }))).await;
    assert_eq!(settled_reason(&store), "the body panicked");
}

#[test]
fn a_result_that_is_not_recorded_says_why() {
    #[derive(Debug, serde::Deserialize)]
    struct Unwritable {
        panics: bool,
    }

    impl Serialize for Unwritable {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            assert!(!self.panics, "expected");
            Err(serde::ser::Error::custom("no form"))
        }
    }

    let store = store();
    let outcome = charge(&store).run(|| io::Result::Ok(Unwritable { panics: false }));
    assert!(matches!(word(outcome), EffectError::NotEncoded { .. }));
    let expected = "its result cannot be written as JSON: no form";
    assert_eq!(reason(&*store).as_deref(), Some(expected));

    let store = self::store();
    panics(|| charge(&store).run(|| io::Result::Ok(Unwritable { panics: true })));
    assert_eq!(
        settled_reason(&store),
        "its result was not recorded: its encoder panicked"
    );
}

#[test]
fn a_result_that_is_too_large_is_refused_and_marked_applied() {
    use retry_effects::store::MAX_PAYLOAD_LEN;
    // With its two quotes it is just as long as allowed.
    let largest = "x".repeat(MAX_PAYLOAD_LEN - 2);
    let store = store();
    let outcome = charge(&store).run(|| io::Result::Ok(largest.clone()));
    assert!(outcome.is_ok());

    let store = self::store();
    let outcome = charge(&store).run(|| io::Result::Ok(largest.clone() + "x"));
    assert!(matches!(word(outcome), EffectError::NotEncoded { .. }));
    let text = reason(&*store).expect("a reason");
    assert!(text.contains("at most 16777216 are recorded"), "{text}");
    let outcome = charge(&store)
        .in_doubt(OnDoubt::Reexecute)
        .run(|| -> io::Result<String> { panic!("it is marked applied") });
    assert!(matches!(word(outcome), EffectError::InDoubt { .. }));
}

/// A doubt that an earlier owner left keeps its reason.
#[test]
fn a_takeover_that_finds_out_nothing_leaves_the_reason() {
    let store = store();
    let reasons = || reason(&*store);
    assert!(charge(&store).run(|| unknown::<()>("no answer")).is_err());
    let asked = charge(&store).probe(|| Probe::Unknown);
    let refusal = asked
        .run(|| io::Result::Ok(()))
        .map_err(|error| error.to_string());
    assert!(refusal.expect_err("doubt").ends_with(": no answer"));
    assert_eq!(reasons().as_deref(), Some("no answer"));

    let again = charge(&store).in_doubt(OnDoubt::Reexecute);
    assert!(again.run(refused::<()>).is_err());
    assert_eq!(reasons().as_deref(), Some("no answer"));

    let again = charge(&store).in_doubt(OnDoubt::Reexecute);
    assert!(again.run(|| unknown::<()>("no answer again")).is_err());
    assert_eq!(reasons().as_deref(), Some("no answer again"));
}

/// Also a takeover that is dropped at any await.
#[test]
fn a_takeover_that_is_dropped_leaves_a_reason() {
    for polls in 0.. {
        let store = OddStore::new(Pace::InSteps);
        let first = charge(&store).run_async(|| async { unknown::<()>("no answer") });
        assert!(wait_for(first).is_err());
        let mut call = Box::pin(
            charge(&store)
                .in_doubt(OnDoubt::Reexecute)
                .run_async(|| async { io::Result::Ok(()) }),
        );
        let mut context = Context::from_waker(Waker::noop());
        let ends = (0..polls).any(|_| call.as_mut().poll(&mut context).is_ready());
        if ends {
            assert!(polls >= 6, "{polls}");
            return;
        }
        drop(call);
        let left = OddStore::released(store);
        let Some(record) = record(&left) else {
            panic!("the record is lost after {polls} polls")
        };
        match record.status {
            Status::InDoubt => {
                let reason = reason_in(Some(record)).expect("a reason");
                assert!(
                    ["no answer", "the call was dropped"].contains(&&*reason),
                    "{reason} after {polls} polls"
                );
            }
            status => assert_eq!(status, Status::Success, "after {polls} polls"),
        }
    }
}
