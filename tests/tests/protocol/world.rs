//! The callee: what has happened there, and what is still under way to it.

use super::model::Policy;
use super::rules::Rule;
use super::sights::{Sight, Sights};

/// One attempt's request to the callee: the fence and the number of the attempt.
pub(crate) type Sent = (u8, u8);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct World {
    /// How often the effect has happened since the action was last forgotten.
    pub(crate) happened: u8,
    /// Requests under way, which may arrive at any time; sorted.
    pub(crate) flying: [Option<Sent>; 2],
    /// A request below this one is refused: the callee has answered a final *no*.
    pub(crate) closed_below: Sent,
}

impl World {
    /// A request arrives. Says whether it stands: `false` where it was refused.
    pub(crate) fn receive(
        &mut self,
        sent: Sent,
        policy: Policy,
        broken: Option<Rule>,
        sights: &mut Sights,
    ) -> bool {
        match policy {
            Policy::Probe if sent < self.closed_below => {
                sights.note(Sight::EffectRefused);
                return false;
            }
            Policy::Reexecute if self.happened > 0 && broken != Some(Rule::CalleeDedupes) => {
                sights.note(Sight::EffectRecognised);
            }
            // It happens when the record is completed, and only then.
            Policy::Transaction => {}
            _ => self.happened += 1,
        }
        true
    }

    /// Whether one more request can be under way that is worth telling from those that are.
    pub(crate) fn has_room(&self, policy: Policy) -> bool {
        match policy {
            Policy::Halt | Policy::Probe => self.flying[0].is_none(),
            // Of requests that the callee takes for one, two are no more than one.
            Policy::Reexecute => self.is_quiet(),
            Policy::Transaction => false,
        }
    }

    pub(crate) fn send(&mut self, sent: Sent, policy: Policy) {
        // Only the tier that looks at the fence tells one request from another.
        let sent = if policy == Policy::Probe {
            sent
        } else {
            (0, 0)
        };
        self.flying[0] = Some(sent);
        self.flying.sort_unstable();
    }

    /// The request at this place arrives, or is lost.
    pub(crate) fn take(&mut self, place: usize) -> Option<Sent> {
        let sent = self.flying[place].take();
        self.flying.sort_unstable();
        sent
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.flying == [None; 2]
    }

    /// Answers a probe before this attempt; the answer *no* is final for all earlier ones.
    pub(crate) fn is_done(&mut self, asked: Sent, broken: Option<Rule>) -> bool {
        if self.happened > 0 {
            return true;
        }
        if broken != Some(Rule::ProbesNoIsFinal) {
            self.closed_below = self.closed_below.max(asked);
            // A request under way below it is refused when it arrives: as good as lost.
            let stands = |sent: &Sent| *sent >= self.closed_below;
            self.flying = self.flying.map(|sent| sent.filter(stands));
            self.flying.sort_unstable();
        }
        false
    }
}
