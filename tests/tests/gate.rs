//! Calls whose effect happens once: the gate's arguments, and the functions that it goes on.

mod gate {
    mod company;
    mod doubt;
    mod errors;
    mod identity;
    mod probe_after;
    mod probes;
    mod receivers;
    mod shapes;
    mod sizes;
    mod transformed;

    use std::io;
    use std::sync::Arc;

    use retry_effects::{EffectError, InMemoryEffectStore, current_action};

    type Store = Arc<InMemoryEffectStore>;

    /// A store of a test's own.
    fn store() -> Store {
        Arc::new(InMemoryEffectStore::new())
    }

    /// For a body: the id that it runs under.
    fn own_id() -> io::Result<String> {
        let action = current_action().expect("a gated body");
        Ok(action.id().to_string())
    }

    /// What the gate said, where it was the gate that spoke.
    fn word<T: std::fmt::Debug>(outcome: io::Result<T>) -> EffectError {
        let error = outcome.expect_err("a refusal").into_inner();
        let error = error.expect("an error inside").downcast();
        *error.expect("the gate's error")
    }

    fn timed_out() -> io::Error {
        io::ErrorKind::TimedOut.into()
    }

    fn refused() -> io::Error {
        io::ErrorKind::ConnectionRefused.into()
    }
}
