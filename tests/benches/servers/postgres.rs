//! The gate on a Postgres server of its own, beside one statement a round trip on a pool of the same
//! size.
//!
//! ```text
//! cargo bench -p retry-tests --features postgres --bench postgres
//! ```
//!
//! Each call is a new action: the gate claims it, runs an empty body, and records its result. By hand
//! that is an `INSERT .. ON CONFLICT DO NOTHING` and an `UPDATE`, each a prepared statement on a
//! connection of the pool and its own commit: as many statements as the gate sends. Once more with a
//! `SELECT` before them, as of a caller who expects replays. The three take turns of half a second
//! each, so that what else the machine does hits them alike; the ratios are of rates and medians of
//! all turns. Once with `fsync`, and once without, where only round trips and the server's work
//! are left.
#![allow(clippy::print_stdout, reason = "a table is what it is for")]

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use retry_effects::deadpool_postgres::{Manager, Pool, Runtime};
use retry_effects::{Effect, PostgresEffectStore, compute_action_id};
use retry_tests::postgres::ThrowawayPostgres;
use tokio_postgres::NoTls;

/// How long a contender runs before it is the next one's turn.
const TURN: Duration = Duration::from_millis(500);

/// How many turns each has.
const TURNS: u32 = 6;

/// How many connections each has.
const CONNECTIONS: usize = 8;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    for fsync in ["on", "off"] {
        let settings = [format!("fsync = {fsync}"), "max_wal_size = 4GB".to_owned()];
        let Some(server) = ThrowawayPostgres::start_with(&[&settings[0], &settings[1]]) else {
            return;
        };
        runtime.block_on(compare(&server, fsync));
    }
}

async fn compare(server: &ThrowawayPostgres, fsync: &str) {
    let url = server.url();
    let options = PostgresEffectStore::options().pool_size(CONNECTIONS);
    let store = options.connect(&url).await.expect("a store");
    let hand = Hand::new(&url).await;
    let contenders = [
        Contender::new("the gate", move |number| {
            let store = store.clone();
            async move {
                let outcome: Result<u64, String> = Effect::new("bench", &number)
                    .store(&store)
                    .run_async(|| async { Ok(number) })
                    .await;
                outcome.expect("a result");
            }
        }),
        Contender::new("by hand: insert, update", {
            let hand = hand.clone();
            move |number| hand.clone().act("two", number, false)
        }),
        Contender::new("by hand: select, insert, update", move |number| {
            hand.clone().act("three", number, true)
        }),
    ];
    println!("\nfsync = {fsync}, {CONNECTIONS} connections");
    println!(
        "{:<42} {:>9} {:>9} {:>9} {:>9}",
        "", "per s", "p50 us", "p90 us", "p99 us"
    );
    for callers in [1, 2, 4, 8, 64] {
        let mut all: [Times; 3] = Default::default();
        for _ in 0..TURNS {
            for (contender, times) in contenders.iter().zip(&mut all) {
                times.add(contender.take_turn(callers).await);
            }
        }
        for (contender, times) in contenders.iter().zip(&mut all) {
            times.show(&format!("{}, {callers} callers", contender.name));
        }
        let [gate, two, three] = &all;
        println!(
            "    the gate to both by hand: rate {:.2} and {:.2}, median {:.2} and {:.2}",
            gate.rate() / two.rate(),
            gate.rate() / three.rate(),
            gate.at(0.5) / two.at(0.5),
            gate.at(0.5) / three.at(0.5),
        );
    }
}

/// What is called again and again, each time with another number.
#[derive(Clone)]
struct Contender {
    name: &'static str,
    call: Arc<dyn Fn(u64) -> Call + Send + Sync>,
    next: Arc<AtomicU64>,
}

type Call = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Contender {
    fn new<F: Future<Output = ()> + Send + 'static>(
        name: &'static str,
        call: impl Fn(u64) -> F + Send + Sync + 'static,
    ) -> Self {
        Self {
            name,
            call: Arc::new(move |number| Box::pin(call(number))),
            next: Arc::default(),
        }
    }

    /// Lets so many callers call it for a while.
    async fn take_turn(&self, callers: usize) -> Times {
        let began = Instant::now();
        let calling = (0..callers).map(|_| {
            let contender = self.clone();
            tokio::spawn(async move {
                let mut times = Vec::new();
                while began.elapsed() < TURN {
                    let asked = Instant::now();
                    let number = contender.next.fetch_add(1, Ordering::Relaxed);
                    (contender.call)(number).await;
                    times.push(asked.elapsed());
                }
                times
            })
        });
        let mut each = Vec::new();
        for caller in calling.collect::<Vec<_>>() {
            each.extend(caller.await.expect("no panic"));
        }
        Times {
            all: began.elapsed(),
            each,
        }
    }
}

/// In how long altogether, and what each call took.
#[derive(Default)]
struct Times {
    all: Duration,
    each: Vec<Duration>,
}

impl Times {
    fn add(&mut self, turn: Self) {
        self.all += turn.all;
        self.each.extend(turn.each);
    }

    fn rate(&self) -> f64 {
        self.each.len() as f64 / self.all.as_secs_f64()
    }

    /// In microseconds, once they are in order.
    fn at(&self, part: f64) -> f64 {
        self.each[((self.each.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e6
    }

    fn show(&mut self, name: &str) {
        self.each.sort_unstable();
        let (rate, [p50, p90, p99]) = (self.rate(), [0.5, 0.9, 0.99].map(|part| self.at(part)));
        println!("{name:<42} {rate:>9.0} {p50:>9.0} {p90:>9.0} {p99:>9.0}");
    }
}

/// What one would write without a store: a table, and a statement a round trip.
#[derive(Clone)]
struct Hand(Pool);

impl Hand {
    async fn new(url: &str) -> Self {
        let manager = Manager::new(url.parse().expect("a URL"), NoTls);
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .runtime(Runtime::Tokio1)
            .build()
            .expect("a pool");
        let client = pool.get().await.expect("a connection");
        let table = "CREATE TABLE by_hand (action_id bytea PRIMARY KEY, status text NOT NULL, \
                     claimed_at timestamptz NOT NULL DEFAULT clock_timestamp(), payload text) \
                     WITH (fillfactor = 70)";
        client.batch_execute(table).await.expect("a table");
        Self(pool)
    }

    async fn act(self, kind: &'static str, number: u64, looks: bool) {
        let id = compute_action_id(kind, &number, "").expect("a number has a JSON form");
        let id: &[u8] = id.as_bytes();
        if looks {
            let select = "SELECT status, payload FROM by_hand WHERE action_id = $1";
            let client = self.0.get().await.expect("a connection");
            let select = client.prepare_cached(select).await.expect("a statement");
            let rows = client.query(&select, &[&id]).await;
            drop(rows.expect("an answer"));
        }
        let insert = "INSERT INTO by_hand (action_id, status) VALUES ($1, 'pending') \
                      ON CONFLICT DO NOTHING";
        let update = "UPDATE by_hand SET status = 'success', payload = $2 \
                      WHERE action_id = $1 AND status = 'pending'";
        let client = self.0.get().await.expect("a connection");
        let insert = client.prepare_cached(insert).await.expect("a statement");
        let won = client.execute(&insert, &[&id]).await;
        assert_eq!(won.expect("a claim"), 1);
        // Between the two the effect takes place: the connection is not kept for that.
        drop(client);
        let client = self.0.get().await.expect("a connection");
        let update = client.prepare_cached(update).await.expect("a statement");
        let payload = number.to_string();
        let updated = client.execute(&update, &[&id, &payload]).await;
        assert_eq!(updated.expect("a record"), 1);
    }
}
