//! A page of records in the order of their ids, collected from unordered shards.

use crate::identity::action_id::ActionId;
use crate::protocol::filter::Filter;
use crate::protocol::record::Record;
use crate::protocol::state_machine::{Now, Slot, millis};

/// The records that a filter selects; at most twice its limit are in memory.
pub(super) struct Page<'a> {
    filter: &'a Filter,
    now: Now,
    limit: usize,
    records: Vec<Record>,
    /// Ids from here on are beyond the page already.
    beyond: Option<ActionId>,
}

impl<'a> Page<'a> {
    pub(super) fn new(filter: &'a Filter, now: Now) -> Self {
        Self {
            filter,
            now,
            limit: filter.limit.unwrap_or(usize::MAX),
            records: Vec::new(),
            beyond: None,
        }
    }

    pub(super) fn add<'s>(&mut self, slots: impl Iterator<Item = (ActionId, &'s Slot)>) {
        for (id, slot) in slots {
            if self.selects(id, slot) {
                self.records.push(slot.record(id, self.now));
                if self.records.len() >= self.limit.saturating_mul(2) {
                    self.cut();
                }
            }
        }
    }

    /// Returns the page.
    pub(super) fn records(mut self) -> Vec<Record> {
        self.cut();
        self.records
    }

    fn selects(&self, id: ActionId, slot: &Slot) -> bool {
        let age = self.now.wall.saturating_sub(slot.created);
        let filter = self.filter;
        filter.after.is_none_or(|after| id > after)
            && self.beyond.is_none_or(|beyond| id < beyond)
            && filter
                .status
                .is_none_or(|status| slot.status_at(self.now) == status)
            && filter.older_than.is_none_or(|least| age > millis(least))
    }

    fn cut(&mut self) {
        self.records.sort_unstable_by_key(|record| record.id);
        if self.records.len() > self.limit {
            self.beyond = Some(self.records[self.limit].id);
            self.records.truncate(self.limit);
        }
    }
}
