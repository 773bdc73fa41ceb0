//! What counts as a proof that nothing happened, and what does not.

use super::*;
use retry_core::testing::Recorder;
use retry_core::{CircuitBreaker, Classify, Judgement, recognize};
use retry_effects::store::ClaimRequest;
use retry_effects::{OnBusy, OnDoubt, acted, in_current_scope, in_current_scope_blocking};
use std::error::Error;

/// A user's error that states what it knows.
#[derive(Debug)]
enum Own {
    Declined,
    Lost,
    Gate(EffectError),
}

impl std::fmt::Display for Own {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Declined => f.write_str("declined"),
            Self::Lost => f.write_str("lost"),
            Self::Gate(error) => write!(f, "{error}"),
        }
    }
}

impl Error for Own {}

impl Classify for Own {
    fn classify(&self) -> Judgement {
        match self {
            Self::Declined => Judgement::stop().not_applied(),
            Self::Lost => Judgement::retry(),
            Self::Gate(error) => error.classify(),
        }
    }
}

impl From<EffectError> for Own {
    fn from(error: EffectError) -> Self {
        Self::Gate(error)
    }
}

/// Returns the status after one run of `body`, and how often it ran in three attempts.
fn left_by<E>(mut body: impl FnMut(&Arc<InMemoryEffectStore>) -> E) -> (Option<Status>, u32)
where
    E: Classify + From<EffectError>,
{
    let (store, effects) = (store(), Effects::default());
    let outcome = charge(&store).retry(thrice()).run(|| {
        effects.happen();
        Err::<(), E>(body(&store))
    });
    assert!(outcome.is_err());
    (status(&*store), effects.count())
}

const FREE_AT_ONCE: (Option<Status>, u32) = (Some(Status::Released), 1);
const FREE_AFTER_ALL: (Option<Status>, u32) = (Some(Status::Released), 3);
const IN_DOUBT: (Option<Status>, u32) = (Some(Status::InDoubt), 1);

#[test]
fn the_errors_own_statement_is_proof_and_nothing_less_is() {
    assert_eq!(left_by(|_| Own::Declined), FREE_AT_ONCE);
    assert_eq!(left_by(|_| Own::Lost), IN_DOUBT);
    assert_eq!(left_by(|_| "declined".to_owned()), IN_DOUBT);
}

#[test]
fn a_type_in_a_box_is_proof_once_it_is_recognized() {
    #[derive(Debug)]
    struct Refused;
    impl std::fmt::Display for Refused {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("refused")
        }
    }
    impl Error for Refused {}
    impl Classify for Refused {
        fn classify(&self) -> Judgement {
            Judgement::retry().not_applied()
        }
    }
    type Boxed = Box<dyn Error + Send + Sync>;
    let boxed = |_: &_| Boxed::from(Refused);
    assert_eq!(left_by(boxed), IN_DOUBT);
    recognize::<Refused>();
    recognize::<Refused>();
    assert_eq!(left_by(boxed), FREE_AFTER_ALL);
    // Also inside an error of unknown type.
    assert_eq!(left_by(|_| io::Error::other(Refused)), FREE_AFTER_ALL);
}

#[test]
fn the_function_may_state_what_the_error_does_not() {
    let run = |statement: fn(&String) -> bool, text: &str| {
        let (store, effects) = (store(), Effects::default());
        let retry = thrice().not_applied_if(statement).retry_if(|_| true);
        let outcome = charge(&store).retry(retry).run(|| {
            effects.happen();
            Err::<(), _>(text.to_owned())
        });
        assert!(outcome.is_err());
        (status(&*store), effects.count())
    };
    let refusals = |error: &String| error.starts_with("queue full");
    assert_eq!(run(refusals, "queue full: 7 wait"), FREE_AFTER_ALL);
    assert_eq!(run(refusals, "no answer"), IN_DOUBT);
}

#[test]
fn the_function_does_not_overrule_what_is_known() {
    let store = store();
    let retry = thrice().not_applied_if(|_: &io::Error| true);
    assert!(charge(&store).retry(retry).run(timed_out::<()>).is_err());
    assert_eq!(status(&*store), Some(Status::InDoubt));
}

#[tokio::test(start_paused = true)]
async fn the_function_is_not_asked_of_an_attempt_that_was_cut() {
    let store = store();
    let retry = thrice()
        .not_applied_if(|_: &io::Error| true)
        .timeout(std::time::Duration::from_secs(1));
    let outcome = charge(&store)
        .retry(retry)
        .run_async(std::future::pending::<io::Result<()>>)
        .await;
    assert!(outcome.is_err());
    assert_eq!(status(&*store), Some(Status::InDoubt));
}

#[test]
fn after_acted_no_error_is_proof() {
    let acts = |error: fn() -> Own| {
        left_by(move |_| {
            acted();
            error()
        })
    };
    assert_eq!(acts(|| Own::Declined), IN_DOUBT);
    let by_kind = left_by(|_| {
        acted();
        io::Error::from(io::ErrorKind::ConnectionRefused)
    });
    assert_eq!(by_kind, IN_DOUBT);
}

#[test]
fn acted_is_of_one_attempt() {
    let (store, effects) = (store(), Effects::default());
    let outcome = charge(&store)
        .in_doubt(OnDoubt::Reexecute)
        .retry(thrice())
        .run(|| {
            if effects.happen() == 1 {
                acted();
            }
            refused::<()>()
        });
    assert!(outcome.is_err());
    // The first attempt's effect stays unknown, and this remains; the others did nothing.
    assert_eq!(
        (status(&*store), effects.count()),
        (Some(Status::InDoubt), 3)
    );
    acted();
}

#[test]
fn the_known_limit_a_later_step_that_was_refused_looks_like_nothing_happened() {
    let booked = Effects::default();
    let left = left_by(|_| {
        booked.happen();
        // The mail server, after the booking: `acted()` before the booking is missing.
        io::Error::from(io::ErrorKind::ConnectionRefused)
    });
    assert_eq!((left, booked.count()), (FREE_AFTER_ALL, 3));
}

/// A plain call inside the body that fails, and states nothing about its effect.
fn reads() {
    let read = thrice().run(|| Err::<(), _>("no such row"));
    assert!(read.is_err());
}

#[test]
fn the_outer_statement_comes_before_an_inner_call_that_states_nothing() {
    let declined = left_by(|_| {
        reads();
        Own::Declined
    });
    assert_eq!(declined, FREE_AT_ONCE);
    // A library's knowledge of one step is no statement about the other one.
    let by_kind = left_by(|_| {
        reads();
        io::Error::from(io::ErrorKind::ConnectionRefused)
    });
    assert_eq!(by_kind, IN_DOUBT);
    // An inner call that a known error left in doubt is stronger than any statement.
    let lost = left_by(|_| {
        drop(thrice().run(timed_out::<()>));
        Own::Declined
    });
    assert_eq!(lost, IN_DOUBT);
}

#[test]
fn a_call_that_its_breaker_rejects_ran_nothing() {
    let breaker = CircuitBreaker::new("statements");
    breaker.force_open();
    let rejected = || {
        thrice()
            .circuit_breaker(&breaker)
            .run(|| Ok::<(), String>(()))
            .expect_err("it is open")
    };
    assert_eq!(left_by(|_| rejected()).0, Some(Status::Released));
    let wrapped = left_by(|_| format!("cannot charge: {}", rejected()));
    assert_eq!(wrapped.0, Some(Status::Released));
    // Swallowed, and an unknown error returned.
    let swallowed = left_by(|_| {
        drop(rejected());
        "no answer".to_owned()
    });
    assert_eq!(swallowed, IN_DOUBT);
    // A call that failed and states nothing stands beside it.
    let beside = left_by(|_| {
        reads();
        rejected()
    });
    assert_eq!(beside.0, Some(Status::InDoubt));
}

#[test]
fn a_refusal_that_was_swallowed_proves_nothing_of_what_was_done_instead() {
    let breaker = CircuitBreaker::new("swallowed");
    breaker.force_open();
    let rejected = || {
        thrice()
            .circuit_breaker(&breaker)
            .run(|| Ok::<(), String>(()))
            .expect_err("it is open")
    };
    for named in ["no answer (after {}), gave up", "no answer after {}"] {
        let left = left_by(|_| named.replace("{}", &rejected()));
        assert_eq!(left, IN_DOUBT, "{named}");
    }
    // Another call ran in between, and succeeded.
    let after_another = left_by(|_| {
        let rejected = rejected();
        let paid = thrice().run(|| Ok::<_, String>(()));
        assert!(paid.is_ok());
        rejected
    });
    assert_eq!(after_another, IN_DOUBT);
    // It was refused after everything else.
    let at_last = left_by(|_| {
        assert!(thrice().run(|| Ok::<_, String>(())).is_ok());
        rejected()
    });
    assert_eq!(at_last.0, Some(Status::Released));
}

#[tokio::test]
async fn a_refusal_before_a_wait_proves_nothing() {
    let breaker = CircuitBreaker::new("before a wait");
    breaker.force_open();
    for waits in [false, true] {
        let store = store();
        let outcome = charge(&store)
            .run_async(|| async {
                let call = thrice().circuit_breaker(&breaker);
                let rejected = call.run_async(|| async { Ok::<(), String>(()) }).await;
                if waits {
                    // Other work is done here.
                    tokio::task::yield_now().await;
                }
                rejected
            })
            .await;
        assert!(outcome.is_err());
        let expected = if waits {
            Status::InDoubt
        } else {
            Status::Released
        };
        assert_eq!(status(&*store), Some(expected), "{waits}");
    }
}

#[test]
fn a_call_that_another_holds_ran_nothing() {
    let left = left_by(|store| {
        let inner = compute_action_id("inner", &1, "").expect("a number");
        let request = ClaimRequest::new(inner, "inner");
        drop(wait_for(store.pending(&request)));
        Effect::new("inner", &1)
            .store(store)
            .on_busy(OnBusy::Fail)
            .run(|| Ok::<(), String>(()))
            .expect_err("another holds it")
    });
    assert_eq!(left.0, Some(Status::Released));
}

#[test]
fn the_first_unrecognized_error_is_a_warning_that_says_what_to_do() {
    let recorder = Recorder::install();
    let store = store();
    for order in [1, 2] {
        let outcome = Effect::new("warned", &order)
            .store(&store)
            .run(|| Err::<(), _>("no answer from https://bank/pay?api_key=SECRET".to_owned()));
        assert!(outcome.is_err());
    }
    let warnings: Vec<_> = recorder
        .messages()
        .into_iter()
        .filter(|message| message.contains("Not recognized"))
        .collect();
    let [warning] = &warnings[..] else {
        panic!("one for the action type: {warnings:?}");
    };
    for part in [
        "warned",
        "no answer from https://bank/pay",
        "#[derive(Classify)]",
        "not_applied_if",
        "recognize",
    ] {
        assert!(warning.contains(part), "{part}: {warning}");
    }
    assert!(!warning.contains("SECRET"), "{warning}");
    // A recognized error causes no warning.
    drop(charge(&store).run(timed_out::<()>));
    assert!(
        recorder
            .messages()
            .iter()
            .all(|it| !it.contains("charge failed"))
    );
}

#[test]
fn a_later_attempts_statement_does_not_tell_of_an_earlier_attempt() {
    let lost_then_declined = || {
        let attempts = Effects::default();
        let inner = thrice().run(|| match attempts.happen() {
            1 => Err::<(), _>(Own::Lost),
            _ => Err(Own::Declined),
        });
        inner.expect_err("declined")
    };
    assert_eq!(left_by(|_| lost_then_declined()), IN_DOUBT);
    // If it only declined, that is proof.
    let declined = left_by(|_| {
        let inner = thrice().run(|| Err::<(), _>(Own::Declined));
        inner.expect_err("declined")
    });
    assert_eq!(declined, FREE_AT_ONCE);
}

#[test]
fn a_recognized_type_inside_another_error_speaks_of_one_step() {
    #[derive(Debug)]
    struct Step;
    impl std::fmt::Display for Step {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("step")
        }
    }
    impl Error for Step {}
    impl Classify for Step {
        fn classify(&self) -> Judgement {
            Judgement::stop().not_applied()
        }
    }
    recognize::<Step>();
    type Boxed = Box<dyn Error + Send + Sync>;
    assert_eq!(left_by(|_| Boxed::from(Step)), FREE_AT_ONCE);
    let beside = left_by(|_| {
        reads();
        Boxed::from(Step)
    });
    assert_eq!(beside, IN_DOUBT);
}

/// Copies of a hedged call: the first gets no answer, and another is refused.
#[tokio::test(start_paused = true)]
async fn one_copys_refusal_does_not_tell_of_the_other_copies() {
    let second = std::time::Duration::from_secs(1);
    for ends in [false, true] {
        let store = store();
        let outcome = charge(&store)
            .run_async(|| async move {
                let copies = Effects::default();
                let hedge = retry_core::Hedge::after(second);
                let hedged = Retry::new(RetryPolicy::new(1)).hedge(hedge).run_async(|| {
                    let copy = copies.happen();
                    async move {
                        match copy {
                            1 if ends => {
                                tokio::time::sleep(2 * second).await;
                                Err(Own::Lost)
                            }
                            1 => std::future::pending().await,
                            _ if ends => {
                                tokio::time::sleep(3 * second).await;
                                Err::<(), _>(Own::Declined)
                            }
                            _ => Err(Own::Declined),
                        }
                    }
                });
                hedged.await
            })
            .await;
        assert!(outcome.is_err());
        assert_eq!(status(&*store), Some(Status::InDoubt), "{ends}");
    }
}

#[tokio::test]
async fn a_task_of_the_body_that_is_aborted_leaves_doubt() {
    let store = store();
    let outcome = charge(&store)
        .run_async(|| async {
            let (began, has_begun) = tokio::sync::oneshot::channel();
            let task = tokio::spawn(in_current_scope(async move {
                let _ = began.send(());
                std::future::pending::<()>().await;
            }));
            let _ = has_begun.await;
            task.abort();
            let _ = task.await;
            refused::<()>()
        })
        .await;
    assert!(outcome.is_err());
    assert_eq!(status(&*store), Some(Status::InDoubt));
}

#[tokio::test]
async fn a_task_of_the_body_that_still_runs_leaves_doubt() {
    let (store, recorder) = (store(), Recorder::install());
    let outcome = charge(&store)
        .run_async(|| async {
            let (began, has_begun) = tokio::sync::oneshot::channel();
            let task = tokio::spawn(in_current_scope(async move {
                let _ = began.send(());
                std::future::pending::<()>().await;
            }));
            let _ = has_begun.await;
            drop(task);
            refused::<()>()
        })
        .await;
    assert!(outcome.is_err());
    assert_eq!(status(&*store), Some(Status::InDoubt));
    let in_doubt = recorder.events();
    let in_doubt = in_doubt
        .iter()
        .find(|it| it.message.starts_with("In doubt"));
    let reason = &in_doubt.expect("reported").fields["reason"];
    assert!(
        reason.starts_with("a task or thread of its body was still running: "),
        "{reason}"
    );
}

/// Handed over, and not begun: it may act once the body has failed.
#[tokio::test]
async fn a_task_of_the_body_that_has_not_begun_leaves_doubt() {
    let store = store();
    let outcome = charge(&store)
        .run_async(|| async {
            drop(tokio::spawn(in_current_scope(std::future::ready(()))));
            refused::<()>()
        })
        .await;
    assert!(outcome.is_err());
    assert_eq!(status(&*store), Some(Status::InDoubt));
    // One that is dropped before it begins has done nothing.
    let never = left_by(|_| {
        drop(in_current_scope(std::future::ready(())));
        drop(in_current_scope_blocking(|| ()));
        Own::Declined
    });
    assert_eq!(never, FREE_AT_ONCE);
}

/// A callee's *no* is final for what it was sent, and not for what a task is about to send.
#[tokio::test]
async fn a_probe_does_not_tell_of_a_task_that_still_runs() {
    for runs in [false, true] {
        let (store, tasks) = (store(), std::cell::RefCell::new(Vec::new()));
        let outcome = charge(&store)
            .retry(thrice())
            .probe(|| async { retry_effects::Probe::<()>::NotApplied })
            .run_async(|| async {
                if runs {
                    let task = in_current_scope(std::future::pending::<()>());
                    tasks.borrow_mut().push(tokio::spawn(task));
                }
                Err::<(), _>(Own::Lost)
            })
            .await;
        assert!(outcome.is_err());
        let attempts = tasks.borrow().len();
        let expected = if runs {
            (1, Some(Status::InDoubt))
        } else {
            (0, Some(Status::Released))
        };
        assert_eq!((attempts, status(&*store)), expected);
    }
}

#[test]
fn acted_is_known_from_a_thread_of_the_body() {
    let on_a_thread = |acts: bool| {
        left_by(move |_| {
            let work = in_current_scope_blocking(move || {
                if acts {
                    acted();
                }
            });
            thread::scope(|scope| scope.spawn(work).join()).expect("no panic");
            Own::Declined
        })
    };
    assert_eq!(on_a_thread(true), IN_DOUBT);
    assert_eq!(on_a_thread(false), FREE_AT_ONCE);
}
