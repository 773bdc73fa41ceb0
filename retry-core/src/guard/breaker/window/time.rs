//! [`LastWhile`]: the calls of an epoch within the last time window, in ten parts.

use std::time::Duration;

use crate::guard::breaker::epoch::Epoch;
use crate::guard::breaker::tally::TalliedCall;
use crate::guard::breaker::tally::Tally;
use crate::guard::breaker::tick::Tick;
use crate::sync::atomic_word::AtomicWord;

/// A ring of ten buckets, one for each tenth of the window. It forgets a tenth at a time.
pub(in crate::guard::breaker) struct LastWhile<W> {
    /// Milliseconds of one bucket.
    span: u64,
    buckets: [Bucket<W>; BUCKETS],
}

const BUCKETS: usize = 10;

/// Counts of one span of time, in two integers. The stamp holds their epoch and span, and the
/// number of times that the bucket was reused. The counts hold that number too, so that counts of
/// an earlier span are never read as the new span's, nor added to.
struct Bucket<W> {
    stamp: W,
    counts: W,
}

/// Number of reuses of the bucket. Wraps after a thousand windows: only a thread that sleeps that
/// long between two steps would be misled.
const TURN_BITS: u32 = 10;
const TURN_AT: u32 = u64::BITS - TURN_BITS;
const TURNS: u64 = (1 << TURN_BITS) - 1;
const SPAN_BITS: u32 = u32::BITS;
const _: () = assert!(TURN_BITS + Epoch::BITS + SPAN_BITS == u64::BITS);

/// Bits of each of the three counts. A full bucket keeps its counts.
const COUNT_BITS: u32 = 18;
const MAX_COUNT: u64 = (1 << COUNT_BITS) - 1;
const _: () = assert!(TURN_BITS + 3 * COUNT_BITS == u64::BITS);

impl<W: AtomicWord + From<u64>> LastWhile<W> {
    pub(super) fn new(length: Duration, epoch: Epoch) -> Self {
        let millis = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
        Self {
            span: millis.div_ceil(BUCKETS as u64).max(1),
            buckets: std::array::from_fn(|_| Bucket {
                stamp: W::from(epoch.bits() << SPAN_BITS),
                counts: W::from(0),
            }),
        }
    }

    pub(super) fn add(&self, epoch: Epoch, outcome: TalliedCall, now: Tick) -> Tally {
        let span = now.span(self.span);
        self.buckets[span as usize % BUCKETS].add(epoch, span, outcome);
        self.tally(epoch, now)
    }

    pub(super) fn tally(&self, epoch: Epoch, now: Tick) -> Tally {
        let span = now.span(self.span);
        let mut tally = Tally::default();
        for bucket in &self.buckets {
            tally += bucket.tally(epoch, span);
        }
        tally
    }
}

impl<W: AtomicWord> Bucket<W> {
    fn add(&self, epoch: Epoch, span: u32, outcome: TalliedCall) {
        let Some(turn) = self.claim(epoch, span) else {
            return;
        };
        let mut current = self.counts.load();
        loop {
            let mut tally = counts_of(current, turn);
            // A later span has taken the bucket, or it is full.
            let ahead = (current >> TURN_AT).wrapping_sub(turn) & TURNS;
            if (1..=TURNS / 2).contains(&ahead) || u64::from(tally.calls) == MAX_COUNT {
                return;
            }
            tally += Tally {
                calls: 1,
                failed: outcome.failed.into(),
                slow: outcome.slow.into(),
            };
            match self.counts.compare_exchange(current, counts(turn, tally)) {
                Ok(_) => return,
                Err(changed) => current = changed,
            }
        }
    }

    /// Assigns the bucket to `span`, if needed, and returns its turn; `None` if a later epoch has it.
    fn claim(&self, epoch: Epoch, span: u32) -> Option<u64> {
        let mut stamp = self.stamp.load();
        loop {
            let (turn, holder, at) = parts(stamp);
            if holder.is_after(epoch) {
                return None;
            }
            if (holder, at) == (epoch, span) {
                return Some(turn);
            }
            let turn = (turn + 1) & TURNS;
            let taken = turn << TURN_AT | epoch.bits() << SPAN_BITS | u64::from(span);
            match self.stamp.compare_exchange(stamp, taken) {
                Ok(_) => return Some(turn),
                Err(changed) => stamp = changed,
            }
        }
    }

    /// Returns its counts of the ten spans up to `span`, in this epoch.
    fn tally(&self, epoch: Epoch, span: u32) -> Tally {
        let (turn, holder, at) = parts(self.stamp.load());
        let age = span.wrapping_sub(at);
        if holder == epoch && (age as usize) < BUCKETS {
            counts_of(self.counts.load(), turn)
        } else {
            Tally::default()
        }
    }
}

fn parts(stamp: u64) -> (u64, Epoch, u32) {
    (
        stamp >> TURN_AT,
        Epoch::from_bits(stamp >> SPAN_BITS),
        low_half(stamp),
    )
}

/// Returns the counts, if they are of this turn.
fn counts_of(counts: u64, turn: u64) -> Tally {
    if counts >> TURN_AT != turn {
        return Tally::default();
    }
    let part = |at: u32| low_half(counts >> at & MAX_COUNT);
    Tally {
        calls: part(2 * COUNT_BITS),
        failed: part(COUNT_BITS),
        slow: part(0),
    }
}

fn counts(turn: u64, tally: Tally) -> u64 {
    turn << TURN_AT
        | u64::from(tally.calls) << (2 * COUNT_BITS)
        | u64::from(tally.failed) << COUNT_BITS
        | u64::from(tally.slow)
}

fn low_half(number: u64) -> u32 {
    u32::try_from(number & u64::from(u32::MAX)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
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

    proptest! {
        /// Compares with a list of all calls, searched each time.
        #[test]
        fn holds_what_ended_in_ten_spans(
            calls in prop::collection::vec(
                (0..40_u64, any::<bool>(), any::<bool>(), 0..40_u32),
                0..300,
            ),
        ) {
            let window: LastWhile<AtomicU64> = LastWhile::new(Duration::from_millis(50), epoch(4_194_300));
            let mut all: Vec<(u64, u64, TalliedCall)> = Vec::new();
            let (mut now, mut of) = (1 << 39, 4_194_300);
            for (step, failed, slow, chance) in calls {
                // Mostly within a span or the window; sometimes far outside.
                now += if step > 30 { step * 10 } else { step / 3 };
                of += u64::from(chance == 0);
                let outcome = TalliedCall { failed, slow };
                all.push((of, now / 5, outcome));
                let mut expected = Tally::default();
                for (_, _, call) in all
                    .iter()
                    .filter(|(its, span, _)| *its == of && now / 5 - span < 10)
                {
                    expected += Tally {
                        calls: 1,
                        failed: call.failed.into(),
                        slow: call.slow.into(),
                    };
                }
                let seen = window.add(epoch(of), outcome, Tick::from_bits(now));
                prop_assert_eq!(seen, expected);
            }
        }
    }

    #[test]
    fn a_full_bucket_keeps_its_shares() {
        let bucket: Bucket<AtomicU64> = Bucket {
            stamp: AtomicU64::new(0),
            counts: AtomicU64::new(0),
        };
        for call in 0..u64::from(u32::try_from(MAX_COUNT).expect("18 bits")) + 1_000 {
            let outcome = TalliedCall {
                failed: call % 2 == 0,
                slow: true,
            };
            bucket.add(epoch(0), 7, outcome);
        }
        let tally = bucket.tally(epoch(0), 7);
        assert_eq!(
            (tally.calls, tally.failed, tally.slow),
            (262_143, 131_072, 262_143)
        );
    }

    #[test]
    fn a_clock_that_went_back_starts_anew() {
        let window: LastWhile<AtomicU64> = LastWhile::new(Duration::from_secs(1), epoch(0));
        let (late, early) = (Tick::from_bits(90_050), Tick::from_bits(10_050));
        assert_eq!(window.add(epoch(0), FAILURE, late).calls, 1);
        assert_eq!(window.add(epoch(0), FAILURE, early).calls, 1);
        assert_eq!(window.add(epoch(0), FAILURE, early).calls, 2);
    }

    #[test]
    fn a_late_call_of_an_old_span_does_not_mix_with_the_new() {
        loom::model(|| {
            let window: loom::sync::Arc<LastWhile<loom::sync::atomic::AtomicU64>> =
                loom::sync::Arc::new(LastWhile::new(Duration::from_secs(1), epoch(0)));
            let (old, new) = (Tick::from_bits(5_000), Tick::from_bits(6_000));
            let other = loom::sync::Arc::clone(&window);
            let thread = loom::thread::spawn(move || other.add(epoch(0), FAILURE, old).calls);
            window.add(epoch(0), FAILURE, new);
            thread.join().expect("it does not panic");
            // The thread that took the bucket last has its own call there, and no other.
            let calls = |at| window.tally(epoch(0), at).calls;
            assert_eq!(calls(old) + calls(new), 1);
        });
    }

    #[test]
    fn a_new_span_never_shows_the_old_counts() {
        loom::model(|| {
            let window: loom::sync::Arc<LastWhile<loom::sync::atomic::AtomicU64>> =
                loom::sync::Arc::new(LastWhile::new(Duration::from_secs(1), epoch(0)));
            let (old, new) = (Tick::from_bits(5_000), Tick::from_bits(6_000));
            window.add(epoch(0), FAILURE, old);
            window.add(epoch(0), FAILURE, old);
            let other = loom::sync::Arc::clone(&window);
            let thread = loom::thread::spawn(move || other.add(epoch(0), FAILURE, new).calls);
            let mine = window.add(epoch(0), FAILURE, new).calls;
            let theirs = thread.join().expect("it does not panic");
            // Each sees at least its own call, and the last one to read sees both.
            assert_eq!((mine.min(theirs) >= 1, mine.max(theirs)), (true, 2));
        });
    }
}
