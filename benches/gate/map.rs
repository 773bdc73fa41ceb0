//! The in-memory store beside a bare map of 64 shards, and beside the least that could keep its rules.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, Mutex};
use std::thread;

use retry_effects::store::{Claim, ClaimId, ClaimRequest, Payload};
use retry_effects::{ActionId, EffectStore, InMemoryEffectStore, Outcome};

use crate::counted;
use crate::rate::{best_of_three_with, rate};
use crate::row;
use crate::table::Table;

const CALLS: u64 = 200_000;

pub(crate) type Ours = InMemoryEffectStore;

pub(crate) fn rows(table: &mut Table<6>) {
    let what = "claim + complete, instructions (target: at most)";
    let count = counted::instructions;
    match (count("ours"), count("limit"), count("bare")) {
        (Some(ours), Some(limit), Some(bare)) => {
            table.line(row("map", what, ours, Some(bare), "1.5"));
            let what = "the same beside the limit: a hand-written store";
            table.line(row("map", what, ours, Some(limit), "1.3"));
        }
        _ => println!("valgrind is not installed: no instructions are counted"),
    }
    let [nanos, beside] = counted::nanos(["ours", "limit"]);
    let what = "claim + complete beside the limit, ns of CPU";
    table.line(row("map", what, nanos, Some(beside), "1.3"));
    let measured = best_of_three_with(Ours::default, |store| {
        ours(store, 0, CALLS);
        CALLS
    });
    let beside = best_of_three_with(Bare::default, |map| {
        bare(map, 0, CALLS);
        CALLS
    });
    table.line(row(
        "map",
        "claim + complete, calls/s",
        measured,
        Some(beside),
        "0.5",
    ));
    let measured = (0..3).map(|_| {
        two_threads(&Arc::new(Ours::default()), |store, first, calls| {
            ours(store, first, calls);
        })
    });
    let beside = (0..3).map(|_| {
        two_threads(&Arc::new(Bare::default()), |map, first, calls| {
            bare(map, first, calls);
        })
    });
    let (measured, beside) = (measured.fold(0.0, f64::max), beside.fold(0.0, f64::max));
    table.line(row(
        "map",
        "the same on two threads",
        measured,
        Some(beside),
        "0.5",
    ));
}

fn two_threads<S: Send + Sync + 'static>(store: &Arc<S>, run: fn(&Arc<S>, u64, u64)) -> f64 {
    rate(|| {
        let threads = [0, CALLS].map(|first| {
            let store = store.clone();
            thread::spawn(move || run(&store, first, CALLS))
        });
        for thread in threads {
            thread.join().expect("no panic");
        }
        2 * CALLS
    })
}

/// Ids as spread as those of SHA-256, at the price of a multiplication.
pub(crate) fn id(call: u64) -> ActionId {
    let mut bytes = [0; 32];
    for (at, part) in bytes.chunks_exact_mut(8).enumerate() {
        let salted = (call ^ (at as u64) << 40).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        part.copy_from_slice(&(salted ^ salted >> 29).to_le_bytes());
    }
    ActionId::from_bytes(bytes)
}

/// Claim ids given: the library draws them by the clock, which runs too fast under valgrind.
pub(crate) fn claim_id(call: u64) -> u128 {
    u128::from(call) << 64 | u128::from(call.wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

pub(crate) fn payload() -> Payload {
    Payload::new("\"receipt 1\"")
}

pub(crate) fn ours(store: &Ours, first: u64, calls: u64) {
    let payload = payload();
    let mut request = ClaimRequest::new(id(first), "charge");
    for call in first..first + calls {
        request.id = id(call);
        request.claim_id = ClaimId::from_bits(claim_id(call));
        let claim = now(store.pending(&request));
        let Claim::Won(token) = claim else {
            panic!("the key is new");
        };
        now(store.complete(&token, Outcome::Success(payload.clone())));
    }
}

/// The answer of a store that answers at once.
pub(crate) fn now<T: Unpin>(future: retry_effects::store::StoreFuture<'_, T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(answer) => answer.expect("it does not fail"),
        std::task::Poll::Pending => panic!("it answers at once"),
    }
}

#[derive(Default)]
pub(crate) struct First8(u64);

impl Hasher for First8 {
    fn write(&mut self, bytes: &[u8]) {
        let mut first = [0; 8];
        first.copy_from_slice(&bytes[..8]);
        self.0 = u64::from_le_bytes(first);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// What a store without any of the rules would be.
pub(crate) struct Bare([Mutex<HashMap<Key, Entry, BuildHasherDefault<First8>>>; 64]);

#[derive(PartialEq, Eq)]
pub(crate) struct Key(pub(crate) [u8; 32]);

impl std::hash::Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(&self.0);
    }
}

struct Entry {
    done: bool,
    result: Option<Payload>,
}

impl Default for Bare {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::default()))
    }
}

pub(crate) fn bare(map: &Bare, first: u64, calls: u64) {
    let payload = payload();
    for call in first..first + calls {
        let id = id(call);
        let shard = &map.0[usize::from(id.as_bytes()[31]) % 64];
        let entry = Entry {
            done: false,
            result: None,
        };
        shard
            .lock()
            .expect("no panic")
            .insert(Key(*id.as_bytes()), entry);
        let mut shard = shard.lock().expect("no panic");
        let entry = shard.get_mut(&Key(*id.as_bytes())).expect("it was put in");
        entry.done = true;
        entry.result = Some(payload.clone());
        assert!(entry.done && entry.result.is_some());
    }
}
