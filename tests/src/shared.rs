//! A server that the tests of a process share.

use std::sync::{Arc, Mutex, PoisonError, Weak};

/// The server that tests have in use at this moment, if any.
pub(crate) struct Shared<T>(Mutex<Weak<T>>);

impl<T> Shared<T> {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Weak::new()))
    }

    /// Returns the server in use, else the one that `start` starts.
    pub(crate) fn or_start(&self, start: impl FnOnce() -> Option<T>) -> Option<Arc<T>> {
        let mut in_use = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = in_use.upgrade() {
            return Some(server);
        }
        let server = Arc::new(start()?);
        *in_use = Arc::downgrade(&server);
        Some(server)
    }
}
