//! [`Point`]: where in a gated call a process dies, and what it leaves.

use super::kill_at::{Side, Step};
use super::place::Moment;

/// The reaction of a call to doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Policy {
    Halt,
    /// The callee knows the action and does not act twice.
    Reexecute,
    /// The callee is asked.
    Probe,
}

impl Policy {
    pub(super) const ALL: [Self; 3] = [Self::Halt, Self::Reexecute, Self::Probe];
}

/// Where an action stands once its owner is dead and its lease is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Free,
    InDoubt,
    Done,
}

/// Where a call dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Point {
    BeforeClaim,
    /// The claim is committed, and its call not told.
    AfterClaim,
    /// The body has begun, and nothing has happened.
    BodyBegun,
    /// It has happened, and the body has not returned.
    Happened,
    BeforeComplete,
    /// The result is committed, and the call not told.
    AfterComplete,
    /// Between two attempts.
    Backoff,
    /// All attempts have said that nothing happened.
    BeforeRelease,
    AfterRelease,
    /// It has happened, and the body goes on.
    BeforeRenew,
    AfterRenew,
    /// An attempt gave no answer, and nothing has happened.
    ProbeOfNothing,
    /// An attempt gave no answer, and it has happened.
    ProbeOfOwn,
    /// An earlier owner left it in doubt, and nothing has happened.
    ProbeFirstOfNothing,
    /// An earlier owner left it in doubt, and it has happened.
    ProbeFirst,
    /// In the transaction of effect and record, before the record is written.
    BeforeRecord,
    /// Both are written.
    BeforeCommit,
    AfterCommit,
}

impl Point {
    /// The points that a call without a probe comes to, then those that one with a probe does.
    pub(super) const ALL: [Self; 18] = [
        Self::BeforeClaim,
        Self::AfterClaim,
        Self::BodyBegun,
        Self::Happened,
        Self::BeforeComplete,
        Self::AfterComplete,
        Self::Backoff,
        Self::BeforeRelease,
        Self::AfterRelease,
        Self::BeforeRenew,
        Self::AfterRenew,
        Self::BeforeRecord,
        Self::BeforeCommit,
        Self::AfterCommit,
        Self::ProbeOfNothing,
        Self::ProbeOfOwn,
        Self::ProbeFirstOfNothing,
        Self::ProbeFirst,
    ];

    /// Whether a call of this policy comes to it.
    pub(super) fn is_of(self, policy: Policy) -> bool {
        use Point::{ProbeFirst, ProbeFirstOfNothing, ProbeOfNothing, ProbeOfOwn};
        let in_probe = [ProbeOfNothing, ProbeOfOwn, ProbeFirstOfNothing, ProbeFirst];
        policy == Policy::Probe || !in_probe.contains(&self)
    }

    /// Whether an earlier owner has left it in doubt.
    pub(super) fn takes_over(self) -> bool {
        matches!(self, Self::ProbeFirst | Self::ProbeFirstOfNothing)
    }

    /// Whether effect and record are committed together.
    pub(super) fn is_in_transaction(self) -> bool {
        self.moment().is_some()
    }

    /// How far that transaction is, if it dies in one.
    pub(super) fn moment(self) -> Option<Moment> {
        Some(match self {
            Self::BeforeRecord => Moment::Written,
            Self::BeforeCommit => Moment::Recorded,
            Self::AfterCommit => Moment::Committed,
            _ => return None,
        })
    }

    /// The call to the store in which it dies, if it is one.
    pub(super) fn step(self) -> Option<(Side, Step)> {
        Some(match self {
            Self::BeforeClaim => (Side::Before, Step::Claim),
            Self::AfterClaim => (Side::After, Step::Claim),
            Self::BeforeComplete => (Side::Before, Step::Complete),
            Self::AfterComplete => (Side::After, Step::Complete),
            Self::BeforeRelease => (Side::Before, Step::Release),
            Self::AfterRelease => (Side::After, Step::Release),
            Self::BeforeRenew => (Side::Before, Step::Renew),
            Self::AfterRenew => (Side::After, Step::Renew),
            _ => return None,
        })
    }

    /// Returns the standing and the number of effects that it leaves: section 5 of the gate's rules, point by point.
    pub(super) fn leaves(self) -> (Standing, usize) {
        match self {
            Self::BeforeClaim | Self::AfterRelease => (Standing::Free, 0),
            Self::AfterClaim
            | Self::BodyBegun
            | Self::Backoff
            | Self::BeforeRelease
            | Self::ProbeOfNothing
            | Self::ProbeFirstOfNothing
            | Self::BeforeRecord
            | Self::BeforeCommit => (Standing::InDoubt, 0),
            Self::Happened
            | Self::BeforeComplete
            | Self::BeforeRenew
            | Self::AfterRenew
            | Self::ProbeOfOwn
            | Self::ProbeFirst => (Standing::InDoubt, 1),
            Self::AfterComplete | Self::AfterCommit => (Standing::Done, 1),
        }
    }
}
