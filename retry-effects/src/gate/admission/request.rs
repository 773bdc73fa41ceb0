//! The request of a call for admission.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use retry_core::__private::Limits;

use crate::gate::options::{Doubt, OnBusy};
use crate::identity::action_id::ActionId;
use crate::protocol::ids::InputHash;
use crate::protocol::store::EffectStore;

/// All values that decide a call's admission.
pub(crate) struct Request {
    pub(crate) name: Cow<'static, str>,
    pub(crate) id: ActionId,
    pub(crate) input_hash: Option<InputHash>,
    pub(crate) scope: Option<Arc<str>>,
    pub(crate) store: Arc<dyn EffectStore>,
    pub(crate) lease: Duration,
    pub(crate) retain: Option<Duration>,
    pub(crate) doubt: Doubt,
    pub(crate) probe_after: Duration,
    /// In milliseconds; the largest number is no limit.
    pub(crate) dedupe_for: u64,
    pub(crate) on_busy: OnBusy,
    pub(crate) limits: Option<Limits>,
    /// The time just before admission is first requested.
    pub(crate) began: Instant,
    /// Whether the call blocks its thread when it waits.
    pub(crate) blocks: bool,
}
