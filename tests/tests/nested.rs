//! Nested calls: an outer call does not multiply the attempts of an inner one that gave up.

mod nested {
    mod ambiguous;
    mod carried;
    mod swallowed;

    use super::THREE;
    use retry_core::RetryPolicy;

    const FOUR: RetryPolicy = RetryPolicy::new(4).with_backoff_ms(1);

    /// An inner call that fails of such an error, an attempt around it that makes this of its outcome,
    /// and how many inner attempts an outer call of three attempts makes: as an attribute, a function
    /// and a builder, sync and async.
    macro_rules! case {
        ($name:ident, $error:expr => $inner:ty, |$outcome:ident| -> $outer:ty { $($body:tt)* }, $attempts:expr) => {
            mod $name {
                #[allow(unused_imports, reason = "some cases have types of their own")]
                use super::*;
                use retry_core::{execute_with_retry, execute_with_retry_async};
                use std::cell::Cell;

                fn attempt($outcome: Result<(), $inner>) -> Result<(), $outer> {
                    $($body)*
                }

                fn fail(attempts: &Cell<u32>) -> Result<(), $inner> {
                    attempts.set(attempts.get() + 1);
                    Err($error)
                }

                #[retry_core::retry_storage(policy = crate::THREE)]
                fn inner(attempts: &Cell<u32>) -> Result<(), $inner> {
                    fail(attempts)
                }

                #[retry_core::retry_worker(policy = crate::THREE)]
                fn outer(attempts: &Cell<u32>) -> Result<(), $outer> {
                    attempt(inner(attempts))
                }

                #[retry_core::retry_storage(policy = crate::THREE)]
                async fn inner_async(attempts: &Cell<u32>) -> Result<(), $inner> {
                    tokio::task::yield_now().await;
                    fail(attempts)
                }

                #[retry_core::retry_worker(policy = crate::THREE)]
                async fn outer_async(attempts: &Cell<u32>) -> Result<(), $outer> {
                    attempt(inner_async(attempts).await)
                }

                #[test]
                fn sync() {
                    let _no_wait = retry_core::testing::no_wait();
                    let check = |call: &dyn Fn(&Cell<u32>) -> Result<(), $outer>, form: &str| {
                        let attempts = Cell::new(0);
                        assert!(call(&attempts).is_err());
                        assert_eq!(attempts.get(), $attempts, "{form}");
                    };
                    check(&outer, "attribute");
                    check(
                        &|attempts| {
                            let inner = || execute_with_retry(|| fail(attempts), &crate::THREE);
                            execute_with_retry(|| attempt(inner()), &crate::THREE)
                        },
                        "function",
                    );
                    check(
                        &|attempts| {
                            let retry = || retry_core::Retry::new(crate::THREE);
                            retry().run(|| attempt(retry().run(|| fail(attempts))))
                        },
                        "builder",
                    );
                }

                #[tokio::test]
                async fn futures() {
                    let _no_wait = retry_core::testing::no_wait();
                    let attempts = Cell::new(0);
                    assert!(outer_async(&attempts).await.is_err());
                    assert_eq!(attempts.get(), $attempts, "attribute");

                    let attempts = Cell::new(0);
                    let inner = || execute_with_retry_async(async || fail(&attempts), &crate::THREE);
                    let outcome =
                        execute_with_retry_async(async || attempt(inner().await), &crate::THREE);
                    assert!(outcome.await.is_err());
                    assert_eq!(attempts.get(), $attempts, "function");

                    let attempts = Cell::new(0);
                    let retry = || retry_core::Retry::new(crate::THREE);
                    let inner = || retry().run_async(async || fail(&attempts));
                    let outcome = retry().run_async(async || attempt(inner().await));
                    assert!(outcome.await.is_err());
                    assert_eq!(attempts.get(), $attempts, "builder");
                }
            }
        };
    }
    use case;
}

use std::cell::Cell;

use retry_core::testing::{Recorder, no_wait};
use retry_core::{Jitter, Nested, Retry, RetryPolicy, retry_api, retry_storage, retry_worker};

const THREE: RetryPolicy = RetryPolicy::new(3)
    .with_backoff_ms(1)
    .with_jitter(Jitter::None);

#[retry_storage(policy = THREE)]
fn inner(attempts: &Cell<u32>) -> Result<(), String> {
    attempts.set(attempts.get() + 1);
    Err("connection reset".to_owned())
}

#[retry_worker(policy = THREE)]
fn outer(attempts: &Cell<u32>) -> Result<(), String> {
    inner(attempts).map_err(|error| format!("cannot load: {error}"))
}

#[retry_api(policy = THREE)]
fn outermost(attempts: &Cell<u32>) -> Result<(), String> {
    outer(attempts)
}

#[test]
fn three_layers_of_three_attempts_make_three_attempts_and_one_error() {
    let _no_wait = no_wait();
    let recorder = Recorder::install();
    let attempts = Cell::new(0);
    assert_eq!(
        outermost(&attempts),
        Err("cannot load: connection reset".to_owned())
    );
    assert_eq!(attempts.get(), 3);
    let messages: Vec<_> = recorder
        .messages()
        .into_iter()
        .filter(|message| !message.starts_with("DEBUG"))
        .collect();
    assert_eq!(
        messages[4..],
        [
            "WARN Retry exhausted after 3/3 attempts for inner: connection reset",
            "WARN Retry stopped on attempt 1/3 for outer (inner inside it gave up): cannot load: connection reset",
            "WARN Retry stopped on attempt 1/3 for outermost (outer inside it gave up): cannot load: connection reset",
            "ERROR Retry exhausted after 1/3 attempts for outermost: cannot load: connection reset",
        ]
    );
}

#[test]
fn multiply_is_a_word_to_say() {
    #[retry_worker(policy = THREE, nested = "multiply")]
    fn outer(attempts: &Cell<u32>) -> Result<(), String> {
        inner(attempts)
    }
    let _no_wait = no_wait();
    let attempts = Cell::new(0);
    assert!(outer(&attempts).is_err());
    assert_eq!(attempts.get(), 9);
    let attempts = Cell::new(0);
    assert!(
        Retry::new(THREE)
            .nested(Nested::Multiply)
            .run(|| inner(&attempts))
            .is_err()
    );
    assert_eq!(attempts.get(), 9);
    let attempts = Cell::new(0);
    assert!(Retry::new(THREE).run(|| inner(&attempts)).is_err());
    assert_eq!(attempts.get(), 3);
}

#[test]
fn a_swallowed_inner_failure_and_another_error_do_not_stop_the_outer() {
    #[retry_worker(policy = THREE)]
    fn falls_back(attempts: &Cell<u32>) -> Result<(), &'static str> {
        // The cache may be down.
        let _ = inner(attempts);
        Err("database busy")
    }
    let _no_wait = no_wait();
    let attempts = Cell::new(0);
    assert!(falls_back(&attempts).is_err());
    assert_eq!(attempts.get(), 9);
}

#[test]
fn an_earlier_give_up_elsewhere_does_not_stop_a_later_call() {
    let _no_wait = no_wait();
    let attempts = Cell::new(0);
    assert!(inner(&attempts).is_err());
    let outer_attempts = Cell::new(0);
    let outcome = Retry::new(THREE).run(|| {
        outer_attempts.set(outer_attempts.get() + 1);
        if outer_attempts.get() == 1 {
            let _ = inner(&attempts);
            return Err("busy".to_owned());
        }
        Err::<(), _>("connection reset".to_owned())
    });
    assert!(outcome.is_err());
    assert_eq!(
        outer_attempts.get(),
        3,
        "the give-up belonged to the first attempt"
    );
}

#[test]
fn an_inner_call_of_one_attempt_multiplies_nothing() {
    #[retry_storage(max_attempts = 1)]
    fn once(attempts: &Cell<u32>) -> Result<(), String> {
        attempts.set(attempts.get() + 1);
        Err("busy".to_owned())
    }
    let _no_wait = no_wait();
    let attempts = Cell::new(0);
    assert!(Retry::new(THREE).run(|| once(&attempts)).is_err());
    assert_eq!(attempts.get(), 3);
}

#[test]
fn calls_on_another_thread_are_unrelated() {
    let _no_wait = retry_core::testing::no_wait_everywhere();
    let outcome = Retry::new(THREE).run(|| {
        let other = std::thread::spawn(|| inner(&Cell::new(0)));
        other.join().expect("it does not panic")
    });
    assert!(outcome.is_err());
    let recorder = Recorder::install();
    let attempts = Cell::new(0);
    let outcome = Retry::new(THREE).run(|| {
        attempts.set(attempts.get() + 1);
        std::thread::spawn(|| inner(&Cell::new(0)))
            .join()
            .expect("it does not panic")
    });
    assert!(outcome.is_err());
    assert_eq!(attempts.get(), 3);
    assert!(
        recorder
            .messages()
            .iter()
            .any(|message| message.starts_with("ERROR"))
    );
}

#[retry_storage(policy = THREE)]
async fn inner_async(attempts: &tokio::sync::Mutex<u32>) -> Result<(), String> {
    *attempts.lock().await += 1;
    tokio::task::yield_now().await;
    Err("connection reset".to_owned())
}

#[retry_worker(policy = THREE)]
async fn outer_async(attempts: &tokio::sync::Mutex<u32>) -> Result<(), String> {
    let outcome = inner_async(attempts).await;
    // The rest of the outer call may take many polls, on other threads.
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    outcome
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn async_calls_carry_it_between_polls_and_threads() {
    let _no_wait = retry_core::testing::no_wait_everywhere();
    let calls = (0..50).map(|_| {
        tokio::spawn(async {
            let attempts = tokio::sync::Mutex::new(0);
            assert!(outer_async(&attempts).await.is_err());
            attempts.into_inner()
        })
    });
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(call.await.expect("it does not panic"), 3);
    }
}

#[tokio::test]
async fn spawned_calls_are_unrelated() {
    let _no_wait = no_wait();
    let mut outer_attempts = 0;
    let outcome = Retry::new(THREE)
        .run_async(|| {
            outer_attempts += 1;
            async {
                let spawned =
                    tokio::spawn(async { inner_async(&tokio::sync::Mutex::new(0)).await });
                spawned.await.expect("it does not panic")
            }
        })
        .await;
    assert!(outcome.is_err());
    assert_eq!(outer_attempts, 3);
}

#[test]
fn each_of_several_inner_calls_is_remembered() {
    #[retry_storage(policy = THREE)]
    fn other(attempts: &Cell<u32>) -> Result<(), String> {
        attempts.set(attempts.get() + 1);
        Err("disk full of dust".to_owned())
    }
    let _no_wait = no_wait();
    let attempts = Cell::new(0);
    let outcome = Retry::new(THREE).run(|| {
        let first = inner(&attempts);
        // A fallback that fails as well, and whose error is not the one that comes back.
        let _ = other(&Cell::new(0));
        first
    });
    assert!(outcome.is_err());
    assert_eq!(attempts.get(), 3);
}

#[test]
fn a_give_up_passes_through_a_layer_that_tries_once_or_judges_it_final() {
    #[retry_worker(max_attempts = 1)]
    fn once(attempts: &Cell<u32>) -> Result<(), String> {
        inner(attempts)
    }
    #[retry_worker(policy = THREE, retry_if = |_| false)]
    fn never(attempts: &Cell<u32>) -> Result<(), String> {
        inner(attempts)
    }
    let _no_wait = no_wait();
    for middle in [once, never] {
        let recorder = Recorder::install();
        let attempts = Cell::new(0);
        assert!(Retry::new(THREE).run(|| middle(&attempts)).is_err());
        assert_eq!(attempts.get(), 3);
        let errors = recorder.messages();
        let errors = errors.iter().filter(|message| message.starts_with("ERROR"));
        assert_eq!(errors.count(), 1);
    }
}

#[test]
fn a_call_that_fails_for_good_of_an_inner_give_up_is_an_error_once() {
    #[retry_worker(policy = THREE, retry_if = |_| false)]
    fn never(attempts: &Cell<u32>) -> Result<(), String> {
        inner(attempts)
    }
    let _no_wait = no_wait();
    let recorder = Recorder::install();
    assert!(never(&Cell::new(0)).is_err());
    let messages = recorder.messages();
    let errors: Vec<_> = messages
        .iter()
        .filter(|message| message.starts_with("ERROR"))
        .collect();
    assert_eq!(
        errors,
        ["ERROR Retry exhausted after 1/3 attempts for never: connection reset"]
    );
}

#[test]
fn an_inner_error_without_a_text_stops_nobody() {
    #[retry_storage(policy = THREE)]
    fn silent() -> Result<(), String> {
        Err(String::new())
    }
    let _no_wait = no_wait();
    let attempts = Cell::new(0);
    let outcome = Retry::new(THREE).run(|| {
        attempts.set(attempts.get() + 1);
        let _ = silent();
        Err::<(), _>("disk hiccup".to_owned())
    });
    assert!(outcome.is_err());
    assert_eq!(attempts.get(), 3);
}
