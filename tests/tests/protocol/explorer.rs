//! Breadth first through every state that can be reached: the first fault found is one that takes
//! the fewest steps.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher, BuildHasherDefault};

use super::fingerprint::Fingerprint;
use super::model::{Event, Model, State, Step};
use super::promises::Fault;
use super::sights::Sights;
use super::symmetry::Shape;

/// The result of an exploration.
#[derive(Debug)]
pub(crate) struct Explored {
    pub(crate) states: usize,
    pub(crate) steps: usize,
    pub(crate) sights: Sights,
    /// The first fault, and the shortest way to it.
    pub(crate) fault: Option<(Fault, Vec<Event>)>,
}

/// How a state was first reached: the number of the state before, and what happened there.
struct Origin {
    before: u32,
    event: Event,
}

/// Explores everything, or up to the first fault.
///
/// # Panics
///
/// When there are more than `limit` states.
pub(crate) fn explore(model: &Model, limit: usize) -> Explored {
    let start = State::start(model.strays);
    // Of a state seen only its hash is kept: of a million states, two share one with a chance of
    // one in thirty million. The hasher has fixed keys, so every run goes the same way.
    let hasher = BuildHasherDefault::<Fingerprint>::default();
    let mut seen = HashSet::with_hasher(hasher.clone());
    seen.insert(hasher.hash_one(Shape::of(&start)));
    let mut origins: Vec<Option<Origin>> = Vec::from([None]);
    let mut queue = VecDeque::from([(0_u32, start)]);
    let mut steps: Vec<Step> = Vec::new();
    let mut explored = Explored {
        states: 1,
        steps: 0,
        sights: Sights::default(),
        fault: None,
    };
    while let Some((before, state)) = queue.pop_front() {
        model.steps(&state, &mut steps);
        explored.steps += steps.len();
        for step in steps.drain(..) {
            explored.sights |= step.sights;
            if let Some(fault) = step.fault {
                let mut path = path(&origins, before);
                path.push(step.event);
                explored.fault = Some((fault, path));
                return explored;
            }
            if step.next == state {
                continue;
            }
            if seen.insert(hasher.hash_one(Shape::of(&step.next))) {
                let number = u32::try_from(origins.len()).expect("under four thousand million");
                let event = step.event;
                origins.push(Some(Origin { before, event }));
                queue.push_back((number, step.next));
            }
        }
        explored.states = origins.len();
        assert!(explored.states <= limit, "more than {limit} states");
    }
    explored
}

/// The events from the start to the state with this number.
fn path(origins: &[Option<Origin>], state: u32) -> Vec<Event> {
    let mut events = Vec::new();
    let mut at = state;
    while let Some(origin) = &origins[at as usize] {
        events.push(origin.event);
        at = origin.before;
    }
    events.reverse();
    events
}
