//! The arguments for the address of the store.
#![expect(
    clippy::doc_markdown,
    reason = "a terminal shows these texts as they are"
)]

use std::ffi::OsString;

use clap::Args;

/// The address of the store.
#[derive(Debug, Args)]
pub(super) struct StoreArguments {
    /// The store: a SQLite file, or a URL (postgres://, redis://) [env: RETRY_EFFECTS_STORE]
    #[arg(long, short, global = true, value_name = "PATH|URL")]
    pub(super) store: Option<OsString>,
    /// Postgres: the schema of its tables [default: retry_effects] [env: RETRY_EFFECTS_SCHEMA]
    #[arg(long, global = true, value_name = "NAME")]
    pub(super) schema: Option<String>,
    /// Redis: the prefix of its keys [default: effects] [env: RETRY_EFFECTS_PREFIX]
    #[arg(long, global = true, value_name = "NAME")]
    pub(super) prefix: Option<String>,
}
