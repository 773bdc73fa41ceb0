//! The suite that every store passes (feature `conformance`).
//!
//! A store keeps effects from happening twice only if it follows the rules of
//! [`EffectStore`](crate::EffectStore) exactly, also under a race, after a lost acknowledgement,
//! and when a lease runs out. This suite checks that. Each rule has a name and runs on a store of
//! its own.
//!
//! # Examples
//!
//! In the tests of your own store, one `#[test]` for each rule:
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//! use retry_effects::conformance::{Harness, HarnessFuture};
//! use retry_effects::{EffectStore, InMemoryEffectStore, ManualClock};
//!
//! #[derive(Default)]
//! struct MyStores {
//!     clock: ManualClock,
//! }
//!
//! impl Harness for MyStores {
//!     fn fresh_store(&self) -> HarnessFuture<'_, Arc<dyn EffectStore>> {
//!         let store = InMemoryEffectStore::with_clock(self.clock.clone());
//!         Box::pin(async move { Arc::new(store) as Arc<dyn EffectStore> })
//!     }
//!
//!     // Without this the suite waits in real time.
//!     fn pass_time(&self, time: Duration) -> HarnessFuture<'_, ()> {
//!         self.clock.advance(time);
//!         Box::pin(async {})
//!     }
//! }
//!
//! mod my_store {
//!     retry_effects::conformance_tests!(super::MyStores::default());
//! }
//!
//! // Or all of them with one call:
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! retry_effects::conformance::check(&MyStores::default()).await;
//! # }
//! ```

mod claims;
mod completion;
mod harness;
mod leases;
mod operators;
mod payloads;
mod purging;
mod races;
mod reasons;
mod reopening;
mod settlement;
mod stage;
mod suite;
mod takeover;
mod wakeups;

pub use harness::{Harness, HarnessFuture};
pub use suite::{Rule, Violation, check, check_rule, violations};
