//! Inner failures that the attempt swallows, and then fails of something else: the outer call makes
//! all its attempts, however alike the two errors are.

use std::cell::Cell;
use std::error::Error;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};

use retry_core::testing::no_wait;
use retry_core::{Retry, retry_storage, retry_worker};

use super::{FOUR, THREE, case};

type Boxed = Box<dyn Error + Send + Sync>;

case!(
    another_text,
    "connection reset".to_owned() => String,
    |inner| -> String { inner.or(Err("database busy".to_owned())) },
    9
);
case!(
    a_letter_of_another_text,
    "e".to_owned() => String,
    |inner| -> String { inner.or(Err("the database is away".to_owned())) },
    9
);
case!(
    a_word_of_another_text,
    "busy".to_owned() => String,
    |inner| -> &'static str { inner.or(Err("database busy")) },
    9
);
case!(
    a_part_of_a_word,
    "load" => &'static str,
    |inner| -> &'static str { inner.or(Err("reloading failed: overloaded")) },
    9
);
case!(
    no_text,
    String::new() => String,
    |inner| -> String { inner.or(Err("disk hiccup".to_owned())) },
    9
);
case!(
    another_string_of_the_same_text,
    "busy".to_owned() => String,
    |inner| -> String { inner.map_err(|_| "busy".to_owned()) },
    9
);
case!(
    another_box_of_the_same_text,
    "busy".into() => Boxed,
    |inner| -> Boxed {
        match inner {
            Ok(()) => Ok(()),
            Err(_) => Err("busy".into()),
        }
    },
    9
);
case!(
    another_anyhow_error_of_the_same_text,
    anyhow::anyhow!("busy") => anyhow::Error,
    |inner| -> anyhow::Error { inner.map_err(|_| anyhow::anyhow!("busy")) },
    9
);
case!(
    another_source_of_the_same_text,
    anyhow::Error::from(io::Error::from(io::ErrorKind::ConnectionRefused)) => anyhow::Error,
    |inner| -> anyhow::Error {
        inner.map_err(|_| {
            let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
            anyhow::Error::from(refused).context("no database")
        })
    },
    9
);

/// Addresses at which nobody listens.
fn closed() -> io::Result<[SocketAddr; 2]> {
    let listeners = [
        TcpListener::bind("127.0.0.1:0")?,
        TcpListener::bind("127.0.0.1:0")?,
    ];
    Ok([listeners[0].local_addr()?, listeners[1].local_addr()?])
}

/// The addresses of a cache and of a database behind it, and the number of attempts on each.
struct Places {
    cache: SocketAddr,
    database: SocketAddr,
    cached: Cell<u32>,
    loaded: Cell<u32>,
}

impl Places {
    fn new() -> io::Result<Self> {
        let [cache, database] = closed()?;
        Ok(Self {
            cache,
            database,
            cached: Cell::new(0),
            loaded: Cell::new(0),
        })
    }

    /// The database refuses twice, and then answers.
    fn is_up(&self) -> bool {
        self.loaded.set(self.loaded.get() + 1);
        self.loaded.get() == 3
    }

    fn tries(&self) -> (u32, u32) {
        (self.cached.get(), self.loaded.get())
    }
}

#[retry_storage(policy = THREE)]
fn cached(places: &Places) -> io::Result<TcpStream> {
    places.cached.set(places.cached.get() + 1);
    TcpStream::connect(places.cache)
}

#[retry_worker(policy = FOUR)]
fn load(places: &Places) -> io::Result<()> {
    if cached(places).is_ok() || places.is_up() {
        return Ok(());
    }
    TcpStream::connect(places.database).map(drop)
}

#[retry_worker(policy = FOUR)]
fn load_by_text(places: &Places) -> Result<(), String> {
    if cached(places).is_ok() || places.is_up() {
        return Ok(());
    }
    let stream = TcpStream::connect(places.database);
    stream
        .map(drop)
        .map_err(|error| format!("no database: {error}"))
}

#[test]
fn a_cache_and_then_a_database_refuse_and_the_database_answers_at_last() -> io::Result<()> {
    let _no_wait = no_wait();
    let places = Places::new()?;
    load(&places)?;
    assert_eq!(places.tries(), (9, 3));
    let places = Places::new()?;
    assert_eq!(load_by_text(&places), Ok(()));
    assert_eq!(places.tries(), (9, 3));
    let places = Places::new()?;
    let outcome = Retry::new(FOUR).run(|| {
        let _ = cached(&places);
        if places.is_up() {
            return Ok(());
        }
        TcpStream::connect(places.database).map(drop)
    });
    outcome?;
    assert_eq!(places.tries(), (9, 3));
    Ok(())
}

#[retry_storage(policy = THREE)]
async fn cached_async(places: &Places) -> io::Result<tokio::net::TcpStream> {
    places.cached.set(places.cached.get() + 1);
    tokio::net::TcpStream::connect(places.cache).await
}

#[retry_worker(policy = FOUR)]
async fn load_async(places: &Places) -> io::Result<()> {
    if cached_async(places).await.is_ok() || places.is_up() {
        return Ok(());
    }
    let stream = tokio::net::TcpStream::connect(places.database).await;
    stream.map(drop)
}

#[tokio::test]
async fn an_async_cache_and_then_a_database_too() -> io::Result<()> {
    let _no_wait = no_wait();
    let places = Places::new()?;
    load_async(&places).await?;
    assert_eq!(places.tries(), (9, 3));
    Ok(())
}

/// Inner attempts of an outer call that swallows the inner failure, waits for something, and fails of
/// the equal error that `make` gives.
async fn after_a_wait<E: retry_core::Classify>(make: impl Fn() -> E) -> u32 {
    let _no_wait = no_wait();
    let attempts = Cell::new(0);
    let inner = || async {
        attempts.set(attempts.get() + 1);
        Err::<(), E>(make())
    };
    let outcome = Retry::new(THREE)
        .run_async(|| async {
            let _ = Retry::new(THREE).run_async(inner).await;
            tokio::task::yield_now().await;
            Err::<(), E>(make())
        })
        .await;
    assert!(outcome.is_err());
    attempts.get()
}

#[tokio::test]
async fn an_equal_error_after_a_wait() {
    assert_eq!(after_a_wait(|| "busy").await, 9);
    assert_eq!(after_a_wait(|| "busy".to_owned()).await, 9);
    assert_eq!(after_a_wait(|| Boxed::from("busy")).await, 9);
    assert_eq!(after_a_wait(|| anyhow::anyhow!("busy")).await, 9);
    assert_eq!(after_a_wait(|| io::Error::other("busy")).await, 9);
    assert_eq!(after_a_wait(|| io::Error::from_raw_os_error(111)).await, 9);
}

/// The same, where another annotated call runs in between, and succeeds.
fn after_a_call<E: retry_core::Classify>(make: impl Fn() -> E) -> u32 {
    let _no_wait = no_wait();
    let attempts = Cell::new(0);
    let inner = || {
        attempts.set(attempts.get() + 1);
        Err::<(), E>(make())
    };
    let outcome = Retry::new(THREE).run(|| {
        let _ = Retry::new(THREE).run(inner);
        Retry::new(THREE)
            .run(|| Ok::<_, String>(()))
            .expect("it succeeds");
        Err::<(), E>(make())
    });
    assert!(outcome.is_err());
    attempts.get()
}

#[test]
fn an_equal_error_after_another_call() {
    assert_eq!(after_a_call(|| "busy"), 9);
    assert_eq!(after_a_call(|| "busy".to_owned()), 9);
    assert_eq!(after_a_call(|| Boxed::from("busy")), 9);
    assert_eq!(after_a_call(|| anyhow::anyhow!("busy")), 9);
    assert_eq!(after_a_call(|| io::Error::other("busy")), 9);
    assert_eq!(after_a_call(|| io::Error::from_raw_os_error(111)), 9);
}
