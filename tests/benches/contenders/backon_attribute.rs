//! backon-macros: backon behind an attribute, configured as [`super::backon_peer`].

use backon_macros::backon;

use super::backon_peer::{no_sleep, no_sleep_blocking, no_wait};
use super::dependency::{Dependency, Fault};

/// No arguments: backon's default exponential builder.
#[backon]
pub(crate) async fn load(dependency: &Dependency) -> Result<u64, Fault> {
    dependency.fetch().await
}

#[backon]
pub(crate) fn load_blocking(dependency: &Dependency) -> Result<u64, Fault> {
    dependency.fetch_blocking()
}

#[backon(backoff = no_wait, sleep = no_sleep, when = Fault::is_transient)]
pub(crate) async fn load_if(dependency: &Dependency) -> Result<u64, Fault> {
    dependency.fetch().await
}

#[backon(backoff = no_wait, sleep = no_sleep_blocking, when = Fault::is_transient)]
pub(crate) fn load_if_blocking(dependency: &Dependency) -> Result<u64, Fault> {
    dependency.fetch_blocking()
}
