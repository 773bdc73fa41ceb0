//! The gate's reports: events of the `tracing` target `retry`, [`GateEvent`]s for an observer, and
//! metrics. None contains payloads, arguments or results.

use std::collections::BTreeSet;
use std::error::Error;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use retry_core::__private::{redacted_text, snapshot};
use tracing::{debug, info, warn};

use crate::gate::action::Action;
use crate::gate::event::{GateEvent, GateEventKind};
#[cfg(feature = "metrics")]
use crate::gate::metrics;
use crate::identity::action_id::ActionId;
use crate::protocol::reason::Reason;
use crate::protocol::store::EffectStore;
use crate::protocol::store_error::StoreError;

type Observer = Box<dyn Fn(&GateEvent<'_>) + Send + Sync>;

static OBSERVER: OnceLock<Observer> = OnceLock::new();

/// Calls `observer` at every [`GateEvent`] of this process: the hook for metrics. Returns whether it
/// was the first, which stays.
///
/// It runs on the thread of the call, so it must be quick: count, and record the duration in a
/// histogram.
///
/// # Examples
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use retry_effects::{Effect, GateEventKind, InMemoryEffectStore, observe_gate};
///
/// static REPLAYS: AtomicU64 = AtomicU64::new(0);
/// observe_gate(|event| {
///     if event.kind == GateEventKind::Replayed {
///         REPLAYS.fetch_add(1, Ordering::Relaxed);
///     }
/// });
///
/// let store = std::sync::Arc::new(InMemoryEffectStore::new());
/// for _ in 0..2 {
///     Effect::new("charge", &42).store(&store).run(|| Ok::<_, String>(7))?;
/// }
/// assert_eq!(REPLAYS.load(Ordering::Relaxed), 1);
/// # Ok::<(), String>(())
/// ```
pub fn observe_gate(observer: impl Fn(&GateEvent<'_>) + Send + Sync + 'static) -> bool {
    OBSERVER.set(Box::new(observer)).is_ok()
}

/// Reports an event of a call that began `elapsed` ago.
#[inline]
pub(crate) fn call_event(
    kind: GateEventKind,
    action_type: &str,
    id: ActionId,
    store: &dyn EffectStore,
    elapsed: impl FnOnce() -> Duration,
    reason: impl FnOnce() -> Option<Reason>,
) {
    // Without a subscriber, an observer and metrics, the cost is two loads.
    if tracing::enabled!(target: "retry", tracing::Level::WARN)
        || OBSERVER.get().is_some()
        || cfg!(feature = "metrics")
    {
        emit(kind, action_type, id, store, elapsed(), reason());
    }
}

/// Reports an event of a claimed call.
#[inline]
pub(crate) fn action_event(kind: GateEventKind, action: &Action) {
    let elapsed = || action.claimed.elapsed();
    let (id, store) = (action.token.id(), &*action.store);
    let reason = || match kind {
        GateEventKind::InDoubt => action.reason(),
        _ => None,
    };
    call_event(kind, &action.name, id, store, elapsed, reason);
}

#[cold]
fn emit(
    kind: GateEventKind,
    action_type: &str,
    id: ActionId,
    store: &dyn EffectStore,
    elapsed: Duration,
    reason: Option<Reason>,
) {
    #[cfg(feature = "metrics")]
    metrics::record(kind, store, id, elapsed);
    if let Some(observer) = OBSERVER.get() {
        observer(&GateEvent {
            action_type,
            id,
            kind,
            store: store.kind(),
            elapsed,
        });
    }
    let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    macro_rules! event {
        ($level:ident, $text:literal) => {
            $level!(
                target: "retry",
                operation = action_type,
                action = %id,
                gate = kind.name(),
                elapsed_ms = millis,
                // Only for a record in doubt.
                reason = reason.as_ref().map(Reason::as_str),
                $text
            )
        };
    }
    match kind {
        GateEventKind::Won => event!(debug, "Claimed {action_type}"),
        GateEventKind::Replayed => event!(debug, "Replayed {action_type}: it has run before"),
        GateEventKind::Joined => event!(info, "Joined {action_type}, which was running"),
        GateEventKind::Busy => event!(warn, "Not run: {action_type} is in progress elsewhere"),
        GateEventKind::DoubtFound => event!(warn, "Not run: {action_type} is in doubt"),
        GateEventKind::Mismatch => {
            event!(
                warn,
                "Not run: {action_type} has this key with other arguments"
            );
        }
        GateEventKind::Succeeded => event!(debug, "Recorded the result of {action_type}"),
        GateEventKind::Failed => event!(debug, "Recorded the error of {action_type}"),
        GateEventKind::Rescued => {
            event!(
                info,
                "Rescued {action_type}: it had happened, and its answer was lost"
            );
        }
        GateEventKind::Released => event!(debug, "Released {action_type}: nothing has happened"),
        GateEventKind::InDoubt => event!(warn, "In doubt: {action_type} may have happened"),
        GateEventKind::Expired => {
            event!(
                warn,
                "The claim on {action_type} ran out; nothing has happened"
            );
        }
        GateEventKind::LeaseLost => event!(warn, "Lease lost while {action_type} ran"),
        GateEventKind::Unrecorded => {
            event!(
                warn,
                "In doubt: {action_type} has run, and its result is not recorded"
            );
        }
        GateEventKind::StoreFailed => event!(warn, "Not run: the store of {action_type} failed"),
    }
}

/// Action types whose unrecognized error was reported; at most this many.
static REPORTED: Mutex<BTreeSet<Box<str>>> = Mutex::new(BTreeSet::new());
const MOST_REPORTED: usize = 4096;

/// Reports an attempt's unrecognized error: once for each action type.
pub(crate) fn unrecognized(action: &Action, error: &str) {
    let name = &*action.name;
    let mut reported = REPORTED.lock().unwrap_or_else(PoisonError::into_inner);
    if reported.contains(name) {
        return;
    }
    if reported.len() < MOST_REPORTED {
        reported.insert(name.into());
    }
    drop(reported);
    warn!(
        target: "retry",
        operation = name,
        action = %action.token.id(),
        error,
        "Not recognized: {name} failed with an error that does not state whether anything happened, so \
         the action may have taken effect: {error}. Where it proves that nothing happened, state it: by \
         #[derive(Classify)] with not_applied, by not_applied_if, or, for a type inside a box, by \
         retry_core::recognize"
    );
}

/// Reports that the callee may not be probed yet.
pub(crate) fn probe_waits(action_type: &str, id: ActionId, wait: Duration) {
    info!(
        target: "retry",
        operation = action_type,
        action = %id,
        wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
        "Waiting {wait:?} before the probe of {action_type} runs"
    );
}

/// Warns of a sync call that must wait for the probe on the only thread of a runtime.
pub(crate) fn blocking(action_type: &str) {
    static WARNED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let mut warned = WARNED.lock().unwrap_or_else(PoisonError::into_inner);
    let is_first = warned.insert(action_type.to_owned());
    drop(warned);
    if is_first {
        warn!(
            target: "retry",
            operation = action_type,
            "Waiting for the probe of {action_type} blocks the only thread of its runtime: make it \
             async, or call it through spawn_blocking"
        );
    }
}

/// Reports a claim that the keeper found lost.
pub(crate) fn lease_lost(action: &Action) {
    action_event(GateEventKind::LeaseLost, action);
}

/// Reports that the keeper could not reach the store.
pub(crate) fn not_renewed(action: &Action, error: &StoreError) {
    let (name, id) = (&action.name, action.token.id());
    warn!(
        target: "retry",
        operation = %name,
        action = %id,
        error = &snapshot(error) as &(dyn Error + 'static),
        "The lease of {name} could not be renewed yet: {}",
        redacted_text(error)
    );
}

/// Warns that no default store is set.
pub(crate) fn in_memory_by_default() {
    warn!(
        target: "retry",
        "No default store is set: actions are recorded in memory, and forgotten with this process. \
         Call `retry_effects::set_default_store` before the first gated call"
    );
}
