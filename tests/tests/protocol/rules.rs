//! The rules, each of which can be taken out to see what it was for.

/// A rule. A model without it must show a run that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Only the claim's own owner completes.
    CompleteChecksTheFence,
    /// Only the claim's own owner releases.
    ReleaseChecksTheFence,
    /// Only the claim's own owner renews.
    RenewChecksTheFence,
    /// A takeover fails where status or fence has changed since it was decided on.
    TakeoverComparesStatusAndFence,
    /// A takeover fails where the fence has changed, whatever the status.
    TakeoverComparesTheFence,
    /// Fences come from a counter of the store, not from the record.
    FencesOutliveTheRecord,
    /// A lease that runs out becomes in doubt, never absent.
    ExpiredIsInDoubt,
    /// A success that is recorded is not replaced by an outcome that comes late.
    SuccessStays,
    /// The same outcome again is accepted.
    SameOutcomeAgainIsAccepted,
    /// Purging leaves what is in doubt.
    PurgeLeavesInDoubt,
    /// Purging leaves what is younger than lease and longest call.
    PurgeKeepsTheYoung,
    /// A claim has one name, however often it is asked for.
    OneClaimIdForOneClaim,
    /// A record that is marked applied is not taken over.
    AppliedIsNeverRunAgain,
    /// A person's "not applied" is compared with the fence that the person saw.
    SettleComparesTheFence,
    /// A person's "not applied" waits for the lease to be over.
    SettleWaitsForTheOwner,
    /// An unknown outcome is not released.
    UnknownIsNotReleased,
    /// An unknown outcome under an earlier attempt counts at the end.
    UnknownSticks,
    /// An error that nothing recognizes is no proof that nothing happened.
    UnrecognizedIsUnknown,
    /// A body that acted has an unknown effect, whatever the error of a later step proves.
    ActedComesBeforeTheError,
    /// Whether an error is worth a retry does not decide whether the effect happened.
    RetryIfDoesNotDecideApplied,
    /// A call that panics or is dropped inside or after its body does not release.
    CrashDoesNotRelease,
    /// Under *halt* a record in doubt is left to a person.
    HaltTakesNothingOver,
    /// A caller that takes over under *reexecute* takes over the doubt as well.
    TakeoverInheritsTheDoubt,
    /// A takeover that was asked for once may have been granted, whatever was heard since.
    AskedTakeoverIsRemembered,
    /// A caller that takes over under *probe* probes the callee first.
    TakeoverIsProbed,
    /// The probe's *no* holds for whatever was sent before it.
    ProbesNoIsFinal,
    /// The callee knows an action that it has done already.
    CalleeDedupes,
    /// A transaction commits nothing where the record was finished already.
    DoneAlreadyRollsBack,
}
