//! Operators' requests: lists, counts and purges, which go through all tags.

use std::collections::VecDeque;
use std::ops::Range;

use redis::Value;

use super::keys::TAGS;
use super::row::{strange, text};
use super::script::Reply;
use super::store::Inner;
use crate::identity::action_id::ActionId;
use crate::protocol::filter::Filter;
use crate::protocol::record::Record;
use crate::protocol::store_error::StoreError;

/// The number of ids that are read at one go, of one tag.
const PAGE: usize = 100;

/// The number of records that are read at one go.
const READ: usize = 256;

/// Returns the records that a filter selects, in the order of their ids.
pub(super) async fn list(inner: &Inner, filter: &Filter) -> Result<Vec<Record>, StoreError> {
    let limit = filter.limit.unwrap_or(usize::MAX);
    let mut records = Vec::new();
    let mut ids = Ids::after(inner, filter.after);
    while records.len() < limit {
        let page = ids.take(READ.min(limit.saturating_mul(2))).await?;
        if page.is_empty() {
            break;
        }
        let answers: Vec<_> = page
            .iter()
            .map(|id| inner.desk.send(inner.script.read(*id), None))
            .collect();
        for (id, answer) in page.into_iter().zip(answers) {
            // A record whose retention is over may still have its id there.
            if let Reply::Found(slot, now) = Reply::read(&answer.await?)?
                && slot.is_selected(filter, now)
            {
                records.push(slot.record(id, now));
            }
        }
    }
    records.truncate(limit);
    Ok(records)
}

/// Removes the records that may go and are older than `age` milliseconds; returns how many.
pub(super) async fn purge(inner: &Inner, age: u64) -> Result<u64, StoreError> {
    let mut ids = Ids::after(inner, None);
    let mut removed = 0;
    loop {
        let page = ids.take(READ).await?;
        if page.is_empty() {
            return Ok(removed);
        }
        let answers: Vec<_> = page
            .into_iter()
            .map(|id| inner.desk.send(inner.script.purge(id, age), None))
            .collect();
        for answer in answers {
            removed += u64::from(matches!(Reply::read(&answer.await?)?, Reply::Done(_)));
        }
    }
}

fn tags(range: Range<u16>) -> impl Iterator<Item = u8> {
    range.filter_map(|tag| u8::try_from(tag).ok())
}

/// The ids of all tags, in order.
struct Ids<'a> {
    inner: &'a Inner,
    after: Option<ActionId>,
    /// The first tag that is not read yet.
    next: u16,
    /// The number of tags that are read at one go.
    group: u16,
    /// The ids read so far, by tag.
    pages: VecDeque<(u8, VecDeque<ActionId>, bool)>,
}

/// The number of tags that are read first; then ever more, since they seem to be empty. So few
/// requests are enough for a page of a large store, and few rounds for a small store.
const GROUP: u16 = 16;

impl<'a> Ids<'a> {
    fn after(inner: &'a Inner, after: Option<ActionId>) -> Self {
        Self {
            inner,
            after,
            next: after.map_or(0, |id| id.as_bytes()[0].into()),
            group: GROUP,
            pages: VecDeque::new(),
        }
    }

    /// Reads the next tags, at one go. Returns whether there were any.
    async fn ask(&mut self) -> Result<bool, StoreError> {
        let end = TAGS.min(self.next + self.group);
        let asked: Vec<_> = tags(self.next..end)
            .map(|tag| {
                let after = self.after.filter(|id| id.as_bytes()[0] == tag);
                let page = self.inner.script.page(tag, after, PAGE);
                (tag, self.inner.desk.send(page, None))
            })
            .collect();
        let is_some = !asked.is_empty();
        for (tag, page) in asked {
            let ids = ids(&page.await?)?;
            let is_full = ids.len() == PAGE;
            self.pages.push_back((tag, ids, is_full));
        }
        (self.next, self.group) = (end, self.group * 2);
        Ok(is_some)
    }

    /// Returns the next ids, up to `count`; none at the end.
    async fn take(&mut self, count: usize) -> Result<Vec<ActionId>, StoreError> {
        let mut taken = Vec::new();
        while taken.len() < count {
            let Some((tag, page, is_full)) = self.pages.front_mut() else {
                if self.ask().await? {
                    continue;
                }
                break;
            };
            let Some(id) = page.pop_front() else {
                self.pages.pop_front();
                continue;
            };
            taken.push(id);
            if page.is_empty() && *is_full {
                let next = self.inner.script.page(*tag, Some(id), PAGE);
                *page = ids(&self.inner.desk.send(next, None).await?)?;
                *is_full = page.len() == PAGE;
            }
        }
        Ok(taken)
    }
}

fn ids(page: &Value) -> Result<VecDeque<ActionId>, StoreError> {
    let Value::Array(ids) = page else {
        return Err(strange("a list that is none"));
    };
    let parsed = ids.iter().map(|id| {
        let id = text(id)?.parse();
        id.map_err(|_| strange("an id that is none"))
    });
    parsed.collect()
}
