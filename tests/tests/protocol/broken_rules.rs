//! Each rule is there for a reason: without it there is a run that goes wrong. `--nocapture` shows
//! the shortest.

use super::explorer::explore;
use super::model::{Model, Policy};
use super::promises::Fault::{self, *};
use super::rules::Rule::{self, *};

/// More than the largest policy has with all rules kept.
const LIMIT: usize = 1_000_000;

/// A rule, a policy that needs it, and what harm is done first without it.
const NEEDED: [(Rule, Policy, Fault); 37] = [
    (CompleteChecksTheFence, Policy::Halt, SuccessWithoutEffect),
    (CompleteChecksTheFence, Policy::Reexecute, FreeAfterEffect),
    (CompleteChecksTheFence, Policy::Probe, FreeAfterEffect),
    (ReleaseChecksTheFence, Policy::Halt, FreeAfterEffect),
    (ReleaseChecksTheFence, Policy::Reexecute, FreeAfterEffect),
    (ReleaseChecksTheFence, Policy::Probe, FreeAfterEffect),
    (
        TakeoverComparesStatusAndFence,
        Policy::Reexecute,
        SuccessChanged,
    ),
    (
        TakeoverComparesStatusAndFence,
        Policy::Transaction,
        SuccessChanged,
    ),
    (
        TakeoverComparesStatusAndFence,
        Policy::Probe,
        SuccessChanged,
    ),
    (FencesOutliveTheRecord, Policy::Halt, SuccessWithoutEffect),
    (ExpiredIsInDoubt, Policy::Halt, Twice),
    (ExpiredIsInDoubt, Policy::Reexecute, FreeAfterEffect),
    (ExpiredIsInDoubt, Policy::Probe, Twice),
    (SuccessStays, Policy::Reexecute, FreeAfterEffect),
    (SameOutcomeAgainIsAccepted, Policy::Halt, RecordedButDenied),
    (PurgeLeavesInDoubt, Policy::Halt, Twice),
    (PurgeLeavesInDoubt, Policy::Probe, Twice),
    (PurgeKeepsTheYoung, Policy::Halt, Twice),
    (PurgeKeepsTheYoung, Policy::Transaction, Twice),
    (PurgeKeepsTheYoung, Policy::Probe, Twice),
    (OneClaimIdForOneClaim, Policy::Halt, KeptOutByOwnClaim),
    (SettleComparesTheFence, Policy::Halt, SuccessWithoutEffect),
    (SettleWaitsForTheOwner, Policy::Halt, FreeAfterEffect),
    (UnknownIsNotReleased, Policy::Halt, FreeAfterEffect),
    (UnknownSticks, Policy::Reexecute, FreeAfterEffect),
    (UnrecognizedIsUnknown, Policy::Halt, Twice),
    (UnrecognizedIsUnknown, Policy::Probe, Twice),
    (ActedComesBeforeTheError, Policy::Halt, Twice),
    (ActedComesBeforeTheError, Policy::Probe, Twice),
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

/// The rules that the tiers require of the callee, and of the transaction.
const ASKED_OF_OTHERS: [(Rule, Policy, Fault); 3] = [
    (ProbesNoIsFinal, Policy::Probe, Twice),
    (CalleeDedupes, Policy::Reexecute, Twice),
    (DoneAlreadyRollsBack, Policy::Transaction, Twice),
];

/// Without these a promise is broken that harms nobody by itself: what the callee does against a
/// second effect still holds, or a lease is longer than its owner.
const PROMISED: [(Rule, Policy, Fault); 7] = [
    (TakeoverComparesTheFence, Policy::Reexecute, TakenOverUnseen),
    (TakeoverComparesTheFence, Policy::Probe, TakenOverUnseen),
    (RenewChecksTheFence, Policy::Reexecute, ChangedBySuperseded),
    (RenewChecksTheFence, Policy::Probe, ChangedBySuperseded),
    (
        AppliedIsNeverRunAgain,
        Policy::Reexecute,
        ClaimedAfterEffect,
    ),
    (AppliedIsNeverRunAgain, Policy::Probe, ClaimedAfterEffect),
    (FencesOutliveTheRecord, Policy::Transaction, FenceNotHigher),
];

/// Asserts that the first fault without `rule` is `expected`.
#[expect(clippy::print_stdout, reason = "shown by --nocapture")]
fn goes_wrong(model: Model, rule: Rule, expected: Fault) {
    let policy = model.policy;
    let broken = Some(rule);
    let explored = explore(&Model { broken, ..model }, LIMIT);
    let (fault, path) = explored.fault.unwrap_or_else(|| {
        panic!("{policy:?} keeps every promise without {rule:?}");
    });
    println!("{policy:?} without {rule:?}: {fault:?}");
    for event in &path {
        println!("    {event:?}");
    }
    assert_eq!(fault, expected, "{policy:?} without {rule:?}: {path:#?}");
}

/// One request goes astray, and all rules are kept.
fn model(policy: Policy) -> Model {
    Model {
        policy,
        broken: None,
        strays: 1,
        only_harm: false,
    }
}

#[test]
fn without_any_one_rule_harm_is_done() {
    for (rule, policy, harm) in NEEDED.into_iter().chain(ASKED_OF_OTHERS) {
        assert!(harm.is_harm());
        let only_harm = true;
        goes_wrong(
            Model {
                only_harm,
                ..model(policy)
            },
            rule,
            harm,
        );
    }
}

#[test]
fn without_any_one_rule_a_promise_is_broken() {
    for (rule, policy, fault) in PROMISED {
        goes_wrong(model(policy), rule, fault);
    }
}
