//! The guide: how to use the gate, page by page. Each page has programs that run as tests of this crate.
//!
//! | page | for the question |
//! |---|---|
//! | [`exactly_once`] | Which calls run, what does *in doubt* mean, and how does a caller react to each error? |
//! | [`cookbook`] | How do I write an inbox, a queue's worker, an agent's tool, an import, a probe, a transaction? |
//! | [`calling_http`] | What does an HTTP answer prove, and which key does the callee get? |
//! | [`transactions`] | How do rows and their record become one commit, with my driver? |
//! | [`job_runners`] | What does the gate add to a queue of jobs, and what does it leave to it? |
//! | [`identity_and_deploys`] | When are two calls the same action, and what may a deploy change? |
//! | [`testing`] | How do I test crashes, doubt and time, and that nothing ran twice? |
//! | [`choosing_a_store`] | Which failures does each store survive, and what does it cost? |
//! | [`operating`] | How do I watch, settle, purge, back up and upgrade? |
//! | [`coming_from`] | Which name has a known setting of another tool here? |
//! | [`writing_a_store`] | How do I write a store of my own? |
//!
//! Read `exactly_once` first; each other page stands alone.

/// The model: records, doubt, proofs, tiers, and the errors of the gate.
#[doc = include_str!("../docs/guide/exactly_once.md")]
pub mod exactly_once {}

/// Small programs: an inbox, a queue, a start, an agent, an import, a probe, a transaction.
#[doc = include_str!("../docs/guide/cookbook.md")]
pub mod cookbook {}

/// A charge over HTTP: answers, idempotency keys, and the time for which they hold.
#[doc = include_str!("../docs/guide/calling_http.md")]
pub mod calling_http {}

/// Rows and their record in one commit, with sqlx and with any other driver.
#[doc = include_str!("../docs/guide/transactions.md")]
pub mod transactions {}

/// Gated handlers in a job runner: what the queue gives, and what the gate gives.
#[doc = include_str!("../docs/guide/job_runners.md")]
pub mod job_runners {}

/// The identity of a call, and the changes that a deploy may make.
#[doc = include_str!("../docs/guide/identity_and_deploys.md")]
pub mod identity_and_deploys {}

/// Tests of gated code: a store for each test, a clock that the test moves, crashes and doubt.
#[doc = include_str!("../docs/guide/testing.md")]
pub mod testing {}

/// Comparison of the stores: what each survives, needs and costs.
#[doc = include_str!("../docs/guide/choosing_a_store.md")]
pub mod choosing_a_store {}

/// Operation: the command, alerts, retention, sizes, backups, failover, clocks and upgrades.
#[doc = include_str!("../docs/guide/operating.md")]
pub mod operating {}

/// Names and settings beside those of nodus-retry, Bindu, Powertools, DBOS and Stripe's keys.
#[doc = include_str!("../docs/guide/coming_from.md")]
pub mod coming_from {}

/// A complete store, and for each method its promise, its trap, and its form on a database.
#[doc = include_str!("../docs/guide/writing_a_store.md")]
pub mod writing_a_store {}
