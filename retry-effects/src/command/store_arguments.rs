//! The arguments for the address of the store.
#![expect(
    clippy::doc_markdown,
    reason = "what is written here is what a terminal shows"
)]

use std::ffi::OsString;

use clap::Args;

/// Where the store is.
#[derive(Debug, Args)]
pub(super) struct StoreArguments {
    /// The store: a SQLite file, or a URL (postgres://, redis://) [env: RETRY_EFFECTS_STORE]
    #[arg(long, short, global = true, value_name = "PATH|URL")]
    pub(super) store: Option<OsString>,
    /// Postgres: the schema of its tables [default: retry_effects] [env: RETRY_EFFECTS_SCHEMA]
    #[arg(long, global = true, value_name = "NAME")]
    pub(super) schema: Option<String>,
    /// Redis: what its keys begin with [default: effects] [env: RETRY_EFFECTS_PREFIX]
    #[arg(long, global = true, value_name = "NAME")]
    pub(super) prefix: Option<String>,
}
