//! The tools of the rules: a fresh store, and demands on it.

use std::sync::Arc;
use std::time::Duration;

use crate::conformance::harness::Harness;
use crate::identity::action_id::{ActionId, compute_action_id};
use crate::protocol::claim::{Claim, ClaimRequest};
use crate::protocol::ids::InputHash;
use crate::protocol::ids::{ClaimId, Fence, Token};
use crate::protocol::outcome::Outcome;
use crate::protocol::payload::Payload;
use crate::protocol::record::{Finished, Record, Resolved, Status};
use crate::protocol::store::EffectStore;
use crate::protocol::store_error::StoreError;

/// The result of a rule: `Err` describes the violation.
pub(super) type Ruling<T = ()> = Result<T, String>;

/// A lease that outlasts every rule.
pub(super) const LONG: Duration = Duration::from_secs(3600);

/// Ends the rule if a condition does not hold.
macro_rules! demand {
    ($holds:expr, $($what:tt)+) => {
        if !$holds {
            return Err(format!($($what)+));
        }
    };
}
pub(super) use demand;

/// A fresh store.
pub(super) struct Stage<'h> {
    pub(super) harness: &'h dyn Harness,
    pub(super) store: Arc<dyn EffectStore>,
}

impl<'h> Stage<'h> {
    pub(super) async fn new(harness: &'h dyn Harness) -> Self {
        let store = harness.fresh_store().await;
        Self { harness, store }
    }

    /// Returns the request of a claim with a lease that outlasts the rule, kept for no time.
    pub(super) fn request(n: u32) -> ClaimRequest {
        let mut request = ClaimRequest::new(id(n), "conformance");
        request.lease = LONG;
        request.keep = Duration::ZERO;
        request
    }

    pub(super) async fn claim(&self, request: &ClaimRequest) -> Ruling<Claim> {
        must_succeed("a claim", self.store.pending(request).await)
    }

    /// Makes a claim that must be won.
    pub(super) async fn win(&self, request: &ClaimRequest) -> Ruling<Token> {
        match self.claim(request).await? {
            Claim::Won(token) if token.id() != request.id => {
                Err(format!("the token is of {}, another action", token.id()))
            }
            Claim::Won(token) if token.claim_id() != request.claim_id => {
                Err("the token has not the claim id of the request".into())
            }
            Claim::Won(token) if token.fence() == Fence::NONE => {
                Err("a claim has the fence 0, which stands for none".into())
            }
            Claim::Won(token) => Ok(token),
            other => Err(format!("a claim should be won, and is {other:?}")),
        }
    }

    pub(super) async fn win_new(&self, n: u32) -> Ruling<Token> {
        self.win(&Self::request(n)).await
    }

    /// Returns a claim whose lease has run out.
    pub(super) async fn win_expired(&self, n: u32) -> Ruling<Token> {
        let mut request = Self::request(n);
        request.lease = self.harness.lease();
        let token = self.win(&request).await?;
        self.pass(self.harness.lease()).await;
        Ok(token)
    }

    /// Lets this much time pass, and a little more.
    pub(super) async fn pass(&self, time: Duration) {
        let more = Duration::from_millis(20);
        self.harness.pass_time(time.saturating_add(more)).await;
    }

    pub(super) fn lease(&self) -> Duration {
        self.harness.lease()
    }

    pub(super) async fn complete(&self, token: &Token, outcome: Outcome) -> Ruling {
        must_succeed("a completion", self.store.complete(token, outcome).await)
    }

    /// Puts an action in this state, with [`json`] as payload if the state has one.
    pub(super) async fn bring_to(&self, n: u32, status: Status) -> Ruling<Token> {
        let token = self.win_new(n).await?;
        match status {
            Status::Pending => {}
            Status::Success => self.complete(&token, success()).await?,
            Status::Failed => self.complete(&token, failed()).await?,
            Status::InDoubt => self.complete(&token, in_doubt()).await?,
            Status::Released => {
                must_succeed("a release", self.store.release(&token).await)?;
            }
        }
        Ok(token)
    }

    pub(super) async fn record(&self, n: u32) -> Ruling<Option<Record>> {
        must_succeed("get", self.store.get(id(n)).await)
    }

    /// Demands that an action is in this state for every caller.
    pub(super) async fn must_have_status(&self, n: u32, status: Status, fence: Fence) -> Ruling {
        let Some(record) = self.record(n).await? else {
            return Err(format!("a record should be {status}, and there is none"));
        };
        demand!(
            record.status == status && record.fence == fence,
            "a record should be {status} with fence {fence}, and is {} with {}",
            record.status,
            record.fence
        );
        let resolved = must_succeed("resolve", self.store.resolve(id(n)).await)?;
        let (shown, of) = match &resolved {
            Resolved::Free => (Status::Released, fence),
            Resolved::Busy(busy) => (Status::Pending, busy.fence),
            Resolved::Done(finished) => (Status::Success, finished.fence),
            Resolved::Failed(finished) => (Status::Failed, finished.fence),
            Resolved::InDoubt(record) => (record.status, record.fence),
        };
        demand!(
            shown == status && of == fence,
            "resolve should find {status} with fence {fence}, and finds {resolved:?}"
        );
        Ok(())
    }

    pub(super) async fn must_be_absent(&self, n: u32) -> Ruling {
        let record = self.record(n).await?;
        demand!(record.is_none(), "there should be no record: {record:?}");
        let resolved = must_succeed("resolve", self.store.resolve(id(n)).await)?;
        demand!(
            matches!(resolved, Resolved::Free),
            "an action without a record should be free, and is {resolved:?}"
        );
        Ok(())
    }
}

/// Returns the answer of a method that must succeed.
pub(super) fn must_succeed<T>(what: &str, answer: Result<T, StoreError>) -> Ruling<T> {
    answer.map_err(|error| format!("{what} should be accepted, and fails: {error}"))
}

/// Demands the refusal of an owner whose claim is over.
pub(super) fn must_be_lost<T: std::fmt::Debug>(
    what: &str,
    answer: Result<T, StoreError>,
) -> Ruling {
    match answer {
        Err(StoreError::LeaseLost { .. }) => Ok(()),
        other => Err(format!("{what} should be LeaseLost, and is {other:?}")),
    }
}

/// Demands that the recorded payload is this one.
pub(super) fn must_be_finished(finished: &Finished, token: &Token, payload: &Payload) -> Ruling {
    demand!(
        finished.payload == *payload && finished.fence == token.fence(),
        "{finished:?} should be {payload:?} with fence {}",
        token.fence()
    );
    Ok(())
}

pub(super) fn id(n: u32) -> ActionId {
    compute_action_id("conformance", &n, "").expect("a number has a JSON form")
}

pub(super) fn hash(byte: u8) -> Option<InputHash> {
    Some(InputHash::from_bytes([byte; 32]))
}

pub(super) fn payload() -> Payload {
    Payload::new(r#"{"receipt":7}"#)
}

pub(super) fn success() -> Outcome {
    Outcome::Success(payload())
}

pub(super) fn failed() -> Outcome {
    Outcome::Failed(payload())
}

pub(super) const fn in_doubt() -> Outcome {
    Outcome::in_doubt(None)
}

pub(super) const fn applied() -> Outcome {
    Outcome::applied(None)
}

/// Returns a token that no store granted.
pub(super) fn forged(token: &Token) -> Token {
    Token::new(token.id(), token.fence(), ClaimId::random())
}
