//! One shard of the store: the records whose ids begin alike, behind one lock.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

use crate::identity::action_id::ActionId;
use crate::protocol::claim::{Claim, ClaimRequest};
use crate::protocol::counts::Counts;
use crate::protocol::ids::{Fence, Token};
use crate::protocol::state_machine::{Now, Slot};
use crate::stores::memory::slab::{Place, Slab};
use crate::stores::memory::texts::Texts;

/// The records of a shard, and its fences.
#[derive(Debug, Default)]
pub(super) struct Shard {
    /// The records apart: up to half of the table is empty.
    places: HashMap<ActionId, Place, BuildHasherDefault<IdBytes>>,
    slots: Slab,
    /// The newest fence. A key always lives in the same shard, so its fences grow.
    fence: u64,
    texts: Texts,
    /// The finished records with a limited retention, by the time at which it is over.
    due: BTreeSet<(u64, ActionId)>,
}

/// The number of records with expired retention that a claim removes in passing.
const SWEPT_BY_A_CLAIM: usize = 2;

impl Shard {
    /// Claims an action. Calls `room` only for a new record; returns `None` if there is no room.
    #[inline]
    pub(super) fn claim(
        &mut self,
        request: &ClaimRequest,
        now: Now,
        room: impl FnOnce() -> bool,
    ) -> Option<Claim> {
        let mut texts = |text: &str| self.texts.shared(text);
        let (fence, created) = (Fence::new(self.fence + 1), now.wall);
        match self.places.entry(request.id) {
            Entry::Occupied(found) => {
                let slot = self.slots.get_mut(*found.get());
                let created = match slot.grant(request, now) {
                    Ok(created) => created,
                    Err(refusal) => return Some(refusal),
                };
                if let Some(due) = slot.over_at() {
                    self.due.remove(&(due, request.id));
                }
                *slot = Slot::claimed(request, created, fence, now, &mut texts);
            }
            Entry::Vacant(place) => {
                if !room() {
                    return None;
                }
                let slot = Slot::claimed(request, created, fence, now, &mut texts);
                place.insert(self.slots.insert(slot));
            }
        }
        self.fence = fence.number();
        Some(Claim::Won(Token::new(request.id, fence, request.claim_id)))
    }

    /// Removes a few records whose retention is over. Returns their number.
    #[inline]
    pub(super) fn sweep_some(&mut self, now: Now) -> usize {
        if self.due.is_empty() {
            return 0;
        }
        self.sweep(now, SWEPT_BY_A_CLAIM)
    }

    /// Removes up to `limit` records whose retention is over. Returns their number.
    pub(super) fn sweep(&mut self, now: Now, limit: usize) -> usize {
        for swept in 0..limit {
            match self.due.first().copied() {
                Some((_, id)) if self.found(id).is_none_or(|slot| slot.is_over(now)) => {
                    self.due.pop_first();
                    if let Some(place) = self.places.remove(&id) {
                        self.slots.remove(place);
                    }
                }
                _ => return swept,
            }
        }
        limit
    }

    /// Removes the records that a purge may remove. Returns their number.
    pub(super) fn purge(&mut self, age: u64, now: Now) -> usize {
        let before = self.places.len();
        let (due, slots) = (&mut self.due, &mut self.slots);
        self.places.retain(|id, place| {
            let slot = slots.get(*place);
            let goes = slot.is_purgeable(age, now);
            if goes {
                if let Some(over_at) = slot.over_at() {
                    due.remove(&(over_at, *id));
                }
                slots.remove(*place);
            }
            !goes
        });
        let purged = before - self.places.len();
        if self.places.len() < self.places.capacity() / 4 {
            self.places.shrink_to_fit();
        }
        self.slots.shrink(self.places.values_mut());
        purged
    }

    /// Returns the record of an action, unless its retention is over.
    #[inline]
    pub(super) fn slot(&self, id: ActionId, now: Now) -> Option<&Slot> {
        self.found(id).filter(|slot| !slot.is_over(now))
    }

    #[inline]
    fn found(&self, id: ActionId) -> Option<&Slot> {
        self.places.get(&id).map(|place| self.slots.get(*place))
    }

    /// Changes the record of an action, if there is one whose retention is not over.
    #[inline]
    pub(super) fn change<R>(
        &mut self,
        id: ActionId,
        now: Now,
        change: impl FnOnce(&mut Slot) -> R,
    ) -> Option<R> {
        let slot = self.slots.get_mut(*self.places.get(&id)?);
        if slot.is_over(now) {
            return None;
        }
        let before = slot.over_at();
        let answer = change(slot);
        let after = slot.over_at();
        if before != after {
            self.due.extend(after.map(|due| (due, id)));
            if let Some(due) = before {
                self.due.remove(&(due, id));
            }
        }
        Some(answer)
    }

    /// Returns all records whose retention is not over, unordered.
    pub(super) fn all(&self, now: Now) -> impl Iterator<Item = (ActionId, &Slot)> {
        let all = self.places.iter();
        let all = all.map(|(id, place)| (*id, self.slots.get(*place)));
        all.filter(move |(_, slot)| !slot.is_over(now))
    }

    /// Returns the number of records, including those whose retention is over.
    #[cfg(all(test, feature = "conformance"))]
    pub(super) fn all_held(&self) -> usize {
        self.places.len()
    }

    /// Adds the records whose retention is not over.
    pub(super) fn count(&self, now: Now, counts: &mut Counts) {
        self.all(now)
            .for_each(|(_, slot)| counts.add(slot.status_at(now)));
    }
}

/// Takes eight bytes of an id, which is a SHA-256 already, as its hash: not the bytes that choose the
/// shard, since each shard's table would then use only a part of its places.
#[derive(Debug, Default)]
pub(super) struct IdBytes(u64);

impl Hasher for IdBytes {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        if let Some((_, eight)) = bytes.split_last_chunk::<8>() {
            self.0 = u64::from_le_bytes(*eight);
        }
    }

    /// Ignores the length, which is always the same.
    #[inline]
    fn write_usize(&mut self, _: usize) {}

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher, BuildHasherDefault};

    use super::IdBytes;
    use crate::identity::action_id::ActionId;

    #[test]
    fn the_hash_is_the_ids_last_bytes() {
        let id: ActionId = format!("{}0100000000000002", "ab".repeat(24))
            .parse()
            .expect("64 digits");
        let hash = BuildHasherDefault::<IdBytes>::default().hash_one(id);
        assert_eq!(hash, 0x0200_0000_0000_0001);
    }
}
