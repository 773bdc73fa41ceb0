//! A store that cannot be opened or used reports the reason and the remedy; nothing is lost and nothing runs.

use retry_effects::store::{Claim, ClaimRequest, Status};
use retry_effects::{Effect, EffectError, EffectStore, Outcome, PostgresEffectStore, StoreError};

use retry_tests::postgres::ThrowawayPostgres;

use super::bench::{Bench, id, success};

fn says(answer: Result<impl std::fmt::Debug, StoreError>, texts: &[&str]) {
    let error = answer.unwrap_err();
    let mut said = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(error) = source {
        said = format!("{said}: {error}");
        source = error.source();
    }
    for text in texts {
        assert!(said.contains(text), "{said:?} should say {text:?}");
    }
}

fn is_misconfigured(answer: Result<impl std::fmt::Debug, StoreError>, texts: &[&str]) {
    let is_it = matches!(answer, Err(StoreError::Misconfigured { .. }));
    assert!(is_it, "{answer:?}");
    says(answer, texts);
}

/// A user of this name, without any rights, and its URL.
async fn with_user(bench: &Bench) -> (String, String) {
    let user = format!("user_{}", bench.schema());
    let create = format!("CREATE ROLE {user} LOGIN");
    bench.client().await.batch_execute(&create).await.unwrap();
    let url = bench.url().replace("user=tester", &format!("user={user}"));
    (user, url)
}

#[tokio::test]
async fn what_is_no_url_is_refused() {
    for url in [
        "not a url",
        "postgres://host:port/database",
        "mysql://host/database",
        "",
    ] {
        is_misconfigured(
            PostgresEffectStore::connect(url).await,
            &["cannot be opened", "postgres://user:password@host"],
        );
    }
}

#[tokio::test]
async fn a_url_with_a_password_is_not_shown() {
    let opened = PostgresEffectStore::connect("postgres://u:secret@host:nope/d").await;
    let error = opened.unwrap_err();
    assert!(
        !format!("{error} {error:?}").contains("secret"),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let opened = PostgresEffectStore::connect("host=/nonexistent user=u dbname=d").await;
    assert!(
        matches!(opened, Err(StoreError::Unavailable { .. })),
        "{opened:?}"
    );
    let begins =
        "the store cannot reach Postgres at /nonexistent:5432/d: error connecting to server";
    says(opened, &[begins]);

    // The command's way.
    let existing = PostgresEffectStore::options().existing();
    let opened = existing.connect("host=/nonexistent user=u dbname=d").await;
    says(opened, &[begins]);
}

/// At its first claim, too, it is the server that is away.
#[tokio::test]
async fn a_server_that_goes_away_is_not_reached() {
    let Some(mut server) = ThrowawayPostgres::start() else {
        return;
    };
    let store = PostgresEffectStore::connect(&server.url()).await;
    let store = store.expect("a store");
    // With all its processes: those of a killed server may answer once more.
    server.stop_at_once();
    let error = store.pending(&ClaimRequest::new(id(1), "charge")).await;
    let error = error.expect_err("nobody is there");
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    let text = error.to_string();
    assert!(
        text.starts_with("the store cannot reach Postgres at"),
        "{text}"
    );
}

#[tokio::test]
async fn a_wrong_user_and_a_wrong_database_are_told_apart() {
    let Some(bench) = Bench::new() else { return };
    let url = bench.url().replace("user=tester", "user=nobody_there");
    is_misconfigured(
        bench.options().connect(&url).await,
        &["nobody_there", "user and password"],
    );
    let url = bench
        .url()
        .replace("dbname=postgres", "dbname=nothing_there");
    is_misconfigured(
        bench.options().connect(&url).await,
        &["nothing_there", "create it"],
    );
}

#[tokio::test]
async fn a_bad_schema_name_and_an_empty_pool_are_refused() {
    let long = "n".repeat(64);
    for (name, text) in [("", "0 bytes"), (&*long, "64 bytes"), ("a\0b", "U+0000")] {
        let opened = PostgresEffectStore::options()
            .schema(name)
            .connect("host=/nowhere user=u");
        is_misconfigured(opened.await, &[text]);
    }
    let opened = PostgresEffectStore::options()
        .pool_size(0)
        .connect("host=/nowhere user=u");
    is_misconfigured(opened.await, &["pool_size is 0"]);
}

#[tokio::test]
async fn odd_schema_names_are_names() {
    let Some(bench) = Bench::new() else { return };
    for odd in [
        "Ünï",
        "a b",
        "quo\"te",
        "it's",
        "back\\slash",
        "select",
        "$1",
    ] {
        let name = format!("{}{odd}", bench.schema());
        let opened = bench.options().schema(name).pool_size(1);
        let store = opened.connect(&bench.url()).await.unwrap();
        let claim = store
            .pending(&ClaimRequest::new(id(1), "test"))
            .await
            .unwrap();
        let Claim::Won(token) = claim else {
            panic!("{claim:?}")
        };
        store.complete(&token, success()).await.unwrap();
        assert_eq!(store.counts().await.unwrap().total(), 1);
    }
}

#[tokio::test]
async fn what_only_looks_makes_no_tables() {
    let Some(bench) = Bench::new() else { return };
    let url = bench.url();
    let look = || bench.options().existing().connect(&url);
    is_misconfigured(
        look().await,
        &["is not there", bench.schema(), "correct the database"],
    );
    let sought = "SELECT count(*) FROM pg_namespace WHERE nspname = $1";
    let client = bench.client().await;
    let made = client.query_one(sought, &[&bench.schema()]).await.unwrap();
    assert_eq!(made.get::<_, i64>(0), 0);

    drop(bench.open().await);
    let store = look().await.unwrap();
    assert_eq!(store.counts().await.unwrap().total(), 0);
}

#[test]
fn a_program_without_a_runtime_opens_it_too() {
    let Some(bench) = Bench::new() else { return };
    let store = bench.options().connect_blocking(&bench.url()).unwrap();
    let outcome = Effect::new("test", &7).store(&store);
    assert_eq!(outcome.run(|| Ok::<_, String>(7)), Ok(7));
    let missing = bench.options().schema("missing").existing();
    is_misconfigured(missing.connect_blocking(&bench.url()), &["is not there"]);
}

#[tokio::test]
async fn a_user_without_the_right_to_make_tables_is_told_which() {
    let Some(bench) = Bench::new() else { return };
    let (_, url) = with_user(&bench).await;
    let texts = ["CREATE SCHEMA", "AUTHORIZATION", bench.schema()];
    is_misconfigured(bench.options().connect(&url).await, &texts);
}

#[tokio::test]
async fn a_user_may_use_what_an_administrator_has_made() {
    let Some(bench) = Bench::new() else { return };
    let (user, url) = with_user(&bench).await;
    drop(bench.open().await);
    let schema = bench.schema();
    is_misconfigured(
        bench.options().connect(&url).await,
        &["GRANT USAGE", schema],
    );
    let read = format!(
        "GRANT USAGE ON SCHEMA {schema} TO {user};
         GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {user}"
    );
    let administrator = bench.client().await;
    administrator.batch_execute(&read).await.unwrap();
    let store = bench.options().connect(&url).await.unwrap();
    is_misconfigured(
        store.pending(&ClaimRequest::new(id(1), "test")).await,
        &["lacks a right", "GRANT SELECT, INSERT, UPDATE, DELETE"],
    );
    let outcome: Result<u32, EffectError> = Effect::new("test", &7)
        .store(&store)
        .run_async(|| async { panic!("it ran") })
        .await;
    assert!(
        matches!(outcome, Err(EffectError::Store { .. })),
        "{outcome:?}"
    );

    let all = format!(
        "GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {user};
         GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {user}"
    );
    administrator.batch_execute(&all).await.unwrap();
    let claim = store
        .pending(&ClaimRequest::new(id(1), "test"))
        .await
        .unwrap();
    let Claim::Won(token) = claim else {
        panic!("{claim:?}")
    };
    store.complete(&token, success()).await.unwrap();
}

#[tokio::test]
async fn tables_of_a_newer_version_are_left_alone() {
    let Some(bench) = Bench::new() else { return };
    let store = bench.open().await;
    // One that is free to run, and one in doubt.
    let mut tokens = Vec::new();
    for number in [2, 3] {
        let claim = store.pending(&ClaimRequest::new(id(number), "test")).await;
        let Ok(Claim::Won(token)) = claim else {
            panic!("{claim:?}")
        };
        tokens.push(token);
    }
    store.release(&tokens[0]).await.unwrap();
    let in_doubt = Outcome::in_doubt(None);
    store.complete(&tokens[1], in_doubt).await.unwrap();
    let newer = format!(
        "BEGIN; UPDATE {schema}.effect_store SET version = 3; \
         ALTER SEQUENCE {schema}.effect_fence RENAME TO effect_fence_3; COMMIT",
        schema = bench.schema()
    );
    bench.client().await.batch_execute(&newer).await.unwrap();
    let texts = [
        "newer version of retry-effects",
        "version 3",
        "upgrade retry-effects here",
    ];
    let opened = bench.options().connect(&bench.url()).await;
    assert!(
        matches!(opened, Err(StoreError::Unreadable { .. })),
        "{opened:?}"
    );
    says(opened, &texts);
    // One that was open before claims no more.
    let claim = store.pending(&ClaimRequest::new(id(1), "test")).await;
    says(claim, &texts);
    let claim = store.pending(&ClaimRequest::new(id(2), "test")).await;
    says(claim, &texts);
    let mut takeover = ClaimRequest::new(id(3), "test");
    takeover.takeover = Some(tokens[1].fence());
    says(store.pending(&takeover).await, &texts);
    for (token, status) in tokens.iter().zip([Status::Released, Status::InDoubt]) {
        let record = store.get(token.id()).await.unwrap().unwrap();
        assert_eq!((record.status, record.fence), (status, token.fence()));
    }
    assert_eq!(store.counts().await.unwrap().total(), 2);
}

#[tokio::test]
async fn a_session_that_may_only_read_is_refused() {
    let Some(bench) = Bench::new() else { return };
    drop(bench.open().await);
    let texts = ["on the primary", "target_session_attrs"];
    let pool = bench.pool_with("-c default_transaction_read_only=on");
    is_misconfigured(bench.options().with_pool(pool).await, &texts);
    let url = format!(
        "{} options='-c default_transaction_read_only=on'",
        bench.url()
    );
    is_misconfigured(bench.options().connect(&url).await, &texts);
}

#[tokio::test]
async fn a_database_that_cannot_hold_every_result_is_refused() {
    let Some(bench) = Bench::new() else { return };
    let name = format!("latin_{}", bench.schema());
    let create = format!("CREATE DATABASE {name} ENCODING 'LATIN1' TEMPLATE template0");
    bench.client().await.batch_execute(&create).await.unwrap();
    let url = bench
        .url()
        .replace("dbname=postgres", &format!("dbname={name}"));
    is_misconfigured(
        bench.options().connect(&url).await,
        &["encoding is LATIN1", "ENCODING 'UTF8'"],
    );
}

#[tokio::test]
async fn a_wrong_password_and_a_missing_one_are_told() {
    let Some(bench) = Bench::new() else { return };
    let create = "DROP ROLE IF EXISTS needs_password; \
                  CREATE ROLE needs_password SUPERUSER LOGIN PASSWORD 'right'";
    bench.client().await.batch_execute(create).await.unwrap();
    let url = bench.url().replace("user=tester", "user=needs_password");
    let texts = ["user and password in the URL"];
    let wrong = format!("{url} password=wrong");
    let opened = bench.options().connect(&wrong).await;
    assert!(!format!("{opened:?}").contains("wrong"), "{opened:?}");
    is_misconfigured(opened, &texts);
    is_misconfigured(bench.options().connect(&url).await, &texts);
    let right = format!("{url} password=right");
    bench.options().connect(&right).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_may_open_it_for_the_first_time_at_once() {
    let Some(bench) = Bench::new() else { return };
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..16 {
        let (options, url) = (bench.options().pool_size(1), bench.url());
        tasks.spawn(async move {
            let store = options.connect(&url).await.unwrap();
            let claim = store
                .pending(&ClaimRequest::new(id(number), "test"))
                .await
                .unwrap();
            assert!(matches!(claim, Claim::Won(_)), "{claim:?}");
        });
    }
    tasks.join_all().await;
    assert_eq!(bench.open().await.counts().await.unwrap().total(), 16);
}

#[tokio::test]
async fn a_pool_that_is_closed_says_so() {
    let Some(bench) = Bench::new() else { return };
    let pool = bench.pool_with("");
    let store = bench.options().with_pool(pool.clone()).await.unwrap();
    pool.close();
    let claim = store.pending(&ClaimRequest::new(id(1), "test")).await;
    says(claim, &["no connection"]);
}
