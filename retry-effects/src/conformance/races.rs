//! Many threads on one action. Their effects are counted outside the store.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier, Mutex, MutexGuard, PoisonError};

use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use crate::conformance::harness::{Harness, HarnessFuture};
use crate::conformance::stage::{
    Ruling, Stage, demand, id, in_doubt, must_succeed, payload, success,
};
use crate::protocol::claim::Claim;
use crate::protocol::ids::Fence;
use crate::protocol::record::Status;

const THREADS: u32 = 8;
const ROUNDS: u32 = 50;

pub(super) async fn of_many_claims_one_wins(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    for n in 0..ROUNDS {
        one_wins(&stage, n, None).await?;
    }
    Ok(())
}

pub(super) async fn of_many_takeovers_one_wins(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    for n in 0..ROUNDS {
        let token = stage.bring_to(n, Status::InDoubt).await?;
        one_wins(&stage, n, Some(token.fence())).await?;
    }
    Ok(())
}

async fn one_wins(stage: &Stage<'_>, n: u32, takeover: Option<Fence>) -> Ruling {
    let claims = together(THREADS, |_| {
        let store = stage.store.clone();
        Box::pin(async move {
            let mut request = Stage::request(n);
            request.takeover = takeover;
            store.pending(&request).await
        })
    });
    let (mut won, mut busy) = (Vec::new(), Vec::new());
    for claim in claims.await {
        match must_succeed("a claim", claim)? {
            Claim::Won(token) => won.push(token.fence()),
            Claim::Busy(owner) => busy.push(owner.fence),
            other => return Err(format!("a claim in a race is {other:?}")),
        }
    }
    demand!(
        won.len() == 1,
        "{} of {THREADS} claims were won: {won:?}",
        won.len()
    );
    demand!(
        busy.iter().all(|fence| *fence == won[0]),
        "the owner is {}, and the losers saw {busy:?}",
        won[0]
    );
    stage.must_have_status(n, Status::Pending, won[0]).await
}

pub(super) async fn a_completion_and_a_takeover_exclude_each_other(
    harness: &dyn Harness,
) -> Ruling {
    let stage = Stage::new(harness).await;
    let mut owners = Vec::new();
    for n in 0..ROUNDS {
        let mut request = Stage::request(n);
        request.lease = stage.lease();
        owners.push(stage.win(&request).await?);
    }
    stage.pass(stage.lease()).await;
    for (n, owner) in (0..).zip(owners) {
        let answers = together(2, |place| {
            let store = stage.store.clone();
            Box::pin(async move {
                if place == 0 {
                    return Err(store.complete(&owner, success()).await);
                }
                let mut request = Stage::request(n);
                request.takeover = Some(owner.fence());
                Ok(store.pending(&request).await)
            })
        });
        let (mut completed, mut next) = (false, None);
        for answer in answers.await {
            match answer {
                Err(completion) => completed = completion.is_ok(),
                Ok(claim) => match must_succeed("a takeover", claim)? {
                    Claim::Won(token) => next = Some(token),
                    Claim::Done(finished) if finished.payload == payload() => {}
                    other => return Err(format!("a takeover in a race is {other:?}")),
                },
            }
        }
        match next {
            None => {
                demand!(completed, "neither the owner nor the takeover succeeded");
                stage
                    .must_have_status(n, Status::Success, owner.fence())
                    .await?;
            }
            Some(token) => {
                demand!(!completed, "the owner completed, and was taken over");
                stage
                    .must_have_status(n, Status::Pending, token.fence())
                    .await?;
            }
        }
    }
    Ok(())
}

pub(super) async fn no_two_run_at_once(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    let inside = Arc::new(AtomicU32::new(0));
    let fences = Arc::new(Mutex::new(Vec::new()));
    let runs = together(THREADS, |place| {
        let (store, inside, fences) = (stage.store.clone(), inside.clone(), fences.clone());
        Box::pin(async move {
            let mut takeover = None;
            for turn in 0..ROUNDS {
                let mut request = Stage::request(1);
                request.takeover = takeover.take();
                match must_succeed("a claim", store.pending(&request).await)? {
                    Claim::Won(token) => {
                        let others = inside.fetch_add(1, Ordering::SeqCst);
                        locked(&fences).push(token.fence());
                        std::thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                        demand!(
                            others == 0,
                            "{others} more ran while fence {} did",
                            token.fence()
                        );
                        if (turn + place) % 2 == 0 {
                            must_succeed("a release", store.release(&token).await)?;
                        } else {
                            let end = store.complete(&token, in_doubt()).await;
                            must_succeed("a completion", end)?;
                        }
                    }
                    Claim::InDoubt(record) => takeover = Some(record.fence),
                    Claim::Busy(_) => std::thread::yield_now(),
                    other => return Err(format!("a claim in a race is {other:?}")),
                }
            }
            Ok(())
        })
    });
    for run in runs.await {
        run?;
    }
    let fences = locked(&fences);
    demand!(
        fences.windows(2).all(|pair| pair[0] < pair[1]),
        "the fences of {} do not grow: {fences:?}",
        id(1)
    );
    Ok(())
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the answers of this many threads that begin at the same moment.
async fn together<T: Send + 'static>(
    threads: u32,
    task: impl Fn(u32) -> HarnessFuture<'static, T>,
) -> Vec<T> {
    let start = Arc::new(Barrier::new(threads as usize));
    let run = |place| {
        // The store's input and output is driven by the runtime that runs the suite.
        let (start, runtime, task) = (start.clone(), Handle::current(), task(place));
        spawn_blocking(move || {
            start.wait();
            runtime.block_on(task)
        })
    };
    let running: Vec<_> = (0..threads).map(run).collect();
    let mut answers = Vec::new();
    for thread in running {
        match thread.await {
            Ok(answer) => answers.push(answer),
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
    answers
}
