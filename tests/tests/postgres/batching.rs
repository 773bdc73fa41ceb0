//! How few statements it takes, alone and together.

use std::sync::Arc;

use retry_effects::store::{Claim, ClaimRequest, Resolved};
use retry_effects::{Effect, EffectStore, Token};
use tokio::task::JoinSet;

use super::bench::{Bench, id, success};
use super::callers::{Answered, claim_all, complete_and_claim, together};

#[tokio::test]
async fn a_lone_claim_is_one_statement_and_so_is_its_completion() {
    let Some(bench) = Bench::new() else { return };
    let store = bench.open().await;
    let before = store.statements_sent();
    let Claim::Won(token) = store
        .pending(&ClaimRequest::new(id(1), "test"))
        .await
        .unwrap()
    else {
        panic!("nobody else is there")
    };
    assert_eq!(store.statements_sent() - before, 1);
    store.complete(&token, success()).await.unwrap();
    assert_eq!(store.statements_sent() - before, 2);
    assert!(matches!(
        store.resolve(id(1)).await.unwrap(),
        Resolved::Done(_)
    ));
    assert_eq!(store.statements_sent() - before, 3);
    let again = store
        .pending(&ClaimRequest::new(id(1), "test"))
        .await
        .unwrap();
    assert!(matches!(again, Claim::Done(_)), "{again:?}");
    // It is taken for a new one first.
    assert_eq!(store.statements_sent() - before, 5);
}

#[tokio::test]
async fn a_gated_call_is_two_statements_and_a_replay_after_a_replay_is_one() {
    let Some(bench) = Bench::new() else { return };
    let store = bench.open().await;
    let call = async |key: u32| {
        let before = store.statements_sent();
        let effect = Effect::new("two_statements", &key).store(store.clone());
        let outcome = effect.run_async(|| async { Ok::<_, String>(key) }).await;
        assert_eq!(outcome, Ok(key));
        store.statements_sent() - before
    };
    assert_eq!(call(1).await, 2);
    assert_eq!(call(2).await, 2);
    // A claim that finds a record, which the next call expects.
    assert_eq!(call(1).await, 2);
    assert_eq!(call(1).await, 1);
    assert_eq!(call(3).await, 3);
    assert_eq!(call(4).await, 2);
}

#[tokio::test]
async fn callers_at_the_same_time_share_statements() {
    let Some(bench) = Bench::new() else { return };
    let options = bench.options().pool_size(1);
    let store = options.connect(&bench.url()).await.unwrap();
    let claim = |number| {
        let store = store.clone();
        async move {
            store
                .pending(&ClaimRequest::new(id(number), "test"))
                .await
                .unwrap()
        }
    };
    let (sent, claims) = together(&bench, &store, (0..64).map(claim)).await;
    let tokens: Vec<_> = claims
        .into_iter()
        .map(|claim| match claim {
            Claim::Won(token) => token,
            other => panic!("{other:?}"),
        })
        .collect();
    // The one that came first, and all the others.
    assert!(sent <= 2, "{sent} statements");
    let mut fences: Vec<_> = tokens.iter().map(Token::fence).collect();
    fences.sort_unstable();
    fences.dedup();
    assert_eq!(fences.len(), 64);

    let complete = |token| {
        let store = store.clone();
        async move { store.complete(&token, success()).await.unwrap() }
    };
    let (sent, _) = together(&bench, &store, tokens.into_iter().map(complete)).await;
    assert!(sent <= 2, "{sent} statements");
    let resolve = |number| {
        let store = store.clone();
        async move { store.resolve(id(number)).await.unwrap() }
    };
    let (sent, found) = together(&bench, &store, (0..64).map(resolve)).await;
    assert!(sent <= 2, "{sent} statements");
    assert!(found.iter().all(|found| matches!(found, Resolved::Done(_))));
}

#[tokio::test]
async fn of_many_callers_of_one_action_one_wins_and_few_statements_say_so() {
    let Some(bench) = Bench::new() else { return };
    let options = bench.options().pool_size(1);
    let store = options.connect(&bench.url()).await.unwrap();
    let claim = |_| {
        let store = store.clone();
        async move {
            store
                .pending(&ClaimRequest::new(id(1), "test"))
                .await
                .unwrap()
        }
    };
    let (sent, claims) = together(&bench, &store, (0..64).map(claim)).await;
    let won = claims
        .iter()
        .filter(|claim| matches!(claim, Claim::Won(_)))
        .count();
    let busy = claims
        .iter()
        .filter(|claim| matches!(claim, Claim::Busy(_)))
        .count();
    assert_eq!((won, busy), (1, 63));
    assert!(sent <= 4, "{sent} statements");
}

/// Stores that claim, complete and release the same actions in other orders at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_batches_of_the_same_actions_do_not_wait_in_a_circle() {
    let Some(bench) = Bench::new() else { return };
    let mut tasks = JoinSet::new();
    let won = Arc::new(std::sync::Mutex::new(std::collections::HashMap::new()));
    for worker in 0..4_u64 {
        let store = bench.open().await;
        for caller in 0..8_u64 {
            let (store, won) = (store.clone(), won.clone());
            tasks.spawn(async move {
                for turn in 0..25 {
                    let number = if worker % 2 == 0 { turn } else { 24 - turn };
                    let request = ClaimRequest::new(id(number), "test");
                    let claim = store.pending(&request).await.unwrap();
                    let Claim::Won(token) = claim else { continue };
                    *won.lock().unwrap().entry(number).or_insert(0) += 1;
                    if caller == 0 && turn == 0 {
                        store
                            .renew(&token, retry_effects::store::DEFAULT_LEASE)
                            .await
                            .unwrap();
                    }
                    store.complete(&token, success()).await.unwrap();
                }
            });
        }
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let won = won.lock().unwrap();
    assert_eq!(won.len(), 25);
    assert!(won.values().all(|wins| *wins == 1), "{won:?}");
}

#[tokio::test]
async fn claims_and_completions_share_a_statement() {
    let Some(bench) = Bench::new() else { return };
    let store = bench.options().pool_size(1);
    let store = store.connect(&bench.url()).await.unwrap();
    let tokens = claim_all(&store, 0, 32).await;
    let (sent, answers) = complete_and_claim(&bench, &store, tokens, 100).await;
    // The first one, and all the others.
    assert!(sent <= 2, "{sent} statements");
    let mut claimed = 0;
    for answer in answers {
        match answer {
            Answered::Claim(Ok(Claim::Won(_))) => claimed += 1,
            Answered::Completion(Ok(())) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(claimed, 32);
    // Now all of them find a record: half of the claims a success, half of them a claim.
    let tokens = claim_all(&store, 200, 4).await;
    let (_, answers) = complete_and_claim(&bench, &store, tokens, 0).await;
    for answer in answers {
        let is_found = matches!(
            answer,
            Answered::Claim(Ok(Claim::Done(_))) | Answered::Completion(Ok(()))
        );
        assert!(is_found, "{answer:?}");
    }
}

/// On sessions that are not the store's own, claims and decisions fill exchanges of their own: a full one of
/// both would be two statements.
#[tokio::test]
async fn claims_and_completions_on_a_pool_of_the_users_are_apart() {
    let Some(bench) = Bench::new() else { return };
    let store = bench.options().with_pool(bench.pool_of(1)).await.unwrap();
    let tokens = claim_all(&store, 0, 140).await;
    let (sent, answers) = complete_and_claim(&bench, &store, tokens, 1000).await;
    // The first one, the other decisions, and the claims.
    assert!(sent <= 3, "{sent} statements");
    for answer in answers {
        let is_right = matches!(
            answer,
            Answered::Claim(Ok(Claim::Won(_))) | Answered::Completion(Ok(()))
        );
        assert!(is_right, "{answer:?}");
    }
}
