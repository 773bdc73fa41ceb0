//! The operator's command: shows and settles records in doubt, in SQLite, Postgres and Redis.
//!
//! ```text
//! export RETRY_EFFECTS_STORE=/var/lib/app/effects.db   # or postgres://.., redis://..
//! retry-effects list --status in_doubt
//! retry-effects show 5912848c
//! retry-effects settle 5912848c --success '"receipt 7"'
//! retry-effects settle 5912848c --not-applied
//! retry-effects purge --older-than 7d
//! retry-effects stats
//! ```
//!
//! `retry-effects --help` shows the rest. Build it with the features of the stores that it is to
//! read: `cargo install --path retry-effects --features cli,sqlite,postgres-tls,redis-tls`.

fn main() -> std::process::ExitCode {
    retry_effects::__command()
}
