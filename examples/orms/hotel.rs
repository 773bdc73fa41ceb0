//! The hotel of the example: its tables, and what goes wrong with a booking.

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};

use retry_effects::PostgresEffectStore;
use retry_effects::tokio_postgres::{self, Client, NoTls};
use tokio::sync::Notify;

use super::Failure;

const TABLES: &str = "CREATE TABLE rooms (kind text PRIMARY KEY, free int8 NOT NULL); \
     CREATE TABLE bookings (number int8 PRIMARY KEY GENERATED ALWAYS AS IDENTITY, guest text NOT NULL); \
     INSERT INTO rooms VALUES ('double', 100)";

/// The kind of room that everybody books.
pub(crate) const KIND: &str = "double";

/// The fault in the first attempt of a booking.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Fault {
    None,
    /// The transaction has written everything, and the body is dropped.
    Death,
    /// The commit takes place, and its answer gets lost.
    LostAnswer,
    /// Between reading and writing, somebody else takes a room.
    Rival,
}

/// The database as somebody else sees it: by a connection that is neither driver's.
pub(crate) struct Hotel {
    pub(crate) effects: PostgresEffectStore,
    client: Client,
    runs: AtomicU32,
    /// A body waits for its death.
    pub(crate) dying: Notify,
}

impl Hotel {
    pub(crate) async fn open(url: &str) -> Result<Self, Failure> {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        tokio::spawn(connection);
        client.batch_execute(TABLES).await?;
        Ok(Self {
            effects: PostgresEffectStore::connect(url).await?,
            client,
            runs: AtomicU32::new(0),
            dying: Notify::new(),
        })
    }

    /// Counts a run of a body.
    pub(crate) fn begin(&self) {
        self.runs.fetch_add(1, Ordering::SeqCst);
    }

    /// Returns the number of runs since the last call.
    pub(crate) fn take_runs(&self) -> u32 {
        self.runs.swap(0, Ordering::SeqCst)
    }

    pub(crate) async fn may_be_overtaken(&self, fault: Fault, attempt: u32) {
        if fault == Fault::Rival && attempt == 1 {
            let take = "UPDATE rooms SET free = free - 1 WHERE kind = $1";
            let taken = self.client.execute(take, &[&KIND]).await;
            assert_eq!(taken.expect("a rival"), 1);
        }
    }

    pub(crate) async fn may_die(&self, fault: Fault) {
        if fault == Fault::Death {
            self.dying.notify_one();
            std::future::pending::<()>().await;
        }
    }

    pub(crate) fn may_hear(&self, fault: Fault, attempt: u32) -> io::Result<()> {
        if fault == Fault::LostAnswer && attempt == 1 {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(())
    }

    /// Returns the number of a guest's only booking, or `None` if there is none.
    pub(crate) async fn booking(&self, guest: &str) -> Result<Option<i64>, Failure> {
        let select = "SELECT number FROM bookings WHERE guest = $1";
        let rows = self.client.query(select, &[&guest]).await?;
        assert!(rows.len() < 2, "{guest} has {} bookings", rows.len());
        Ok(rows.first().map(|row| row.get(0)))
    }

    pub(crate) async fn free_rooms(&self) -> Result<i64, Failure> {
        let select = "SELECT free FROM rooms WHERE kind = $1";
        Ok(self.client.query_one(select, &[&KIND]).await?.get(0))
    }

    /// Ends each session that is in a transaction, as a restart of the server does.
    pub(crate) async fn end_transactions(&self) -> Result<(), Failure> {
        let end = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity \
                   WHERE state = 'idle in transaction'";
        let ended = self.client.query(end, &[]).await?;
        assert_eq!(ended.len(), 1);
        Ok(())
    }
}

/// Returns a statement that fails with this SQLSTATE.
pub(crate) fn raise(code: &str) -> String {
    format!("DO $$ BEGIN RAISE EXCEPTION 'a conflict' USING ERRCODE = '{code}'; END $$")
}
