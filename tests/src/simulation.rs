//! The effect of retries on the services behind them, simulated: the project's own policies, budgets and
//! breakers, run by the engine itself on a clock that jumps from timer to timer.
//!
//! | | question |
//! |---|---|
//! | [`contention`] | which jitter lets many clients through soonest, with the fewest calls? |
//! | [`load`] | how much more does a failing service get to do? |
//! | [`layers`] | and if each of three layers retries? |
//! | [`overload`] | does a service that was overloaded for ten seconds come back? |
//!
//! A simulation is a function of its seed. `cargo run --bin simulate` prints them as tables and draws
//! them as charts; `cargo run --bin explain` runs them for a policy of yours.

pub mod chart;
pub mod client;
pub mod contention;
pub mod layers;
pub mod load;
pub mod overload;
pub mod table;

mod chance;
mod world;

pub use chance::Chance;
