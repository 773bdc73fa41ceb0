//! Unknown outcomes: which halt the call, which let it go on, and which stay in doubt.

use super::*;
use retry_core::{Classify, Judgement};
use retry_effects::OnDoubt;

/// A user's error with a verdict of its own.
#[derive(Debug)]
enum Own {
    Perhaps,
    Gate(String),
}

impl std::fmt::Display for Own {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Perhaps => f.write_str("perhaps"),
            Self::Gate(text) => f.write_str(text),
        }
    }
}

impl Classify for Own {
    fn classify(&self) -> Judgement {
        match self {
            Self::Perhaps => Judgement::retry(),
            Self::Gate(_) => Judgement::stop(),
        }
    }
}

impl From<EffectError> for Own {
    fn from(error: EffectError) -> Self {
        Self::Gate(error.to_string())
    }
}

/// Makes one attempt, which leaves the record in doubt, and a second call, which runs nothing.
fn halts<E: Classify + Debug + From<EffectError>>(error: impl Fn() -> E) {
    let (store, effects) = (store(), Effects::default());
    let call = || {
        charge(&store).retry(thrice()).run(|| {
            effects.happen();
            Err::<(), E>(error())
        })
    };
    let what = format!("{:?}", error());
    assert_eq!(format!("{:?}", call().expect_err("no success")), what);
    assert_eq!(effects.count(), 1, "{what}");
    assert_eq!(status(&*store), Some(Status::InDoubt), "{what}");
    let second = format!("{:?}", call().expect_err("doubt"));
    assert!(
        second.contains("may have happened") || second.contains("InDoubt"),
        "{second}"
    );
    assert_eq!(effects.count(), 1, "{what}");
}

#[test]
fn unknown_outcomes_halt() {
    halts(|| Own::Perhaps);
    for kind in [
        io::ErrorKind::TimedOut,
        io::ErrorKind::ConnectionReset,
        io::ErrorKind::ConnectionAborted,
        io::ErrorKind::BrokenPipe,
        io::ErrorKind::UnexpectedEof,
    ] {
        halts(|| io::Error::from(kind));
        // Also below another error.
        halts(|| io::Error::other(io::Error::from(kind)));
    }
    // A text is no proof, whatever its content.
    for text in [
        "the request timed out",
        "connection refused",
        "busy",
        "404 not found",
        "nothing happened",
    ] {
        halts(|| text.to_owned());
        halts(|| Box::<dyn std::error::Error + Send + Sync>::from(text));
    }
}

#[test]
fn known_outcomes_do_not() {
    for kind in [
        io::ErrorKind::ConnectionRefused,
        io::ErrorKind::PermissionDenied,
        io::ErrorKind::NotFound,
    ] {
        for inside in [false, true] {
            let store = store();
            let error = || match inside {
                true => io::Error::other(io::Error::from(kind)),
                false => kind.into(),
            };
            let outcome = charge(&store).run(|| Err::<(), _>(error()));
            assert!(outcome.is_err());
            assert_eq!(status(&*store), Some(Status::Released), "{kind:?}");
        }
    }
}

#[test]
fn a_call_that_finds_doubt_gets_the_record() {
    let store = store();
    assert!(charge(&store).run(timed_out::<()>).is_err());
    let EffectError::InDoubt { record, .. } = word(charge(&store).run(|| io::Result::Ok(())))
    else {
        panic!("it is in doubt");
    };
    assert_eq!((record.id, record.status), (id(), Status::InDoubt));
    assert_eq!((&*record.action_type, record.fence.number()), ("charge", 1));
}

#[test]
fn a_predicate_does_not_make_the_unknown_known() {
    let (store, effects) = (store(), Effects::default());
    let outcome = charge(&store)
        .retry(thrice().retry_if(|_: &io::Error| true))
        .run(|| {
            effects.happen();
            timed_out::<()>()
        });
    assert!(outcome.is_err());
    assert_eq!(effects.count(), 1);
    assert_eq!(status(&*store), Some(Status::InDoubt));
}

#[test]
fn a_known_failure_after_an_unknown_one_does_not_clear_it() {
    let (store, effects) = (store(), Effects::default());
    let outcome = charge(&store)
        .in_doubt(OnDoubt::Reexecute)
        .retry(thrice())
        .run(|| match effects.happen() {
            1 => timed_out::<()>(),
            _ => refused(),
        });
    assert_eq!(
        outcome.expect_err("refused").kind(),
        io::ErrorKind::ConnectionRefused
    );
    assert_eq!(effects.count(), 3);
    assert_eq!(status(&*store), Some(Status::InDoubt));
}

#[test]
fn what_an_earlier_owner_did_stays_unknown_when_its_successor_fails() {
    let store = store();
    assert!(charge(&store).run(timed_out::<u32>).is_err());
    let again = || charge(&store).in_doubt(OnDoubt::Reexecute);
    let outcome = again().run(refused::<u32>);
    assert_eq!(
        outcome.expect_err("refused").kind(),
        io::ErrorKind::ConnectionRefused
    );
    assert_eq!(status(&*store), Some(Status::InDoubt));
    assert!(is_in_doubt(charge(&store).run(|| io::Result::Ok(1))));

    assert_eq!(again().run(|| io::Result::Ok(2)).expect("it ran"), 2);
    let record = record(&*store).expect("a record");
    assert_eq!((record.status, record.fence.number()), (Status::Success, 3));
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_its_timeout_cuts_is_unknown() {
    use std::time::Duration;
    let second = Duration::from_secs(1);
    for (in_doubt, attempts) in [(OnDoubt::Halt, 1), (OnDoubt::Reexecute, 3)] {
        let (store, effects) = (store(), Effects::default());
        let outcome = charge(&store)
            .in_doubt(in_doubt)
            .retry(thrice().timeout(second))
            .run_async(|| async {
                effects.happen();
                std::future::pending::<io::Result<()>>().await
            })
            .await;
        assert!(outcome.is_err());
        assert_eq!(effects.count(), attempts, "{in_doubt:?}");
        assert_eq!(status(&*store), Some(Status::InDoubt), "{in_doubt:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_the_time_limit_leaves_no_time_for_is_none() {
    use std::time::Duration;
    let (store, effects) = (store(), Effects::default());
    let outcome = charge(&store)
        .retry(thrice().max_total_time(Duration::ZERO))
        .run_async(|| {
            // The closure is a part of its attempt, which has not begun either.
            effects.happen();
            async { io::Result::Ok(()) }
        })
        .await;
    assert!(outcome.is_err());
    assert_eq!(effects.count(), 0);
    assert_eq!(status(&*store), Some(Status::Released));
}

#[test]
fn a_final_word_beside_a_timeout_does_not_make_it_known() {
    for text in [
        "3-D Secure authentication timed out",
        "invalid reply: upstream timeout",
        "gateway timeout (request 404)",
    ] {
        let (store, effects) = (store(), Effects::default());
        for _ in 0..2 {
            let outcome: Result<(), String> = charge(&store).run(|| {
                effects.happen();
                Err(text.to_owned())
            });
            assert!(outcome.is_err());
        }
        assert_eq!(effects.count(), 1, "{text}");
        assert_eq!(status(&*store), Some(Status::InDoubt), "{text}");
    }
}
