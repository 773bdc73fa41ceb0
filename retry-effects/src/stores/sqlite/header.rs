//! The store's own row: the version of the tables, the newest fence, and where to look for open
//! records.

use rusqlite::{Connection, params};

use super::columns::{Natural, integer};

/// The row of `effect_store`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) version: i64,
    /// The newest fence that was issued: the highest one of all records, and of those that were removed.
    pub(super) fence: u64,
    /// No record with an older fence has status 0.
    pub(super) open_from: u64,
}

/// How many fences a pending record may be behind the newest until it is set aside: more than are
/// pending at once, and few enough to read.
const BEHIND: u64 = 1 << 16;

impl Header {
    pub(super) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        const READ: &str = "SELECT version, \
            max(fence, coalesce((SELECT max(e.fence) FROM effects e), 0)), open_from \
            FROM effect_store";
        connection.prepare_cached(READ)?.query_row([], |row| {
            Ok(Self {
                version: row.get(0)?,
                fence: row.get::<_, Natural>(1)?.0,
                open_from: row.get::<_, Natural>(2)?.0,
            })
        })
    }

    pub(super) fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        connection
            .prepare_cached("UPDATE effect_store SET fence = ?1, open_from = ?2")?
            .execute(params![integer(self.fence), integer(self.open_from)])?;
        Ok(())
    }

    /// Moves `open_from` to the oldest pending record, and sets aside the pending ones that are far
    /// behind the newest fence. Returns whether it has moved.
    ///
    /// Each row is passed over once, so the cost is that of the claims since the last time.
    pub(super) fn advance(&mut self, connection: &Connection) -> rusqlite::Result<bool> {
        const SET_ASIDE: &str =
            "UPDATE effects SET status = 5 WHERE fence >= ?1 AND fence < ?2 AND status = 0";
        const OLDEST: &str = "SELECT fence FROM effects WHERE fence >= ?1 AND status = 0 \
             ORDER BY fence LIMIT 1";
        let before = self.open_from;
        let limit = self.fence.saturating_sub(BEHIND);
        if before < limit {
            connection
                .prepare_cached(SET_ASIDE)?
                .execute([integer(before), integer(limit)])?;
            self.open_from = limit;
        }
        let mut oldest = connection.prepare_cached(OLDEST)?;
        let mut rows = oldest.query([integer(self.open_from)])?;
        self.open_from = match rows.next()? {
            Some(row) => row.get::<_, Natural>(0)?.0,
            None => self.fence + 1,
        };
        Ok(self.open_from != before)
    }
}
