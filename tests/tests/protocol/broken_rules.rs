//! Each rule is there for a reason: without it there is a run that goes wrong. `--nocapture` shows
//! the shortest.

use super::explorer::explore;
use super::model::{Model, Policy};
use super::promises::Fault::{self, *};
use super::rules::Rule::{self, *};

/// More than the largest policy has with all rules kept.
const LIMIT: usize = 1_000_000;

/// A rule, a policy that needs it, and what goes wrong first without it.
const NEEDED: [(Rule, Policy, Fault); 39] = [
    (CompleteChecksTheFence, Policy::Halt, ChangedBySuperseded),
    (
        CompleteChecksTheFence,
        Policy::Reexecute,
        ChangedBySuperseded,
    ),
    (
        CompleteChecksTheFence,
        Policy::Transaction,
        ChangedBySuperseded,
    ),
    (CompleteChecksTheFence, Policy::Probe, ChangedBySuperseded),
    (ReleaseChecksTheFence, Policy::Halt, ChangedBySuperseded),
    (
        ReleaseChecksTheFence,
        Policy::Reexecute,
        ChangedBySuperseded,
    ),
    (ReleaseChecksTheFence, Policy::Probe, ChangedBySuperseded),
    (RenewChecksTheFence, Policy::Reexecute, ChangedBySuperseded),
    (RenewChecksTheFence, Policy::Probe, ChangedBySuperseded),
    (
        TakeoverComparesStatusAndFence,
        Policy::Reexecute,
        ClaimedAfterEffect,
    ),
    (
        TakeoverComparesStatusAndFence,
        Policy::Transaction,
        ClaimedAfterEffect,
    ),
    (
        TakeoverComparesStatusAndFence,
        Policy::Probe,
        ClaimedAfterEffect,
    ),
    (FencesOutliveTheRecord, Policy::Halt, FenceNotHigher),
    (FencesOutliveTheRecord, Policy::Transaction, FenceNotHigher),
    (ExpiredIsInDoubt, Policy::Halt, Twice),
    (ExpiredIsInDoubt, Policy::Reexecute, FreeAfterEffect),
    (ExpiredIsInDoubt, Policy::Probe, Twice),
    (SuccessStays, Policy::Reexecute, ChangedBySuperseded),
    (SameOutcomeAgainIsAccepted, Policy::Halt, RecordedButDenied),
    (PurgeLeavesInDoubt, Policy::Halt, Twice),
    (PurgeLeavesInDoubt, Policy::Probe, Twice),
    (PurgeKeepsTheYoung, Policy::Halt, Twice),
    (PurgeKeepsTheYoung, Policy::Transaction, Twice),
    (PurgeKeepsTheYoung, Policy::Probe, Twice),
    (OneClaimIdForOneClaim, Policy::Halt, KeptOutByOwnClaim),
    (
        AppliedIsNeverRunAgain,
        Policy::Reexecute,
        ClaimedAfterEffect,
    ),
    (AppliedIsNeverRunAgain, Policy::Probe, ClaimedAfterEffect),
    (SettleComparesTheFence, Policy::Halt, SuccessWithoutEffect),
    (SettleWaitsForTheOwner, Policy::Halt, FreeAfterEffect),
    (UnknownIsNotReleased, Policy::Halt, FreeAfterEffect),
    (UnknownSticks, Policy::Reexecute, FreeAfterEffect),
    (RetryIfDoesNotDecideApplied, Policy::Halt, Twice),
    (RetryIfDoesNotDecideApplied, Policy::Probe, Twice),
    (CrashDoesNotRelease, Policy::Halt, FreeAfterEffect),
    (HaltTakesNothingOver, Policy::Halt, Twice),
    (TakeoverInheritsTheDoubt, Policy::Reexecute, FreeAfterEffect),
    (
        AskedTakeoverIsRemembered,
        Policy::Reexecute,
        FreeAfterEffect,
    ),
    (AskedTakeoverIsRemembered, Policy::Probe, Twice),
    (TakeoverIsProbed, Policy::Probe, Twice),
];

/// What the tiers ask of the callee, and of the transaction.
const ASKED_OF_OTHERS: [(Rule, Policy, Fault); 3] = [
    (ProbesNoIsFinal, Policy::Probe, Twice),
    (CalleeDedupes, Policy::Reexecute, Twice),
    (DoneAlreadyRollsBack, Policy::Transaction, Twice),
];

#[test]
fn without_any_one_rule_there_is_a_run_that_goes_wrong() {
    for (rule, policy, fault) in NEEDED.into_iter().chain(ASKED_OF_OTHERS) {
        let explored = explore(
            &Model {
                policy,
                broken: Some(rule),
                strays: 1,
            },
            LIMIT,
        );
        let (found, path) = explored.fault.unwrap_or_else(|| {
            panic!("{policy:?} keeps every promise without {rule:?}");
        });
        println!("{policy:?} without {rule:?}: {found:?}");
        for event in &path {
            println!("    {event:?}");
        }
        assert_eq!(found, fault, "{policy:?} without {rule:?}: {path:#?}");
    }
}
