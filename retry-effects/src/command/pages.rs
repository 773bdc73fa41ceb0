//! [`Pages`]: the records that a filter selects, page by page.

use crate::protocol::filter::Filter;
use crate::protocol::record::Record;
use crate::protocol::store_error::StoreError;

use super::opened_store::OpenedStore;

/// The number of records held at a time.
const PAGE: usize = 1000;

/// Reads a store of any size in the memory of one page.
pub(super) struct Pages<'a> {
    opened: &'a OpenedStore,
    filter: Filter,
    left: usize,
}

impl<'a> Pages<'a> {
    /// Returns the records that `filter` selects, up to its limit.
    pub(super) fn of(opened: &'a OpenedStore, filter: Filter) -> Self {
        Self {
            opened,
            left: filter.limit.unwrap_or(usize::MAX),
            filter,
        }
    }

    /// Returns the next page, which is never empty; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Vec<Record>>, StoreError> {
        let limit = self.left.min(PAGE);
        self.filter.limit = Some(limit);
        if limit == 0 {
            return Ok(None);
        }
        let page = self.opened.wait(self.opened.store.list(&self.filter))?;
        let Some(last) = page.last() else {
            return Ok(None);
        };
        self.filter.after = Some(last.id);
        // A page that is not full was the last one.
        self.left = if page.len() < limit {
            0
        } else {
            self.left - limit
        };
        Ok(Some(page))
    }
}
