//! [`LastCalls`]: the last calls of an epoch, one by one.

use crate::guard::breaker::epoch::Epoch;
use crate::guard::breaker::tally::TalliedCall;
use crate::guard::breaker::tally::Tally;
use crate::sync::atomic_word::AtomicWord;

/// A ring of slots of three bits, fourteen to an integer beside their epoch. A call takes the next
/// place and writes its slot; the tally is counted over the integers, so that no running total can
/// drift under concurrency.
pub(in crate::guard::breaker) struct LastCalls<W> {
    /// Places taken so far; the next call takes this one, modulo the ring's size.
    taken: W,
    size: u64,
    words: Box<[W]>,
}

const SLOT_BITS: u32 = 3;
const SLOTS: u32 = (u64::BITS - Epoch::BITS) / SLOT_BITS;
const EPOCH_AT: u32 = SLOTS * SLOT_BITS;
const _: () = assert!(EPOCH_AT + Epoch::BITS == u64::BITS);

const CALLED: u64 = 0b001;
const FAILED: u64 = 0b010;
const SLOW: u64 = 0b100;
/// The lowest bit of every slot.
const EVERY: u64 = every_slot();

impl<W: AtomicWord + From<u64>> LastCalls<W> {
    pub(super) fn new(calls: u32, epoch: Epoch) -> Self {
        let size = calls.max(1);
        let empty = epoch.bits() << EPOCH_AT;
        let words = (0..size.div_ceil(SLOTS)).map(|_| W::from(empty)).collect();
        Self {
            taken: W::from(0),
            size: u64::from(size),
            words,
        }
    }

    pub(super) fn add(&self, epoch: Epoch, outcome: TalliedCall) -> Tally {
        let place = self.taken.fetch_add(1) % self.size;
        let (word, slot) = (place / u64::from(SLOTS), place % u64::from(SLOTS));
        let at = slot * u64::from(SLOT_BITS);
        let mut bits = CALLED;
        if outcome.failed {
            bits |= FAILED;
        }
        if outcome.slow {
            bits |= SLOW;
        }
        // A ring has at most ten thousand places.
        let index = usize::try_from(word).unwrap_or(0);
        write(&self.words[index], epoch, at, bits);
        self.tally(epoch)
    }

    pub(super) fn tally(&self, epoch: Epoch) -> Tally {
        let mut tally = Tally::default();
        for word in &self.words {
            let word = word.load();
            if epoch_of(word) == epoch {
                tally += Tally {
                    calls: count(word & EVERY),
                    failed: count(word & (EVERY * FAILED)),
                    slow: count(word & (EVERY * SLOW)),
                };
            }
        }
        tally
    }
}

/// Replaces one slot, and all others too if they are of an earlier epoch. A call of a past epoch writes
/// nothing.
fn write<W: AtomicWord>(word: &W, epoch: Epoch, at: u64, bits: u64) {
    let mut current = word.load();
    loop {
        let there = epoch_of(current);
        if there.is_after(epoch) {
            return;
        }
        let kept = if there == epoch {
            current & !(((1 << SLOT_BITS) - 1) << at)
        } else {
            epoch.bits() << EPOCH_AT
        };
        match word.compare_exchange(current, kept | bits << at) {
            Ok(_) => return,
            Err(changed) => current = changed,
        }
    }
}

/// Counts bits. Most integers are full of calls or empty of failures, and not every target
/// processor has an instruction for it.
const fn count(bits: u64) -> u32 {
    match bits {
        0 => 0,
        EVERY => SLOTS,
        _ => bits.count_ones(),
    }
}

const fn epoch_of(word: u64) -> Epoch {
    Epoch::from_bits(word >> EPOCH_AT)
}

const fn every_slot() -> u64 {
    let (mut bits, mut slot) = (0, 0);
    while slot < SLOTS {
        bits |= 1 << (slot * SLOT_BITS);
        slot += 1;
    }
    bits
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::atomic::AtomicU64;

    use proptest::prelude::*;

    use super::*;

    const FAILURE: TalliedCall = TalliedCall {
        failed: true,
        slow: false,
    };

    fn epoch(number: u64) -> Epoch {
        Epoch::from_bits(number)
    }

    fn tally_of(calls: &VecDeque<TalliedCall>) -> Tally {
        let mut tally = Tally::default();
        for call in calls {
            tally += Tally {
                calls: 1,
                failed: call.failed.into(),
                slow: call.slow.into(),
            };
        }
        tally
    }

    proptest! {
        #[test]
        fn holds_the_last_calls_of_its_epoch(
            size in 1..50_u32,
            calls in prop::collection::vec((any::<bool>(), any::<bool>(), 0..30_u32), 0..300),
        ) {
            let window: LastCalls<AtomicU64> = LastCalls::new(size, epoch(4_194_300));
            let mut model = VecDeque::new();
            let mut now = 4_194_300; // wraps on the way
            for (failed, slow, chance) in calls {
                if chance == 0 {
                    now += 1;
                    model.clear();
                }
                let outcome = TalliedCall { failed, slow };
                model.push_back(outcome);
                if model.len() > usize::try_from(size)? {
                    model.pop_front();
                }
                prop_assert_eq!(window.add(epoch(now), outcome), tally_of(&model));
            }
        }
    }

    #[test]
    fn a_call_of_an_earlier_epoch_writes_nothing() {
        let window: LastCalls<AtomicU64> = LastCalls::new(1, epoch(0));
        assert_eq!(window.add(epoch(2), FAILURE).failed, 1);
        assert_eq!(window.add(epoch(1), FAILURE), Tally::default());
        assert_eq!(window.tally(epoch(2)).failed, 1);
    }

    #[test]
    fn concurrent_calls_are_all_there() {
        loom::model(|| {
            let window: loom::sync::Arc<LastCalls<loom::sync::atomic::AtomicU64>> =
                loom::sync::Arc::new(LastCalls::new(3, epoch(0)));
            let other = loom::sync::Arc::clone(&window);
            let thread = loom::thread::spawn(move || {
                other.add(epoch(0), FAILURE);
                other.add(epoch(1), FAILURE);
            });
            let seen = window.add(epoch(1), FAILURE);
            assert!((1..=2).contains(&seen.calls));
            thread.join().expect("it does not panic");
            assert_eq!(
                (window.tally(epoch(1)).calls, window.tally(epoch(0)).calls),
                (2, 0)
            );
        });
    }
}
