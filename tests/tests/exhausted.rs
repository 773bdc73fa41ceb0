//! A process that is out of files: what cannot be started is an error before anything is claimed. What
//! renews leases is one thread a process, so each test runs in a process of its own.
#![cfg(target_os = "linux")]

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use retry_core::{Classify, Verdict};
use retry_effects::store::{Filter, StoreFuture};
use retry_effects::{
    Effect, EffectError, EffectStore, InMemoryEffectStore, SqliteEffectStore, StoreError,
    compute_action_id,
};
use retry_tests::alone;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// As long as it lives, this process gets no file more.
struct NoFiles(Rlimit);

impl NoFiles {
    fn begin() -> Self {
        let before = getrlimit(Resource::Nofile);
        let none = Rlimit {
            current: Some(0),
            maximum: before.maximum,
        };
        setrlimit(Resource::Nofile, none).expect("a limit may be lowered");
        assert!(std::fs::File::open("/dev/null").is_err());
        Self(before)
    }
}

impl Drop for NoFiles {
    fn drop(&mut self) {
        setrlimit(Resource::Nofile, self.0).expect("up to its maximum it may be raised");
    }
}

/// The error of a gated call, with what it came from.
#[derive(Debug)]
struct Refused(EffectError);

impl From<EffectError> for Refused {
    fn from(error: EffectError) -> Self {
        Self(error)
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Classify for Refused {}

fn is_of_files(error: &Refused) -> bool {
    let EffectError::Store { source, .. } = &error.0 else {
        return false;
    };
    let texts = format!("{source}");
    matches!(source, StoreError::Unavailable { .. })
        && texts.contains("Too many open files")
        && source.source().is_some()
        && error.0.classify().verdict() == Verdict::Retry
}

fn wait<T: Unpin>(answer: StoreFuture<'_, T>) -> Result<T, StoreError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime").block_on(answer)
}

const CALLS: u32 = 300;

fn nothing_is_claimed(store: &Arc<dyn EffectStore>) {
    let ran = AtomicU32::new(0);
    let call = |number: u32| {
        Effect::new("charge", &number).store(store).run(|| {
            ran.fetch_add(1, Ordering::Relaxed);
            Ok::<_, Refused>(number)
        })
    };
    {
        let _no_files = NoFiles::begin();
        for number in 0..CALLS {
            let error = call(number).expect_err("nobody could renew its lease");
            assert!(is_of_files(&error), "{error:?}");
        }
    }
    assert_eq!(ran.load(Ordering::Relaxed), 0);
    assert_eq!(
        wait(store.list(&Filter::default())).expect("a list").len(),
        0
    );
    // It passes with its cause.
    for number in 0..CALLS {
        assert_eq!(call(number).expect("it runs"), number);
    }
    assert_eq!(ran.load(Ordering::Relaxed), CALLS);
}

#[test]
fn in_memory_nothing_is_claimed() {
    if alone("in_memory_nothing_is_claimed", &[]) {
        let store: Arc<dyn EffectStore> = Arc::new(InMemoryEffectStore::new());
        nothing_is_claimed(&store);
    }
}

#[test]
fn in_a_file_nothing_is_claimed() {
    if alone("in_a_file_nothing_is_claimed", &[]) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = SqliteEffectStore::open(folder.path().join("effects.db")).expect("a store");
        // A connection that reads is kept.
        let id = compute_action_id("charge", &0, "").expect("a number has a JSON form");
        wait(store.resolve(id)).expect("it is free");
        let store: Arc<dyn EffectStore> = Arc::new(store);
        nothing_is_claimed(&store);
    }
}

#[test]
fn an_async_call_is_refused_too() {
    if !alone("an_async_call_is_refused_too", &[]) {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.expect("a runtime");
    let store = InMemoryEffectStore::new();
    let call = || async {
        let effect = Effect::new("charge", &1).store(&store);
        effect.run_async(|| async { Ok::<_, Refused>(7) }).await
    };
    let no_files = NoFiles::begin();
    let error = runtime
        .block_on(call())
        .expect_err("nobody could renew its lease");
    assert!(is_of_files(&error), "{error:?}");
    drop(no_files);
    assert_eq!(wait(store.counts()).expect("a count").total(), 0);
    assert_eq!(runtime.block_on(call()).expect("it runs"), 7);
}

/// The thread of a store is there before the store is.
#[test]
fn a_store_that_cannot_start_its_thread_is_not_opened_and_later_it_is() {
    if !alone(
        "a_store_that_cannot_start_its_thread_is_not_opened_and_later_it_is",
        &[],
    ) {
        return;
    }
    let is_out_of_files = |error: StoreError| {
        let is_typed = matches!(error, StoreError::Unavailable { .. });
        assert!(
            is_typed && error.to_string().contains("Too many open files"),
            "{error:?}"
        );
    };
    #[cfg(feature = "postgres")]
    {
        use retry_effects::PostgresEffectStore;
        let open = || PostgresEffectStore::options().connect_blocking("host=/nonexistent user=u");
        let no_files = NoFiles::begin();
        is_out_of_files(open().expect_err("no runtime"));
        drop(no_files);
        let error = open().expect_err("no server");
        assert!(
            error.to_string().contains("cannot reach Postgres at"),
            "{error}"
        );
    }
    #[cfg(feature = "redis")]
    {
        use retry_effects::RedisEffectStore;
        let open = || {
            let timeout = std::time::Duration::from_millis(1);
            let options = RedisEffectStore::options().timeout(timeout);
            options.connect_blocking("unix:///nonexistent")
        };
        let no_files = NoFiles::begin();
        is_out_of_files(open().expect_err("no runtime"));
        drop(no_files);
        let error = open().expect_err("no server");
        assert!(
            error
                .to_string()
                .contains("cannot reach the Redis server at"),
            "{error}"
        );
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("effects.db");
    let no_files = NoFiles::begin();
    is_out_of_files(SqliteEffectStore::open(&path).expect_err("no file"));
    drop(no_files);
    SqliteEffectStore::open(&path).expect("a store");
}
