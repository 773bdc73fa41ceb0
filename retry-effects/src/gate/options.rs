//! What a gated call does about doubt and about company.

/// What a call does with an action that may have happened.
///
/// A probe is the third answer: the `probe` argument of an attribute, or
/// [`Effect::probe`](crate::Effect::probe).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum OnDoubt {
    /// Nothing runs, and [`EffectError::InDoubt`](crate::EffectError::InDoubt) says so: a person
    /// decides.
    #[default]
    Halt,
    /// It runs again: the callee knows the action id and does not do the same twice, or effect and
    /// record commit in one transaction.
    Reexecute,
}

/// What a call does while another one is at the same action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum OnBusy {
    /// It joins the other and returns its result. Bounded by `max_total_time`, else by one lease.
    #[default]
    Wait,
    /// It gives [`EffectError::InProgress`](crate::EffectError::InProgress) at once.
    Fail,
}

/// What became of an effect that nobody knows of: the answer of a probe.
///
/// A `NotApplied` must be final: nothing that was sent for this action before the question, by this
/// attempt or an earlier one, under this fence or an older one, may still take effect later. A callee
/// that may still be at work says no too soon: `probe_after` of an attribute, or
/// [`Effect::probe_after`](crate::Effect::probe_after), has it asked later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe<T> {
    /// It happened, and this is its result.
    Applied(T),
    /// It did not happen, and cannot any more.
    NotApplied,
    /// The callee does not know either, or cannot be asked.
    Unknown,
}

/// What a gated call does about doubt, a probe included.
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
