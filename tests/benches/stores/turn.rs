//! A turn of a side: half a second of actions, and the clocks around them.

use std::time::{Duration, Instant};

use crate::processors;

/// The time within which callers begin new actions.
pub(crate) const TURN: Duration = Duration::from_millis(500);

/// The actions of one turn.
pub(crate) struct Turn {
    elapsed: Duration,
    /// Processor time without the server's.
    pub(crate) processors: Duration,
    /// Nanoseconds of each action, in ascending order.
    times: Vec<u64>,
}

impl Turn {
    pub(crate) fn new(elapsed: Duration, processors: Duration, mut times: Vec<u64>) -> Self {
        assert!(!times.is_empty(), "a turn has actions");
        times.sort_unstable();
        Self {
            elapsed,
            processors,
            times,
        }
    }

    /// Runs actions, which return what each of them took, by the clocks of this process.
    pub(crate) fn measure(run: impl FnOnce() -> Vec<u64>) -> Self {
        let (began, used) = (Instant::now(), processors::own());
        let times = run();
        let (elapsed, used) = (began.elapsed(), processors::own() - used);
        Self::new(elapsed, used, times)
    }

    pub(crate) fn actions(&self) -> f64 {
        self.times.len() as f64
    }

    /// Actions a second.
    pub(crate) fn rate(&self) -> f64 {
        self.actions() / self.elapsed.as_secs_f64()
    }

    /// The duration within which this part of the actions ended, in microseconds.
    pub(crate) fn percentile(&self, part: f64) -> f64 {
        let last = (self.times.len() - 1) as f64;
        self.times[(last * part).round() as usize] as f64 / 1e3
    }
}

/// A caller's clock: read once an action, as the end of one is the begin of the next.
pub(crate) struct Stopwatch {
    until: Instant,
    begun: Instant,
    times: Vec<u64>,
}

impl Stopwatch {
    pub(crate) fn until(until: Instant) -> Self {
        Self {
            until,
            begun: Instant::now(),
            times: Vec::new(),
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.begun >= self.until
    }

    /// So many actions have ended at once.
    pub(crate) fn lap(&mut self, actions: usize) {
        let ended = Instant::now();
        let took = nanos(ended - self.begun);
        self.times.extend(std::iter::repeat_n(took, actions));
        self.begun = ended;
    }

    pub(crate) fn times(self) -> Vec<u64> {
        self.times
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).expect("a turn is short")
}
