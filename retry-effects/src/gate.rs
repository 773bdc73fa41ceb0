//! The gate: from a call's request for admission to its record.
//!
//! It uses only the [`EffectStore`](crate::EffectStore) contract and knows no store, so that every
//! store has the same gate.
//!
//! `attribute` and `effect` import [`admission`], [`gate`], [`codec`], [`options`], [`error`],
//! [`ambient`] and [`blocking`]. A store imports [`ambient`] alone, to report a completion in the
//! caller's own transaction; the choice of the default store imports [`error`] and [`report`].

pub(crate) mod action;
pub(crate) mod admission;
pub(crate) mod ambient;
mod attempt;
pub(crate) mod blocking;
mod clock;
mod close;
pub(crate) mod codec;
pub(crate) mod current;
mod dedupe_window;
pub(crate) mod error;
pub(crate) mod event;
#[expect(
    clippy::module_inception,
    reason = "the folder has the name of its central type"
)]
pub(crate) mod gate;
mod history;
pub(crate) mod lease_keeper;
#[cfg(feature = "metrics")]
pub mod metrics;
pub(crate) mod options;
mod outcome_decision;
mod outcome_writer;
pub(crate) mod probe_target;
pub(crate) mod report;
mod run_probe;
