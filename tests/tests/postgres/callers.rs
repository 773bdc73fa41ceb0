//! Callers at the same time.

use retry_effects::store::{Claim, ClaimRequest};
use retry_effects::{EffectStore, PostgresEffectStore, StoreError, Token};
use tokio::task::JoinSet;

use super::bench::{Bench, id, success};

/// Lets callers queue up behind a lock, and says how many statements they took in all.
pub(super) async fn together<T: Send + 'static>(
    bench: &Bench,
    store: &PostgresEffectStore,
    callers: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>,
) -> (usize, Vec<T>) {
    let before = store.statements_sent();
    let mut locker = bench.client().await;
    let lock = locker.transaction().await.unwrap();
    let table = format!("LOCK TABLE {}.effects", bench.schema());
    lock.batch_execute(&table).await.unwrap();
    let mut tasks = JoinSet::new();
    for caller in callers {
        tasks.spawn(caller);
    }
    // Each has asked before the lock goes: tasks of this thread run as far as they can.
    for _ in 0..3 {
        tokio::task::yield_now().await;
    }
    lock.commit().await.unwrap();
    let answers = tasks.join_all().await;
    (store.statements_sent() - before, answers)
}

/// Claims `count` actions, from `first` on.
pub(super) async fn claim_all(store: &PostgresEffectStore, first: u64, count: u64) -> Vec<Token> {
    let mut tokens = Vec::new();
    for number in first..first + count {
        let request = ClaimRequest::new(id(number), "test");
        let Ok(Claim::Won(token)) = store.pending(&request).await else {
            panic!("nobody else is there")
        };
        tokens.push(token);
    }
    tokens
}

/// An answer to one of two requests.
#[derive(Debug)]
pub(super) enum Answered {
    Claim(Result<Claim, StoreError>),
    Completion(Result<(), StoreError>),
}

/// Completes actions and claims new ones, at the same time and in turn.
pub(super) async fn complete_and_claim(
    bench: &Bench,
    store: &PostgresEffectStore,
    tokens: Vec<Token>,
    first: u64,
) -> (usize, Vec<Answered>) {
    let callers = tokens.into_iter().zip(first..).flat_map(|(token, number)| {
        let request = ClaimRequest::new(id(number), "test");
        [Err(token), Ok(request)]
    });
    let callers = callers.map(|caller| {
        let store = store.clone();
        async move {
            match caller {
                Ok(request) => Answered::Claim(store.pending(&request).await),
                Err(token) => Answered::Completion(store.complete(&token, success()).await),
            }
        }
    });
    together(bench, store, callers).await
}
