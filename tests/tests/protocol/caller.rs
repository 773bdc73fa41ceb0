//! A caller: the gate around the attempts, as far as others can see it.

use retry_effects::__model::{Ask, State as Stands};
use retry_effects::store::Claim;

use super::attempt::{body, given_up, probing};
use super::model::{Event, Policy, Request, Steps};
use super::promises::Fault;
use super::rules::Rule;
use super::sights::Sight;
use super::store::{Reply, Report, Ticket};
use super::turn::Turn;

/// Where a caller is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Phase {
    /// Has not called yet.
    Absent,
    /// Asks for the claim of this name, and waits while another has it.
    Asking {
        claim: u8,
        /// The record in doubt that it means to take over.
        takeover: Option<u8>,
        /// A takeover has been asked for: what is won may be the doubt of another.
        doubt: bool,
    },
    /// Asks the callee what happened before this attempt (or after the last).
    Probing { ticket: Ticket, attempt: u8 },
    /// Owns the claim; this attempt's body has not begun.
    Ready {
        ticket: Ticket,
        attempt: u8,
        /// An earlier attempt, or an earlier owner's, may have happened.
        unknown: bool,
    },
    /// Its last body has ended, and this is to be recorded.
    Reporting { ticket: Ticket, report: Report },
    /// Has returned, or is dead.
    Ended,
}

/// Returns the caller whose claim has this name. A caller has two names, and needs the second only without
/// [`Rule::OneClaimIdForOneClaim`].
pub(crate) fn maker(claim: u8) -> usize {
    usize::from(claim / 2)
}

/// Adds the possible next steps of the caller. A step that it does not take, or takes late, is a pause.
pub(crate) fn steps(steps: &mut Steps<'_>, number: usize) {
    let phase = steps.state.callers[number];
    match phase {
        // They are alike, and come in their order: the other orders are the same.
        Phase::Absent if number == 0 || steps.state.callers[number - 1] != Phase::Absent => {
            let claim = u8::try_from(2 * number).expect("three callers");
            asking(steps, number, claim, None, false);
        }
        Phase::Absent | Phase::Ended => return,
        Phase::Asking {
            claim,
            takeover,
            doubt,
        } => asking(steps, number, claim, takeover, doubt),
        Phase::Probing { ticket, attempt } => {
            probing(steps, number, ticket, attempt);
            renewing(steps, number, ticket);
        }
        Phase::Ready {
            ticket,
            attempt,
            unknown,
        } => {
            body(steps, number, ticket, attempt, unknown);
            renewing(steps, number, ticket);
            let report = given_up(unknown);
            steps.add(Event::Drops(number), |turn| {
                turn.next.callers[number] = Phase::Reporting { ticket, report };
            });
        }
        Phase::Reporting { ticket, report } => reporting(steps, number, ticket, report),
    }
    if phase != Phase::Absent {
        steps.add(Event::Crashes(number), |turn| {
            turn.next.callers[number] = crashed(phase, turn.model.broken);
        });
    }
}

/// Returns the phase after a crash: the end, or the step that runs as the call unwinds.
fn crashed(phase: Phase, broken: Option<Rule>) -> Phase {
    match phase {
        Phase::Reporting {
            ticket,
            report: Report::Success,
        } if broken == Some(Rule::CrashDoesNotRelease) => Phase::Reporting {
            ticket,
            report: Report::Release,
        },
        _ => Phase::Ended,
    }
}

fn asking(steps: &mut Steps<'_>, number: usize, claim: u8, takeover: Option<u8>, doubt: bool) {
    let ask = |silent| Ask {
        claim,
        takeover,
        silent,
    };
    steps.add(Event::Asks(number), |turn| {
        turn.next.callers[number] = asked(turn, number, ask(false), doubt);
    });
    let row = steps.state.store.row;
    if row.is_some_and(|row| row.state == Stands::Pending && row.leased) {
        steps.add(Event::AsksAboutSilent(number), |turn| {
            turn.next.callers[number] = asked(turn, number, ask(true), doubt);
        });
    }
    let request = Request::Claim { claim, takeover };
    astray(steps, number, request, |broken| {
        let claim = match broken {
            Some(Rule::OneClaimIdForOneClaim) => claim | 1,
            _ => claim,
        };
        Phase::Asking {
            claim,
            takeover,
            doubt,
        }
    });
}

/// Where the answer to its request for the claim leaves the caller.
fn asked(turn: &mut Turn, number: usize, ask: Ask, doubt: bool) -> Phase {
    let claim = ask.claim;
    let before = turn.next.store.row;
    let answer = turn.claim(ask);
    let is_own =
        before.is_some_and(|row| row.state == Stands::Pending && maker(row.claim) == number);
    let is_won = matches!(answer, Claim::Won(_));
    turn.require(is_won || !is_own, Fault::KeptOutByOwnClaim);
    let (policy, broken) = (turn.model.policy, turn.model.broken);
    match answer {
        Claim::Won(token) => {
            let fence = u8::try_from(token.fence().number()).expect("a small number");
            won(Ticket { fence, claim }, doubt, policy, broken)
        }
        Claim::Busy(_) => Phase::Asking {
            claim,
            takeover: None,
            doubt: doubt && broken != Some(Rule::AskedTakeoverIsRemembered),
        },
        Claim::Done(_) => {
            turn.sights.note(Sight::Replay);
            turn.is_ok();
            Phase::Ended
        }
        Claim::Failed(_) => {
            turn.sights.note(Sight::FailureReplay);
            Phase::Ended
        }
        Claim::InDoubt(record) if record.applied => {
            turn.sights.note(Sight::MarkedApplied);
            Phase::Ended
        }
        Claim::InDoubt(_)
            if policy == Policy::Halt && broken != Some(Rule::HaltTakesNothingOver) =>
        {
            Phase::Ended
        }
        Claim::InDoubt(record) => {
            let seen = u8::try_from(record.fence.number()).expect("a small number");
            Phase::Asking {
                claim,
                takeover: Some(seen),
                doubt: true,
            }
        }
        Claim::Mismatch => unreachable!("all callers have the same arguments"),
    }
}

fn won(ticket: Ticket, doubt: bool, policy: Policy, broken: Option<Rule>) -> Phase {
    let attempt = 1;
    if doubt && policy == Policy::Probe && broken != Some(Rule::TakeoverIsProbed) {
        return Phase::Probing { ticket, attempt };
    }
    Phase::Ready {
        ticket,
        attempt,
        unknown: doubt && broken != Some(Rule::TakeoverInheritsTheDoubt),
    }
}

fn renewing(steps: &mut Steps<'_>, number: usize, ticket: Ticket) {
    let row = steps.state.store.row;
    // A lease that runs does not change by being renewed.
    if !row.is_some_and(|row| row.fence == ticket.fence && row.leased) {
        steps.add(Event::Renews(number), |turn| turn.renew(ticket));
    }
}

fn reporting(steps: &mut Steps<'_>, number: usize, ticket: Ticket, report: Report) {
    steps.add(Event::Reports(number, report), |turn| {
        let reply = turn.report(ticket, report);
        if reply == Reply::HasResult || (report == Report::Success && reply != Reply::Lost) {
            turn.is_ok();
        }
        turn.next.callers[number] = Phase::Ended;
    });
    let request = Request::Report(ticket, report);
    astray(steps, number, request, |_| Phase::Reporting {
        ticket,
        report,
    });
}

/// A request goes astray: it may arrive at any time, now, late or never, and its sender, who heard
/// nothing, asks again. At once is a lost acknowledgement.
fn astray(
    steps: &mut Steps<'_>,
    number: usize,
    request: Request,
    then: impl FnOnce(Option<Rule>) -> Phase,
) {
    if steps.state.strays_left == 0 {
        return;
    }
    steps.add(Event::RequestGoesAstray(number, request), |turn| {
        turn.next.strays_left -= 1;
        turn.next.copies[0] = Some(request);
        turn.next.copies.sort_unstable();
        turn.next.callers[number] = then(turn.model.broken);
    });
}
