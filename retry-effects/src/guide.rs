//! The guide: how to use the gate, page by page.
//!
//! | page | content |
//! |---|---|
//! | [`choosing_a_store`] | what each store survives, needs and costs |
//! | [`writing_a_store`] | a store of your own, method by method |
//! | [`identity_and_deploys`] | when two calls are the same action, and the changes that a deploy may make |

/// The model: records, doubt, proofs, tiers, and the errors of the gate.
#[doc = include_str!("../docs/guide/exactly_once.md")]
pub mod exactly_once {}

/// Comparison of the stores: what each survives, needs and costs.
#[doc = include_str!("../docs/guide/choosing_a_store.md")]
pub mod choosing_a_store {}

/// A complete store, and for each method its promise, its trap, and its form on a database.
#[doc = include_str!("../docs/guide/writing_a_store.md")]
pub mod writing_a_store {}

/// The identity of a call, and the changes that a deploy may make.
#[doc = include_str!("../docs/guide/identity_and_deploys.md")]
pub mod identity_and_deploys {}

/// Small programs: an inbox, a queue, a start, an agent, an import, a probe, a transaction.
#[doc = include_str!("../docs/guide/cookbook.md")]
pub mod cookbook {}

/// Tests of gated code: a store for each test, a clock that the test moves, crashes and doubt.
#[doc = include_str!("../docs/guide/testing.md")]
pub mod testing {}

/// Operation: the command, alerts, retention, sizes, backups, failover, clocks and upgrades.
#[doc = include_str!("../docs/guide/operating.md")]
pub mod operating {}
