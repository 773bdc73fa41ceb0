//! [`DedupeWindow`]: the time in which the callee still deduplicates by the action id.

use std::fmt;
use std::time::{Duration, SystemTime};

use retry_core::__private::now;
use tokio::time::Instant;

use crate::protocol::reason::Reason;
use crate::protocol::record::Record;

/// The time of `dedupe_for`, as a call under a claim counts it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DedupeWindow {
    time: Duration,
    /// The time since the first claim by the start of this one.
    passed: Duration,
    began: Instant,
    /// The other clock stands still while the machine sleeps.
    began_at: SystemTime,
}

impl DedupeWindow {
    /// Starts with a claim; `taken_over` is the record in doubt that it takes over.
    pub(super) fn new(time: Duration, taken_over: Option<&Record>) -> Self {
        Self {
            time,
            passed: taken_over.map(age).unwrap_or_default(),
            began: now(),
            began_at: SystemTime::now(),
        }
    }

    /// Whether the callee may have forgotten the action.
    pub(super) fn is_over(&self) -> bool {
        let by_wall = self.began_at.elapsed().unwrap_or_default();
        let elapsed = now().saturating_duration_since(self.began).max(by_wall);
        self.passed.saturating_add(elapsed) >= self.time
    }

    /// Returns the reason of an action that does not run again.
    pub(super) fn reason(&self, earlier: Option<&Reason>) -> Reason {
        reason_of_halt(self.time, earlier)
    }
}

/// Returns the refusal of a record that is too old to be taken over; `None` if it is not.
pub(super) fn refusal(record: &Record, time: Duration) -> Option<Reason> {
    (age(record) >= time).then(|| reason_of_halt(time, record.reason.as_ref()))
}

/// Returns the time since the first claim, before which no key was sent. Some attempt may have sent its key
/// later, so the callee remembers it at least until `time` after this.
fn age(record: &Record) -> Duration {
    let age = record
        .age
        // A clock that was set back makes every record look new; a store that knows no age has the clock of
        // this machine.
        .unwrap_or_else(|| record.created_at.elapsed().unwrap_or_default());
    age.max(record.lease_over.unwrap_or_default())
}

fn reason_of_halt(time: Duration, earlier: Option<&Reason>) -> Reason {
    struct Text<'a>(Duration, Option<&'a Reason>);

    impl fmt::Display for Text<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(
                f,
                "not run again, as the callee may have forgotten it: dedupe_for of {:?} is over",
                self.0
            )?;
            match self.1 {
                Some(earlier) => write!(f, ": {}", earlier.as_str()),
                None => Ok(()),
            }
        }
    }

    Reason::new(Text(time, earlier))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::action_id::ActionId;
    use crate::protocol::record::Status;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn record(age: Option<Duration>) -> Record {
        let created_at = SystemTime::now() - 2 * HOUR;
        let mut record = Record::new(ActionId::from_bytes([0; 32]), Status::InDoubt, created_at);
        record.age = age;
        record
    }

    #[test]
    fn a_record_is_as_old_as_its_store_states() {
        let is_refused = |record: &Record, time| refusal(record, time).is_some();
        let known = record(Some(HOUR));
        assert!(is_refused(&known, HOUR) && !is_refused(&known, HOUR + Duration::from_millis(1)));
        // A store that knows no age.
        let unknown = record(None);
        assert!(is_refused(&unknown, 2 * HOUR) && !is_refused(&unknown, 3 * HOUR));
        // Its clock was set back.
        let mut back = record(Some(Duration::ZERO));
        back.lease_over = Some(HOUR);
        assert!(is_refused(&back, HOUR) && !is_refused(&back, 2 * HOUR));
        let mut ahead = record(None);
        ahead.created_at = SystemTime::now() + HOUR;
        assert!(is_refused(&ahead, Duration::ZERO) && !is_refused(&ahead, HOUR));
    }

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn a_call_goes_on_where_the_record_was() {
        let fresh = DedupeWindow::new(HOUR, None);
        let taken_over = DedupeWindow::new(HOUR, Some(&record(Some(HOUR / 2))));
        assert!(!fresh.is_over() && !taken_over.is_over());
        tokio::time::advance(HOUR / 2).await;
        assert!(!fresh.is_over() && taken_over.is_over());
        tokio::time::advance(HOUR / 2).await;
        assert!(fresh.is_over());
    }

    #[test]
    fn the_reason_keeps_the_earlier_one() {
        let earlier = Reason::new("timed out");
        assert_eq!(
            reason_of_halt(HOUR, Some(&earlier)).as_str(),
            "not run again, as the callee may have forgotten it: dedupe_for of 3600s is over: timed out"
        );
    }
}
