//! The time that a commit takes, which decides the thread that makes it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Whether most commits are quick.
///
/// A commit takes some 10 µs where the log's way to the disk is short (memory, a controller with a battery),
/// and milliseconds on most disks. A change of threads takes 10 to 50 µs.
///
/// This is a score of the last commits, not their mean: a thread that is preempted in a commit, and a
/// checkpoint, take long and state nothing about the next one.
#[derive(Debug, Default)]
pub(super) struct CommitTime {
    score: AtomicU32,
}

/// The longest time for which a task may keep its thread from others: tokio's authors advise 10 to 100 µs
/// between two awaits.
const QUICK: Duration = Duration::from_micros(100);

/// The addition for each record of several: its pages are copied and summed.
const RECORD: Duration = Duration::from_micros(10);

const HIGHEST: u32 = 16;

/// Commits are quick from this score.
const ENOUGH: u32 = 8;

/// A slow commit takes back as many quick ones.
const SLOW: u32 = 2;

impl CommitTime {
    /// Counts a commit of so many records.
    pub(super) fn count(&self, taken: Duration, records: usize) {
        let score = self.score.load(Ordering::Relaxed);
        let more = u32::try_from(records.saturating_sub(1)).unwrap_or(u32::MAX);
        let next = if taken < QUICK.saturating_add(RECORD.saturating_mul(more)) {
            (score + 1).min(HIGHEST)
        } else {
            score.saturating_sub(SLOW)
        };
        if next != score {
            // Of two counts at once, one is lost: the next ones make up for it.
            self.score.store(next, Ordering::Relaxed);
        }
    }

    pub(super) fn are_quick(&self) -> bool {
        self.score.load(Ordering::Relaxed) >= ENOUGH
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: Duration = Duration::from_micros(15);
    const ON_A_DISK: Duration = Duration::from_millis(3);

    fn after(taken: &[(usize, Duration)]) -> bool {
        let commits = CommitTime::default();
        for &(count, time) in taken {
            (0..count).for_each(|_| commits.count(time, 1));
        }
        commits.are_quick()
    }

    #[test]
    fn commits_are_not_quick_until_some_were() {
        assert!(!after(&[]));
        assert!(!after(&[(7, COMMIT)]));
        assert!(after(&[(8, COMMIT)]));
        assert!(!after(&[(100, QUICK)]));
    }

    #[test]
    fn a_few_slow_commits_among_quick_ones_change_nothing() {
        assert!(after(&[(50, COMMIT), (4, ON_A_DISK)]));
        assert!(after(&[
            (50, COMMIT),
            (4, Duration::MAX),
            (8, COMMIT),
            (4, ON_A_DISK)
        ]));
    }

    #[test]
    fn commits_that_become_slow_are_slow_soon_and_those_that_become_quick_are_quick_soon() {
        assert!(!after(&[(1000, COMMIT), (5, ON_A_DISK)]));
        assert!(!after(&[(1000, ON_A_DISK), (7, COMMIT)]));
        assert!(after(&[(1000, ON_A_DISK), (8, COMMIT)]));
    }

    #[test]
    fn commits_of_which_every_third_is_slow_are_slow() {
        let commits = CommitTime::default();
        for number in 0..300 {
            assert!(!commits.are_quick());
            commits.count(if number % 3 == 0 { ON_A_DISK } else { COMMIT }, 1);
        }
    }

    #[test]
    fn many_records_take_longer_than_one() {
        let of_64 = |taken| {
            let commits = CommitTime::default();
            (0..100).for_each(|_| commits.count(taken, 64));
            commits.are_quick()
        };
        assert!(of_64(COMMIT * 40));
        assert!(!of_64(COMMIT * 40 + ON_A_DISK));
    }
}
