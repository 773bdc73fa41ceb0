//! [`RedisRefusal`]: servers that cannot keep the promise.

use thiserror::Error;

/// Why a Redis server is not used, and what to set. It is the source of a
/// [`StoreError::Unavailable`](crate::StoreError::Unavailable).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RedisRefusal {
    /// It removes keys when its memory is full, also those that keep an effect from happening
    /// twice.
    #[error(
        "its maxmemory-policy is {policy}, under which it may remove records at any time; set \
         `maxmemory-policy noeviction` (CONFIG SET, and in redis.conf), or use a server of its own"
    )]
    #[non_exhaustive]
    Evicts {
        /// Its `maxmemory-policy`.
        policy: String,
    },
    /// It answers before a write is on its disk, so that a crash undoes what was acknowledged.
    #[error(
        "its {setting} is {value}, so a crash of the server undoes what it has acknowledged; set \
         `{setting} {needed}` (CONFIG SET, and in redis.conf), or say accept_loss()"
    )]
    #[non_exhaustive]
    LosesWrites {
        /// The setting.
        setting: &'static str,
        /// What it is.
        value: String,
        /// What it must be.
        needed: &'static str,
    },
    /// It does not tell how it is set up.
    #[error(
        "its {setting} cannot be read; allow the user to (ACL SETUSER <user> +config|get +info){or}"
    )]
    #[non_exhaustive]
    Untold {
        /// The setting.
        setting: &'static str,
        /// What else can be done.
        or: &'static str,
    },
    /// It is a replica, which takes no writes.
    #[error("it is a replica; use the address of its primary")]
    Replica,
    /// Its records have a form that this version does not know.
    #[error(
        "the records there are of version {version}, and this version of retry-effects knows {known}; \
         upgrade retry-effects here"
    )]
    #[non_exhaustive]
    Newer {
        /// Theirs.
        version: String,
        /// The newest that is known.
        known: u32,
    },
}
