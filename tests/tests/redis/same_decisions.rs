//! The script on the server decides as the state machine does: random operations, on a Redis store
//! and on the in-memory store, which is the state machine and a table. All that can be read after
//! each step must be the same, but for the numbers of fences, of which the order is compared.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use retry_effects::{
    ActionId, Claim, ClaimId, ClaimRequest, EffectStore, Fence, Filter, InMemoryEffectStore,
    InputHash, ManualClock, Outcome, Payload, Record, RedisEffectStore, Resolved, Settlement,
    Silent, Token, compute_action_id,
};
use retry_tests::redis::ThrowawayRedis;

use super::place::{TestClock, fresh_prefix};
use super::short_or_full;

const KEYS: usize = 3;

/// Which of the fences that there have been a step names.
#[derive(Clone, Copy, Debug)]
enum Named {
    /// The record's.
    Right,
    /// One that was never given.
    Wrong,
    /// That of a claim on this key so many claims ago.
    Former(usize),
}

#[derive(Clone, Debug)]
struct Asked {
    key: usize,
    hash: Option<u8>,
    lease: u64,
    keep: u64,
    retain: Option<u64>,
    takeover: Option<Named>,
    /// With so many renewals more than there were.
    silent: Option<(Named, u64)>,
    /// With the claim id of the record.
    again: bool,
}

#[derive(Clone, Debug)]
enum Step {
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
    let outcome = prop_oneof![
        3 => payload.clone().prop_map(Outcome::Success),
        1 => payload.clone().prop_map(Outcome::Failed),
        3 => any::<bool>().prop_map(|applied| Outcome::InDoubt { applied }),
    ];
    let word = prop_oneof![
        payload.prop_map(Settlement::Success),
        Just(Settlement::NotApplied)
    ];
    let (claim, forged) = (0_usize..4, proptest::bool::weighted(0.1));
    let step = prop_oneof![
        6 => asked.prop_map(Step::Claim),
        5 => (claim.clone(), forged.clone(), outcome)
            .prop_map(|(claim, forged, outcome)| Step::Complete(claim, forged, outcome)),
        2 => (claim.clone(), forged.clone(), time.clone())
            .prop_map(|(claim, forged, lease)| Step::Renew(claim, forged, lease)),
        2 => (claim, forged).prop_map(|(claim, forged)| Step::Release(claim, forged)),
        3 => (key, named, word).prop_map(|(key, fence, word)| Step::Settle(key, fence, word)),
        1 => time.clone().prop_map(Step::Purge),
        3 => time.prop_map(Step::Pass),
    ];
    proptest::collection::vec(step, 1..50)
}

/// One of the two stores, and what it calls its claims.
struct Side {
    store: Arc<dyn EffectStore>,
    tokens: Vec<Token>,
    /// The claims by their fences, from 1.
    claims: HashMap<(ActionId, Fence), usize>,
    /// What its clock showed when the test began.
    began: SystemTime,
}

impl Side {
    fn new(store: Arc<dyn EffectStore>, began: SystemTime) -> Self {
        Self {
            store,
            tokens: Vec::new(),
            claims: HashMap::new(),
            began,
        }
    }

    async fn fence(&self, id: ActionId, named: Named) -> Fence {
        let record = self.store.get(id).await.expect("a record can be read");
        let fence = record.map_or(Fence::NONE, |record| record.fence);
        match named {
            Named::Right => fence,
            Named::Wrong => Fence::new(fence.number() + 1),
            Named::Former(back) => {
                let mut of = self.tokens.iter().rev().filter(|token| token.id() == id);
                of.nth(back).map_or(fence, Token::fence)
            }
        }
    }

    fn token(&self, back: usize, forged: bool) -> Option<Token> {
        let token = self.tokens.get(self.tokens.len().checked_sub(back + 1)?)?;
        Some(if forged {
            Token::new(token.id(), token.fence(), ClaimId::from_bits(7))
        } else {
            *token
        })
    }

    fn claim_of(&self, id: ActionId, fence: Fence) -> String {
        let claim = self.claims.get(&(id, fence));
        claim.map_or_else(
            || format!("no claim ({fence})"),
            |claim| format!("claim {claim}"),
        )
    }

    /// Takes a step, and says what came of it.
    async fn take(&mut self, step: &Step, ids: &[ActionId], claim_id: ClaimId) -> String {
        let store = self.store.clone();
        match step {
            Step::Claim(asked) => self.claim(asked, ids[asked.key], claim_id).await,
            Step::Complete(back, forged, outcome) => match self.token(*back, *forged) {
                Some(token) => self.said(token.id(), store.complete(&token, outcome.clone()).await),
                None => String::new(),
            },
            Step::Renew(back, forged, lease) => match self.token(*back, *forged) {
                Some(token) => {
                    let lease = Duration::from_millis(*lease);
                    self.said(token.id(), store.renew(&token, lease).await)
                }
                None => String::new(),
            },
            Step::Release(back, forged) => match self.token(*back, *forged) {
                Some(token) => {
                    let released = store.release(&token).await;
                    let released = released.map(|found| {
                        found.map(|found| (self.claim_of(token.id(), found.fence), found.payload))
                    });
                    self.said(token.id(), released)
                }
                None => String::new(),
            },
            Step::Settle(key, named, word) => {
                let fence = self.fence(ids[*key], *named).await;
                let settled = store.settle(ids[*key], fence, word.clone()).await;
                self.said(ids[*key], settled)
            }
            Step::Purge(age) => {
                // How many depends on what was swept; what is left does not.
                let purged = store.purge(Duration::from_millis(*age)).await;
                format!("{}", purged.is_ok())
            }
            Step::Pass(_) => String::new(),
        }
    }

    async fn claim(&mut self, asked: &Asked, id: ActionId, claim_id: ClaimId) -> String {
        let record = self.store.get(id).await.expect("a record can be read");
        let own = record.as_ref().filter(|_| asked.again);
        let own = own.and_then(|record| record.claim_id);
        let renewals = record.as_ref().map_or(0, |record| record.renewals);
        let mut request = ClaimRequest::new(id, "model");
        request.scope = "a scope";
        request.claim_id = own.unwrap_or(claim_id);
        request.input_hash = asked.hash.map(|byte| InputHash::from_bytes([byte; 32]));
        request.lease = Duration::from_millis(asked.lease);
        request.keep = Duration::from_millis(asked.keep);
        request.retain = asked.retain.map(Duration::from_millis);
        if let Some(named) = asked.takeover {
            request.takeover = Some(self.fence(id, named).await);
        }
        if let Some((named, more)) = asked.silent {
            let fence = self.fence(id, named).await;
            let renewals = renewals + more;
            request.silent = Some(Silent { fence, renewals });
        }
        match self.store.pending(&request).await.expect("an answer") {
            Claim::Won(token) => {
                let newest = self.claims.len() + 1;
                if !self.claims.contains_key(&(id, token.fence())) {
                    for former in self.tokens.iter().filter(|former| former.id() == id) {
                        assert!(former.fence() < token.fence(), "{token:?} after {former:?}");
                    }
                    self.claims.insert((id, token.fence()), newest);
                    self.tokens.push(token);
                }
                format!("won {}", self.claim_of(id, token.fence()))
            }
            Claim::InDoubt(record) => format!("in doubt {}", self.shown(&record)),
            Claim::Mismatch => "mismatch".to_owned(),
            Claim::Busy(busy) => self.resolved(id, &Resolved::Busy(busy)),
            Claim::Done(finished) => self.resolved(id, &Resolved::Done(finished)),
            Claim::Failed(finished) => self.resolved(id, &Resolved::Failed(finished)),
        }
    }

    fn said<T: std::fmt::Debug>(
        &self,
        id: ActionId,
        answer: Result<T, retry_effects::StoreError>,
    ) -> String {
        use retry_effects::StoreError::{Changed, LeaseLost};
        match answer {
            Ok(answer) => format!("{answer:?}"),
            Err(LeaseLost { fence, .. }) => format!("lost {}", self.claim_of(id, fence)),
            Err(Changed { status, fence, .. }) => {
                format!("changed {status} {}", self.claim_of(id, fence))
            }
            Err(other) => other.to_string(),
        }
    }

    fn resolved(&self, id: ActionId, resolved: &Resolved) -> String {
        match resolved {
            Resolved::Free => "free".to_owned(),
            Resolved::Busy(busy) => {
                let mut of = *busy;
                of.fence = Fence::NONE;
                format!("{} {of:?}", self.claim_of(id, busy.fence))
            }
            Resolved::Done(finished) | Resolved::Failed(finished) => {
                let kind = matches!(resolved, Resolved::Done(_));
                let (payload, hash) = (finished.payload.json(), finished.input_hash);
                let claim = self.claim_of(id, finished.fence);
                let format = finished.payload.format();
                format!("{kind} {claim} {payload} {format} {hash:?}")
            }
            Resolved::InDoubt(record) => self.shown(record),
        }
    }

    fn shown(&self, record: &Record) -> String {
        let mut of = record.clone();
        of.fence = Fence::NONE;
        let since = |time: SystemTime| {
            let since = time
                .duration_since(self.began)
                .expect("not before the test");
            SystemTime::UNIX_EPOCH + since
        };
        of.created_at = since(of.created_at);
        of.completed_at = of.completed_at.map(since);
        let json = record.payload.as_ref().map(Payload::json);
        format!("{} {of:?} {json:?}", self.claim_of(record.id, record.fence))
    }

    /// All that can be read of each action.
    async fn all(&self, ids: &[ActionId]) -> Vec<String> {
        let mut all = Vec::new();
        for id in ids {
            let resolved = self.store.resolve(*id).await.expect("an answer");
            all.push(self.resolved(*id, &resolved));
            let record = self.store.get(*id).await.expect("an answer");
            all.push(record.map_or_else(String::new, |record| self.shown(&record)));
        }
        all
    }

    /// What lists and counts say.
    async fn counted(&self) -> Vec<String> {
        let mut all = Vec::new();
        let listed = self.store.list(&Filter::all()).await.expect("a list");
        all.extend(listed.iter().map(|record| self.shown(record)));
        all.push(format!("{:?}", self.store.len().await.expect("a count")));
        all
    }
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
    let tried = TestRunner::new(config).run(&steps(), |steps| {
        runtime.block_on(async {
            let (manual, clock) = (ManualClock::new(), TestClock::new());
            let memory = InMemoryEffectStore::with_clock(manual.clone());
            let builder = RedisEffectStore::builder(&server.url()).prefix(fresh_prefix());
            let redis = clock
                .on(builder.accept_loss())
                .connect()
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
            prop_assert_eq!(found.counted().await, expected.counted().await);
            Ok(())
        })
    });
    if let Err(failure) = tried {
        panic!("{failure}");
    }
}
