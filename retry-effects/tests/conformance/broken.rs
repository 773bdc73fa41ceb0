//! Stores with one fault each, which the suite must find.

mod claim;
mod completion;
mod fault;
mod harness;
mod race;
mod records;
mod store;

pub(crate) use fault::{Fault, TABLE};
pub(crate) use harness::BrokenStores;
