//! Metrics of the gate, through the [`metrics`](https://docs.rs/metrics) facade. Those of the calls
//! themselves are in [`retry_core::metrics`], which also has the buckets of `effect_claim_seconds`.
//!
//! | metric | kind | labels | meaning |
//! |---|---|---|---|
//! | `effect_claims_total` | counter | `store`, `result` | calls at the gate |
//! | `effect_replays_total` | counter | `store` | of these, calls that got a recorded result: nothing ran |
//! | `effect_claim_seconds` | histogram | `store` | the time to admit or answer a call, if it did not wait for another |
//! | `effect_in_doubt` | gauge | `store` | records that this process knows to be in doubt |
//!
//! `store` is [`EffectStore::kind`]. `result` is `won` (the body runs), `replayed`, `joined` (the
//! result of a call that was waited for), `busy`, `doubt_found`, `mismatch` or `store_failed`, as in
//! [`GateEventKind`].
//!
//! A process knows of a record in doubt once one of its calls has left it so, or was refused because of
//! it, until another of its calls passes. [`count_in_doubt`] finds the records that other processes
//! leave, and those that operators settle.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::time::Duration;

use ::metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};

use crate::gate::event::GateEventKind;
use crate::identity::action_id::ActionId;
use crate::protocol::filter::Filter;
use crate::protocol::record::Status;
use crate::protocol::store::EffectStore;
use crate::protocol::store_error::StoreError;

/// Describes the gate's metrics to the recorder: their help texts and units.
///
/// The first gated call does so by itself; a program that needs them from the start calls this after it
/// has installed its recorder.
pub fn describe() {
    describe_counter!(
        "effect_claims_total",
        Unit::Count,
        "Calls at the gate, by result"
    );
    describe_counter!(
        "effect_replays_total",
        Unit::Count,
        "Calls that got a recorded result: nothing ran"
    );
    describe_histogram!(
        "effect_claim_seconds",
        Unit::Seconds,
        "How long it took to let a call in or to answer it, where it did not wait for another"
    );
    describe_gauge!(
        "effect_in_doubt",
        "Records that this process knows to be in doubt"
    );
}

/// Queries the store for the records in doubt, returns their number, and sets the gauge.
///
/// For a program that must know all of them, from any process: for example once at its start, and then
/// every minute.
///
/// ```
/// use retry_effects::{InMemoryEffectStore, metrics};
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let store = InMemoryEffectStore::new();
/// assert_eq!(metrics::count_in_doubt(&store).await?, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// If the store cannot be read.
pub async fn count_in_doubt(store: &dyn EffectStore) -> Result<u64, StoreError> {
    const PAGE: usize = 1_000;
    let mut filter = Filter::all().status(Status::InDoubt).limit(PAGE);
    let mut found = BTreeSet::new();
    loop {
        let page = store.list(&filter).await?;
        found.extend(page.iter().map(|record| record.id));
        match page.last() {
            Some(last) if page.len() == PAGE => filter = filter.after(last.id),
            _ => break,
        }
    }
    let count = found.len();
    let mut records = doubtful_records();
    records.insert(store.kind(), found);
    set_gauge(&records, store.kind());
    Ok(count as u64)
}

/// Records an event at the gate.
pub(crate) fn record(
    kind: GateEventKind,
    store: &dyn EffectStore,
    id: ActionId,
    elapsed: Duration,
) {
    static DESCRIBED: Once = Once::new();
    DESCRIBED.call_once(describe);
    let store = store.kind();
    let (claims, waited) = match kind {
        GateEventKind::Joined | GateEventKind::Busy => (true, true),
        GateEventKind::Won
        | GateEventKind::Replayed
        | GateEventKind::DoubtFound
        | GateEventKind::Mismatch
        | GateEventKind::StoreFailed => (true, false),
        // The end of a body.
        GateEventKind::Succeeded
        | GateEventKind::Failed
        | GateEventKind::Rescued
        | GateEventKind::Released
        | GateEventKind::InDoubt
        | GateEventKind::Expired
        | GateEventKind::LeaseLost
        | GateEventKind::Unrecorded => (false, false),
    };
    if claims {
        counter!("effect_claims_total", "store" => store, "result" => kind.name()).increment(1);
        if !waited {
            histogram!("effect_claim_seconds", "store" => store).record(elapsed);
        }
    }
    if matches!(kind, GateEventKind::Replayed | GateEventKind::Joined) {
        counter!("effect_replays_total", "store" => store).increment(1);
    }
    match kind {
        GateEventKind::InDoubt | GateEventKind::Unrecorded | GateEventKind::DoubtFound => {
            add_in_doubt(store, id);
        }
        GateEventKind::Won
        | GateEventKind::Replayed
        | GateEventKind::Joined
        | GateEventKind::Succeeded
        | GateEventKind::Failed
        | GateEventKind::Released => remove_in_doubt(store, id),
        GateEventKind::Busy
        | GateEventKind::Rescued
        | GateEventKind::Mismatch
        | GateEventKind::Expired
        | GateEventKind::LeaseLost
        | GateEventKind::StoreFailed => {}
    }
}

type DoubtfulRecords = BTreeMap<&'static str, BTreeSet<ActionId>>;

/// The records in doubt that this process knows of, by store.
static IN_DOUBT: Mutex<DoubtfulRecords> = Mutex::new(BTreeMap::new());
/// Their number, so that a call searches for its own only if there are any.
static COUNT: AtomicUsize = AtomicUsize::new(0);

fn doubtful_records() -> MutexGuard<'static, DoubtfulRecords> {
    IN_DOUBT.lock().unwrap_or_else(PoisonError::into_inner)
}

fn add_in_doubt(store: &'static str, id: ActionId) {
    let mut records = doubtful_records();
    records.entry(store).or_default().insert(id);
    set_gauge(&records, store);
}

fn remove_in_doubt(store: &'static str, id: ActionId) {
    if COUNT.load(Ordering::Relaxed) == 0 {
        return;
    }
    let mut records = doubtful_records();
    if records.get_mut(store).is_some_and(|ids| ids.remove(&id)) {
        set_gauge(&records, store);
    }
}

/// Sets the gauge under the lock, so that the last value set is the valid one.
fn set_gauge(records: &DoubtfulRecords, store: &'static str) {
    COUNT.store(records.values().map(BTreeSet::len).sum(), Ordering::Relaxed);
    let count = records.get(store).map_or(0, BTreeSet::len);
    #[expect(clippy::cast_precision_loss, reason = "nobody has 2^53 of them")]
    gauge!("effect_in_doubt", "store" => store).set(count as f64);
}
