//! [`Opened`]: the store that a command works on.

use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};

use crate::store::{EffectStore, StoreFuture};
use crate::store_error::StoreError;

use super::arguments::StoreArguments;
use super::failure::Failure;
use super::place::Place;

/// A store, where it is, and what waits for its answers.
pub(super) struct Opened {
    pub(super) store: Arc<dyn EffectStore>,
    pub(super) place: Place,
    runtime: Runtime,
}

impl Opened {
    /// Opens what is there, and makes nothing.
    pub(super) fn open(arguments: StoreArguments) -> Result<Self, Failure> {
        let place = Place::of(arguments)?;
        let store = place.open()?;
        let runtime = Builder::new_current_thread().build();
        let runtime = runtime.map_err(|error| StoreError::unavailable("start a runtime", error))?;
        Ok(Self {
            store,
            place,
            runtime,
        })
    }

    /// What the store answers.
    pub(super) fn wait<T: Unpin>(&self, answer: StoreFuture<'_, T>) -> Result<T, StoreError> {
        self.runtime.block_on(answer)
    }
}
