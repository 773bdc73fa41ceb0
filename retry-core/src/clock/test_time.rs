//! Waits that are skipped, or slept on a clock that only moves when a call sleeps on it.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;

static EVERYWHERE: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static HERE: Cell<usize> = const { Cell::new(0) };
    static CLOCK: RefCell<Option<Time>> = const { RefCell::new(None) };
}

/// Skips every wait of this thread, sync or async, until the guard is dropped. Waits are still drawn and
/// reported, but not slept.
#[must_use = "waits are skipped until the guard is dropped"]
pub fn no_wait() -> NoWait {
    HERE.set(HERE.get() + 1);
    NoWait {
        everywhere: false,
        this_thread: PhantomData,
    }
}

/// Like [`no_wait`], for all threads of the process: tests that run in parallel skip their waits too.
#[must_use = "waits are skipped until the guard is dropped"]
pub fn no_wait_everywhere() -> NoWait {
    EVERYWHERE.fetch_add(1, Ordering::SeqCst);
    NoWait {
        everywhere: true,
        this_thread: PhantomData,
    }
}

/// Guard of [`no_wait`] and [`no_wait_everywhere`]: calls wait again when it is dropped.
#[derive(Debug)]
pub struct NoWait {
    everywhere: bool,
    this_thread: PhantomData<*const ()>,
}

impl Drop for NoWait {
    fn drop(&mut self) {
        if self.everywhere {
            EVERYWHERE.fetch_sub(1, Ordering::SeqCst);
        } else {
            HERE.set(HERE.get() - 1);
        }
    }
}

pub(crate) fn skips_waits() -> bool {
    HERE.get() > 0 || EVERYWHERE.load(Ordering::SeqCst) > 0
}

#[derive(Debug)]
struct Time {
    began: Instant,
    now: Instant,
    slept: Vec<Duration>,
}

/// A clock for the sync calls of this thread: a wait moves the clock forward and takes no time.
///
/// ```
/// use std::time::Duration;
/// use retry_core::testing::VirtualClock;
/// use retry_core::{Jitter, Retry, RetryPolicy};
///
/// let clock = VirtualClock::install();
/// let hourly = RetryPolicy::new(3)
///     .with_min_wait(Duration::from_secs(3600))
///     .with_jitter(Jitter::None);
/// assert!(Retry::new(hourly).run(|| Err::<(), _>("busy")).is_err());
/// assert_eq!(clock.elapsed(), Duration::from_secs(2 * 3600));
/// ```
#[derive(Debug)]
pub struct VirtualClock {
    before: Option<Time>,
    this_thread: PhantomData<*const ()>,
}

impl VirtualClock {
    /// Gives this thread its own clock until the returned value is dropped.
    #[must_use = "the clock holds until it is dropped"]
    pub fn install() -> Self {
        let now = Instant::now();
        let before = CLOCK.replace(Some(Time {
            began: now,
            now,
            slept: Vec::new(),
        }));
        Self {
            before,
            this_thread: PhantomData,
        }
    }

    /// Moves the clock forward, as a slow attempt does.
    pub fn advance(&self, by: Duration) {
        advance(by, false);
    }

    /// Returns the time by which the clock has moved since it was installed.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        CLOCK.with_borrow(|time| {
            time.as_ref()
                .map_or(Duration::ZERO, |time| time.now - time.began)
        })
    }

    /// Returns the waits that calls have slept, in order.
    #[must_use]
    pub fn slept(&self) -> Vec<Duration> {
        CLOCK.with_borrow(|time| {
            time.as_ref()
                .map(|time| time.slept.clone())
                .unwrap_or_default()
        })
    }
}

impl Drop for VirtualClock {
    fn drop(&mut self) {
        CLOCK.set(self.before.take());
    }
}

pub(crate) fn virtual_now() -> Option<Instant> {
    CLOCK.with_borrow(|time| time.as_ref().map(|time| time.now))
}

/// Whether the test clock took over a sync wait: skipped it, or slept it on the virtual clock.
pub(crate) fn absorb_sleep(wait: Duration) -> bool {
    skips_waits() || advance(wait, true)
}

fn advance(by: Duration, slept: bool) -> bool {
    CLOCK.with_borrow_mut(|time| {
        let Some(time) = time else { return false };
        // A time beyond the clock's range leaves it at its last value.
        time.now = time.now.checked_add(by).unwrap_or(time.now);
        if slept {
            time.slept.push(by);
        }
        true
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guards_nest_and_undo() {
        let outer = no_wait();
        drop(no_wait());
        assert!(skips_waits());
        drop(outer);
        assert!(HERE.get() == 0);
        let clock = VirtualClock::install();
        clock.advance(Duration::from_secs(1));
        let inner = VirtualClock::install();
        assert!(absorb_sleep(Duration::from_secs(5)));
        assert_eq!(inner.slept(), [Duration::from_secs(5)]);
        drop(inner);
        assert_eq!(
            (clock.elapsed(), clock.slept()),
            (Duration::from_secs(1), Vec::new())
        );
        drop(clock);
        assert_eq!(virtual_now(), None);
    }
}
