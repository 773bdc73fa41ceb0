//! Effects that are not repeated: not by retries, duplicates, restarts or crashes.
//!
//! A payment, a mail or an agent's tool call does harm if it is done twice. `idempotent = true` on a
//! function (or an [`Effect`] by hand) puts a gate around its retry loop: *key → claim → attempts →
//! complete*. The first call claims the action in a store and runs; its result is recorded. Every other
//! call, in this process or in any that shares the store, at the same time or next week, gets that
//! result and does not run.
//!
//! ```
//! use retry_core::{Classify, retry_api};
//! use retry_effects::EffectError;
//! # use std::sync::atomic::{AtomicU32, Ordering};
//! # static CHARGED: AtomicU32 = AtomicU32::new(0);
//!
//! #[retry_api(idempotent = true, key(order_id), scope = tenant)] // other arguments: the fingerprint
//! async fn charge(order_id: u64, cents: u64, tenant: &str) -> Result<String, PayError> {
//!     # CHARGED.fetch_add(1, Ordering::Relaxed);
//!     let action = retry_effects::current_action().expect("we are in a gated body");
//!     pay(cents, &action.id().to_string()).await // an Idempotency-Key for the callee
//! }
//!
//! #[derive(Debug, thiserror::Error, Classify)]
//! enum PayError {
//!     #[error("declined")]
//!     #[classify(stop, not_applied)] // proved: nothing was charged
//!     Declined,
//!     #[error("no answer: {0}")]
//!     Connection(#[from] std::io::Error), // refused: proved; reset: unknown
//!     #[error(transparent)] // the errors of the gate itself
//!     Effect(#[from] EffectError),
//! }
//! # async fn pay(cents: u64, _: &str) -> Result<String, PayError> { Ok(format!("{cents} cents")) }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), PayError> {
//! let first = charge(42, 1999, "tenant-7").await?;
//! let again = charge(42, 1999, "tenant-7").await?; // from the record: nothing runs
//! assert_eq!(first, again);
//! # assert_eq!(CHARGED.load(Ordering::Relaxed), 1);
//!
//! // The same order with another amount is a mistake, and nothing runs.
//! let error = charge(42, 2999, "tenant-7").await.unwrap_err();
//! assert!(matches!(error, PayError::Effect(EffectError::PayloadMismatch { .. })));
//! # Ok(())
//! # }
//! ```
//!
//! # Guide
//!
//! | page | content |
//! |---|---|
//! | [`guide::exactly_once`] | the model, doubt, proofs, tiers, and the reaction to each error |
//! | [`guide::cookbook`] | an inbox, a queue's worker, a start, an agent's tool, an import, a probe, a transaction |
//! | [`guide::identity_and_deploys`] | when two calls are the same action, and what a deploy may change |
//! | [`guide::testing`] | tests of crashes, doubt and time |
//! | [`guide::choosing_a_store`] | what each store survives, needs and costs |
//! | [`guide::operating`] | the command, alerts, retention, sizes, backups, upgrades |
//! | [`guide::coming_from`] | nodus-retry, Bindu, Powertools, DBOS and Stripe's keys, side by side |
//! | [`guide::writing_a_store`] | a store of your own |
//!
//! # The meaning of exactly once
//!
//! No gate can make an arbitrary outside effect happen exactly once: after a crash between *the effect
//! happened* and *it is recorded*, the outcome is unknown. So a function declares its tier:
//!
//! | tier | condition | guarantee | declared by |
//! |---|---|---|---|
//! | **transactional** | effect and record commit in one database transaction | exactly one commit, at any crash point | `transaction` or `complete_in`, with `in_doubt = "reexecute"` |
//! | **keyed** | the callee deduplicates by the action id, for longer than any caller retries | effectively once | `in_doubt = "reexecute"`, `dedupe_for = ..` |
//! | **probed** | the callee can answer *did this happen?*, and its *no* is final, if necessary after a delay | effectively once | `probe = ..`, `probe_after = ..` |
//! | **halting** | none of these | among callers of this crate, while the record is kept and the store loses no acknowledged commit: never twice; a crash in the middle leaves a record *in doubt* for an operator | the default, `in_doubt = "halt"` |
//!
//! **Proof.** A failed attempt is *not applied* only with proof: from the error's own
//! [`Classify`](retry_core::Classify) ([`Judgement::not_applied`](retry_core::Judgement::not_applied),
//! about the whole body), from a known error in its source chain (a refused connection), or from
//! `not_applied_if`. Everything else is unknown: an unrecognized error, whatever its text; a known
//! error that leaves it open (a timeout, a connection lost before the answer); an end without an error
//! (a crash, a panic, a dropped future, an attempt cut by its timeout); and every failure of an attempt
//! after [`acted`]. The first unrecognized error of an action type is a WARN that explains how to state
//! its meaning. `retry_if` decides whether to try again, never whether the effect happened. An unknown
//! outcome ends the loop under *halt*, runs the probe under *probe*, and is tried again under
//! *reexecute*. It persists: the action is free to run again only if every attempt was *not applied*.
//!
//! **Nested calls.** An attempt of an inner call that a known error left open, or that was cut or
//! panicked, makes the enclosing attempt unknown, even if the body swallows the error. So does an inner
//! call without a gate that failed and states nothing, unless the body's own error states *not
//! applied*. An inner call that was refused before anything ran (an open circuit,
//! [`EffectError::InProgress`]) leaves no doubt, even if the body passes its error on as a text.
//!
//! **Limits.** An error describes only the last request that it saw. A client that follows redirects,
//! fails over or retries by itself reports only its last try, and the refusal of a later step proves
//! nothing about an earlier step: switch the former off under a gate, and call [`acted`] before the
//! step that must not happen twice.
//!
//! **A final *no*.** The callee may still be processing a request that its caller has given up. With
//! `timeout = "1s"` and a bank that books three seconds after the request, an immediate probe gets *no*
//! after each attempt, and three attempts are three charges. `probe_after` sets the time from which the
//! *no* is final: the longest time that the callee may need, plus a margin. Before that time the callee
//! is not queried, and nothing runs. The wait respects `max_total_time`, and ends when a
//! [`RetryScope`](retry_core::RetryScope) is cancelled: the call then ends in doubt. Inside the probe,
//! [`CurrentAction::last_attempt`] returns the start time of the attempt in question.
//!
//! ```
//! use std::time::Duration;
//! use retry_core::retry_api;
//! use retry_effects::Probe;
//! # use std::sync::Mutex;
//! # use tokio::time::{Instant, sleep};
//! # static REQUESTS: Mutex<Vec<Instant>> = Mutex::new(Vec::new());
//!
//! #[retry_api(
//!     idempotent = true,
//!     key(order_id),
//!     timeout = "1s",
//!     probe = |order_id, _| ask_the_bank(*order_id),
//!     probe_after = "10s",
//! )]
//! async fn charge(order_id: u64, cents: u64) -> std::io::Result<String> {
//!     # let _ = order_id;
//!     # REQUESTS.lock().unwrap().push(Instant::now());
//!     sleep(Duration::from_secs(3)).await; // the bank books now, whether we still wait or not
//!     # let _ = cents;
//!     Ok("receipt 1".to_owned())
//! }
//!
//! async fn ask_the_bank(order_id: u64) -> Probe<String> {
//!     # let _ = order_id;
//!     # let booked = REQUESTS.lock().unwrap().iter().any(|at| at.elapsed() >= Duration::from_secs(3));
//!     # if booked { Probe::Applied("receipt 1".to_owned()) } else { Probe::NotApplied }
//!     # /*
//!     ..
//!     # */
//! }
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> std::io::Result<()> {
//! assert_eq!(charge(42, 1999).await?, "receipt 1"); // one charge, found by the probe
//! # assert_eq!(REQUESTS.lock().unwrap().len(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! # State after a crash
//!
//! | crash | state |
//! |---|---|
//! | before the claim commits | no record; the next call runs |
//! | claim committed, acknowledgement lost, caller sends it again | the same claim; runs once |
//! | claim committed, caller gave up or died | in doubt, though nothing ran |
//! | after the claim; before, during or after the effect | in doubt: the three are indistinguishable |
//! | store unreachable after the effect | [`EffectError::Unrecorded`] to the caller, in doubt |
//! | completed, acknowledgement lost | the result; replayed |
//! | transactional tier, anywhere | all or nothing |
//!
//! The death of a claim's owner is known when its lease is over: after up to 30 seconds, unless the
//! function sets `lease = ..`. Until then a call waits for it, or with `on_busy = "fail"` returns
//! [`EffectError::InProgress`] at once.
//!
//! An operator settles a record that its function's policy leaves in doubt: with the command
//! `retry-effects` (feature `cli`), or with [`EffectStore::settle`]. The record keeps the
//! [reason](Record::reason) for the operator: the text of the error that ended the last attempt of
//! unknown effect, or what cut it. It is at most 1,000 bytes long, and decides nothing.
//!
//! # Identity of an action
//!
//! The [`ActionId`] is computed from the *operation* (the action type: `name = ".."`, else module path
//! and function), its *object* (the key: `key(a, b)`, `key = expr`, else all arguments) and its *scope*
//! (`scope = expr`, else [`with_scope`] around the call). A Python worker computes the same id from the
//! same three; [`compute_action_id`] gives the rule. **Renames and new arguments change ids**: a
//! function that is renamed, moved, or given another key argument starts afresh, unless it has a `name`
//! and an explicit `key`.
//!
//! The type on which a method is called, and the type arguments of a generic function, are not part of
//! the id: `run::<A>(7)` and `run::<B>(7)`, or a trait's default method on two types, are one action
//! unless the key distinguishes them (`key = (T::KIND, id)`).
//!
//! Two functions with the same `name`, key and scope are the same action, whatever else they
//! declare: the next release may have a probe that this one lacks, and settle a record that this
//! one left in doubt.
//!
//! With an explicit key the other arguments are the *fingerprint*: the same key with another
//! fingerprint is [`EffectError::PayloadMismatch`]. `fingerprint(a, b)` lists the compared arguments,
//! so that a field that a deploy adds to another argument does not reject messages delivered again.
//! [`guide::identity_and_deploys`] lists the changes that a deploy may make.
//!
//! # Arguments
//!
//! | argument | value | default |
//! |---|---|---|
//! | `idempotent` | `true` | `false` |
//! | `key(a, b)`, `key = expr` | the object of the action | all arguments |
//! | `fingerprint(a, b)` | the other arguments that must not differ for the same key; `fingerprint()`: none | all others |
//! | `skip(x)` | arguments that are neither key nor fingerprint: a client, a connection | none |
//! | `scope` | anything `Display` | the scope around the call |
//! | `store` | a store, or an `Arc` of one | the [default store](set_default_store) |
//! | `name` | the action type, a literal; methods and generic functions must give it | module path and function |
//! | `lease` | how long a claim is valid without a sign of life; renewed at a third of it | 30 s |
//! | `retain` | the time after which a finished record may be removed automatically | never: until [`purge`](EffectStore::purge) |
//! | `in_doubt` | `"halt"`, `"reexecute"`, or an [`OnDoubt`] | `"halt"` |
//! | `dedupe_for` | the time since the first claim after which `"reexecute"` halts: the callee forgets its keys | never |
//! | `probe` | a path or closure over the arguments that returns a [`Probe`] | none |
//! | `probe_after` | the time after an attempt's end from which the probe's *no* is final | at once |
//! | `on_busy` | `"wait"`: join the running call; `"fail"`; or an [`OnBusy`] | `"wait"` |
//! | `judge` | a closure or path from `&Result<T, E>` to `Judgement`, which states the proof, too; an `Ok` that it wants retried is no result: [see the guide](retry_core::guide::classifying_errors) | none |
//! | `not_applied_if` | a closure or path from `&E` to `bool`: `true` if the error proves that nothing happened; called only if the error's type leaves that open | none |
//! | `replay_errors` | `true`: a final error is recorded and returned again, unless it cannot be encoded or is longer than 16 MiB | `false`: free to run again |
//!
//! The result must be `Serialize` and `DeserializeOwned`, the error must hold an [`EffectError`]
//! (`From`). **A replay is the value that the first call returned**; if it cannot be, the first call
//! fails with [`EffectError::NotEncoded`], which leaves the action in doubt and *marked applied*: it
//! never runs again. So does a result of more than 16 MiB
//! ([`MAX_PAYLOAD_LEN`](store::MAX_PAYLOAD_LEN)). Results are recorded as JSON; results that JSON does not restore (`Some(())`, NaN,
//! a map by pairs) in this crate's own notation, with format [`NEWEST_FORMAT`](store::NEWEST_FORMAT).
//! Values that a type's own attributes make equal (`skip`, untagged variants that read alike) are
//! the type's own responsibility. If only some variants of a type cannot read what they write, this
//! is found only if the first recorded value is of such a variant. A result that no longer decodes
//! is an error, and never a reason to run again.
//!
//! # Stores
//!
//! | store | use | survives |
//! |---|---|---|
//! | [`InMemoryEffectStore`] | tests, one process | nothing |
//! | `SqliteEffectStore` (feature `sqlite`) | real work on one machine, any number of processes | `kill -9`, power loss |
//! | `PostgresEffectStore` (feature `postgres`) | many machines | `kill -9`, power loss; a failover to a standby that is synchronous |
//! | `RedisEffectStore` (feature `redis`) | many machines, the lowest latency | `kill -9`, power loss; **not** a failover to a replica |
//!
//! [`guide::choosing_a_store`] compares them. Any other store is your own [`EffectStore`], which the
//! conformance suite (feature `conformance`) checks: [`guide::writing_a_store`] builds one.
//!
//! # API overview
//!
//! | item | purpose |
//! |---|---|
//! | [`Effect`] | the gate for code without an attribute |
//! | [`current_action`] | inside a body: action id, fence, attempt, token; inside a probe: the [`LastAttempt`] |
//! | [`acted`] | inside a body: from here on every failure is unknown |
//! | `transaction` (features `sqlx-postgres`, `sqlx-sqlite`, `sqlx-08`) | a body's rows and its record in one commit, on a pool of sqlx |
//! | [`CurrentAction::completion`] | the same with any driver: a statement and its parameters |
//! | [`with_scope`], [`with_scope_blocking`], [`in_current_scope`], [`in_current_scope_blocking`] | the scope for a part of a program |
//! | [`EffectStore`], [`set_default_store`] | the records of actions |
//! | [`store`] | the types for authors of stores, and for programs that list and settle records |
//! | [`EffectError`] | the gate's own errors |
//! | [`observe_gate`] and events of the `tracing` target `retry` | reports, never with payloads or results |
//! | [`compute_action_id`] | the id of an action |
//!
//! # Features
//!
//! | feature | adds | reason |
//! |---|---|---|
//! | `sqlite` | `SqliteEffectStore`, `complete_in`, `rusqlite` | it builds SQLite |
//! | `redis`, `redis-tls` | `RedisEffectStore`; TLS to its server | the client of Redis, and rustls |
//! | `reqwest`, `reqwest-012` | `http`: the `Idempotency-Key` of its requests; what `retry_core` adds by them | a client |
//! | `metrics` | the gate's metrics, through the `metrics` facade; those of `retry_core` too | a dependency |
//! | `postgres` | `PostgresEffectStore`, its `complete_in`, `tokio-postgres` | it brings a client and a pool |
//! | `postgres-tls` | TLS to it with the system's certificates, if the URL has `sslmode=require` | it brings rustls; another connector needs no feature |
//! | `sqlx-postgres`, `sqlx-sqlite` | `transaction` on pools of sqlx 0.9, and `complete_in` in its transactions, with the store of that database | sqlx asks for Rust 1.94, and its SQLite for rusqlite 0.39 |
//! | `sqlx-08` | the same of sqlx 0.8, in Postgres only: its SQLite is another than the store's | a driver |
//! | `cli` | the command `retry-effects`, for the stores whose features are on too | for operators, not for programs |
//! | `conformance` | the suite that every store passes, and a clock that tests move | for `[dev-dependencies]` |
//!
//! The crate supports Rust 1.89 and later, with sqlx 0.9 Rust 1.94 and later, and tokio 1.51 and later.
//!
//! # Architecture
//!
//! Folders, bottom up. A folder imports only from folders below it; a test (`tests/tests/house.rs`)
//! holds it.
//!
//! | floor | folder | content |
//! |---|---|---|
//! | 1 | `identity` | the identity of actions: when two calls are the same action |
//! | 2 | `protocol` | the contract between gate and stores: values, trait, and the state machine of one record |
//! | 3 | `gate` | from a call's request for admission to its record, on the contract alone |
//! | 3 | `conformance` | the suite that every store passes |
//! | 4 | `stores` | the stores of this crate, and their shared parts |
//! | 5 | `attribute` | the functions that an expanded attribute calls: from arguments to the gate |
//! | 5 | `command` | the operator's command: `list`, `show`, `settle`, `purge` and `stats` |
//! | 5 | `http` | the idempotency keys of HTTP requests |
//! | 5 | `transaction` | a body and its record in one commit, on a pool of sqlx |
//! | 6 | `effect` | the builder: the gate for code without an attribute |
//! | 6 | `guide` | the pages of the guide; no code |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod attribute;
#[cfg(feature = "cli")]
mod command;
#[cfg(feature = "conformance")]
pub mod conformance;
mod effect;
mod gate;
pub mod guide;
#[cfg(any(feature = "reqwest", feature = "reqwest-012"))]
pub mod http;
mod identity;
mod protocol;
mod stores;
#[cfg(any(
    feature = "sqlx-postgres",
    feature = "sqlx-sqlite",
    feature = "sqlx-08"
))]
mod transaction;

/// The entry point of the program `retry-effects`.
#[cfg(feature = "cli")]
#[doc(hidden)]
pub use command::run::run as __command;
/// The version whose pool [`PostgresEffectStore`] takes.
#[cfg(feature = "postgres")]
pub use deadpool_postgres;
pub use effect::builder::Effect;
pub use gate::ambient::{
    current_scope, in_current_scope, in_current_scope_blocking, with_scope, with_scope_blocking,
};
pub use gate::current::{CurrentAction, acted, current_action};
pub use gate::error::EffectError;
pub use gate::event::{GateEvent, GateEventKind};
#[cfg(feature = "metrics")]
pub use gate::metrics;
pub use gate::options::{OnBusy, OnDoubt, Probe};
pub use gate::probe_target::LastAttempt;
pub use gate::report::observe_gate;
pub use identity::action_id::{ActionId, compute_action_id};
pub use identity::error::{ActionIdError, ParseActionIdError};
pub use protocol::ids::{Fence, Token};
#[cfg(feature = "conformance")]
#[doc(hidden)]
pub use protocol::model as __model;
pub use protocol::outcome::Outcome;
pub use protocol::reason::Reason;
pub use protocol::record::Record;
pub use protocol::store::EffectStore;
pub use protocol::store_error::StoreError;
/// The version whose transaction [`SqliteEffectStore::complete_in`] takes: the program's own, from 0.39
/// to 0.43. Two that bring different releases of SQLite cannot be built together. 0.42 and 0.43 bring the
/// same: a program with 0.42 uses this one, or locks one version (`cargo update rusqlite@0.43.0
/// --precise 0.42.0`).
#[cfg(feature = "sqlite")]
pub use rusqlite;
pub use stores::default_store::{IntoStore, set_default_store};
#[cfg(feature = "conformance")]
pub use stores::memory::clock::ManualClock;
pub use stores::memory::store::InMemoryEffectStore;
#[cfg(feature = "postgres")]
pub use stores::postgres::{options::PostgresOptions, store::PostgresEffectStore};
#[cfg(feature = "redis")]
pub use stores::redis::{options::RedisOptions, refusal::RedisRefusal, store::RedisEffectStore};
#[cfg(feature = "sqlite")]
pub use stores::sqlite::store::SqliteEffectStore;
/// The version whose transaction [`PostgresEffectStore`] takes.
#[cfg(feature = "postgres")]
pub use tokio_postgres;
#[cfg(any(
    feature = "sqlx-postgres",
    feature = "sqlx-sqlite",
    feature = "sqlx-08"
))]
pub use transaction::{
    error::{CommitUnanswered, TransactionError},
    run::transaction,
};

/// The types of an [`Effect`]'s choices, for use in signatures; the methods of [`Effect`] create them.
pub mod choice {
    pub use crate::effect::probe::{NoProbe, Probing};
    pub use crate::gate::codec::types::{ErrorsReleased, ErrorsReplayed};
}

/// The types that authors of a store, and programs that settle or list records, need besides
/// [`EffectStore`]: the requests to a store, its answers, and its records.
pub mod store {
    pub use crate::protocol::claim::{Claim, ClaimRequest, DEFAULT_LEASE, Silent};
    pub use crate::protocol::completion::{Completion, Dialect, SqlParam};
    pub use crate::protocol::counts::Counts;
    pub use crate::protocol::filter::Filter;
    pub use crate::protocol::ids::{ClaimId, InputHash};
    pub use crate::protocol::outcome::Settlement;
    pub use crate::protocol::payload::{FORMAT, MAX_PAYLOAD_LEN, NEWEST_FORMAT, Payload};
    pub use crate::protocol::record::{Busy, Finished, Resolved, Status, UnknownStatus};
    pub use crate::protocol::store::{Changed, StoreFuture};
    #[cfg(feature = "postgres")]
    pub use crate::stores::postgres::transaction::PostgresTransaction;
    #[cfg(any(
        feature = "sqlx-postgres",
        feature = "sqlx-sqlite",
        feature = "sqlx-08"
    ))]
    pub use crate::stores::sqlx::pool::{PoolTransaction, TransactionPool};
    #[cfg(any(
        feature = "sqlx-postgres",
        feature = "sqlx-sqlite",
        feature = "sqlx-08"
    ))]
    pub use crate::transaction::run::TransactionBody;
}

/// The functions that `idempotent = true` expands to. Not public API: it changes without notice.
#[doc(hidden)]
pub mod __private {
    pub use crate::attribute::{
        ActionSite, Admitted, ArgumentField, ArgumentObject, EndOfFields, GateRequest, Identified,
        NotIdentified, Part, catch_panic, catch_panic_sync,
    };
    pub use crate::gate::codec::types::{ResultType, errors, errors_replayed, results};
    pub use crate::gate::gate::Gate;
    pub use crate::gate::options::{OnBusy, OnDoubt};
}

/// The readers of stored rows, for the fuzz targets: in builds that ask for them and in no others.
#[cfg(retry_effects_fuzz)]
#[doc(hidden)]
pub mod __fuzz {
    #[cfg(feature = "postgres")]
    pub use crate::stores::postgres::fuzz::read_postgres_row;
    #[cfg(feature = "redis")]
    pub use crate::stores::redis::fuzz::read_redis_reply;
}

/// The example of the package's page.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
