//! How few statements it takes, alone and together.

use std::sync::Arc;
use std::time::Duration;

use retry_effects::store::{Claim, ClaimRequest, Payload, Resolved};
use retry_effects::{Effect, EffectStore, Outcome, PostgresEffectStore, StoreError, Token};
use retry_tests::proxy::Proxy;
use tokio::task::JoinSet;

use super::bench::{Bench, id, success};

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

/// Lets callers queue up behind a lock, and says how many statements they took in all.
async fn together<T: Send + 'static>(
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

/// Claims `count` actions, from `first` on.
async fn claim_all(store: &PostgresEffectStore, first: u64, count: u64) -> Vec<Token> {
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
enum Answered {
    Claim(Result<Claim, StoreError>),
    Completion(Result<(), StoreError>),
}

/// Completes actions and claims new ones, at the same time and in turn.
async fn complete_and_claim(
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

/// A plan for an empty table scans a large one, until it is made anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_for_an_empty_table_is_not_kept() {
    const CALLERS: u64 = 64;
    const EACH: u64 = 400;
    let Some(bench) = Bench::new() else { return };
    drop(bench.open().await);
    let schema = bench.schema();
    let admin = bench.client().await;
    let empty = format!("ALTER TABLE {schema}.effects SET (autovacuum_enabled = off)");
    admin.batch_execute(&empty).await.unwrap();
    let analyze = format!("VACUUM ANALYZE {schema}.effects");
    admin.batch_execute(&analyze).await.unwrap();
    let store = bench.open().await;
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let store = store.clone();
        callers.spawn(async move {
            for number in caller * EACH..(caller + 1) * EACH {
                let request = ClaimRequest::new(id(number), "test");
                let Ok(Claim::Won(token)) = store.pending(&request).await else {
                    panic!("nobody else is there")
                };
                store.complete(&token, success()).await.unwrap();
            }
        });
    }
    callers.join_all().await;
    drop(store);
    // The sessions report their statistics as they end.
    let read = "SELECT sum(idx_tup_read)::int8, sum(idx_scan)::int8 FROM pg_stat_user_indexes \
                WHERE schemaname = $1 AND relname = 'effects'";
    let (tuples, scans) = loop {
        let row = admin.query_one(read, &[&schema]).await.unwrap();
        let (tuples, scans): (i64, i64) = (row.get(0), row.get(1));
        if u64::try_from(scans).unwrap() >= CALLERS * EACH {
            break (tuples, scans);
        }
        tokio::task::yield_now().await;
    };
    let actions = i64::try_from(CALLERS * EACH).unwrap();
    assert!(tuples / actions < 100, "{tuples} tuples, {scans} scans");
}
