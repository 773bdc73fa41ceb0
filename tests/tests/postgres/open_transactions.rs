//! Batches that meet records in open transactions of the application's.

use retry_effects::EffectStore;
use retry_effects::store::{Claim, ClaimRequest};
use tokio::task::JoinSet;

use super::bench::{Bench, id, success};
use super::callers::claim_all;

/// A transaction of the application's holds the record of one of many actions.
#[tokio::test]
async fn a_locked_record_holds_up_no_other_of_its_statement() {
    let Some(bench) = Bench::new() else { return };
    let store = bench.options().pool_size(1);
    let store = store.connect(&bench.url()).await.unwrap();
    let tokens = claim_all(&store, 0, 8).await;
    let mut client = bench.client().await;
    let holder = client.transaction().await.unwrap();
    let lock = format!(
        "SELECT FROM {}.effects WHERE action_id = $1 FOR UPDATE",
        bench.schema()
    );
    holder
        .execute(&lock, &[&&id(3).as_bytes()[..]])
        .await
        .unwrap();
    let mut completions = JoinSet::new();
    for (number, token) in tokens.into_iter().enumerate() {
        let store = store.clone();
        completions.spawn(async move { (number, store.complete(&token, success()).await) });
    }
    let mut completed = Vec::new();
    while completed.len() < 7 {
        let (number, answer) = completions.join_next().await.unwrap().unwrap();
        answer.unwrap();
        completed.push(number);
    }
    assert!(!completed.contains(&3), "{completed:?}");
    holder.rollback().await.unwrap();
    let (number, answer) = completions.join_next().await.unwrap().unwrap();
    answer.unwrap();
    assert_eq!(number, 3);
}

/// Claims meet a key that an open transaction makes, and a record that it has changed.
#[tokio::test]
async fn an_open_transaction_holds_up_the_claims_on_its_own_actions_alone() {
    let Some(bench) = Bench::new() else { return };
    let store = bench.options().pool_size(1);
    let store = store.connect(&bench.url()).await.unwrap();
    let tokens = claim_all(&store, 0, 8).await;
    claim_all(&store, 200, 1).await;
    let schema = bench.schema();
    let mut client = bench.client().await;
    let holder = client.transaction().await.unwrap();
    let copy =
        format!("CREATE TEMP TABLE one AS SELECT * FROM {schema}.effects WHERE action_id = $1");
    let changed = id(200);
    holder
        .execute(&copy.replace("$1", &format!("'\\x{changed}'")), &[])
        .await
        .unwrap();
    let insert = format!(
        "UPDATE one SET action_id = '\\x{}', fence = 1000000; \
         INSERT INTO {schema}.effects SELECT * FROM one; \
         UPDATE {schema}.effects SET flags = flags WHERE action_id = '\\x{changed}'",
        id(201)
    );
    holder.batch_execute(&insert).await.unwrap();

    let mut held = JoinSet::new();
    for number in [200, 201] {
        let store = store.clone();
        held.spawn(async move {
            let request = ClaimRequest::new(id(number), "test");
            (number, store.pending(&request).await)
        });
    }
    let mut others = JoinSet::new();
    for (token, number) in tokens.into_iter().zip(100..) {
        let (completing, claiming) = (store.clone(), store.clone());
        others.spawn(async move { completing.complete(&token, success()).await.map(drop) });
        others.spawn(async move {
            let request = ClaimRequest::new(id(number), "test");
            let claim = claiming.pending(&request).await?;
            assert!(matches!(claim, Claim::Won(_)), "{claim:?}");
            Ok(())
        });
    }
    while let Some(answer) = others.join_next().await {
        answer.unwrap().unwrap();
    }
    holder.rollback().await.unwrap();
    while let Some(answer) = held.join_next().await {
        let (number, claim) = answer.unwrap();
        match claim.unwrap() {
            Claim::Busy(_) => assert_eq!(number, 200),
            Claim::Won(_) => assert_eq!(number, 201),
            other => panic!("{number}: {other:?}"),
        }
    }
}
