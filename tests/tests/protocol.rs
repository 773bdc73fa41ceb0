//! The protocol of the gate, explored exhaustively: every order in which three callers, their
//! store, their callee, a person and whatever goes wrong between them can meet.

mod protocol {
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
