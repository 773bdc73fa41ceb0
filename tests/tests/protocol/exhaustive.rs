//! Every promise holds in every run, and the runs are worth looking at.
//!
//! The full form lets two requests go astray under every policy, which takes a minute:
//! `cargo test --release -p retry-tests --test protocol -- --ignored --nocapture`.

use super::explorer::explore;
use super::model::{Model, Policy};
use super::sights::Sight::{self, *};

const LIMIT: usize = 10_000_000;

/// The sights under every policy.
const EVERYWHERE: [Sight; 13] = [
    Success,
    LateSuccess,
    Replay,
    FailureReplay,
    FoundAgain,
    InDoubtAfterCrash,
    RunAfterRelease,
    LateReportRefused,
    RenewedLate,
    ReportRepeated,
    SettledNotApplied,
    SettlementRefused,
    Purged,
];

/// The sights that belong to one policy or another.
const SOMEWHERE: [Sight; 8] = [
    Takeover,
    SilentTakeover,
    MarkedApplied,
    SettledSuccess,
    EffectRefused,
    EffectRecognised,
    ProbeYes,
    ProbeNo,
];

#[expect(clippy::print_stdout, reason = "shown by --nocapture")]
fn every_promise_is_kept(policy: Policy, strays: u8, seen: &[Sight]) {
    let explored = explore(
        &Model {
            policy,
            broken: None,
            strays,
            only_harm: false,
        },
        LIMIT,
    );
    let (states, steps) = (explored.states, explored.steps);
    println!("{policy:?}, {strays} astray: {states} states, {steps} steps");
    if let Some((fault, path)) = explored.fault {
        panic!("{fault:?} after {path:#?}");
    }
    for sight in EVERYWHERE {
        assert!(
            explored.sights.has(sight),
            "{policy:?} never shows {sight:?}"
        );
    }
    for sight in SOMEWHERE {
        let is_due = seen.contains(&sight);
        assert_eq!(explored.sights.has(sight), is_due, "{policy:?}: {sight:?}");
    }
}

const HALT: [Sight; 2] = [MarkedApplied, SettledSuccess];
const TRANSACTION: [Sight; 2] = [Takeover, SilentTakeover];
const REEXECUTE: [Sight; 5] = [
    Takeover,
    SilentTakeover,
    MarkedApplied,
    SettledSuccess,
    EffectRecognised,
];
const PROBE: [Sight; 7] = [
    Takeover,
    SilentTakeover,
    MarkedApplied,
    SettledSuccess,
    EffectRefused,
    ProbeYes,
    ProbeNo,
];

#[test]
fn halt_runs_it_at_most_once_whatever_the_callee() {
    every_promise_is_kept(Policy::Halt, 2, &HALT);
}

#[test]
fn a_transaction_commits_at_most_once() {
    every_promise_is_kept(Policy::Transaction, 1, &TRANSACTION);
}

#[test]
fn reexecute_is_effectively_once_with_a_callee_that_dedupes() {
    every_promise_is_kept(Policy::Reexecute, 1, &REEXECUTE);
}

#[test]
fn probe_is_effectively_once_with_a_callee_whose_no_is_final() {
    every_promise_is_kept(Policy::Probe, 1, &PROBE);
}

#[test]
#[ignore = "the full form: minutes where nothing is optimised"]
fn two_requests_go_astray() {
    every_promise_is_kept(Policy::Transaction, 2, &TRANSACTION);
    every_promise_is_kept(Policy::Reexecute, 2, &REEXECUTE);
    every_promise_is_kept(Policy::Probe, 2, &PROBE);
}
