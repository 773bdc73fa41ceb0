//! A store without any of the rules: a bare map of 64 shards.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::hint::black_box;
use std::sync::{LazyLock, Mutex};

use retry_effects::store::Payload;

use super::keys::{First8, Key, SEEN, payload};

pub(crate) struct Bare([Mutex<HashMap<Key, Entry, BuildHasherDefault<First8>>>; 64]);

struct Entry {
    done: bool,
    result: Option<Payload>,
}

impl Default for Bare {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::default()))
    }
}

/// Claims and completes so many actions.
pub(crate) fn bare(map: &Bare, first: u64, calls: u64) {
    let payload = payload();
    for call in first..first + calls {
        let key = Key::of(call);
        let shard = &map.0[key.shard()];
        let entry = Entry {
            done: false,
            result: None,
        };
        shard.lock().expect("no panic").insert(key, entry);
        let mut shard = shard.lock().expect("no panic");
        let entry = shard.get_mut(&key).expect("it was put in");
        entry.done = true;
        entry.result = Some(payload.clone());
        assert!(entry.done && entry.result.is_some());
    }
}

/// Finds the results of actions that are done.
pub(crate) fn replays(calls: u64) {
    static DONE: LazyLock<Bare> = LazyLock::new(|| {
        let map = Bare::default();
        bare(&map, 0, SEEN);
        map
    });
    let map = &*DONE;
    for call in 0..calls {
        let key = Key::of(call % SEEN);
        let shard = map.0[key.shard()].lock().expect("no panic");
        let entry = shard.get(&key).expect("it was put in");
        black_box(entry.result.clone());
    }
}
