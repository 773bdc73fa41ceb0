//! Every interleaving of the shared steps, by loom.

use loom::sync::atomic::{AtomicU64, Ordering};
use loom::thread;

use super::*;
use crate::guard::budget::level::Level;

type LoomBucket = Arc<Bucket<AtomicU64>>;

/// Makes a bucket that holds `tokens`, and earns nothing.
fn bucket(tokens: u32) -> LoomBucket {
    let limits = BudgetLimits::DEFAULT
        .with_ratio(0.0)
        .with_burst(tokens)
        .with_floor(0);
    Arc::new(Bucket::new(limits, AtomicU64::new(0)))
}

/// Runs two steps on two threads and returns both results.
fn race<A: 'static, B: 'static>(
    one: impl FnOnce() -> A + 'static,
    other: impl FnOnce() -> B + 'static,
) -> (A, B) {
    let other = thread::spawn(other);
    let one = one();
    (one, other.join().expect("no panic"))
}

#[test]
fn one_token_is_paid_once() {
    let now = Instant::now();
    loom::model(move || {
        let mine = bucket(1);
        let other = Arc::clone(&mine);
        let (one, two) = race(move || mine.withdraw(now), move || other.withdraw(now));
        assert!(one != two, "{one} and {two}");
    });
}

#[test]
fn a_pair_and_a_single_never_have_the_same_token_and_none_is_lost() {
    let now = Instant::now();
    for order in [[0, 1], [1, 0]] {
        loom::model(move || {
            let buckets = [bucket(1), bucket(1)];
            let pair = order.map(|at: usize| Arc::clone(&buckets[at]));
            let shared = Arc::clone(&buckets[1]);
            let (both, single) = race(
                move || Tokens::take([Some(&pair[0]), Some(&pair[1])], now).map(Tokens::spend),
                move || shared.withdraw(now),
            );
            assert!(!(both.is_some() && single), "the second held one token");
            assert!(both.is_some() || single, "somebody was first");
            // The other token of the pair is spent with it, or still there.
            assert_eq!(buckets[0].tokens(now) == 0.0, both.is_some());
            assert_eq!(buckets[1].tokens(now), 0.0);
        });
    }
}

#[test]
fn pairs_in_opposite_order_may_refuse_each_other_and_lose_nothing() {
    let now = Instant::now();
    loom::model(move || {
        let (a, b) = (bucket(1), bucket(1));
        let pair = |first: &LoomBucket, second: &LoomBucket| {
            let (first, second) = (Arc::clone(first), Arc::clone(second));
            move || Tokens::take([Some(&first), Some(&second)], now).map(Tokens::spend)
        };
        let (one, two) = race(pair(&a, &b), pair(&b, &a));
        let admitted = one.iter().chain(&two).count();
        assert!(admitted <= 1);
        let left = if admitted == 1 { 0.0 } else { 1.0 };
        assert_eq!((a.tokens(now), b.tokens(now)), (left, left));
    });
}

#[test]
fn what_one_gives_back_another_finds() {
    let now = Instant::now();
    loom::model(move || {
        let bucket = bucket(1);
        let taken = Tokens::take([Some(&bucket), None], now).expect("full");
        let other = Arc::clone(&bucket);
        let ((), found) = race(move || drop(taken), move || other.withdraw(now));
        let left = if found { 0.0 } else { 1.0 };
        assert_eq!(bucket.tokens(now), left);
    });
}

/// A level with deposits of one token each, for a bucket of `capacity`.
struct Deposits {
    level: Level<AtomicU64>,
    counted: AtomicU64,
    capacity: i64,
}

impl Deposits {
    fn new(capacity: i64) -> Arc<Self> {
        Arc::new(Self {
            level: Level::new(AtomicU64::new(0)),
            counted: AtomicU64::new(0),
            capacity,
        })
    }

    fn deposit(&self) {
        self.counted.fetch_add(1, Ordering::Relaxed);
    }

    fn withdraw(&self) -> bool {
        let deposits = || self.counted.load(Ordering::Relaxed).cast_signed();
        let income = || self.capacity + 1_000 * deposits();
        self.level.withdraw(self.capacity, 0, income)
    }
}

#[test]
fn a_deposit_beside_a_withdrawal_is_paid_once() {
    loom::model(|| {
        let bucket = Deposits::new(2_000);
        assert!(bucket.withdraw() && bucket.withdraw());
        let other = Arc::clone(&bucket);
        let ((), early) = race(move || other.deposit(), {
            let bucket = Arc::clone(&bucket);
            move || bucket.withdraw()
        });
        let late = bucket.withdraw();
        assert!(early != late, "{early} and {late}");
    });
}

#[test]
fn a_deposit_that_only_one_has_seen_is_paid_once() {
    loom::model(|| {
        let bucket = Deposits::new(1_000);
        assert!(bucket.withdraw());
        let pay = |bucket: &Arc<Deposits>, deposits: usize| {
            let bucket = Arc::clone(bucket);
            move || {
                (0..deposits).for_each(|_| bucket.deposit());
                bucket.withdraw()
            }
        };
        // With no slack for the clock, a calculation from fewer deposits than the level's own would look
        // like a clock that went back, and would pay again.
        let (one, two) = race(pay(&bucket, 1), pay(&bucket, 0));
        let paid = usize::from(one) + usize::from(two) + usize::from(bucket.withdraw());
        assert_eq!(paid, 1);
    });
}
