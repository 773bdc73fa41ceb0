//! The probe of the callee: after each unknown outcome, and before anything runs again.

use super::*;
use retry_effects::Probe;
use std::future::pending;
use std::sync::Mutex;
use std::time::Duration;

/// The events, in order.
#[derive(Default)]
struct Diary(Mutex<Vec<&'static str>>);

impl Diary {
    fn note(&self, what: &'static str) {
        self.0.lock().expect("no panic").push(what);
    }

    fn pages(&self) -> Vec<&'static str> {
        self.0.lock().expect("no panic").clone()
    }
}

fn unknown() -> Probe<u32> {
    Probe::Unknown
}

fn panicking() -> Probe<u32> {
    panic!("expected")
}

/// Makes a call whose first attempt is unknown; returns its result by the probe's answer.
fn asked(word: impl Fn() -> Probe<u32>) -> (io::Result<u32>, Vec<&'static str>, Option<Status>) {
    let (store, effects, diary) = (store(), Effects::default(), Diary::default());
    let outcome = charge(&store)
        .retry(thrice())
        .probe(|| {
            diary.note("ask");
            word()
        })
        .run(|| {
            diary.note("run");
            match effects.happen() {
                1 => timed_out(),
                now => Ok(now),
            }
        });
    (outcome, diary.pages(), status(&*store))
}

#[test]
fn its_yes_is_the_result() {
    let (outcome, diary, status) = asked(|| Probe::Applied(7));
    assert_eq!(outcome.expect("the callee's"), 7);
    assert_eq!((diary, status), (vec!["run", "ask"], Some(Status::Success)));
}

#[test]
fn its_no_admits_another_attempt() {
    let (outcome, diary, status) = asked(|| Probe::NotApplied);
    assert_eq!(outcome.expect("the second"), 2);
    assert_eq!(
        (diary, status),
        (vec!["run", "ask", "run"], Some(Status::Success))
    );
}

#[test]
fn without_its_word_nothing_else_runs() {
    for word in [unknown, panicking] {
        let (outcome, diary, status) = asked(word);
        assert_eq!(
            outcome.expect_err("the body's").kind(),
            io::ErrorKind::TimedOut
        );
        assert_eq!((diary, status), (vec!["run", "ask"], Some(Status::InDoubt)));
    }
}

#[test]
fn its_no_after_the_last_attempt_frees_the_action() {
    let store = store();
    let outcome = charge(&store)
        .retry(thrice())
        .probe(|| Probe::NotApplied)
        .run(timed_out::<()>);
    assert!(outcome.is_err());
    assert_eq!(status(&*store), Some(Status::Released));
}

#[test]
fn a_known_failure_is_not_asked_about() {
    let (store, diary) = (store(), Diary::default());
    let outcome = charge(&store)
        .probe(|| {
            diary.note("ask");
            Probe::Unknown
        })
        .run(refused::<()>);
    assert!(outcome.is_err());
    assert_eq!(
        (diary.pages(), status(&*store)),
        (vec![], Some(Status::Released))
    );
}

/// Makes a call on a record in doubt; returns its result by the probe's answer.
fn found(word: impl Fn() -> Probe<u32>) -> (io::Result<u32>, Vec<&'static str>, Record) {
    let (store, diary) = (store(), Diary::default());
    assert!(charge(&store).run(timed_out::<u32>).is_err());
    let outcome = charge(&store)
        .probe(|| {
            diary.note("ask");
            word()
        })
        .run(|| {
            diary.note("run");
            Ok(1)
        });
    (outcome, diary.pages(), record(&*store).expect("a record"))
}

#[test]
fn a_record_in_doubt_is_taken_over_and_asked_about_first() {
    let (outcome, diary, record) = found(|| Probe::Applied(7));
    assert_eq!((outcome.expect("the callee's"), diary), (7, vec!["ask"]));
    assert_eq!((record.status, record.fence.number()), (Status::Success, 2));

    let (outcome, diary, record) = found(|| Probe::NotApplied);
    assert_eq!((outcome.expect("its own"), diary), (1, vec!["ask", "run"]));
    assert_eq!((record.status, record.fence.number()), (Status::Success, 2));

    for word in [unknown, panicking] {
        let (outcome, diary, record) = found(word);
        assert!(is_in_doubt(outcome));
        assert_eq!(diary, vec!["ask"]);
        assert_eq!((record.status, record.fence.number()), (Status::InDoubt, 2));
    }
}

#[test]
fn a_takeover_that_was_told_no_and_fails_is_free() {
    let store = store();
    assert!(charge(&store).run(timed_out::<()>).is_err());
    let outcome = charge(&store)
        .probe(|| Probe::NotApplied)
        .run(refused::<()>);
    assert!(outcome.is_err());
    assert_eq!(status(&*store), Some(Status::Released));
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_its_timeout_cuts_is_asked_about() {
    for (word, attempts, outcome, left) in [
        (Probe::Applied(7), 1, Some(7), Status::Success),
        (Probe::NotApplied, 3, None, Status::Released),
        (Probe::Unknown, 1, None, Status::InDoubt),
    ] {
        let (store, effects) = (store(), Effects::default());
        let ended = charge(&store)
            .retry(thrice().timeout(Duration::from_secs(1)))
            .probe(|| std::future::ready(word.clone()))
            .run_async(|| {
                effects.happen();
                pending::<io::Result<u32>>()
            })
            .await;
        assert_eq!(ended.ok(), outcome, "{word:?}");
        assert_eq!(effects.count(), attempts, "{word:?}");
        assert_eq!(status(&*store), Some(left), "{word:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_attempt_is_asked_about_when_the_time_limit_cuts_it() {
    for (word, outcome, left) in [
        (Probe::Applied(7), Some(7), Status::Success),
        (Probe::NotApplied, None, Status::Released),
        (Probe::Unknown, None, Status::InDoubt),
    ] {
        let store = store();
        let ended = charge(&store)
            .retry(thrice().max_total_time(Duration::from_secs(1)))
            .probe(|| std::future::ready(word.clone()))
            .run_async(pending::<io::Result<u32>>)
            .await;
        assert_eq!(ended.ok(), outcome, "{word:?}");
        assert_eq!(status(&*store), Some(left), "{word:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_question_that_the_timeout_cuts_is_asked_again() {
    let (store, diary, asked) = (store(), Diary::default(), Effects::default());
    let outcome = charge(&store)
        .retry(thrice().timeout(Duration::from_secs(1)))
        .probe(|| async {
            diary.note("ask");
            match asked.happen() {
                1 => pending().await,
                _ => Probe::Applied(7),
            }
        })
        .run_async(|| async {
            diary.note("run");
            timed_out()
        })
        .await;
    assert_eq!(outcome.expect("the callee's"), 7);
    assert_eq!(diary.pages(), ["run", "ask", "ask"]);
    assert_eq!(status(&*store), Some(Status::Success));
}

#[tokio::test(start_paused = true)]
async fn a_question_that_never_gets_an_answer_admits_nothing() {
    let (store, effects) = (store(), Effects::default());
    let limited = thrice().timeout(Duration::from_secs(1));
    let asked = Effects::default();
    let outcome = charge(&store)
        .retry(limited)
        .probe(|| async {
            match asked.happen() {
                // Within each attempt's time; then once without a limit.
                1..=3 => pending().await,
                _ => Probe::<()>::Unknown,
            }
        })
        .run_async(|| async {
            effects.happen();
            timed_out()
        })
        .await;
    assert!(outcome.is_err());
    assert_eq!((effects.count(), asked.count()), (1, 4));
    assert_eq!(status(&*store), Some(Status::InDoubt));
}

#[tokio::test]
async fn a_panic_in_an_async_probe_is_no_word() {
    async fn panics() -> Probe<()> {
        panic!("expected")
    }
    let store = store();
    let outcome = charge(&store)
        .probe(panics)
        .run_async(|| async { timed_out() })
        .await;
    assert!(outcome.is_err());
    assert_eq!(status(&*store), Some(Status::InDoubt));

    // Also in the closure that makes the future.
    let store = super::store();
    let outcome = charge(&store)
        .probe(|| -> std::future::Ready<Probe<()>> { panic!("expected") })
        .run_async(|| async { timed_out() })
        .await;
    assert_eq!(
        outcome.expect_err("the body's").kind(),
        io::ErrorKind::TimedOut
    );
    assert_eq!(status(&*store), Some(Status::InDoubt));
}

#[tokio::test]
async fn it_knows_which_action_it_is_asked_about() {
    let store = store();
    let knows = || {
        let action = retry_effects::current_action().expect("a part of the action");
        assert_eq!((action.id(), action.attempt()), (id(), 1));
        Probe::Applied(7)
    };
    let outcome = charge(&store).probe(knows).run(timed_out::<u32>);
    assert_eq!(outcome.expect("it happened"), 7);

    let store = self::store();
    let outcome = charge(&store)
        .probe(|| async move { knows() })
        .run_async(|| async { timed_out::<u32>() })
        .await;
    assert_eq!(outcome.expect("it happened"), 7);
}
