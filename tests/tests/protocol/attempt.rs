//! The attempts of an owner, and what each leaves: the next one, or a report for the store.

use super::caller::Phase;
use super::model::{ATTEMPTS, Event, Policy, Returned, Steps};
use super::rules::Rule;
use super::sights::Sight;
use super::store::{Report, Ticket};
use super::turn::Turn;

/// The body of this attempt runs and returns, in every way it may.
pub(crate) fn body(
    steps: &mut Steps<'_>,
    number: usize,
    ticket: Ticket,
    attempt: u8,
    unknown: bool,
) {
    let is_transaction = steps.model.policy == Policy::Transaction;
    let can_fly = steps.state.world.has_room(steps.model.policy);
    let all = [
        (Returned::Ok, true),
        (Returned::NotEncodable, !is_transaction),
        (Returned::NotApplied, true),
        (Returned::NotAppliedForGood, true),
        (Returned::UnknownDone, !is_transaction),
        (Returned::UnknownFlying, can_fly),
        (Returned::UnknownLost, true),
        (Returned::UnrecognizedDone, !is_transaction),
        (Returned::ActedAndRefused, !is_transaction),
    ];
    for (returned, _) in all.into_iter().filter(|(_, may_be)| *may_be) {
        steps.add(Event::BodyReturns(number, returned), |turn| {
            let after = ended(turn, returned, ticket, attempt, unknown);
            turn.next.callers[number] = after;
        });
    }
}

/// Where an attempt leaves its caller.
fn ended(turn: &mut Turn, returned: Returned, ticket: Ticket, attempt: u8, unknown: bool) -> Phase {
    let (policy, broken) = (turn.model.policy, turn.model.broken);
    let sent = (ticket.fence, attempt);
    let reporting = |report| Phase::Reporting { ticket, report };
    let mut returned = returned;
    let sends = matches!(
        returned,
        Returned::Ok
            | Returned::NotEncodable
            | Returned::UnknownDone
            | Returned::UnrecognizedDone
            | Returned::ActedAndRefused
    );
    if sends && !turn.receive(sent) {
        returned = Returned::NotApplied;
    }
    match returned {
        Returned::Ok => reporting(Report::Success),
        Returned::NotEncodable => reporting(Report::InDoubt { applied: true }),
        Returned::NotAppliedForGood if !unknown => reporting(Report::Failed),
        Returned::NotApplied | Returned::NotAppliedForGood => {
            next(ticket, attempt, unknown, broken)
        }
        Returned::UnrecognizedDone if broken == Some(Rule::UnrecognizedIsUnknown) => {
            next(ticket, attempt, unknown, broken)
        }
        Returned::ActedAndRefused if broken == Some(Rule::ActedComesBeforeTheError) => {
            next(ticket, attempt, unknown, broken)
        }
        Returned::UnrecognizedDone | Returned::ActedAndRefused => {
            not_known(ticket, attempt, policy, broken)
        }
        Returned::UnknownDone | Returned::UnknownFlying | Returned::UnknownLost => {
            if let Returned::UnknownFlying = returned {
                turn.next.world.send(sent, policy);
            }
            not_known(ticket, attempt, policy, broken)
        }
    }
}

/// Returns the phase after an attempt that may have happened.
fn not_known(ticket: Ticket, attempt: u8, policy: Policy, broken: Option<Rule>) -> Phase {
    match (policy, broken) {
        (_, Some(Rule::UnknownIsNotReleased)) => Phase::Reporting {
            ticket,
            report: Report::Release,
        },
        (_, Some(Rule::RetryIfDoesNotDecideApplied)) => next(ticket, attempt, false, broken),
        (Policy::Halt, _) => Phase::Reporting {
            ticket,
            report: Report::InDoubt { applied: false },
        },
        (Policy::Reexecute | Policy::Transaction, _) => next(ticket, attempt, true, broken),
        (Policy::Probe, _) => Phase::Probing {
            ticket,
            attempt: attempt + 1,
        },
    }
}

/// The next attempt, or the end of them.
fn next(ticket: Ticket, attempt: u8, unknown: bool, broken: Option<Rule>) -> Phase {
    if attempt < ATTEMPTS {
        Phase::Ready {
            ticket,
            attempt: attempt + 1,
            unknown: unknown && broken != Some(Rule::UnknownSticks),
        }
    } else {
        Phase::Reporting {
            ticket,
            report: given_up(unknown),
        }
    }
}

/// Returns the report of an owner that gives up: a release if it knows that nothing has happened, else doubt.
pub(crate) fn given_up(unknown: bool) -> Report {
    if unknown {
        Report::InDoubt { applied: false }
    } else {
        Report::Release
    }
}

/// The callee is asked before this attempt, or after the last.
pub(crate) fn probing(steps: &mut Steps<'_>, number: usize, ticket: Ticket, attempt: u8) {
    steps.add(Event::Probes(number), |turn| {
        let broken = turn.model.broken;
        let asked = (ticket.fence, attempt);
        let is_done = turn.next.world.is_done(asked, broken);
        let sight = if is_done {
            Sight::ProbeYes
        } else {
            Sight::ProbeNo
        };
        turn.sights.note(sight);
        turn.next.callers[number] = if is_done {
            let report = Report::Success;
            Phase::Reporting { ticket, report }
        } else {
            next(ticket, attempt - 1, false, broken)
        };
    });
    steps.add(Event::ProbeFails(number), |turn| {
        let report = Report::InDoubt { applied: false };
        turn.next.callers[number] = Phase::Reporting { ticket, report };
    });
}
