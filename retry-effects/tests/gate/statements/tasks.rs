//! Tasks that the body hands over: while one may still act, nothing is a proof.

use super::*;
use tokio::task::JoinHandle;

/// Returns a task of the body that has begun and never ends.
async fn endless_task() -> JoinHandle<()> {
    let (began, has_begun) = tokio::sync::oneshot::channel();
    let task = tokio::spawn(in_current_scope(async move {
        let _ = began.send(());
        std::future::pending::<()>().await;
    }));
    has_begun.await.expect("it begins");
    task
}

#[tokio::test]
async fn a_task_of_the_body_that_is_aborted_leaves_doubt() {
    let store = store();
    let outcome = charge(&store)
        .run_async(|| async {
            let task = endless_task().await;
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
            let task = endless_task().await;
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
