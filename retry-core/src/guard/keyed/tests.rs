//! Forgetting and keeping in a set.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError, Weak};

use proptest::prelude::*;

use super::*;
use crate::report::circuit::CircuitState;

fn breakers(capacity: usize) -> CircuitBreakers {
    let template = CircuitBreaker::new("set").with_failure_threshold(1);
    CircuitBreakers::new(template).with_capacity(capacity)
}

fn keys<V: Member>(set: &Keyed<V>) -> Vec<String> {
    let mut keys: Vec<_> = set
        .all()
        .into_iter()
        .map(|(key, _)| key.to_string())
        .collect();
    keys.sort();
    keys
}

/// Opens the circuit of this key.
fn open(set: &CircuitBreakers, key: &str) {
    set.of(key).try_acquire().expect("closed").fail();
    assert_eq!(set.of(key).state(), CircuitState::Open);
}

#[test]
fn a_key_has_one_guard_made_like_the_template() {
    let set = breakers(3);
    let (one, again, other) = (set.of("a"), set.of("a"), set.of("b"));
    assert!(Arc::ptr_eq(&one, &again) && !Arc::ptr_eq(&one, &other));
    assert_eq!(one.name(), "set/a");
    one.try_acquire().expect("closed").fail();
    assert_eq!(one.state(), CircuitState::Open, "at a threshold of 1");
    assert_eq!(other.state(), CircuitState::Closed);
    let budgets = RetryBudgets::new(RetryBudget::new(0.5).with_burst(7).with_floor(3));
    let budget = budgets.of("a");
    assert_eq!((budget.burst(), budget.floor()), (7, 3));
    assert!(!budget.is(&budgets.of("b")), "each has a bucket");
    assert_eq!(budgets.capacity(), 10_000);
}

#[test]
fn the_least_recently_used_is_forgotten() {
    let set = breakers(3);
    assert!(set.is_empty() && set.find("a").is_none());
    for key in ["a", "b", "c", "b", "a", "c"] {
        drop(set.of(key));
    }
    drop(set.of("d"));
    assert_eq!(keys(&set), ["a", "c", "d"]);
    // `find` does not count as a use.
    assert!(set.find("a").is_some());
    drop(set.of("e"));
    assert_eq!(
        (keys(&set), set.len()),
        (vec!["c".into(), "d".into(), "e".into()], 3)
    );
}

#[test]
fn what_is_in_use_is_never_forgotten() {
    let set = breakers(2);
    let kept = [set.of("a"), set.of("b")];
    for key in ["c", "d", "e"] {
        drop(set.of(key));
        assert!(Arc::ptr_eq(&kept[0], &set.of("a")) && Arc::ptr_eq(&kept[1], &set.of("b")));
    }
    assert_eq!(set.len(), 3, "the one that came last is known beside them");
    let all: Vec<_> = ["f", "g", "h"].map(|key| set.of(key)).into();
    assert_eq!(set.len(), 5);
    drop((kept, all));
    drop(set.of("i"));
    assert_eq!(set.len(), 2, "as many go as there is no room for");
}

#[test]
fn open_circuits_stay_as_long_as_there_is_another_to_go() {
    let set = breakers(4);
    open(&set, "down");
    set.of("forced").force_open();
    for key in 0..50 {
        drop(set.of(&key.to_string()));
    }
    assert_eq!(keys(&set), ["48", "49", "down", "forced"]);
    open(&set, "48");
    open(&set, "49");
    drop(set.of("new"));
    assert_eq!(
        keys(&set),
        ["48", "49", "forced", "new"],
        "of open ones alone, the first goes"
    );
}

#[test]
fn one_that_was_open_and_is_closed_goes_before_those_that_are_open() {
    let set = breakers(5);
    for key in ["a", "b", "c", "d", "e"] {
        open(&set, key);
    }
    // Checked while all are open: the first is forgotten, the others are passed over.
    drop(set.of("f"));
    set.of("e").reset();
    open(&set, "f");
    drop(set.of("g"));
    assert_eq!(keys(&set), ["b", "c", "d", "f", "g"]);
}

#[cfg(feature = "testing")]
#[test]
fn a_circuit_whose_open_time_is_over_may_go() {
    let clock = crate::testing::VirtualClock::install();
    let set = breakers(2);
    open(&set, "was down");
    for key in ["a", "b"] {
        drop(set.of(key));
        assert!(set.find("was down").is_some(), "{key}");
    }
    clock.advance(std::time::Duration::from_secs(70));
    // A key that was passed over goes back in line as the least recently used one.
    drop(set.of("c"));
    assert_eq!(keys(&set), ["b", "c"]);
}

#[test]
fn a_forgotten_key_begins_anew_and_leaves_nothing() {
    let set = breakers(1);
    let old = Arc::downgrade(&set.of("a"));
    open(&set, "a");
    drop(set.of("b"));
    assert!(old.upgrade().is_none());
    assert_eq!(set.of("a").state(), CircuitState::Closed);
}

/// With metrics and without: live guards are counted by handles to the values that they own.
#[test]
fn three_hundred_thousand_keys_hold_no_more_than_ten_thousand_guards() {
    let made = Arc::default();
    let set = Keyed::new(Probe(Arc::clone(&made), None));
    (0..300_000).for_each(|key| drop(set.of(&key.to_string())));
    let made = made.lock().unwrap_or_else(PoisonError::into_inner);
    let alive = made.iter().filter(|one| one.strong_count() > 0).count();
    assert_eq!((made.len(), alive, set.len()), (300_000, 10_000, 10_000));

    let set = breakers(10_000);
    for key in 0..300_000 {
        let breaker = set.of(&key.to_string());
        // One circuit in a thousand is open, and stays.
        match key % 1_000 {
            0 => breaker.try_acquire().expect("closed").fail(),
            _ => breaker.try_acquire().expect("closed").succeed(),
        }
    }
    let all = set.all();
    let open = all
        .iter()
        .filter(|(_, one)| one.state() == CircuitState::Open);
    assert_eq!((all.len(), open.count(), set.len()), (10_000, 300, 10_000));
    let kept: Vec<_> = all.iter().map(|(_, one)| Arc::downgrade(one)).collect();
    drop((all, set));
    assert!(kept.iter().all(|one| one.strong_count() == 0));
}

/// A guard for counting: each adds a handle to its own value to the list.
struct Probe(Arc<Mutex<Vec<Weak<()>>>>, Option<Arc<()>>);

impl Member for Probe {
    fn member(&self, _: &str) -> Self {
        let alive = Arc::new(());
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        made.push(Arc::downgrade(&alive));
        Self(Arc::clone(&self.0), Some(alive))
    }
}

#[test]
fn threads_that_bring_keys_of_their_own_hold_no_more_than_there_is_room_for() {
    const THREADS: usize = 4;
    let made = Arc::default();
    let set = Keyed::new(Probe(Arc::clone(&made), None)).with_capacity(2_000);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let set = &set;
            scope.spawn(move || {
                for key in 0..3_000 {
                    let handle = set.of(&format!("{thread} {key}"));
                    assert!(handle.1.is_some());
                    drop(set.of(&format!("shared {}", key % 100)));
                }
            });
        }
    });
    let made = made.lock().unwrap_or_else(PoisonError::into_inner);
    let alive = made.iter().filter(|one| one.strong_count() > 0).count();
    assert!(made.len() >= 3_000 * THREADS + 100);
    assert_eq!((alive, set.len(), set.all().len()), (2_000, 2_000, 2_000));
}

#[derive(Clone, Debug)]
enum Event {
    Use(u8),
    /// Keeps a handle.
    ProbeWait(u8),
    Release(usize),
    Open(u8),
    Reset(u8),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        8 => (0..12_u8).prop_map(Event::Use),
        2 => (0..12_u8).prop_map(Event::ProbeWait),
        2 => (0..6_usize).prop_map(Event::Release),
        2 => (0..12_u8).prop_map(Event::Open),
        1 => (0..12_u8).prop_map(Event::Reset),
    ];
    prop::collection::vec(event, 0..120)
}

proptest! {
    /// Holds for every sequence of events: a handle's key stays known with that handle; a new key makes
    /// room, except for keys in use; and an open circuit goes only if no other key can.
    #[test]
    fn keeps_what_it_promises(capacity in 1..6_usize, events in events()) {
        let set = breakers(capacity);
        let mut held: Vec<(String, Arc<CircuitBreaker>)> = Vec::new();
        for event in events {
            let before = open_keys(&set);
            let is_held = |key: &String| held.iter().any(|(its, _)| its == key);
            let in_use = before.keys().filter(|key| is_held(key)).count();
            let idle_before: Vec<_> = before.iter().filter(|(key, _)| !is_held(key)).collect();
            let mut used = None;
            match event {
                Event::Use(key) => drop(set.of(used.insert(key.to_string()))),
                Event::ProbeWait(key) => {
                    let handle = set.of(used.insert(key.to_string()));
                    held.push((key.to_string(), handle));
                }
                Event::Release(which) if which < held.len() => drop(held.swap_remove(which)),
                Event::Release(_) => {}
                Event::Open(key) => set.of(used.insert(key.to_string())).force_open(),
                Event::Reset(key) => set.of(used.insert(key.to_string())).reset(),
            }
            let after = open_keys(&set);
            for (key, handle) in &held {
                let known = set.find(key);
                prop_assert!(known.is_some_and(|known| Arc::ptr_eq(&known, handle)));
            }
            if let Some(new) = used.filter(|key| !before.contains_key(key)) {
                prop_assert!(after.len() <= capacity.max(in_use + 1));
                let gone = |key: &String| !after.contains_key(key);
                if idle_before.iter().any(|(key, is_open)| **is_open && gone(key)) {
                    let closed = idle_before.iter().filter(|(_, is_open)| !**is_open);
                    prop_assert!(closed.into_iter().all(|(key, _)| gone(key)), "{}", new);
                }
            } else {
                prop_assert!(before.keys().eq(after.keys()));
            }
        }
    }
}

/// Returns the keys of a set, and whether their circuits are open.
fn open_keys(set: &CircuitBreakers) -> BTreeMap<String, bool> {
    let open = |breaker: &CircuitBreaker| breaker.state() != CircuitState::Closed;
    let all = set.all().into_iter();
    all.map(|(key, breaker)| (key.to_string(), open(&breaker)))
        .collect()
}
