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

    use retry_effects::{InMemoryEffectStore, current_action};
    use retry_tests::{gate_error, refused};

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

    fn timed_out() -> io::Error {
        io::ErrorKind::TimedOut.into()
    }
}
