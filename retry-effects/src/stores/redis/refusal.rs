//! [`RedisRefusal`]: servers that cannot keep the promise.

use thiserror::Error;

/// The reason why a Redis server is not used, and what to do. It is the source of a
/// [`StoreError::Misconfigured`](crate::StoreError::Misconfigured); of an
/// [`Unavailable`](crate::StoreError::Unavailable) if it may pass by itself.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RedisRefusal {
    /// It removes keys when its memory is full, including those that keep an effect from happening
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
         `{setting} {needed}` (CONFIG SET, and in redis.conf), or set accept_loss()"
    )]
    #[non_exhaustive]
    LosesWrites {
        /// The setting.
        setting: &'static str,
        /// Its value.
        value: String,
        /// The value that it must have.
        needed: &'static str,
    },
    /// Its append-only file was turned on while it ran and is not written yet: until then no file
    /// that a restart reads holds what it acknowledges.
    #[error(
        "its appendonly was turned on and its file is not written yet, so a crash of the server undoes \
         what it has acknowledged; wait until INFO persistence shows aof_rewrite_in_progress:0 \
         and aof_rewrite_scheduled:0, or set accept_loss()"
    )]
    Unwritten,
    /// It does not report its settings.
    #[error(
        "its {setting} cannot be read, so it is unknown whether it keeps the promise; allow the user to \
         read it (ACL SETUSER <user> +config|get +info){or}"
    )]
    #[non_exhaustive]
    Untold {
        /// The setting.
        setting: &'static str,
        /// The alternative.
        or: &'static str,
    },
    /// It is a Sentinel, which knows the address of a server, and keeps no records.
    #[error(
        "it is a Redis Sentinel, which keeps no records; use the address of the primary that it watches \
         (SENTINEL GET-MASTER-ADDR-BY-NAME <name>), or one that follows it after a failover"
    )]
    Sentinel,
    /// It is a replica, which takes no writes.
    #[error("it is a replica; use the address of its primary")]
    Replica,
    /// It has no store under this prefix, and [`existing`](crate::RedisOptions::existing) is set.
    #[error(
        "it has no store under the prefix {prefix:?} in its database {database}, and none is made \
         here; correct the prefix or the URL (a store is made by the first worker that opens it)"
    )]
    #[non_exhaustive]
    Absent {
        /// The prefix.
        prefix: String,
        /// The number of the database.
        database: i64,
    },
    /// The store that was there is gone: the server was emptied, or came back without its data.
    #[error(
        "the store under the prefix {prefix:?} is gone: the server was emptied, or came back without \
         its data; what was done would be done again, so nothing is claimed: bring its data back, or \
         restart the program to begin afresh"
    )]
    #[non_exhaustive]
    Emptied {
        /// The prefix.
        prefix: String,
    },
    /// Its records have a form that this version does not know.
    #[error(
        "the records there are of version {version}, and this version of retry-effects knows {known}; \
         upgrade retry-effects here"
    )]
    #[non_exhaustive]
    Newer {
        /// Their version.
        version: String,
        /// The newest known version.
        known: u32,
    },
}

impl RedisRefusal {
    /// Whether it may pass by itself: a failover may be under way, or a file be written.
    pub(super) const fn passes(&self) -> bool {
        matches!(self, Self::Replica | Self::Unwritten)
    }
}
