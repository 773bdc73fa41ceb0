//! [`Slab`]: the records of a shard, in places that they keep.

use crate::protocol::state_machine::Slot;

/// Records by place. A place is taken again once its record is gone.
///
/// In chunks, so that no record moves when the next one is added, nor is up to half of the memory
/// empty, as in one growing vector. A box for each record would cost the allocator a header and a
/// search each.
#[derive(Debug, Default)]
pub(super) struct Slab {
    chunks: Vec<Vec<Option<Slot>>>,
    free: Vec<Place>,
}

/// The place of a record in its shard: 32 bits, as each takes room in the table of ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place(u32);

/// The number of records in a chunk: 1.5 KiB, so that a shard with few records wastes little.
const CHUNK: usize = 8;

impl Slab {
    #[inline]
    pub(super) fn insert(&mut self, slot: Slot) -> Place {
        if let Some(place) = self.free.pop() {
            self.chunks[place.chunk()][place.within()] = Some(slot);
            return place;
        }
        if self.chunks.last().is_none_or(|last| last.len() == CHUNK) {
            self.chunks.push(Vec::with_capacity(CHUNK));
        }
        let chunk = self.chunks.len() - 1;
        let last = &mut self.chunks[chunk];
        last.push(Some(slot));
        let place = chunk * CHUNK + last.len() - 1;
        Place(u32::try_from(place).expect("fewer than 2^32 records fit in a shard"))
    }

    /// Returns the record at a place that is taken.
    #[inline]
    pub(super) fn get(&self, place: Place) -> &Slot {
        let slot = self.chunks[place.chunk()][place.within()].as_ref();
        slot.expect("the place is taken")
    }

    /// Returns the record at a place that is taken.
    #[inline]
    pub(super) fn get_mut(&mut self, place: Place) -> &mut Slot {
        let slot = self.chunks[place.chunk()][place.within()].as_mut();
        slot.expect("the place is taken")
    }

    pub(super) fn remove(&mut self, place: Place) -> Option<Slot> {
        let slot = self.chunks[place.chunk()][place.within()].take()?;
        self.free.push(place);
        Some(slot)
    }

    /// Gives memory back once fewer than a quarter of its places are taken: moves the records at
    /// `places` to new ones.
    pub(super) fn shrink<'a>(&mut self, places: impl ExactSizeIterator<Item = &'a mut Place>) {
        let of_all = self.chunks.len() * CHUNK;
        if places.len() >= of_all / 4 {
            return;
        }
        let mut old = std::mem::take(self);
        for place in places {
            let slot = old.remove(*place).expect("the place is taken");
            *place = self.insert(slot);
        }
    }
}

impl Place {
    fn chunk(self) -> usize {
        self.0 as usize / CHUNK
    }

    fn within(self) -> usize {
        self.0 as usize % CHUNK
    }
}
