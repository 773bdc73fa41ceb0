//! The contenders, and the rows of the table in which they meet.
//!
//! Each module configures one of them and says how. All make the same number of attempts at the
//! same [`dependency`], with the same errors.

mod again_peer;
mod attribute;
mod backon_attribute;
mod backon_peer;
pub(crate) mod dependency;
pub(crate) mod executor;
mod failsafe_peer;
pub(crate) mod hand_written;
mod ours;
mod retry_peer;
mod rows;
mod tokio_retry2_peer;
mod tokio_retry_peer;
mod tower_peer;

pub(crate) use rows::ROWS;
