//! The model: one key, its store, three callers, the callee, a person, and what may go wrong
//! between them.

use retry_effects::__model::{Ask, Row, State as Stands};

use super::caller::{self, Phase};
use super::person::{self, Person};
use super::promises::{Fault, broken_by};
use super::rules::Rule;
use super::sights::{Sight, Sights};
use super::store::{Report, Store, Ticket};
use super::turn::Turn;
use super::world::World;

pub(crate) const CALLERS: usize = 3;
pub(crate) const ATTEMPTS: u8 = 2;

/// The treatment of a record in doubt, with the kind of callee that this needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Policy {
    /// `halt`, and a callee that does whatever it is asked.
    Halt,
    /// `reexecute`, and a callee that knows the action by its id.
    Reexecute,
    /// `reexecute`, and an effect that commits together with the record.
    Transaction,
    /// `probe`, and a callee whose *no* is final.
    Probe,
}

/// A policy, the rule that is taken out, and how many requests to the store may go astray.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Model {
    pub(crate) policy: Policy,
    pub(crate) broken: Option<Rule>,
    pub(crate) strays: u8,
    /// Go on past faults that harm nobody yet.
    pub(crate) only_harm: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) store: Store,
    pub(crate) callers: [Phase; CALLERS],
    /// Requests that their senders take for lost, and that arrive at any time or never; sorted.
    pub(crate) copies: [Option<Request>; 2],
    /// How many more requests may go astray.
    pub(crate) strays_left: u8,
    pub(crate) world: World,
    pub(crate) person: Person,
}

/// A request to the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Request {
    Claim { claim: u8, takeover: Option<u8> },
    Report(Ticket, Report),
}

impl Request {
    /// The claim that it is about.
    pub(crate) fn claim(self) -> u8 {
        match self {
            Self::Claim { claim, .. } | Self::Report(Ticket { claim, .. }, _) => claim,
        }
    }
}

/// One thing that happens. The number is the caller's.
#[derive(Clone, Copy, Debug)]
#[expect(dead_code, reason = "the fields are read by whoever reads a path")]
pub(crate) enum Event {
    Asks(usize),
    /// Asks, having watched the owner for a whole lease without a sign of life.
    AsksAboutSilent(usize),
    /// Its request goes astray, and it will ask again.
    RequestGoesAstray(usize, Request),
    /// A request that went astray arrives; nobody hears the answer.
    StrayArrives(Request),
    BodyReturns(usize, Returned),
    Probes(usize),
    /// The probe panics, or does not know.
    ProbeFails(usize),
    /// Its call is dropped while no body runs.
    Drops(usize),
    Reports(usize, Report),
    Renews(usize),
    Crashes(usize),
    LeaseRunsOut,
    EffectArrives,
    EffectIsLost,
    /// The record has been finished for longer than any call lasts.
    KeepPasses,
    Purge,
    PersonLooks {
        applied: bool,
    },
    PersonSettles,
    PersonSettlesPending,
}

/// How a body ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Returned {
    Ok,
    /// `Ok`, with a result that cannot be encoded.
    NotEncodable,
    /// An error that says that nothing has happened.
    NotApplied,
    /// The same, kept and replayed.
    NotAppliedForGood,
    /// An error that does not know, where it happened.
    UnknownDone,
    /// An error that does not know, where it may happen yet.
    UnknownFlying,
    /// An error that does not know, where it did not and will not happen.
    UnknownLost,
    /// An error that nothing recognizes, where it happened.
    UnrecognizedDone,
    /// The body says that it acts, does so, and a later step of it returns a proof that *that step* did
    /// nothing.
    ActedAndRefused,
}

/// A possible next event, and its result.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) event: Event,
    pub(crate) next: State,
    pub(crate) fault: Option<Fault>,
    pub(crate) sights: Sights,
}

impl State {
    pub(crate) fn start(strays: u8) -> Self {
        Self {
            store: Store::default(),
            callers: [Phase::Absent; CALLERS],
            copies: [None; 2],
            strays_left: strays,
            world: World::default(),
            person: Person::Away,
        }
    }

    /// Whether nobody calls.
    fn is_idle(&self) -> bool {
        let mut callers = self.callers.iter();
        callers.all(|phase| matches!(phase, Phase::Absent | Phase::Ended))
    }
}

/// The possible next steps, as they are put together.
pub(crate) struct Steps<'a> {
    pub(crate) model: Model,
    pub(crate) state: &'a State,
    steps: &'a mut Vec<Step>,
}

impl Steps<'_> {
    /// One thing that may happen, and what it does.
    pub(crate) fn add(&mut self, event: Event, happens: impl FnOnce(&mut Turn)) {
        let mut turn = Turn::new(self.model, *self.state);
        happens(&mut turn);
        let (next, sights) = (turn.next, turn.sights);
        let fault = turn.fault.or_else(|| broken_by(&next));
        self.steps.push(Step {
            event,
            next,
            fault,
            sights,
        });
    }
}

impl Model {
    /// Everything that may happen next.
    pub(crate) fn steps(&self, state: &State, steps: &mut Vec<Step>) {
        let mut steps = Steps {
            model: *self,
            state,
            steps,
        };
        for number in 0..CALLERS {
            caller::steps(&mut steps, number);
        }
        between(&mut steps);
        time(&mut steps);
        person::steps(&mut steps);
    }
}

/// Requests under way arrive, late and in any order.
fn between(steps: &mut Steps<'_>) {
    let state = steps.state;
    for (place, request) in state.copies.iter().enumerate() {
        let Some(request) = *request else {
            continue;
        };
        steps.add(Event::StrayArrives(request), |turn| {
            turn.next.copies[place] = None;
            turn.next.copies.sort_unstable();
            match request {
                Request::Claim { claim, takeover } => {
                    let silent = false;
                    let _ = turn.claim(Ask {
                        claim,
                        takeover,
                        silent,
                    });
                }
                Request::Report(ticket, report) => {
                    turn.report(ticket, report);
                }
            }
        });
    }
    for (place, sent) in state.world.flying.iter().enumerate() {
        if sent.is_none() {
            continue;
        }
        steps.add(Event::EffectArrives, |turn| {
            if let Some(sent) = turn.next.world.take(place) {
                turn.receive(sent);
            }
        });
        steps.add(Event::EffectIsLost, |turn| {
            turn.next.world.take(place);
        });
    }
}

/// Time passes, and records are purged.
fn time(steps: &mut Steps<'_>) {
    let state = steps.state;
    let Some(row) = state.store.row else {
        return;
    };
    let broken = steps.model.broken;
    match row.state {
        Stands::Pending if row.leased => steps.add(Event::LeaseRunsOut, |turn| {
            let maker = turn.next.callers[caller::maker(row.claim)];
            if maker == Phase::Ended {
                turn.sights.note(Sight::InDoubtAfterCrash);
            }
            turn.next.store.expire(broken);
        }),
        // `keep` is longer than a lease and the longest call: whoever called before has gone, and
        // so has what it sent to the callee. What it sent to the store may still arrive.
        Stands::Success | Stands::Failed | Stands::Released
            if !row.old && state.is_idle() && state.world.is_quiet() =>
        {
            steps.add(Event::KeepPasses, |turn| {
                turn.next.store.row = Some(Row { old: true, ..row });
            });
        }
        _ => {}
    }
    steps.add(Event::Purge, |turn| {
        turn.next.store.purge(broken);
        // An action whose record is purged after its `keep` may be done again: a new promise.
        if turn.next.store.row.is_none() && row.old {
            turn.next.world.happened = 0;
        }
    });
}
