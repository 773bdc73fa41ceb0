//! A batch of which some steps fail, or all.

use std::time::Duration;

use retry_effects::store::{Claim, ClaimRequest, Payload, Resolved};
use retry_effects::{EffectStore, Outcome, StoreError};
use retry_tests::proxy::Proxy;

use super::bench::{Bench, id};
use super::callers::{Answered, claim_all, complete_and_claim, together};

#[tokio::test]
async fn one_result_that_the_server_refuses_does_not_stop_the_others() {
    let Some(bench) = Bench::new() else { return };
    let options = bench.options().pool_size(1);
    let store = options.connect(&bench.url()).await.unwrap();
    let mut tokens = Vec::new();
    for number in 0..8 {
        let Claim::Won(token) = store
            .pending(&ClaimRequest::new(id(number), "test"))
            .await
            .unwrap()
        else {
            panic!("nobody else is there")
        };
        tokens.push(token);
    }
    let complete = |(number, token)| {
        let store = store.clone();
        // A text of Postgres's holds no U+0000; no JSON has one either.
        let json = if number == 3 { "\"\0\"" } else { "1" };
        async move {
            (
                number,
                store
                    .complete(&token, Outcome::Success(Payload::new(json)))
                    .await,
            )
        }
    };
    let (_, answers) = together(&bench, &store, tokens.into_iter().enumerate().map(complete)).await;
    for (number, answer) in answers {
        assert_eq!(answer.is_err(), number == 3, "{number}: {answer:?}");
    }
    let resolved = store.resolve(id(3)).await.unwrap();
    assert!(matches!(resolved, Resolved::Busy(_)), "{resolved:?}");
}

/// A server that falls away in the middle of a batch keeps its callers no longer than one statement
/// is sent again, however many they are.
#[tokio::test]
async fn callers_of_a_batch_do_not_wait_for_one_anothers_failures() {
    let Some(bench) = Bench::new() else { return };
    let store = bench.options().pool_size(1);
    let store = store.connect(&bench.url()).await.unwrap();
    for number in 0..3 {
        let request = ClaimRequest::new(id(number), "test");
        let Ok(Claim::Won(token)) = store.pending(&request).await else {
            panic!("nobody else is there")
        };
        store.release(&token).await.unwrap();
    }
    let trouble = format!(
        "CREATE FUNCTION {schema}.trouble() RETURNS trigger LANGUAGE plpgsql AS \
         $$BEGIN RAISE 'trouble' USING ERRCODE = '40001'; END$$;
         CREATE TRIGGER trouble BEFORE UPDATE ON {schema}.effects \
         FOR EACH ROW EXECUTE FUNCTION {schema}.trouble()",
        schema = bench.schema()
    );
    bench.client().await.batch_execute(&trouble).await.unwrap();
    let claim = |number| {
        let store = store.clone();
        async move {
            let request = ClaimRequest::new(id(number), "test");
            let answer = store.pending(&request).await;
            (answer, store.statements_sent())
        }
    };
    // The lane takes the first alone, and the others after it.
    let (_, answers) = together(&bench, &store, [3, 0, 1, 2].map(claim)).await;
    let mut sent: Vec<usize> = Vec::new();
    for (answer, before) in answers {
        match answer {
            Ok(Claim::Won(token)) => assert_eq!(token.id(), id(3)),
            Err(StoreError::Unavailable { .. }) => sent.push(before),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(sent.len(), 3);
    // One after the other they would be more than 20 statements apart. On a busy machine the lock of the table
    // outlasts the statement's, and each goes on alone.
    sent.sort_unstable();
    assert!(sent[2] - sent[0] < 15, "{sent:?}");
}

/// Those who queue behind others while a server is away are told so with them, or soon after: not
/// after as many times the patience of one statement as there are statements before theirs.
#[tokio::test]
async fn callers_of_a_server_that_is_away_do_not_wait_for_one_another() {
    let Some(bench) = Bench::new() else { return };
    let proxy = Proxy::before_postgres(bench.socket());
    let url = bench.url_in(proxy.socket_dir());
    let store = bench.options().pool_size(1).connect(&url).await.unwrap();
    drop(proxy);
    // Four statements' worth: 10 s and a few, where it was 40 s.
    let lookups: Vec<_> = (0..700).map(|number| store.resolve(id(number))).collect();
    let answers = tokio::time::timeout(Duration::from_secs(30), async {
        for lookup in lookups {
            let error = lookup.await.unwrap_err();
            assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
        }
    });
    answers.await.expect("they wait for their own time");
}

/// A later version renames the sequence of fences, so that this one claims nothing.
#[tokio::test]
async fn without_the_sequence_of_fences_what_is_claimed_is_completed() {
    let Some(bench) = Bench::new() else { return };
    let store = bench.options().pool_size(1);
    let store = store.connect(&bench.url()).await.unwrap();
    let tokens = claim_all(&store, 0, 8).await;
    let rename = format!(
        "ALTER SEQUENCE {}.effect_fence RENAME TO effect_fence_3",
        bench.schema()
    );
    bench.client().await.batch_execute(&rename).await.unwrap();
    let (_, answers) = complete_and_claim(&bench, &store, tokens, 100).await;
    for answer in answers {
        let is_right = matches!(
            answer,
            Answered::Claim(Err(
                StoreError::Unavailable { .. } | StoreError::Misconfigured { .. }
            )) | Answered::Completion(Ok(()))
        );
        assert!(is_right, "{answer:?}");
    }
}

/// An operator lets what is under way end, and no new action begin.
#[tokio::test]
async fn without_the_right_to_insert_what_is_claimed_is_completed() {
    let Some(bench) = Bench::new() else { return };
    let schema = bench.schema();
    drop(bench.open().await);
    let role = format!("role_of_{schema}");
    let grants = format!(
        "CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA {schema} TO {role}; \
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}; \
         GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role}"
    );
    let admin = bench.client().await;
    admin.batch_execute(&grants).await.unwrap();
    let url = format!("{} user={role}", bench.url());
    let store = bench.options().pool_size(1).connect(&url).await.unwrap();
    let tokens = claim_all(&store, 0, 16).await;
    let revoke = format!("REVOKE INSERT ON {schema}.effects FROM {role}");
    admin.batch_execute(&revoke).await.unwrap();
    let (_, answers) = complete_and_claim(&bench, &store, tokens, 100).await;
    for answer in answers {
        let is_right = matches!(
            answer,
            Answered::Claim(Err(StoreError::Misconfigured { .. })) | Answered::Completion(Ok(()))
        );
        assert!(is_right, "{answer:?}");
    }
}
