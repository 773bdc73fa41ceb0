//! The script on the server decides as the state machine does: random operations, on a Redis store
//! and on the in-memory store, which is the state machine and a table. All that can be read after
//! each step must be the same, but for the numbers of fences, of which the order is compared.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use retry_effects::store::{ClaimId, Payload, Settlement};
use retry_effects::{
    ActionId, InMemoryEffectStore, ManualClock, Outcome, Reason, RedisEffectStore,
    compute_action_id,
};
use retry_tests::redis::ThrowawayRedis;
use retry_tests::short_or_full;

use super::place::{TestClock, fresh_prefix};
use super::side::Side;

const KEYS: usize = 3;

/// Which of the fences that there have been a step names.
#[derive(Clone, Copy, Debug)]
pub(super) enum Named {
    /// The record's.
    Right,
    /// One that was never given.
    Wrong,
    /// That of a claim on this key so many claims ago.
    Former(usize),
}

#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) key: usize,
    pub(super) hash: Option<u8>,
    pub(super) lease: u64,
    pub(super) keep: u64,
    pub(super) retain: Option<u64>,
    pub(super) takeover: Option<Named>,
    /// With so many renewals more than there were.
    pub(super) silent: Option<(Named, u64)>,
    /// With the claim id of the record.
    pub(super) again: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    Claim(Asked),
    /// By the claim so many claims ago; or by somebody who knows its fence only.
    Complete(usize, bool, Outcome),
    Renew(usize, bool, u64),
    Release(usize, bool),
    Settle(usize, Named, Settlement),
    Purge(u64),
    Pass(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let key = 0..KEYS;
    let time = prop_oneof![Just(0), Just(1), Just(10), Just(30), 1_u64..40];
    let payload = (prop_oneof![Just("1"), Just("[2]")], 1_u32..3)
        .prop_map(|(json, format)| Payload::with_format(format, json));
    let named = prop_oneof![
        6 => Just(Named::Right),
        1 => Just(Named::Wrong),
        2 => (0_usize..4).prop_map(Named::Former),
    ];
    let asked = (
        key.clone(),
        proptest::option::weighted(0.3, 0_u8..2),
        prop_oneof![Just(10_u64), Just(30), Just(1_000)],
        prop_oneof![Just(0_u64), Just(10), Just(30)],
        proptest::option::weighted(0.2, prop_oneof![Just(0_u64), Just(1), Just(20)]),
        proptest::option::weighted(0.5, named.clone()),
        proptest::option::weighted(0.3, (named.clone(), 0_u64..2)),
        proptest::bool::weighted(0.1),
    );
    let asked = asked.prop_map(
        |(key, hash, lease, keep, retain, takeover, silent, again)| Asked {
            key,
            hash,
            lease,
            keep,
            retain,
            takeover,
            silent,
            again,
        },
    );
    let reason = proptest::option::of(prop_oneof![Just("reset"), Just("a \"quote\"")]);
    let reason = reason.prop_map(|text| text.map(Reason::new));
    let outcome = prop_oneof![
        3 => payload.clone().prop_map(Outcome::Success),
        1 => payload.clone().prop_map(Outcome::Failed),
        3 => (any::<bool>(), reason)
            .prop_map(|(applied, reason)| Outcome::InDoubt { applied, reason }),
    ];
    let word = prop_oneof![
        payload.prop_map(Settlement::Success),
        Just(Settlement::NotApplied)
    ];
    let (claim, forged) = (0_usize..4, proptest::bool::weighted(0.1));
    let step = prop_oneof![
        6 => asked.prop_map(Step::Claim),
        5 => (claim.clone(), forged, outcome)
            .prop_map(|(claim, forged, outcome)| Step::Complete(claim, forged, outcome)),
        2 => (claim.clone(), forged, time.clone())
            .prop_map(|(claim, forged, lease)| Step::Renew(claim, forged, lease)),
        2 => (claim, forged).prop_map(|(claim, forged)| Step::Release(claim, forged)),
        3 => (key, named, word).prop_map(|(key, fence, word)| Step::Settle(key, fence, word)),
        1 => time.clone().prop_map(Step::Purge),
        3 => time.prop_map(Step::Pass),
    ];
    proptest::collection::vec(step, 1..50)
}

/// Two actions that share a tag, and one of another.
fn ids() -> [ActionId; KEYS] {
    let id = |n: u32| compute_action_id("same", &n, "").expect("a number has a JSON form");
    let first = id(0);
    let is_beside = |other: &ActionId| other.as_bytes()[0] == first.as_bytes()[0];
    let second = (1..).map(id).find(is_beside).expect("one in 256");
    let third = (1..).map(id).find(|other| !is_beside(other));
    [first, second, third.expect("255 in 256")]
}

#[test]
fn the_script_decides_as_the_state_machine() {
    // A server that is quick, since what is tried is not its disk.
    let settings = [("appendonly", "no")];
    let Some(server) = ThrowawayRedis::start_with(&settings) else {
        return;
    };
    let ids = ids();
    let cases = u32::try_from(short_or_full(256, 10_000)).expect("a number of cases");
    let mut config = Config::with_cases(cases);
    config.failure_persistence = None;
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let tried = AtomicU64::new(0);
    let outcome = TestRunner::new(config).run(&steps(), |steps| {
        runtime.block_on(async {
            let (manual, clock) = (ManualClock::new(), TestClock::new());
            let memory = InMemoryEffectStore::with_clock(manual.clone());
            let options = RedisEffectStore::options().prefix(fresh_prefix());
            let redis = clock
                .on(options.accept_loss())
                .connect(&server.url())
                .await
                .expect("a store");
            let began = SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000);
            let mut expected = Side::new(Arc::new(memory), began);
            let mut found = Side::new(Arc::new(redis), TestClock::began());
            for step in &steps {
                let claim_id = ClaimId::random();
                let answer = expected.take(step, &ids, claim_id).await;
                prop_assert_eq!(&found.take(step, &ids, claim_id).await, &answer);
                if let Step::Pass(time) = step {
                    let time = Duration::from_millis(*time);
                    manual.advance(time);
                    clock.advance(time);
                }
                prop_assert_eq!(found.all(&ids).await, expected.all(&ids).await);
            }
            // These ask all of the 256 tags, which takes longer than all the rest.
            if tried.fetch_add(1, Ordering::Relaxed).is_multiple_of(8) {
                prop_assert_eq!(found.counted().await, expected.counted().await);
            }
            Ok(())
        })
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}
