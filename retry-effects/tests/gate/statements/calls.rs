//! What calls inside the body state, and what they leave open.

use super::*;

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

fn open_breaker(name: &'static str) -> CircuitBreaker {
    let breaker = CircuitBreaker::new(name);
    breaker.force_open();
    breaker
}

/// Returns the error of a call that an open breaker rejects.
fn rejected_by(breaker: &CircuitBreaker) -> String {
    thrice()
        .circuit_breaker(breaker)
        .run(|| Ok::<(), String>(()))
        .expect_err("it is open")
}

#[test]
fn a_call_that_its_breaker_rejects_ran_nothing() {
    let breaker = open_breaker("statements");
    let rejected = || rejected_by(&breaker);
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
    let breaker = open_breaker("swallowed");
    let rejected = || rejected_by(&breaker);
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
    let breaker = open_breaker("before a wait");
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
