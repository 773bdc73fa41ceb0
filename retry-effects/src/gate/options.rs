//! Options: on a record in doubt; while another call holds the claim.

/// The policy for an action that may have happened.
///
/// A probe is the third policy: the `probe` argument of an attribute, or
/// [`Effect::probe`](crate::Effect::probe).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum OnDoubt {
    /// Nothing runs, and [`EffectError::InDoubt`](crate::EffectError::InDoubt) is returned: an operator
    /// decides.
    #[default]
    Halt,
    /// The action runs again: the callee deduplicates by the action id, or effect and record commit in
    /// one transaction.
    Reexecute,
}

/// The policy while another call holds the claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum OnBusy {
    /// The call joins the other and returns its result. Bounded by `max_total_time`, else by one lease.
    #[default]
    Wait,
    /// The call returns [`EffectError::InProgress`](crate::EffectError::InProgress) at once.
    Fail,
}

/// The answer of a probe: the state of an effect that is otherwise unknown.
///
/// A `NotApplied` must be final: nothing that was sent for this action before the probe, by this
/// attempt or an earlier one, under this fence or an older one, may still take effect later. A callee
/// that may still be processing answers *no* too soon: `probe_after` of an attribute, or
/// [`Effect::probe_after`](crate::Effect::probe_after), delays the probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe<T> {
    /// The effect happened, and this is its result.
    Applied(T),
    /// The effect did not happen, and cannot any more.
    NotApplied,
    /// The callee does not know either, or cannot be queried.
    Unknown,
}

/// The policy for an action in doubt, a probe included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doubt {
    Halt,
    Reexecute,
    Probe,
}

impl Doubt {
    pub(crate) const fn of(in_doubt: OnDoubt, probed: bool) -> Self {
        match (probed, in_doubt) {
            (true, _) => Self::Probe,
            (false, OnDoubt::Halt) => Self::Halt,
            (false, OnDoubt::Reexecute) => Self::Reexecute,
        }
    }
}
