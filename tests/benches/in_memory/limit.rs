//! The least that a store with all the rules could cost: a hand-written map of the same records, with
//! fence, claim id, lease and retention, and two reads of the clock an action.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::BuildHasherDefault;
use std::hint::black_box;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use retry_effects::store::Payload;

use super::keys::{First8, Key, SEEN, claim_id, payload};

type Records = HashMap<Key, Box<Record>, BuildHasherDefault<First8>>;

/// The store.
pub(crate) struct Limit {
    shards: [Mutex<Shard>; 64],
    origin: Instant,
}

#[derive(Default)]
struct Shard {
    records: Records,
    fence: u64,
}

#[derive(Clone, Copy, PartialEq)]
enum Status {
    Pending,
    Success,
}

/// The fields of the library's record.
struct Record {
    status: Status,
    applied: bool,
    fence: u64,
    claim_id: u128,
    input_hash: Option<[u8; 32]>,
    action_type: &'static str,
    scope: Option<Arc<str>>,
    lease_until: u64,
    lease: u64,
    renewals: u64,
    created: u64,
    completed: u64,
    keep: u64,
    retain: u64,
    payload: Option<Payload>,
}

struct Token {
    key: Key,
    fence: u64,
    claim_id: u128,
}

impl Default for Limit {
    fn default() -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::default()),
            origin: Instant::now(),
        }
    }
}

impl Limit {
    fn shard(&self, key: &Key) -> &Mutex<Shard> {
        &self.shards[key.shard()]
    }

    fn now(&self) -> u64 {
        let elapsed = self.origin.elapsed();
        elapsed.as_secs() * 1_000_000_000 + u64::from(elapsed.subsec_nanos())
    }

    fn claim(&self, key: Key, claim_id: u128, lease: Duration) -> Option<Token> {
        let now = self.now();
        let lease = u64::try_from(lease.as_nanos()).unwrap_or(u64::MAX);
        let mut shard = self.shard(&key).lock().expect("no panic");
        let shard = &mut *shard;
        let fence = shard.fence + 1;
        match shard.records.entry(key) {
            Entry::Occupied(_) => return None,
            Entry::Vacant(place) => {
                place.insert(Box::new(Record {
                    status: Status::Pending,
                    applied: false,
                    fence,
                    claim_id,
                    input_hash: None,
                    action_type: "charge",
                    scope: None,
                    lease_until: now.saturating_add(lease),
                    lease,
                    renewals: 0,
                    created: now,
                    completed: 0,
                    keep: 30_000,
                    retain: u64::MAX,
                    payload: None,
                }));
            }
        }
        shard.fence = fence;
        Some(Token {
            key,
            fence,
            claim_id,
        })
    }

    fn complete(&self, token: &Token, payload: Payload) -> bool {
        let now = self.now();
        let mut shard = self.shard(&token.key).lock().expect("no panic");
        let Some(record) = shard.records.get_mut(&token.key) else {
            return false;
        };
        let owned = record.fence == token.fence && record.claim_id == token.claim_id;
        if !owned || record.status != Status::Pending {
            return false;
        }
        record.status = Status::Success;
        record.applied = false;
        record.payload = Some(payload);
        record.completed = now;
        record.lease_until = now;
        true
    }

    /// The result of an action that is done.
    fn find(&self, key: &Key) -> Option<Payload> {
        let shard = self.shard(key).lock().expect("no panic");
        let record = shard.records.get(key)?;
        let is_done = record.status == Status::Success;
        is_done.then(|| record.payload.clone()).flatten()
    }

    /// The sum of the fields that an operator would read, so that no field of a record is dead.
    pub(crate) fn sum(&self) -> u64 {
        let of = |record: &Record| {
            let hash = record.input_hash.map_or(0, |hash| hash[0].into());
            let texts = record.action_type.len() + record.scope.as_deref().map_or(0, str::len);
            let times = record.lease_until ^ record.created ^ record.completed;
            let limits = record.lease ^ record.keep ^ record.retain ^ record.renewals;
            texts as u64 ^ times ^ limits ^ hash ^ u64::from(record.applied)
        };
        let shards = self.shards.iter();
        let sums = shards.map(|shard| {
            let shard = shard.lock().expect("no panic");
            shard
                .records
                .values()
                .map(|record| of(record))
                .fold(0, u64::wrapping_add)
        });
        sums.fold(0, u64::wrapping_add)
    }
}

/// Claims and completes so many actions.
pub(crate) fn limit(store: &Limit, first: u64, calls: u64) {
    let payload = payload();
    for call in first..first + calls {
        let claimed = store.claim(Key::of(call), claim_id(call), Duration::from_secs(30));
        let token = claimed.expect("the key is new");
        assert!(store.complete(&token, payload.clone()));
    }
}

/// Finds the results of actions that are done.
pub(crate) fn replays(calls: u64) {
    static DONE: LazyLock<Limit> = LazyLock::new(|| {
        let store = Limit::default();
        limit(&store, 0, SEEN);
        store
    });
    let store = &*DONE;
    for call in 0..calls {
        black_box(store.find(&Key::of(call % SEEN))).expect("the action is done");
    }
    black_box(store.sum());
}
