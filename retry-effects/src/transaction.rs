//! [`transaction`](run::transaction): a body, and the record of its action, in one commit.
//!
//! Above the stores and the gate: it asks the gate for the running action, and a pool's driver for the rest.

pub(crate) mod error;
pub(crate) mod run;
