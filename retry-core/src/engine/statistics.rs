//! Switches statistics on, and reads them.

use super::operation_state;
use crate::report::stats::Stats;
use crate::settings::observers;

/// Starts counting, from the next call on. Counting is off until then, or until settings with
/// `RETRY__STATS=1` are in force.
pub fn enable_stats() {
    observers::set(observers::STATS, true);
}

#[inline]
pub(crate) fn is_enabled() -> bool {
    observers::is(observers::STATS)
}

/// Returns the counts since [`enable_stats`], by class and operation.
///
/// ```
/// retry_core::enable_stats();
/// let loaded = retry_core::Retry::new(retry_core::NO_RETRY)
///     .name("load")
///     .run(|| Ok::<_, String>(7))?;
/// let stats = retry_core::stats();
/// let load = stats.operation("load").expect("it ran");
/// assert_eq!((load.calls, load.attempts, load.mean_attempts()), (1, 1, 1.0));
/// # Ok::<(), String>(())
/// ```
#[must_use]
pub fn stats() -> Stats {
    let all = operation_state::all()
        .into_iter()
        .map(|((class, name), state)| state.counters.snapshot(class, name));
    Stats {
        operations: all.filter(|operation| operation.calls > 0).collect(),
    }
}
