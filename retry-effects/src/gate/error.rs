//! The gate's own errors.

use std::fmt;
use std::io;
use std::time::Duration;

use retry_core::{Answer, Classify, Judgement};
use thiserror::Error;

use crate::identity::action_id::ActionId;
use crate::identity::error::ActionIdError;
use crate::protocol::ids::Fence;
use crate::protocol::record::Record;
use crate::protocol::store_error::StoreError;

/// An error of the gate: the reason why a gated call has no result of its own.
///
/// It reaches the caller through `E: From<EffectError>`, where `E` is the function's error type.
/// `String`, [`io::Error`] and boxed errors implement that already. Each variant states whether the
/// body ran.
///
/// By its [`Classify`], an `EffectError` proves that nothing happened if nothing ran. After
/// [`InDoubt`](Self::InDoubt), [`LeaseLost`](Self::LeaseLost), [`Unrecorded`](Self::Unrecorded),
/// [`NotEncoded`](Self::NotEncoded), [`NotDecoded`](Self::NotDecoded) and
/// [`NoPayload`](Self::NoPayload) the effect may have happened. [`InProgress`](Self::InProgress) is
/// worth another attempt after its `retry_after`, and so is a store that could not be reached before
/// anything ran.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EffectError {
    /// The effect may have happened, in an earlier call or in this one; it is unknown. No further
    /// attempt runs; the record waits for an operator, or for a call with a probe.
    #[error("{}", DisplayDoubt(.record))]
    #[non_exhaustive]
    InDoubt {
        /// The record, with its [reason](Record::reason).
        record: Box<Record>,
    },
    /// Another call holds the claim, and did not end while this one waited. Nothing ran here.
    #[error("{action_type} is in progress elsewhere; try again in {retry_after:?} (action {id})")]
    #[non_exhaustive]
    InProgress {
        /// The action type.
        action_type: Box<str>,
        /// The action's id.
        id: ActionId,
        /// The rest of the other call's lease.
        retry_after: Duration,
    },
    /// An earlier call with this key had another fingerprint. Nothing ran.
    #[error("{action_type} was called with this key and other arguments before (action {id})")]
    #[non_exhaustive]
    PayloadMismatch {
        /// The action type.
        action_type: Box<str>,
        /// The action's id.
        id: ActionId,
    },
    /// The action was taken over or settled before the call could end. The effect of an attempt stands;
    /// its result was not recorded. No attempt began after the claim was lost.
    #[error("the claim on {action_type} was lost (action {id}, fence {fence})")]
    #[non_exhaustive]
    LeaseLost {
        /// The action type.
        action_type: Box<str>,
        /// The action's id.
        id: ActionId,
        /// The fence of the lost claim.
        fence: Fence,
    },
    /// The lease ran out before an attempt could begin: the answer to the claim took longer, or all earlier
    /// attempts are proved not applied and the wait after them took longer. Nothing has happened.
    #[error("{action_type} did not run: its claim ran out before it could begin (action {id})")]
    #[non_exhaustive]
    ClaimExpired {
        /// The action type.
        action_type: Box<str>,
        /// The action's id.
        id: ActionId,
    },
    /// The body ran, and its outcome could not be recorded. The action is in doubt.
    #[error("{action_type} has run, and its result could not be recorded (action {id})")]
    #[non_exhaustive]
    Unrecorded {
        /// The action type.
        action_type: Box<str>,
        /// The action's id.
        id: ActionId,
        /// The store's error.
        source: StoreError,
    },
    /// The body ran, and a replay of its result would be another value, or none: its type does not read
    /// what it writes, it has an integer beyond 64 bits in a tagged, untagged or flattened type, or it
    /// is nested more deeply than the stack of a thread allows (about 300 levels, 900 in an optimised
    /// build; in those types a quarter of that, or 127). Or it is longer than
    /// [`MAX_PAYLOAD_LEN`](crate::store::MAX_PAYLOAD_LEN). The action is in doubt, marked as applied: it
    /// never runs again.
    #[error("{action_type} has run, and its result cannot be recorded (action {id})")]
    #[non_exhaustive]
    NotEncoded {
        /// The action type.
        action_type: Box<str>,
        /// The action's id.
        id: ActionId,
        /// The cause.
        source: serde_json::Error,
    },
    /// A value for the body's own transaction cannot be written. Nothing was recorded.
    #[error("{type_name} cannot be recorded: the value cannot be written")]
    #[non_exhaustive]
    NoPayload {
        /// The value's type.
        type_name: &'static str,
        /// The cause.
        source: serde_json::Error,
    },
    /// The recorded result does not decode as the function's type. Nothing ran: this is no reason to
    /// run a finished action again.
    #[error("the recorded result of {action_type} does not decode (action {id}, format {format})")]
    #[non_exhaustive]
    NotDecoded {
        /// The action type.
        action_type: Box<str>,
        /// The action's id.
        id: ActionId,
        /// The format of the recorded result.
        format: u32,
        /// The cause; `None` if the format is of a newer version.
        source: Option<serde_json::Error>,
    },
    /// The arguments have no faithful JSON form, so the action has no id. Nothing ran.
    #[error("the arguments of {action_type} have no faithful JSON form")]
    #[non_exhaustive]
    NoActionId {
        /// The action type.
        action_type: Box<str>,
        /// The cause, with its path.
        source: ActionIdError,
    },
    /// The store failed before anything ran; or the operating system has no thread or file left for the
    /// lease keeper, and nothing was claimed.
    #[error("{action_type} did not run: the store failed")]
    #[non_exhaustive]
    Store {
        /// The action type.
        action_type: Box<str>,
        /// The store's error.
        source: StoreError,
    },
    /// A sync function was called on the thread of a current-thread runtime, and would have to wait
    /// there for something that only this thread can complete. Nothing ran.
    #[error(
        "{action_type} is a sync function on the thread of a current-thread runtime, and cannot \
         wait there for {what}: call it through `tokio::task::spawn_blocking`, or make it async"
    )]
    #[non_exhaustive]
    CannotBlock {
        /// The action type.
        action_type: Box<str>,
        /// The event that it would wait for.
        what: &'static str,
    },
    /// The default store is already set: by an earlier call, or by the first gated call.
    #[error("the default store is set already; set it once, before the first gated call")]
    DefaultStoreIsSet,
}

impl Classify for EffectError {
    fn classify(&self) -> Judgement {
        let judgement = match self {
            Self::InProgress { retry_after, .. } => {
                Judgement::retry_after(*retry_after).step_not_applied()
            }
            Self::ClaimExpired { .. }
            | Self::Store {
                source: StoreError::Unavailable { .. },
                ..
            } => Judgement::retry().step_not_applied(),
            // An earlier call ran, or this one did.
            Self::InDoubt { .. }
            | Self::LeaseLost { .. }
            | Self::Unrecorded { .. }
            | Self::NotEncoded { .. } => Judgement::retry().unknown(),
            Self::NotDecoded { .. } => Judgement::stop(),
            // Nothing was recorded; the rest of the body's effect is not known here.
            Self::NoPayload { .. } => Judgement::stop(),
            Self::PayloadMismatch { .. }
            | Self::NoActionId { .. }
            | Self::Store { .. }
            | Self::CannotBlock { .. }
            | Self::DefaultStoreIsSet => Judgement::stop().step_not_applied(),
        };
        // The body's callee was not queried, or its answer is not part of this error.
        judgement
            .with_kind(self.kind())
            .with_answer(Answer::NotAsked)
            .without_throttle()
    }

    fn as_error(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self)
    }
}

impl EffectError {
    const fn kind(&self) -> &'static str {
        match self {
            Self::InDoubt { .. } => "in_doubt",
            Self::InProgress { .. } => "in_progress",
            Self::PayloadMismatch { .. } => "payload_mismatch",
            Self::ClaimExpired { .. } => "claim_expired",
            Self::LeaseLost { .. } => "lease_lost",
            Self::Unrecorded { .. } => "unrecorded",
            Self::NotEncoded { .. } => "not_encoded",
            Self::NoPayload { .. } => "no_payload",
            Self::NotDecoded { .. } => "not_decoded",
            Self::NoActionId { .. } => "no_action_id",
            Self::Store { .. } => "store",
            Self::CannotBlock { .. } => "cannot_block",
            Self::DefaultStoreIsSet => "default_store",
        }
    }

    /// Whether an effect may have happened, by this call or an earlier one.
    pub(crate) fn may_have_happened(&self) -> bool {
        !self.classify().is_not_applied()
    }
}

/// The display text of [`EffectError::InDoubt`].
struct DisplayDoubt<'a>(&'a Record);

impl fmt::Display for DisplayDoubt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// The maximum length of the reason in bytes: the record has the rest.
        const SHORT: usize = 200;
        let Record {
            action_type,
            id,
            fence,
            reason,
            ..
        } = self.0;
        write!(
            f,
            "{action_type} is in doubt: it may have happened (action {id}, fence {fence})"
        )?;
        match reason {
            Some(reason) => write!(f, ": {}", reason.short(SHORT)),
            None => Ok(()),
        }
    }
}

impl From<EffectError> for String {
    fn from(error: EffectError) -> Self {
        error.to_string()
    }
}

/// The error is its source; the kind is always `Other`.
impl From<EffectError> for io::Error {
    fn from(error: EffectError) -> Self {
        Self::other(error)
    }
}
