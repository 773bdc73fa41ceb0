//! The contract between gate and stores: the values that they exchange, the trait that a store
//! implements, and the state machine of one record.
//!
//! Pure, except for new claim ids: nothing here waits, and the time is a parameter. So tests and the
//! exhaustive model run the decisions of the real stores.
//!
//! Every folder above may import every module except `id_source`.

pub(crate) mod claim;
pub(crate) mod completion;
pub(crate) mod counts;
pub(crate) mod filter;
pub(crate) mod forward;
mod id_source;
pub(crate) mod ids;
#[cfg(feature = "conformance")]
pub mod model;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "redis"))]
pub(crate) mod operation;
pub(crate) mod outcome;
pub(crate) mod payload;
pub(crate) mod plain;
pub(crate) mod reason;
pub(crate) mod record;
pub(crate) mod state_machine;
pub(crate) mod store;
pub(crate) mod store_error;
pub(crate) mod text;
