//! A person who looks at a record in doubt, finds out what happened, and settles it: later, and
//! perhaps too late.

use retry_effects::__model::{Row, State as Stands};
use retry_effects::store::Status;

use super::caller::{Phase, maker};
use super::model::{Event, State, Steps};
use super::sights::Sight;

/// The progress of the person. One settlement a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Person {
    Away,
    /// Has found out about the record with this fence.
    Knows {
        fence: u8,
        applied: bool,
    },
    Done,
}

pub(crate) fn steps(steps: &mut Steps<'_>) {
    let state = steps.state;
    let broken = steps.model.broken;
    match (state.person, state.store.row) {
        (Person::Away, Some(row)) if row.status() == Status::InDoubt => {
            if let Some(applied) = found_out(state, row) {
                let fence = row.fence;
                steps.add(Event::PersonLooks { applied }, |turn| {
                    turn.next.person = Person::Knows { fence, applied };
                });
            }
        }
        // Nothing has happened yet, and of the owner the person knows nothing.
        (Person::Away, Some(row)) if row.state == Stands::Pending && is_nothing_done(state) => {
            steps.add(Event::PersonSettlesPending, |turn| {
                if turn.next.store.settle(row.fence, false, broken).is_ok() {
                    turn.next.person = Person::Done;
                }
            });
        }
        (Person::Knows { fence, applied }, _) => steps.add(Event::PersonSettles, |turn| {
            let settled = turn.next.store.settle(fence, applied, broken);
            turn.sights.note(match (settled, applied) {
                (Ok(_), true) => Sight::SettledSuccess,
                (Ok(_), false) => Sight::SettledNotApplied,
                (Err(_), _) => Sight::SettlementRefused,
            });
            turn.next.person = Person::Done;
        }),
        _ => {}
    }
}

/// Whether a record in doubt was applied, if this can be known. "Not applied" is known only once its owner is dead:
/// an owner that is late could still do it.
fn found_out(state: &State, row: Row) -> Option<bool> {
    if state.world.happened > 0 {
        return Some(true);
    }
    let owns = |(number, phase): (usize, &Phase)| match phase {
        Phase::Ready { .. } | Phase::Probing { .. } => true,
        Phase::Asking { .. } => number == maker(row.claim),
        Phase::Reporting { .. } | Phase::Absent | Phase::Ended => false,
    };
    let has_owner = state.callers.iter().enumerate().any(owns);
    (is_nothing_done(state) && !has_owner).then_some(false)
}

/// Whether nothing has happened, and nothing is under way.
fn is_nothing_done(state: &State) -> bool {
    state.world.happened == 0 && state.world.is_quiet()
}
