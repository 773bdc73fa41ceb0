//! The connections that read: one for each concurrent reader, a few of them kept open.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

use super::connection::{failed, open_reader};
use crate::protocol::store_error::StoreError;

/// The number of connections that are kept open.
const KEPT: usize = 8;

/// Readers of one file. They see the last commit, and neither wait for a writer nor delay it.
#[derive(Debug)]
pub(super) struct Readers {
    path: Arc<PathBuf>,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(super) fn new(path: Arc<PathBuf>) -> Self {
        Self {
            path,
            idle: Mutex::default(),
        }
    }

    /// Reads on a connection that is idle, or on a new one.
    pub(super) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let idle = self.idle().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => open_reader(&self.path)?,
        };
        let outcome = work(&connection);
        let mut idle = self.idle();
        if idle.len() < KEPT {
            idle.push(connection);
        }
        drop(idle);
        outcome.map_err(|error| failed("read", &self.path, error))
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
