//! The clock that decides leases; all processes of this machine share it.

#[cfg(feature = "conformance")]
use std::sync::Arc;
#[cfg(feature = "conformance")]
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use crate::protocol::state_machine::{Now, millis, nanos};

/// The source of the time of leases.
#[derive(Clone, Debug)]
pub(crate) enum LeaseClock {
    /// The time since the machine started, sleep included, and the id of that start.
    #[cfg_attr(
        not(any(target_os = "linux", target_os = "android")),
        expect(dead_code, reason = "read from Linux only")
    )]
    Boot(u128),
    /// The wall clock, where there is nothing better. Setting it moves leases: a waiter that trusts
    /// its own clock states this in its claim.
    Wall,
    /// Nanoseconds that a test sets; the wall clock follows.
    #[cfg(feature = "conformance")]
    Manual(Arc<AtomicU64>),
}

/// The wall clock of a manual clock at zero: the first of January 2026.
#[cfg(feature = "conformance")]
const MANUAL_WALL: u64 = 1_767_225_600_000;

impl LeaseClock {
    /// Returns the best clock of this machine.
    pub(crate) fn system() -> Self {
        boot_id().map_or(Self::Wall, Self::Boot)
    }

    /// Returns the time by this clock.
    pub(crate) fn now(&self) -> Now {
        match self {
            Self::Boot(_) => Now {
                lease: since_boot(),
                wall: millis(since_1970()),
            },
            Self::Wall => Now {
                lease: nanos(since_1970()),
                wall: millis(since_1970()),
            },
            #[cfg(feature = "conformance")]
            Self::Manual(time) => {
                let lease = time.load(Ordering::SeqCst);
                let wall = MANUAL_WALL + lease / 1_000_000;
                Now { lease, wall }
            }
        }
    }

    /// Returns the id of the machine's start from which its times count; `None` for the wall clock.
    pub(crate) fn boot(&self) -> Option<u128> {
        match self {
            Self::Boot(boot) => Some(*boot),
            Self::Wall => None,
            #[cfg(feature = "conformance")]
            Self::Manual(_) => Some(0),
        }
    }

    /// Returns by this clock when a lease ends, which was written as ending at `until` by the clock
    /// of `boot`.
    pub(crate) fn lease_until(&self, boot: Option<u128>, until: u64, lease: u64, now: Now) -> u64 {
        match (boot, self.boot()) {
            (written, own) if written == own => until,
            // The machine has restarted since, and with it the lease's owner.
            (Some(_), Some(_)) => 0,
            // Written by the wall clock, read in a process that has a better one.
            (None, _) => now
                .lease
                .saturating_add(until.saturating_sub(nanos(since_1970()))),
            // Written by a clock that this process cannot read: the whole lease may be left.
            (Some(_), None) => now.lease.saturating_add(lease),
        }
    }
}

fn since_1970() -> std::time::Duration {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn boot_id() -> Option<u128> {
    static BOOT_ID: std::sync::OnceLock<Option<u128>> = std::sync::OnceLock::new();
    *BOOT_ID.get_or_init(|| {
        let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        u128::from_str_radix(&text.trim().replace('-', ""), 16).ok()
    })
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn boot_id() -> Option<u128> {
    None
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn since_boot() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanos = u64::try_from(time.tv_nsec).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(nanos)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn since_boot() -> u64 {
    nanos(since_1970())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn now(lease: u64) -> Now {
        Now { lease, wall: 0 }
    }

    #[test]
    fn a_lease_of_the_same_start_ends_when_it_says() {
        let clock = LeaseClock::Boot(7);
        assert_eq!(clock.lease_until(Some(7), 90, 30, now(80)), 90);
    }

    #[test]
    fn a_lease_of_another_start_is_over() {
        let clock = LeaseClock::Boot(7);
        assert_eq!(clock.lease_until(Some(8), u64::MAX, 30, now(80)), 0);
    }

    #[test]
    fn a_lease_by_the_wall_clock_is_judged_by_it() {
        let clock = LeaseClock::Boot(7);
        let wall = nanos(since_1970());
        assert_eq!(clock.lease_until(None, wall - SECOND, 30, now(80)), 80);
        let until = clock.lease_until(None, wall + 3600 * SECOND, 30, now(80));
        assert!((80 + 3500 * SECOND..=80 + 3600 * SECOND).contains(&until));
    }

    #[test]
    fn a_lease_by_a_clock_that_cannot_be_read_may_have_just_begun() {
        let clock = LeaseClock::Wall;
        assert_eq!(clock.lease_until(Some(7), 1, 30, now(80)), 110);
    }

    #[test]
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn linux_counts_from_its_start() {
        let clock = LeaseClock::system();
        assert!(
            matches!(clock, LeaseClock::Boot(boot) if boot != 0),
            "{clock:?}"
        );
        let first = clock.now().lease;
        assert!(first > 0 && clock.now().lease >= first);
        assert_eq!(clock.boot(), LeaseClock::system().boot());
    }
}
