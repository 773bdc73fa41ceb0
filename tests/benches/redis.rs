//! The store on a Redis server of its own that writes to its disk before it answers.
//!
//! ```text
//! cargo bench -p retry-tests --features redis --bench redis
//! ```
//!
//! The floor is one `HSET` and its answer on a socket of one's own, by one thread that waits for it:
//! what the disk and the way there cost. Each pass claims an action and completes it, so two such
//! round trips. "One at a time" is the same store asked by callers of which each waits until the one
//! before has its answer: one statement a round trip.
#![allow(clippy::print_stdout, reason = "a table is what it is for")]

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use retry_effects::{
    Claim, ClaimRequest, EffectStore, Outcome, Payload, RedisEffectStore, compute_action_id,
};
use retry_tests::redis::ThrowawayRedis;
use tokio::sync::Mutex;

const TIME: Duration = Duration::from_secs(3);

fn main() {
    let Some(server) = ThrowawayRedis::start() else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    println!(
        "{:<38} {:>9} {:>8} {:>8} {:>8}",
        "", "per s", "p50 us", "p99 us", "p99.9"
    );
    show("floor: one HSET, one thread", floor(&server));
    let store = runtime.block_on(RedisEffectStore::connect(&server.url()));
    let store = Arc::new(store.expect("a store"));
    let bench = Bench {
        store,
        next: Arc::new(AtomicU64::new(0)),
        turn: Arc::new(Mutex::new(())),
    };
    for callers in [1, 2, 8, 64, 256] {
        let times = runtime.block_on(bench.passes(callers, false));
        show(&format!("claim and complete, {callers} callers"), times);
    }
    let times = runtime.block_on(bench.passes(64, true));
    show("the same, 64 callers, one at a time", times);
    for callers in [1, 64] {
        let times = runtime.block_on(bench.replays(callers));
        show(&format!("replay, {callers} callers"), times);
    }
}

/// In how long altogether, and what each call took.
type Times = (Duration, Vec<Duration>);

fn show(name: &str, (all, mut times): Times) {
    times.sort_unstable();
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize].as_micros();
    let rate = times.len() as f64 / all.as_secs_f64();
    println!(
        "{name:<38} {rate:>9.0} {:>8} {:>8} {:>8}",
        at(0.5),
        at(0.99),
        at(0.999)
    );
}

fn floor(server: &ThrowawayRedis) -> Times {
    let mut stream = UnixStream::connect(server.socket()).expect("the server");
    let mut times = Vec::new();
    let (began, mut answer) = (Instant::now(), [0; 64]);
    while began.elapsed() < TIME {
        let asked = Instant::now();
        let value = format!("{:0>300}", times.len());
        let command = format!("*4\r\n$4\r\nHSET\r\n$5\r\nfloor\r\n$1\r\nf\r\n$300\r\n{value}\r\n");
        stream.write_all(command.as_bytes()).expect("the server");
        let read = stream.read(&mut answer).expect("an answer");
        assert!(answer[..read].starts_with(b":"));
        times.push(asked.elapsed());
    }
    (began.elapsed(), times)
}

#[derive(Clone)]
struct Bench {
    store: Arc<RedisEffectStore>,
    next: Arc<AtomicU64>,
    turn: Arc<Mutex<()>>,
}

impl Bench {
    async fn passes(&self, callers: usize, by_turns: bool) -> Times {
        let bench = self.clone();
        many(callers, move || bench.clone().pass(by_turns)).await
    }

    async fn pass(self, by_turns: bool) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let id = compute_action_id("bench", &number, "").expect("a number has a JSON form");
        let _turn = match by_turns {
            true => Some(self.turn.lock().await),
            false => None,
        };
        let claim = self.store.pending(&ClaimRequest::new(id, "bench")).await;
        let Ok(Claim::Won(token)) = claim else {
            panic!("{claim:?}");
        };
        let outcome = Outcome::Success(Payload::new("\"receipt\""));
        let completed = self.store.complete(&token, outcome).await;
        completed.expect("a completion");
    }

    async fn replays(&self, callers: usize) -> Times {
        let id = compute_action_id("bench", &0, "").expect("a number has a JSON form");
        let store = self.store.clone();
        let replay = move || {
            let store = store.clone();
            async move { drop(store.resolve(id).await.expect("an answer")) }
        };
        many(callers, replay).await
    }
}

/// So many callers, each of which calls again and again.
async fn many<F: Future<Output = ()> + Send>(
    callers: usize,
    call: impl Fn() -> F + Clone + Send + 'static,
) -> Times {
    let began = Instant::now();
    let callers: Vec<_> = (0..callers)
        .map(|_| {
            let call = call.clone();
            tokio::spawn(async move {
                let mut times = Vec::new();
                while began.elapsed() < TIME {
                    let asked = Instant::now();
                    call().await;
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
