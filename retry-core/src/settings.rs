//! Settings from the environment, over the defaults: reading, parsing, installation, observers.

#[cfg(feature = "dotenv")]
pub(crate) mod dot_env;
pub(crate) mod environment;
pub(crate) mod error;
pub(crate) mod found_variables;
pub(crate) mod generations;
pub(crate) mod guard_layer;
pub(crate) mod guard_variables;
pub(crate) mod guards;
pub(crate) mod installed;
pub(crate) mod load;
pub(crate) mod names;
pub(crate) mod observer_flags;
pub(crate) mod observers;
pub(crate) mod operations;
pub(crate) mod retry_settings;
pub(crate) mod slot;
pub(crate) mod spelling;
#[cfg(test)]
mod tests;
pub(crate) mod variables;
