//! Random sequences of operations, on a store and on a reference model: the answers must be equal.
//!
//! `RETRY_EFFECTS_FULL=1 cargo test -p retry-effects --release --features conformance,sqlite --test
//! model` tries 10,000 sequences per store, not 256.

#![cfg(feature = "conformance")]
#![allow(clippy::unwrap_used, reason = "a test that fails")]

#[path = "model/reference.rs"]
mod reference;

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use reference::{Ask, Finding, Grant, Millis, Owner, Reference, Refusal, Seen, State};
use retry_effects::store::{
    Claim, ClaimId, ClaimRequest, Filter, InputHash, Payload, Resolved, Settlement, Silent, Status,
};
use retry_effects::{
    ActionId, EffectStore, Fence, InMemoryEffectStore, ManualClock, Outcome, StoreError, Token,
    compute_action_id,
};

const KEYS: u32 = 3;

/// One operation. What it names is chosen among what exists when it runs.
#[derive(Clone, Debug)]
enum Step {
    Claim {
        key: u32,
        hash: Option<u8>,
        lease: Millis,
        keep: Millis,
        retain: Option<Millis>,
        /// The fence of the record, or the one after it.
        takeover: Option<bool>,
        /// The renewals of the record, or one more.
        silent: Option<bool>,
        /// Repeats the claim id of the record.
        again: bool,
    },
    Complete {
        token: usize,
        end: State,
    },
    Renew {
        token: usize,
        lease: Millis,
    },
    Release {
        token: usize,
    },
    Settle {
        key: u32,
        right_fence: bool,
        finding: Finding,
    },
    Purge {
        age: Millis,
    },
    Pass {
        time: Millis,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let key = 0..KEYS;
    let time = prop_oneof![Just(0), Just(1), Just(10), Just(30), 1_u64..40];
    let payload = prop_oneof![Just(Payload::new("1")), Just(Payload::new("[2]"))];
    let finding = prop_oneof![
        payload.clone().prop_map(Finding::Happened),
        Just(Finding::DidNot)
    ];
    let end = prop_oneof![
        3 => payload.clone().prop_map(State::Succeeded),
        1 => payload.prop_map(State::FailedForGood),
        2 => any::<bool>().prop_map(|applied| State::Doubted { applied }),
    ];
    let claim = (
        key.clone(),
        proptest::option::weighted(0.3, 0_u8..2),
        prop_oneof![Just(10_u64), Just(30), Just(1_000)],
        prop_oneof![Just(0_u64), Just(10), Just(30)],
        // At 0 the record would be removed while the step that finishes it is being checked.
        proptest::option::weighted(0.2, prop_oneof![Just(1_u64), Just(20)]),
        proptest::option::weighted(0.5, proptest::bool::weighted(0.8)),
        proptest::option::weighted(0.2, proptest::bool::weighted(0.8)),
        proptest::bool::weighted(0.1),
    );
    let claim = claim.prop_map(
        |(key, hash, lease, keep, retain, takeover, silent, again)| Step::Claim {
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
    let token = 0_usize..4;
    let step = prop_oneof![
        6 => claim,
        5 => (token.clone(), end).prop_map(|(token, end)| Step::Complete { token, end }),
        2 => (token.clone(), time.clone()).prop_map(|(token, lease)| Step::Renew { token, lease }),
        2 => token.prop_map(|token| Step::Release { token }),
        2 => (key, proptest::bool::weighted(0.8), finding)
            .prop_map(|(key, right_fence, finding)| Step::Settle { key, right_fence, finding }),
        1 => time.clone().prop_map(|age| Step::Purge { age }),
        3 => time.prop_map(|time| Step::Pass { time }),
    ];
    proptest::collection::vec(step, 1..60)
}

/// A store and its model.
struct Pair {
    store: Arc<dyn EffectStore>,
    pass: Box<dyn Fn(Duration)>,
    model: Reference,
    /// The tokens won, the newest last.
    tokens: Vec<(u32, Token)>,
    /// The highest fence of each key so far.
    fences: [u64; KEYS as usize],
}

fn id(key: u32) -> ActionId {
    compute_action_id("model", &key, "").unwrap()
}

fn owner(token: &Token) -> Owner {
    Owner {
        fence: token.fence().number(),
        claim_id: token.claim_id(),
    }
}

fn refusal(error: &StoreError) -> Refusal {
    match error {
        StoreError::LeaseLost { .. } => Refusal::Lost,
        StoreError::Changed { .. } => Refusal::Changed,
        StoreError::OwnerAlive { .. } => Refusal::OwnerAlive,
        StoreError::NotFound => Refusal::NotFound,
        other => panic!("{other}"),
    }
}

impl Pair {
    async fn step(&mut self, step: &Step) -> Result<(), TestCaseError> {
        match step {
            Step::Claim { .. } => self.claim(step).await?,
            Step::Complete { token, end } => {
                let Some((key, token)) = self.token(*token) else {
                    return Ok(());
                };
                let outcome = match end.clone() {
                    State::Succeeded(payload) => Outcome::Success(payload),
                    State::FailedForGood(payload) => Outcome::Failed(payload),
                    State::Doubted { applied } => Outcome::InDoubt {
                        applied,
                        reason: None,
                    },
                    other => panic!("{other:?} is no outcome"),
                };
                let answer = self.store.complete(&token, outcome).await;
                let expected = self.model.complete(key, owner(&token), end);
                prop_assert_eq!(answer.map_err(|error| refusal(&error)), expected);
            }
            Step::Renew { token, lease } => {
                let Some((key, token)) = self.token(*token) else {
                    return Ok(());
                };
                let answer = self
                    .store
                    .renew(&token, Duration::from_millis(*lease))
                    .await;
                let expected = self.model.renew(key, owner(&token), *lease);
                prop_assert_eq!(answer.map_err(|error| refusal(&error)), expected);
            }
            Step::Release { token } => {
                let Some((key, token)) = self.token(*token) else {
                    return Ok(());
                };
                let answer = self.store.release(&token).await;
                let answer = answer.map(|found| found.map(|found| found.payload));
                let expected = self.model.release(key, owner(&token));
                prop_assert_eq!(answer.map_err(|error| refusal(&error)), expected);
            }
            Step::Settle {
                key,
                right_fence,
                finding,
            } => {
                let entry = self.model.entries.get(key);
                let fence = entry.map_or(0, |entry| entry.owner.fence) + u64::from(!right_fence);
                let settlement = match finding.clone() {
                    Finding::Happened(payload) => Settlement::Success(payload),
                    Finding::DidNot => Settlement::NotApplied,
                };
                let answer = self
                    .store
                    .settle(id(*key), Fence::new(fence), settlement)
                    .await;
                let expected = self.model.settle(*key, fence, finding);
                prop_assert_eq!(answer.map_err(|error| refusal(&error)), expected);
            }
            Step::Purge { age } => {
                let purged = self.store.purge(Duration::from_millis(*age)).await.unwrap();
                let expected = self.model.purge(*age);
                if self.model.some_went {
                    prop_assert!(purged >= expected, "{} purged of {}", purged, expected);
                } else {
                    prop_assert_eq!(purged, expected);
                }
            }
            Step::Pass { time } => {
                (self.pass)(Duration::from_millis(*time));
                self.model.pass(*time);
            }
        }
        self.agree().await
    }

    /// Returns the token that was won this many claims ago.
    fn token(&self, back: usize) -> Option<(u32, Token)> {
        let place = self.tokens.len().checked_sub(back + 1)?;
        Some(self.tokens[place])
    }

    async fn claim(&mut self, step: &Step) -> Result<(), TestCaseError> {
        let Step::Claim {
            key,
            hash,
            lease,
            keep,
            retain,
            takeover,
            silent,
            again,
        } = step
        else {
            panic!("{step:?} is no claim");
        };
        let entry = self.model.entries.get(key);
        let (fence, renewals) = entry.map_or((0, 0), |entry| (entry.owner.fence, entry.renewals));
        let own = entry.filter(|_| *again).map(|entry| entry.owner.claim_id);
        let ask = Ask {
            claim_id: own.unwrap_or_else(ClaimId::random),
            hash: hash.map(|byte| InputHash::from_bytes([byte; 32])),
            lease: *lease,
            keep: *keep,
            retain: *retain,
            takeover: takeover.map(|right| fence + u64::from(!right)),
            silent: silent.map(|right| (fence, renewals + u64::from(!right))),
        };
        let mut request = ClaimRequest::new(id(*key), "model");
        request.claim_id = ask.claim_id;
        request.input_hash = ask.hash;
        request.lease = Duration::from_millis(*lease);
        request.keep = Duration::from_millis(*keep);
        request.retain = retain.map(Duration::from_millis);
        request.takeover = ask.takeover.map(Fence::new);
        request.silent = ask.silent.map(|(fence, renewals)| Silent {
            fence: Fence::new(fence),
            renewals,
        });
        let answer = self.store.pending(&request).await.unwrap();
        let expected = self.model.grant(*key, &ask);
        let granted = match answer {
            Claim::Won(token) => {
                let fence = token.fence().number();
                let highest = &mut self.fences[*key as usize];
                if fence > *highest {
                    *highest = fence;
                    self.model.claimed(*key, &ask, fence);
                    self.tokens.push((*key, token));
                    Grant::New
                } else {
                    Grant::Again(fence)
                }
            }
            Claim::Busy(busy) => {
                prop_assert_eq!((busy.fence.number(), busy.renewals), (fence, renewals));
                Grant::Refused(Seen::Busy)
            }
            Claim::Done(finished) => Grant::Refused(Seen::Done(finished.payload)),
            Claim::Failed(finished) => Grant::Refused(Seen::Failed(finished.payload)),
            Claim::InDoubt(record) => {
                prop_assert_eq!(record.status, Status::InDoubt);
                prop_assert_eq!(record.fence.number(), fence);
                Grant::Refused(Seen::InDoubt)
            }
            Claim::Mismatch => Grant::Mismatch,
        };
        prop_assert_eq!(granted, expected);
        Ok(())
    }

    /// Demands that everything that can be read equals the model.
    async fn agree(&self) -> Result<(), TestCaseError> {
        for key in 0..KEYS {
            let seen = self.model.seen(key);
            let resolved = match self.store.resolve(id(key)).await.unwrap() {
                Resolved::Free if seen == Seen::Nothing => Seen::Nothing,
                Resolved::Free => Seen::Free,
                Resolved::Busy(_) => Seen::Busy,
                Resolved::Done(finished) => Seen::Done(finished.payload),
                Resolved::Failed(finished) => Seen::Failed(finished.payload),
                Resolved::InDoubt(_) => Seen::InDoubt,
            };
            prop_assert_eq!(&resolved, &seen);
            let record = self.store.get(id(key)).await.unwrap();
            let entry = self.model.entries.get(&key);
            prop_assert_eq!(record.is_some(), entry.is_some());
            let (Some(record), Some(entry)) = (record, entry) else {
                continue;
            };
            prop_assert_eq!(record.fence.number(), entry.owner.fence);
            prop_assert_eq!(record.claim_id, Some(entry.owner.claim_id));
            prop_assert_eq!(record.input_hash, entry.hash);
            prop_assert_eq!(record.renewals, entry.renewals);
            prop_assert_eq!(
                record.applied,
                entry.state == State::Doubted { applied: true }
            );
            let left = Duration::from_millis(entry.lease_ends.saturating_sub(self.model.now));
            prop_assert_eq!(record.lease_left, (seen == Seen::Busy).then_some(left));
        }
        let listed = self.store.list(&Filter::all()).await.unwrap().len();
        prop_assert_eq!(listed, self.model.entries.len());
        prop_assert_eq!(self.store.counts().await.unwrap().total(), listed as u64);
        Ok(())
    }
}

/// Checks a store, made anew for each sequence, with the function that lets its time pass.
fn answers_as_the_model(fresh: impl Fn() -> (Arc<dyn EffectStore>, Box<dyn Fn(Duration)>)) {
    let full = std::env::var_os("RETRY_EFFECTS_FULL").is_some();
    let mut config = Config::with_cases(if full { 10_000 } else { 256 });
    config.failure_persistence = None;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let tried = TestRunner::new(config).run(&steps(), |steps| {
        let (store, pass) = fresh();
        let mut pair = Pair {
            store,
            pass,
            model: Reference::default(),
            tokens: Vec::new(),
            fences: [0; KEYS as usize],
        };
        runtime.block_on(async {
            for step in &steps {
                pair.step(step).await?;
            }
            Ok(())
        })
    });
    if let Err(failure) = tried {
        panic!("{failure}");
    }
}

#[test]
fn the_in_memory_store_answers_as_the_model() {
    answers_as_the_model(|| {
        let clock = ManualClock::new();
        let store = InMemoryEffectStore::with_clock(clock.clone());
        (Arc::new(store), Box::new(move |time| clock.advance(time)))
    });
}

#[cfg(feature = "sqlite")]
#[test]
fn the_sqlite_store_answers_as_the_model() {
    use std::sync::atomic::{AtomicU64, Ordering};

    let folder = tempfile::tempdir().unwrap();
    let made = AtomicU64::new(0);
    answers_as_the_model(|| {
        let clock = Arc::new(AtomicU64::new(0));
        let number = made.fetch_add(1, Ordering::Relaxed);
        let path = folder.path().join(format!("{number}.db"));
        let store = retry_effects::SqliteEffectStore::open_with_clock(path, clock.clone()).unwrap();
        let pass = move |time: Duration| {
            let nanos = u64::try_from(time.as_nanos()).unwrap();
            clock.fetch_add(nanos, Ordering::SeqCst);
        };
        (Arc::new(store), Box::new(pass))
    });
}
