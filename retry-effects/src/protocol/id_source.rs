//! [`Source`]: the source of a thread's claim ids, valid in a forked process too.
//!
//! A fork copies all memory, and so this source: parent and child would draw the same ids, and one
//! would take the other's claim for its own. Only the system can tell the two apart. Its clock cannot: both
//! may read the same nanosecond, on two processors. The process id can, by a system call, which costs as
//! much as a claim in memory. So there are two ways to draw:
//!
//! - [`draw`](Source::draw), for stores that other processes may share, asks for the process id, unless no
//!   fork fits between the last draw and this one. Beside a file or a network, a system call is nothing.
//! - [`draw_in_process`](Source::draw_in_process), for a store that lives in the process, asks nothing. A
//!   fork copies that store too: no claim of the child reaches the parent's, nor the other way round.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

/// The source of a thread's claim ids.
#[derive(Clone)]
pub(super) struct Source {
    /// Random keys from the operating system.
    keys: RandomState,
    /// A value for this thread in this process.
    thread: u64,
    /// A value for this thread, also in the children of its process.
    here: u64,
    next: u64,
    /// The time of the last draw.
    drawn: Option<Instant>,
}

/// A thread that drew an id less than this ago has not forked since: `fork()` first copies the tables
/// of all pages, which takes ten times as long even in the smallest process. Reading the process id is
/// a system call, which costs more than the rest of a claim in memory.
const SOONER_THAN_A_FORK: Duration = Duration::from_micros(5);

impl Source {
    pub(super) fn new() -> Self {
        let keys = RandomState::new();
        Self {
            thread: 0,
            here: keys.hash_one(2_u8),
            next: keys.hash_one(1_u8),
            keys,
            drawn: None,
        }
    }

    pub(super) fn draw(&mut self, now: Instant, process: impl FnOnce() -> u32) -> u128 {
        let since = self.drawn.map(|drawn| now.saturating_duration_since(drawn));
        // A clock that stands still, or is coarse, proves nothing.
        if !since.is_some_and(|since| !since.is_zero() && since < SOONER_THAN_A_FORK) {
            // The time is included: an ended process frees its id, and in its own container a child may
            // have its parent's id.
            self.thread = self.keys.hash_one((process(), now));
        }
        self.drawn = Some(now);
        self.id_of(self.thread)
    }

    pub(super) fn draw_in_process(&mut self) -> u128 {
        self.id_of(self.here)
    }

    #[inline]
    fn id_of(&mut self, thread: u64) -> u128 {
        let at = self.next;
        self.next = at.wrapping_add(1);
        // The finaliser of `SplitMix64`, a permutation.
        let mut mixed = at;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        // Each half alone differs after a fork: the low one seeds waits.
        u128::from(thread) << 64 | u128::from(mixed ^ thread)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::protocol::ids::ClaimId;

    /// Miri takes seconds for what takes a millisecond.
    const TURNS: u64 = if cfg!(miri) { 20 } else { 1_000 };

    fn halves(id: u128) -> [u64; 2] {
        #[expect(clippy::cast_possible_truncation, reason = "two halves")]
        [(id >> 64) as u64, id as u64]
    }

    /// `fork()` copies a thread's state.
    #[test]
    fn a_fork_shares_neither_half_of_any_id() {
        let mut parent = Source::new();
        let began = Instant::now();
        let mut ids = BTreeSet::new();
        for turn in 0..TURNS {
            let now = began + Duration::from_millis(turn);
            let mut children = [parent.clone(), parent.clone()];
            let processes = [10, 11].into_iter().zip(&mut children);
            let drawn = processes.map(|(process, child)| child.draw(now, || process));
            let all = [parent.draw(now, || 9)].into_iter().chain(drawn);
            ids.extend(all.flat_map(halves));
        }
        assert_eq!(ids.len() as u64, 6 * TURNS);
    }

    /// The case of a container's first process, and of a copied machine.
    #[test]
    fn a_fork_with_the_same_number_has_the_time() {
        let mut parent = Source::new();
        let mut child = parent.clone();
        let now = Instant::now();
        let [one, other] = [
            parent.draw(now, || 1),
            child.draw(now + Duration::from_nanos(1), || 1),
        ];
        assert!(
            halves(one)
                .iter()
                .zip(halves(other))
                .all(|(one, other)| *one != other)
        );
    }

    #[test]
    fn the_process_is_asked_for_unless_no_fork_fits_in_between() {
        let mut source = Source::new();
        let began = Instant::now();
        let mut reads_clock = |after: Duration| {
            let mut is_read = false;
            source.draw(began + after, || {
                is_read = true;
                1
            });
            is_read
        };
        let micros = Duration::from_micros;
        assert!(reads_clock(micros(0)));
        assert!(!reads_clock(micros(4)) && !reads_clock(micros(8)));
        assert!(reads_clock(micros(8)), "the clock stands still");
        assert!(reads_clock(micros(13)) && reads_clock(micros(1_000)));
        assert!(reads_clock(micros(500)), "the clock went back");
    }

    /// A child that draws from its copy of the source, for any store, has no id of its parent's that left
    /// the parent.
    #[test]
    fn a_fork_between_draws_in_process_shares_no_id_with_a_shared_store() {
        let mut parent = Source::new();
        let began = Instant::now();
        let mut shared = BTreeSet::new();
        let mut own = BTreeSet::new();
        for turn in 0..TURNS {
            own.insert(parent.draw_in_process());
            let mut child = parent.clone();
            let now = began + Duration::from_millis(turn);
            for (source, process) in [(&mut parent, 1), (&mut child, 2)] {
                shared.insert(source.draw(now, || process));
                own.insert(source.draw_in_process());
            }
        }
        assert_eq!(shared.len() as u64, 2 * TURNS);
        assert!(shared.is_disjoint(&own));
    }

    #[test]
    fn no_id_comes_twice() {
        const DRAWS: u64 = 10 * TURNS;
        let mut source = Source::new();
        let began = Instant::now();
        let nanos = |turn: u64| began + Duration::from_nanos(turn * 700 % 60_000);
        let ids: BTreeSet<u128> = (0..DRAWS)
            .map(|turn| source.draw(nanos(turn), || 1))
            .collect();
        assert_eq!(ids.len() as u64, DRAWS);
        let of_thread: BTreeSet<u128> = (0..DRAWS).map(|_| ClaimId::random().bits()).collect();
        assert_eq!(of_thread.len() as u64, DRAWS);
        let both = (0..DRAWS).flat_map(|_| [ClaimId::random(), ClaimId::in_process()]);
        let both: BTreeSet<u128> = both.map(ClaimId::bits).collect();
        assert_eq!(both.len() as u64, 2 * DRAWS);
        let threads = [(); 2].map(|()| {
            std::thread::spawn(|| (0..DRAWS).map(|_| ClaimId::in_process().bits()).collect())
        });
        let of_two: Vec<BTreeSet<u128>> = threads
            .into_iter()
            .map(|thread| thread.join().expect("no panic"))
            .collect();
        assert!(of_two[0].is_disjoint(&of_two[1]) && of_two[0].is_disjoint(&both));
    }
}
