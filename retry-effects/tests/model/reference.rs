//! The rules of the gate as a table of records, written from their description, without a line of
//! the crate.

use std::collections::BTreeMap;

use retry_effects::store::{ClaimId, InputHash, Payload};

/// Milliseconds since the test began.
pub(crate) type Millis = u64;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum State {
    /// A claim holds it; its lease may be over.
    Claimed,
    /// Its owner does not know.
    Doubted {
        applied: bool,
    },
    Succeeded(Payload),
    FailedForGood(Payload),
    Released,
}

/// The owner of a claim.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Owner {
    pub(crate) fence: u64,
    pub(crate) claim_id: ClaimId,
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) state: State,
    pub(crate) owner: Owner,
    pub(crate) hash: Option<InputHash>,
    pub(crate) lease_ends: Millis,
    pub(crate) renewals: u64,
    pub(crate) finished: Millis,
    pub(crate) keep: Millis,
    pub(crate) retain: Option<Millis>,
}

/// The request of a claim.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) claim_id: ClaimId,
    pub(crate) hash: Option<InputHash>,
    pub(crate) lease: Millis,
    pub(crate) keep: Millis,
    pub(crate) retain: Option<Millis>,
    pub(crate) takeover: Option<u64>,
    pub(crate) silent: Option<(u64, u64)>,
}

/// The state of an action as every caller sees it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Seen {
    Nothing,
    Free,
    Busy,
    Done(Payload),
    Failed(Payload),
    InDoubt,
}

/// The result of a claim.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Grant {
    /// A new fence.
    New,
    /// The former fence.
    Again(u64),
    Mismatch,
    Refused(Seen),
}

/// An operator's settlement.
#[derive(Clone, Debug)]
pub(crate) enum Finding {
    Happened(Payload),
    DidNot,
}

/// The reason of a refusal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Refusal {
    Lost,
    Changed,
    OwnerAlive,
    NotFound,
}

/// All records, and the time.
#[derive(Debug, Default)]
pub(crate) struct Reference {
    pub(crate) now: Millis,
    pub(crate) entries: BTreeMap<u32, Entry>,
    /// Whether a record was removed automatically, which a store may still count when it purges.
    pub(crate) some_went: bool,
}

impl Reference {
    pub(crate) fn pass(&mut self, time: Millis) {
        self.now += time;
        let now = self.now;
        let before = self.entries.len();
        self.entries.retain(|_, entry| {
            let kept = entry.retain.map(|retain| retain.max(entry.keep));
            !entry.is_finished() || kept.is_none_or(|kept| now - entry.finished < kept)
        });
        self.some_went |= self.entries.len() < before;
    }

    pub(crate) fn seen(&self, key: u32) -> Seen {
        let Some(entry) = self.entries.get(&key) else {
            return Seen::Nothing;
        };
        match &entry.state {
            State::Claimed if self.now < entry.lease_ends => Seen::Busy,
            State::Claimed | State::Doubted { .. } => Seen::InDoubt,
            State::Succeeded(payload) => Seen::Done(payload.clone()),
            State::FailedForGood(payload) => Seen::Failed(payload.clone()),
            State::Released => Seen::Free,
        }
    }

    /// Returns the result of a claim. A new one is written with [`claimed`](Self::claimed).
    pub(crate) fn grant(&self, key: u32, ask: &Ask) -> Grant {
        let seen = self.seen(key);
        let (Some(entry), true) = (self.entries.get(&key), seen != Seen::Free) else {
            return Grant::New;
        };
        if entry.state == State::Claimed && entry.owner.claim_id == ask.claim_id {
            return Grant::Again(entry.owner.fence);
        }
        if entry.hash.is_some() && ask.hash.is_some() && entry.hash != ask.hash {
            return Grant::Mismatch;
        }
        let is_silent = ask.silent == Some((entry.owner.fence, entry.renewals));
        let is_applied = entry.state == State::Doubted { applied: true };
        let is_takeover = ask.takeover == Some(entry.owner.fence) && !is_applied;
        match seen {
            Seen::Busy if !is_silent => Grant::Refused(seen),
            Seen::Busy | Seen::InDoubt if is_takeover => Grant::New,
            Seen::Busy | Seen::InDoubt => Grant::Refused(Seen::InDoubt),
            seen => Grant::Refused(seen),
        }
    }

    pub(crate) fn claimed(&mut self, key: u32, ask: &Ask, fence: u64) {
        let entry = Entry {
            state: State::Claimed,
            owner: Owner {
                fence,
                claim_id: ask.claim_id,
            },
            hash: ask.hash,
            lease_ends: self.now + ask.lease,
            renewals: 0,
            finished: 0,
            keep: ask.keep,
            retain: ask.retain,
        };
        self.entries.insert(key, entry);
    }

    fn owned(&mut self, key: u32, owner: Owner) -> Result<&mut Entry, Refusal> {
        let entry = self.entries.get_mut(&key);
        entry
            .filter(|entry| entry.owner == owner)
            .ok_or(Refusal::Lost)
    }

    pub(crate) fn complete(&mut self, key: u32, owner: Owner, end: &State) -> Result<(), Refusal> {
        let now = self.now;
        let entry = self.owned(key, owner)?;
        if entry.is_finished() {
            let same = entry.state == *end && *end != State::Released;
            return if same { Ok(()) } else { Err(Refusal::Lost) };
        }
        match end {
            State::Doubted { applied } => {
                let was = entry.state == State::Doubted { applied: true };
                entry.state = State::Doubted {
                    applied: was || *applied,
                };
                entry.lease_ends = entry.lease_ends.min(now);
            }
            end => entry.finish(end.clone(), now),
        }
        self.pass(0);
        Ok(())
    }

    pub(crate) fn renew(&mut self, key: u32, owner: Owner, lease: Millis) -> Result<(), Refusal> {
        let now = self.now;
        let entry = self.owned(key, owner)?;
        match entry.state {
            State::Claimed => {
                entry.lease_ends = now + lease;
                entry.renewals += 1;
                Ok(())
            }
            State::Doubted { .. } => Ok(()),
            _ => Err(Refusal::Lost),
        }
    }

    pub(crate) fn release(&mut self, key: u32, owner: Owner) -> Result<Option<Payload>, Refusal> {
        let now = self.now;
        let entry = self.owned(key, owner)?;
        match &entry.state {
            State::Succeeded(payload) => return Ok(Some(payload.clone())),
            State::Released => return Ok(None),
            State::FailedForGood(_) | State::Doubted { applied: true } => {
                return Err(Refusal::Lost);
            }
            State::Claimed | State::Doubted { applied: false } => {
                entry.finish(State::Released, now);
            }
        }
        self.pass(0);
        Ok(None)
    }

    pub(crate) fn settle(
        &mut self,
        key: u32,
        fence: u64,
        finding: &Finding,
    ) -> Result<(), Refusal> {
        let now = self.now;
        let entry = self.entries.get_mut(&key).ok_or(Refusal::NotFound)?;
        if entry.owner.fence != fence {
            return Err(Refusal::Changed);
        }
        match (finding, &entry.state) {
            (Finding::Happened(payload), State::Succeeded(is)) if is == payload => {}
            (Finding::Happened(_), State::FailedForGood(_) | State::Released) => {
                return Err(Refusal::Changed);
            }
            (Finding::Happened(payload), _) => entry.finish(State::Succeeded(payload.clone()), now),
            (Finding::DidNot, State::Released) => {}
            (Finding::DidNot, State::Succeeded(_) | State::FailedForGood(_)) => {
                return Err(Refusal::Changed);
            }
            (Finding::DidNot, _) if now < entry.lease_ends => return Err(Refusal::OwnerAlive),
            (Finding::DidNot, _) => entry.finish(State::Released, now),
        }
        self.pass(0);
        Ok(())
    }

    pub(crate) fn purge(&mut self, age: Millis) -> u64 {
        let (now, before) = (self.now, self.entries.len());
        self.entries.retain(|_, entry| {
            let is = now - entry.finished;
            !entry.is_finished() || is < entry.keep || is < age
        });
        (before - self.entries.len()) as u64
    }
}

impl Entry {
    fn is_finished(&self) -> bool {
        !matches!(self.state, State::Claimed | State::Doubted { .. })
    }

    fn finish(&mut self, state: State, now: Millis) {
        self.state = state;
        self.finished = now;
    }
}
