//! The budget against a bucket that applies every step at once.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Copy, Debug)]
enum Step {
    Deposit(u16),
    Withdraw,
    /// Gives back a token that was taken, if there is one.
    Refund,
    Forward(u64),
    Back(u64),
}

/// Milliseconds, mostly few.
fn millis() -> impl Strategy<Value = u64> {
    prop_oneof![0..50_u64, 0..5_000_u64, 0..10_000_000_u64]
}

fn forward_only() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (1..40_u16).prop_map(Step::Deposit),
        4 => Just(Step::Withdraw),
        1 => Just(Step::Refund),
        1 => millis().prop_map(Step::Forward),
    ]
}

fn any_clock() -> impl Strategy<Value = Step> {
    prop_oneof![4 => forward_only(), 1 => millis().prop_map(Step::Back)]
}

/// Thousandths a deposit, tokens, tokens a second.
fn settings() -> impl Strategy<Value = (u16, u32, u32)> {
    (0..=1_000_u16, 1..6_u32, 0..4_u32)
}

fn budget((ratio, burst, floor): (u16, u32, u32)) -> RetryBudget {
    RetryBudget::new(f64::from(ratio) / 1_000.0)
        .with_burst(burst)
        .with_floor(floor)
}

/// A bucket that adds, and caps, every deposit and every millisecond as it comes.
struct Model {
    ratio: u64,
    capacity: u64,
    floor: u64,
    held: u64,
}

impl Model {
    fn new((ratio, burst, floor): (u16, u32, u32)) -> Self {
        let capacity = u64::from(burst) * 1_000;
        Self {
            ratio: ratio.into(),
            capacity,
            floor: floor.into(),
            held: capacity,
        }
    }

    fn add(&mut self, thousandths: u64) {
        self.held = (self.held + thousandths).min(self.capacity);
    }

    fn withdraw(&mut self) -> bool {
        let admitted = self.held >= 1_000;
        self.held -= u64::from(admitted) * 1_000;
        admitted
    }
}

proptest! {
    #[test]
    fn folded_late_is_deposited_at_once(
        settings in settings(),
        steps in prop::collection::vec(forward_only(), 0..200),
    ) {
        let (budget, mut model) = (budget(settings), Model::new(settings));
        let (mut now, mut taken) = (Instant::now(), 0);
        for step in steps {
            match step {
                Step::Deposit(times) => for _ in 0..times {
                    budget.deposit();
                    model.add(model.ratio);
                },
                Step::Withdraw => {
                    let admitted = budget.withdraw_at(now);
                    prop_assert_eq!(admitted, model.withdraw());
                    taken += u32::from(admitted);
                }
                Step::Refund if taken > 0 => {
                    taken -= 1;
                    budget.bucket().refund();
                    model.add(1_000);
                }
                Step::Refund | Step::Back(_) => {}
                Step::Forward(millis) => {
                    now += Duration::from_millis(millis);
                    model.add(millis * model.floor);
                }
            }
            let held = f64::from(u32::try_from(model.held).expect("a few tokens")) / 1_000.0;
            // The floor counts from the first request.
            prop_assert_eq!(budget.bucket().tokens(now), held);
        }
    }

    #[test]
    fn whatever_the_clock_does_no_more_is_paid_than_came_in(
        settings in settings(),
        steps in prop::collection::vec(any_clock(), 0..200),
    ) {
        let (ratio, burst, floor) = settings;
        let budget = budget(settings);
        let mut now = Instant::now() + Duration::from_secs(100_000_000);
        let (mut income, mut paid, mut taken) = (u64::from(burst) * 1_000, 0, 0);
        for step in steps {
            match step {
                Step::Deposit(times) => {
                    (0..times).for_each(|_| budget.deposit());
                    income += u64::from(times) * u64::from(ratio);
                }
                Step::Withdraw if budget.withdraw_at(now) => {
                    (paid, taken) = (paid + 1_000, taken + 1);
                }
                Step::Refund if taken > 0 => {
                    (paid, taken) = (paid - 1_000, taken - 1);
                    budget.bucket().refund();
                }
                Step::Withdraw | Step::Refund => {}
                Step::Forward(millis) => {
                    now += Duration::from_millis(millis);
                    income += millis * u64::from(floor);
                }
                Step::Back(millis) => {
                    now -= Duration::from_millis(millis);
                    // A step this far back makes a new bucket.
                    income += u64::from(burst) * 1_000;
                }
            }
            prop_assert!(paid <= income, "paid {} of {}", paid, income);
            let held = budget.bucket().tokens(now);
            prop_assert!((0.0..=f64::from(burst)).contains(&held), "{} held", held);
        }
    }
}
