//! The gate's behaviour, by the builder, on the in-memory store.

mod executor;

mod gate {
    mod blocking;
    mod doubt;
    mod dropped;
    mod duplicates;
    mod errors;
    mod fingerprint;
    mod leases;
    mod marks;
    mod nested;
    mod odd_store;
    mod panics;
    mod probes;
    mod reasons;
    mod replay;
    mod scopes;
    mod statements;
    mod store_faults;

    use std::fmt::Debug;
    use std::future::Future;
    use std::io;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::task::{Context, Poll, Waker};
    use std::thread;

    use retry_core::{Jitter, Retry, RetryPolicy};
    use retry_effects::store::Status;
    use retry_effects::{
        ActionId, Effect, EffectError, EffectStore, InMemoryEffectStore, Record, compute_action_id,
    };

    use crate::executor::wait_for;

    /// Three attempts, without waits.
    const THREE: RetryPolicy = RetryPolicy::new(3).with_jitter(Jitter::None);

    fn thrice() -> Retry {
        Retry::new(THREE)
    }

    fn store() -> Arc<InMemoryEffectStore> {
        Arc::new(InMemoryEffectStore::new())
    }

    /// The effect that most tests use.
    fn charge(store: &Arc<impl EffectStore>) -> Effect {
        Effect::new("charge", &42).store(store)
    }

    fn id() -> ActionId {
        compute_action_id("charge", &42, "").expect("a number")
    }

    /// Returns the record of that effect.
    fn record(store: &impl EffectStore) -> Option<Record> {
        wait_for(store.get(id())).expect("a store that answers")
    }

    fn status(store: &impl EffectStore) -> Option<Status> {
        record(store).map(|record| record.status)
    }

    /// Waits for the record to be as wanted; the store wakes its waiters.
    fn until(
        store: &InMemoryEffectStore,
        wanted: impl Fn(Option<&Record>) -> bool,
    ) -> Option<Record> {
        loop {
            let changed = store.changed(id());
            let record = record(store);
            if wanted(record.as_ref()) {
                return record;
            }
            wait_for(changed);
        }
    }

    /// Waits until no call holds it, and returns its record. The keeper may still take it over for a
    /// moment after that, if a claim was dropped: a second read may find it held.
    fn settled_record(store: &InMemoryEffectStore) -> Option<Record> {
        until(store, |record| {
            record.is_none_or(|record| record.status != Status::Pending)
        })
    }

    /// The same, and returns its status.
    fn settled(store: &InMemoryEffectStore) -> Option<Status> {
        settled_record(store).map(|record| record.status)
    }

    /// Returns the gate's error, if the gate refused.
    fn word<T: Debug>(outcome: io::Result<T>) -> EffectError {
        let error = outcome.expect_err("a refusal").into_inner();
        let error = error.expect("an error inside").downcast();
        *error.expect("the gate's error")
    }

    fn is_in_doubt<T: Debug>(outcome: io::Result<T>) -> bool {
        matches!(word(outcome), EffectError::InDoubt { .. })
    }

    fn refused<T>() -> io::Result<T> {
        Err(io::ErrorKind::ConnectionRefused.into())
    }

    fn timed_out<T>() -> io::Result<T> {
        Err(io::ErrorKind::TimedOut.into())
    }

    /// Effects, counted outside of the store.
    #[derive(Debug, Default)]
    struct Effects(AtomicU32);

    impl Effects {
        fn happen(&self) -> u32 {
            self.0.fetch_add(1, Ordering::SeqCst) + 1
        }

        fn count(&self) -> u32 {
            self.0.load(Ordering::SeqCst)
        }
    }
}
