//! For users' own tests (feature `testing`): annotated functions run as they are, and without waits.
//!
//! | to | use |
//! |---|---|
//! | skip every wait | [`no_wait`], [`no_wait_everywhere`] |
//! | let sync code sleep on a clock of the test's own | [`VirtualClock`] |
//! | let async code sleep on paused time | `#[tokio::test(start_paused = true)]`; nothing of this crate is needed |
//! | predict the waits | [`seed`], and [`RetryPolicy::waits`](crate::RetryPolicy::waits) of the same seed |
//! | let a dependency fail a given number of times | [`Script`] |
//! | check what was reported | [`Recorder`] |
//!
//! Each guard undoes its change when it is dropped. All but `no_wait_everywhere` hold for the thread
//! that made them, so that tests can run side by side; `#[tokio::test]` runs on one thread by default.
//!
//! ```
//! use retry_core::testing::{self, Recorder, Script};
//! use retry_core::{execute_with_retry, ASYNC_JOB_DEFAULT};
//!
//! let _no_wait = testing::no_wait();
//! let recorder = Recorder::install();
//! let script = Script::new([Err("connection reset"), Ok("task")]);
//!
//! assert_eq!(execute_with_retry(|| script.next(), &ASYNC_JOB_DEFAULT), Ok("task"));
//! assert_eq!(script.attempts(), 2);
//! assert!(recorder.messages()[2].starts_with("INFO Retry succeeded on attempt 2/5"));
//! ```

mod recorder;
mod script;

use std::marker::PhantomData;

use crate::policy::random;
use crate::policy::random::ThreadRandom;

pub use crate::clock::test_time::{NoWait, VirtualClock, no_wait, no_wait_everywhere};
pub use recorder::{RecordedEvent, Recorder};
pub use script::Script;

/// Makes this thread draw its jitter from `seed` until the guard is dropped: one call then waits for
/// exactly the times that [`RetryPolicy::waits`](crate::RetryPolicy::waits) of that seed returns.
///
/// ```
/// use retry_core::testing::{self, Script, VirtualClock};
/// use retry_core::{execute_with_retry, FLOW_NODE_DEFAULT};
///
/// let clock = VirtualClock::install();
/// let _seeded = testing::seed(42);
/// let script = Script::new([Err("busy"), Err("busy"), Ok(())]);
/// execute_with_retry(|| script.next(), &FLOW_NODE_DEFAULT)?;
/// assert_eq!(clock.slept(), FLOW_NODE_DEFAULT.waits(42).collect::<Vec<_>>());
/// # Ok::<(), &str>(())
/// ```
#[must_use = "the seed holds until the guard is dropped"]
pub fn seed(seed: u64) -> Seeded {
    Seeded {
        before: random::replace_thread(ThreadRandom::seeded(seed)),
        this_thread: PhantomData,
    }
}

/// Restores the thread's own randomness when it is dropped; made by [`seed`].
#[derive(Debug)]
pub struct Seeded {
    before: ThreadRandom,
    this_thread: PhantomData<*const ()>,
}

impl Drop for Seeded {
    fn drop(&mut self) {
        random::replace_thread(self.before);
    }
}
