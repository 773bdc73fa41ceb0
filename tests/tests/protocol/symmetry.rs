//! Which states are the same but for names: callers are alike, and of fences only the order counts.

use retry_effects::__model::Row;

use super::caller::{Phase, maker};
use super::model::{CALLERS, Request, State};
use super::person::Person;
use super::store::Ticket;
use super::world::Sent;

/// A state without the names of callers, its fences numbered without gaps.
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Shape {
    /// Sorted: each caller with what is its own.
    callers: [Caller; CALLERS],
    row: Option<Row>,
    highest: u8,
    strays_left: u8,
    happened: u8,
    flying: [Option<Sent>; 2],
    /// Which of the fences are refused. Its own attempts are past the one that the no was about.
    closed_below: u32,
    person: Person,
}

/// A caller, its requests that went astray, and whether the record has its claim.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Caller {
    phase: Phase,
    strays: [Option<Request>; 2],
    in_record: bool,
}

impl Shape {
    pub(crate) fn of(state: &State) -> Self {
        let names = Names::of(state);
        let world = state.world;
        let mut callers = [0, 1, 2].map(|number| Caller::of(state, number, names));
        callers.sort_unstable();
        Self {
            callers,
            row: state.store.row.map(|row| Row {
                claim: nameless(row.claim),
                fence: names.fence(row.fence),
                result: row.result.map(|result| names.fence(result)),
                ..row
            }),
            highest: names.fence(state.store.highest),
            strays_left: state.strays_left,
            happened: world.happened,
            flying: world.flying.map(|sent| sent.map(|sent| names.sent(sent))),
            closed_below: names.below(world.closed_below.0),
            person: match state.person {
                Person::Knows { fence, applied } => Person::Knows {
                    fence: names.fence(fence),
                    applied,
                },
                person => person,
            },
        }
    }
}

impl Caller {
    fn of(state: &State, number: usize, names: Names) -> Self {
        let mut strays = state.copies.map(|copy| {
            let own = copy.filter(|copy| maker(copy.claim()) == number);
            own.map(|copy| match copy {
                Request::Claim { claim, takeover } => Request::Claim {
                    claim: nameless(claim),
                    takeover: takeover.map(|fence| names.fence(fence)),
                },
                Request::Report(ticket, report) => Request::Report(names.ticket(ticket), report),
            })
        });
        strays.sort_unstable();
        let row = state.store.row;
        Self {
            phase: names.phase(state.callers[number]),
            strays,
            in_record: row.is_some_and(|row| maker(row.claim) == number),
        }
    }
}

/// A claim's name without that of its caller.
fn nameless(claim: u8) -> u8 {
    claim & 1
}

/// The fences that a state has anything to do with, each a bit.
#[derive(Clone, Copy)]
struct Names(u32);

impl Names {
    fn of(state: &State) -> Self {
        let mut fences = bit(state.store.highest);
        if let Some(row) = state.store.row {
            fences |= bit(row.fence) | row.result.map_or(0, bit);
        }
        for phase in state.callers {
            fences |= match phase {
                Phase::Asking { takeover, .. } => takeover.map_or(0, bit),
                Phase::Probing { ticket, .. }
                | Phase::Ready { ticket, .. }
                | Phase::Reporting { ticket, .. } => bit(ticket.fence),
                Phase::Absent | Phase::Ended => 0,
            };
        }
        for copy in state.copies.into_iter().flatten() {
            fences |= match copy {
                Request::Claim { takeover, .. } => takeover.map_or(0, bit),
                Request::Report(ticket, _) => bit(ticket.fence),
            };
        }
        for (fence, _) in state.world.flying.into_iter().flatten() {
            fences |= bit(fence);
        }
        if let Person::Knows { fence, .. } = state.person {
            fences |= bit(fence);
        }
        // No fence at all has no number to change.
        Self(fences & !1)
    }

    /// The fence's place in their order, from 1.
    fn fence(self, fence: u8) -> u8 {
        if fence == 0 {
            return 0;
        }
        u8::try_from(self.below(fence) + 1).expect("under 32 fences")
    }

    /// How many fences are below this one.
    fn below(self, fence: u8) -> u32 {
        (self.0 & (bit(fence) - 1)).count_ones()
    }

    fn sent(self, (fence, attempt): Sent) -> Sent {
        (self.fence(fence), attempt)
    }

    fn ticket(self, ticket: Ticket) -> Ticket {
        Ticket {
            fence: self.fence(ticket.fence),
            claim: nameless(ticket.claim),
        }
    }

    fn phase(self, phase: Phase) -> Phase {
        match phase {
            Phase::Absent | Phase::Ended => phase,
            Phase::Asking {
                claim,
                takeover,
                doubt,
            } => Phase::Asking {
                claim: nameless(claim),
                takeover: takeover.map(|fence| self.fence(fence)),
                doubt,
            },
            Phase::Probing { ticket, attempt } => Phase::Probing {
                ticket: self.ticket(ticket),
                attempt,
            },
            Phase::Ready {
                ticket,
                attempt,
                unknown,
            } => Phase::Ready {
                ticket: self.ticket(ticket),
                attempt,
                unknown,
            },
            Phase::Reporting { ticket, report } => Phase::Reporting {
                ticket: self.ticket(ticket),
                report,
            },
        }
    }
}

fn bit(fence: u8) -> u32 {
    1 << fence
}
