//! The protocol of the gate, explored exhaustively: every order in which three callers with two
//! attempts each, their store, their callee, a person and whatever goes wrong between them can meet.
//!
//! The store's transitions are the crate's own (`retry_effects::__model`), so what holds here holds
//! of the code. What the model adds is a gate as far as others can see it, a callee of each tier,
//! and trouble: a caller that crashes or pauses anywhere (it pauses by not being the next to move),
//! a request that arrives late, twice or never, an acknowledgement that is lost, a lease that runs
//! out, a purge, a person who settles too late. Without any one rule a promise is broken.
//!
//! The explorer is a page of our own, not a crate: promises are broken and things are seen in steps
//! rather than in states, states are reply apart by their shape alone, and no web server is built
//! with the tests.

mod protocol {
    mod attempt;
    mod caller;
    mod explorer;
    mod fingerprint;
    mod model;
    mod person;
    mod promises;
    mod rules;
    mod sights;
    mod store;
    mod symmetry;
    mod turn;
    mod world;

    mod broken_rules;
    mod exhaustive;
}
