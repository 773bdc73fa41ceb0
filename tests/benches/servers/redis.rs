//! The store on a Redis server of its own, beside a bare client that sends one statement a round
//! trip.
//!
//! ```text
//! cargo bench -p retry-tests --features redis --bench redis
//! ```
//!
//! Each pass claims an action and completes it. The baseline runs the very script of the store, by a
//! bare connection of the `redis` crate that all callers share: each statement waits until the one
//! before has its answer. The store has one connection too. The two take turns, round by round, so
//! that both meet the same machine; once with a server that writes to its disk before it answers,
//! which is what the store asks for, and once with one that writes each second, where the disk hides
//! nothing.
#![allow(clippy::print_stdout, reason = "a table is what it is for")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use retry_effects::store::{Claim, ClaimId, ClaimRequest, Payload};
use retry_effects::{ActionId, EffectStore, Outcome, RedisEffectStore, compute_action_id};
use retry_tests::redis::ThrowawayRedis;
use tokio::sync::Mutex;

/// How long each side has in a round.
const TURN: Duration = Duration::from_millis(500);

const ROUNDS: usize = 8;

const CALLERS: [usize; 6] = [1, 2, 4, 8, 64, 256];

const SCRIPT: &str = concat!(
    "local time = redis.call('TIME')\nlocal now = time[1] * 1000000 + time[2]\n",
    include_str!("../../../retry-effects/src/stores/redis/script.lua"),
);

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    for appendfsync in ["always", "everysec"] {
        let Some(server) = ThrowawayRedis::start_with(&[("appendfsync", appendfsync)]) else {
            return;
        };
        println!("appendfsync {appendfsync}; per second, and microseconds a pass");
        println!(
            "{:>8} {:>10} {:>7} {:>7} {:>7} {:>10} {:>7} {:>7} {:>7} {:>7} {:>7}",
            "callers", "baseline", "p50", "p90", "p99", "store", "p50", "p90", "p99", "rate", "p50"
        );
        let (baseline, store) = runtime.block_on(sides(&server));
        for callers in CALLERS {
            let (mut bare, mut ours) = (Seen::default(), Seen::default());
            for _ in 0..ROUNDS {
                bare.add(runtime.block_on(many(callers, &baseline)));
                ours.add(runtime.block_on(many(callers, &store)));
            }
            let (bare, ours) = (bare.sum_up(), ours.sum_up());
            println!(
                "{callers:>8} {bare} {ours} {:>6.2}x {:>+6.0}%",
                ours.rate / bare.rate,
                100.0 * (ours.p50 / bare.p50 - 1.0),
            );
        }
    }
}

async fn sides(server: &ThrowawayRedis) -> (Bare, Ours) {
    let options = RedisEffectStore::options().accept_loss();
    let store = Ours {
        store: options.connect(&server.url()).await.expect("a store"),
    };
    let client = redis::Client::open(server.url()).expect("a URL");
    let mut connection = client
        .get_multiplexed_async_connection()
        .await
        .expect("a connection");
    let mut load = redis::cmd("SCRIPT");
    load.arg("LOAD").arg(SCRIPT);
    let hash: String = load.query_async(&mut connection).await.expect("a script");
    let baseline = Bare {
        connection: Arc::new(Mutex::new(connection)),
        hash: hash.into(),
    };
    (baseline, store)
}

/// Who is measured.
trait Side: Clone + Send + Sync + 'static {
    /// Claims an action that nobody has claimed before, and completes it.
    fn pass(&self, id: ActionId) -> impl Future<Output = ()> + Send;
}

#[derive(Clone)]
struct Ours {
    store: RedisEffectStore,
}

impl Side for Ours {
    async fn pass(&self, id: ActionId) {
        let claim = self.store.pending(&ClaimRequest::new(id, "bench")).await;
        let Ok(Claim::Won(token)) = claim else {
            panic!("{claim:?}");
        };
        let outcome = Outcome::Success(Payload::new("\"receipt\""));
        let completed = self.store.complete(&token, outcome).await;
        completed.expect("a completion");
    }
}

/// What anybody would write: a connection, a lock and a script.
#[derive(Clone)]
struct Bare {
    connection: Arc<Mutex<MultiplexedConnection>>,
    hash: Arc<str>,
}

impl Bare {
    fn command(&self, id: ActionId, operation: &str) -> redis::Cmd {
        let tag = format!("{{bare:{:02x}}}", id.as_bytes()[0]);
        let mut command = redis::cmd("EVALSHA");
        command.arg(&*self.hash).arg(4);
        command
            .arg(format!("{tag}:{id}"))
            .arg(format!("{tag}:fence"));
        command.arg(format!("{tag}:ids")).arg(format!("{tag}:due"));
        command.arg(operation).arg(id.to_string());
        command
    }

    async fn send(&self, command: redis::Cmd) -> Vec<String> {
        let mut connection = self.connection.lock().await;
        let answer = command.query_async(&mut *connection).await;
        answer.expect("an answer")
    }
}

impl Side for Bare {
    async fn pass(&self, id: ActionId) {
        let claim_id = format!("{:032x}", ClaimId::random().bits());
        let mut claim = self.command(id, "claim");
        claim.arg(&claim_id).arg("").arg("bench").arg("");
        claim.arg(30_000_000).arg(30_000_000_000_u64);
        claim.arg(30_000).arg("").arg("").arg("").arg("");
        let won = self.send(claim).await;
        let [done, fence] = &won[..] else {
            panic!("{won:?}");
        };
        assert_eq!(done, "done");
        let mut complete = self.command(id, "complete");
        complete.arg(fence).arg(&claim_id);
        complete.arg("success").arg(1).arg("\"receipt\"");
        assert_eq!(self.send(complete).await, ["done"]);
    }
}

/// So many callers for one turn: how long it took, and what each pass took.
async fn many(callers: usize, side: &impl Side) -> (Duration, Vec<Duration>) {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let began = Instant::now();
    let callers: Vec<_> = (0..callers)
        .map(|_| {
            let side = side.clone();
            tokio::spawn(async move {
                let mut times = Vec::new();
                while began.elapsed() < TURN {
                    let number = NEXT.fetch_add(1, Ordering::Relaxed);
                    let id = compute_action_id("bench", &number, "").expect("a number");
                    let asked = Instant::now();
                    side.pass(id).await;
                    times.push(asked.elapsed());
                }
                times
            })
        })
        .collect();
    let mut times = Vec::new();
    for caller in callers {
        times.extend(caller.await.expect("no panic"));
    }
    (began.elapsed(), times)
}

#[derive(Default)]
struct Seen {
    rates: Vec<f64>,
    times: Vec<Duration>,
}

/// The median round's rate, and the percentiles of all passes.
struct Sum {
    rate: f64,
    p50: f64,
    p90: f64,
    p99: f64,
}

impl Seen {
    fn add(&mut self, (all, times): (Duration, Vec<Duration>)) {
        self.rates.push(times.len() as f64 / all.as_secs_f64());
        self.times.extend(times);
    }

    fn sum_up(mut self) -> Sum {
        self.rates.sort_by(f64::total_cmp);
        self.times.sort_unstable();
        let at = |part: f64| {
            let place = ((self.times.len() - 1) as f64 * part) as usize;
            self.times[place].as_secs_f64() * 1e6
        };
        Sum {
            rate: self.rates[self.rates.len() / 2],
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
        }
    }
}

impl std::fmt::Display for Sum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:>10.0} {:>7.0} {:>7.0} {:>7.0}",
            self.rate, self.p50, self.p90, self.p99
        )
    }
}
