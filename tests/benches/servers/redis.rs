//! The store on a Redis server of its own, beside clients by hand.
//!
//! ```text
//! cargo bench -p retry-tests --features redis --bench redis
//! ```
//!
//! Each pass claims an action and completes it. There are three sides:
//!
//! - the store;
//! - `by hand`: the script of this crate's first release, which decides on the server, by a bare
//!   connection of the `redis` crate that all callers share: a trip for the claim, one for the completion,
//!   and each waits until the one before has its answer;
//! - `short`: the least that keeps the promises (fence, claim id, lease, fingerprint, replay) and
//!   nothing else, by a bare connection that all callers share and that does not wait for answers.
//!
//! They take turns, round by round, so that all meet the same machine; once with a server that writes to
//! its disk before it answers, which is what the store asks for, and once with one that writes each
//! second, where the disk hides nothing. The time of processors is that of this process and of the server
//! together. `ROUNDS` and `CALLERS` (`1,64`) may be set in the environment.
#![allow(clippy::print_stdout, reason = "a table is what it is for")]

#[path = "redis/hand.rs"]
mod hand;
#[path = "redis/seen.rs"]
mod seen;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hand::{ByHand, Short};
use retry_effects::store::{Claim, ClaimRequest, Payload};
use retry_effects::{ActionId, EffectStore, Outcome, RedisEffectStore, compute_action_id};
use retry_tests::redis::ThrowawayRedis;
use seen::{Cpu, Seen, Turn};
use tokio::runtime::Runtime;

/// How long each side has in a round.
const TURN: Duration = Duration::from_millis(500);

fn main() {
    let rounds = setting("ROUNDS", "5").parse().expect("a number of rounds");
    let callers = setting("CALLERS", "1,2,4,8,64,256");
    let callers = callers
        .split(',')
        .map(|count| count.parse().expect("a number of callers"));
    let callers: Vec<usize> = callers.collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    for appendfsync in ["always", "everysec"] {
        let Some(server) = ThrowawayRedis::start_with(&[("appendfsync", appendfsync)]) else {
            return;
        };
        println!("appendfsync {appendfsync}; passes a second, µs a pass, µs of processors a pass");
        println!("{:>8} {:>8} {}", "callers", "side", Seen::HEAD);
        for callers in &callers {
            compare(&runtime, &server, *callers, rounds);
        }
    }
}

fn setting(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| default.to_owned())
}

fn compare(runtime: &Runtime, server: &ThrowawayRedis, callers: usize, rounds: usize) {
    let (ours, by_hand, short) = runtime.block_on(async {
        let options = RedisEffectStore::options().accept_loss();
        let store = options.connect(&server.url()).await.expect("a store");
        (
            Ours { store },
            ByHand::at(server).await,
            Short::at(server).await,
        )
    });
    let cpu = Cpu::of(server);
    let (mut first, mut second, mut third) = (Seen::default(), Seen::default(), Seen::default());
    for _ in 0..rounds {
        first.add(runtime.block_on(many(callers, &by_hand, &cpu)));
        second.add(runtime.block_on(many(callers, &short, &cpu)));
        third.add(runtime.block_on(many(callers, &ours, &cpu)));
    }
    for (name, seen) in [("by hand", first), ("short", second), ("store", third)] {
        println!("{callers:>8} {name:>8} {seen}");
    }
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

/// So many callers for one turn.
async fn many(callers: usize, side: &impl Side, cpu: &Cpu) -> Turn {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let (began, used) = (Instant::now(), cpu.used());
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
    Turn {
        all: began.elapsed(),
        cpu: cpu.used() - used,
        times,
    }
}
