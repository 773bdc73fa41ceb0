//! Sync calls on a runtime's thread: they block as little as can be, and never panic.

use std::time::Duration;

use retry_core::testing::Recorder;
use retry_core::{Jitter, RetryPolicy, retry_storage};
use tokio::task::LocalSet;

/// Long enough to be a real wait, short enough for a test.
const SHORT: RetryPolicy = RetryPolicy::new(2)
    .with_min_wait(Duration::from_millis(20))
    .with_jitter(Jitter::None);

const WARNED: &str = "blocks the only thread of its runtime";

macro_rules! sync_call {
    ($name:ident) => {
        #[retry_storage(policy = SHORT)]
        fn $name() -> Result<(), &'static str> {
            Err("busy")
        }
    };
}

fn warnings(recorder: &Recorder) -> usize {
    recorder
        .messages()
        .iter()
        .filter(|message| message.contains(WARNED))
        .count()
}

#[test]
fn on_a_current_thread_runtime_one_warning_a_call_site() {
    sync_call!(on_the_only_thread);
    let recorder = Recorder::install();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        assert!(on_the_only_thread().is_err());
        assert!(on_the_only_thread().is_err());
    });
    assert_eq!(warnings(&recorder), 1);
}

#[test]
fn a_worker_hands_its_other_tasks_on_while_it_waits() {
    #[retry_storage(policy = RetryPolicy::new(2).with_min_wait(Duration::from_secs(600)).with_jitter(Jitter::None))]
    fn waits_long() -> Result<(), &'static str> {
        Err("busy")
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let scope = retry_core::RetryScope::new();
        let blocking = tokio::spawn({
            let scope = scope.clone();
            async move { scope.run(waits_long) }
        });
        // On the one worker there is: it runs only if the waiting call has given the worker up.
        tokio::spawn(async move { scope.cancel() })
            .await
            .expect("no panic");
        assert_eq!(blocking.await.expect("no panic"), Err("busy"));
    });
}

#[test]
fn in_a_local_set_it_does_not_panic() {
    sync_call!(in_a_local_set);
    for runtime in [
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .build(),
        tokio::runtime::Builder::new_current_thread().build(),
    ] {
        let local = LocalSet::new();
        let call = local.run_until(async {
            assert!(in_a_local_set().is_err());
            let spawned = tokio::task::spawn_local(async { in_a_local_set() });
            spawned.await.expect("no panic")
        });
        assert!(runtime.expect("a runtime").block_on(call).is_err());
    }
}

#[test]
fn on_threads_that_nobody_depends_on_there_is_no_warning() {
    sync_call!(on_a_free_thread);
    let recorder = Recorder::install();
    assert!(on_a_free_thread().is_err());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .expect("a runtime");
    assert!(runtime.block_on(async { on_a_free_thread() }).is_err());
    let _entered = runtime.enter();
    assert!(on_a_free_thread().is_err());
    assert_eq!(warnings(&recorder), 0);
}

#[test]
fn in_spawn_blocking_there_is_no_warning() {
    sync_call!(in_spawn_blocking);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let warned = runtime.block_on(async {
        tokio::task::spawn_blocking(|| {
            let recorder = Recorder::install();
            assert!(in_spawn_blocking().is_err());
            warnings(&recorder)
        })
        .await
        .expect("no panic")
    });
    assert_eq!(warned, 0);
}
