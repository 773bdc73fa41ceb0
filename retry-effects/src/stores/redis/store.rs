//! [`RedisEffectStore`]: records on a Redis server, for many machines.

use std::fmt;
use std::sync::Arc;

use super::backend::RedisBackend;
use super::listener::Listener;
use crate::forward_effect_store;
use crate::identity::action_id::ActionId;
use crate::protocol::store::{Changed, EffectStore};
use crate::stores::durable::store::DurableStore;
use crate::stores::waiters::Waiters;

/// Records on a Redis server, which many machines share: the lowest latency of the durable stores.
///
/// A script on the server compares and sets one record, by the server's clock; what a record means is
/// decided here. A claim on an action without a record, a replay, a completion, a renewal and a release
/// by the owner are one round trip; a claim on a record that may be claimed again, a settlement and a late
/// completion are two, and a request that was sent twice confirms what it finds by one more. Callers of
/// one store share one connection; concurrent requests are written together, and the server writes them to
/// its disk together. A lone caller does not wait. A thread of the store's own talks to the server, so
/// nothing here needs the caller's runtime, and a blocked runtime keeps its leases. Up to four
/// multi-threaded runtimes at a time have a connection of their own (to each node of a cluster), so that no
/// request of their tasks waits for another thread; what such a runtime does not serve, because it ends or
/// is blocked, moves to the thread.
///
/// A handle is cheap to clone. With the last handle the thread ends, after the requests already sent.
///
/// # The server
///
/// Tested with Redis 7.0; it needs nothing newer than Redis 5, with which there are no wake-ups
/// (waiters poll), as with proxies that do not know RESP3. The server must not be a replica, and its
/// settings are read whenever a connection is made, and each minute. The store refuses
/// ([`RedisRefusal`](crate::RedisRefusal)) a server
///
/// - that evicts: `maxmemory-policy` must be `noeviction`, also if no `maxmemory` is set yet;
/// - that answers before a write is on its disk: `appendonly yes`, `appendfsync always` and
///   `no-appendfsync-on-rewrite no` are required, unless [`accept_loss`](crate::RedisOptions::accept_loss)
///   is set. With these settings the server writes and syncs its file before it sends the answers of
///   an event loop's turn (`beforeSleep` in its `server.c`), so one sync serves all concurrent
///   requests. `appendonly` that is turned on while the server runs takes effect when its first file
///   is written, for which the store waits; if it was on before, and off in between, this cannot be
///   detected: restart the server;
/// - whose store is gone: emptied, or come back without its data. `FLUSHALL` under an open connection
///   is detected within a minute; actions called before that run again.
///
/// The error for a missing right of the user names it. One of them is `CONFIG GET`, which some
/// providers forbid to all users: there the choice is `accept_loss` or another server.
///
/// A server whose memory is full refuses new claims; outcomes are still recorded.
///
/// # When it does not answer
///
/// A server that is gone is retried for about four seconds, one that is silent until the call's
/// [`timeout`](crate::RedisOptions::timeout) is over, ten seconds unless set. Then the call fails with
/// [`StoreError::Unavailable`](crate::StoreError::Unavailable), and the next call tries again. A command whose answer was lost with
/// its connection is sent again: a claim finds itself by its claim id, a completion finds its outcome
/// recorded.
///
/// # What a failover may lose
///
/// Redis copies to its replicas *after* it has answered. A replica that takes over (Sentinel,
/// Cluster, a managed service) may lack the last acknowledged writes, and the promise does not hold
/// for them: a completed effect can be missing and run again, a claim can be granted twice. Neither
/// `appendfsync always` nor `WAIT` nor `WAITAOF` prevents this: they report how many copies there
/// are, and do not keep a replica without them from taking over. If that is not acceptable, restart
/// the primary on its own disk instead of failing over, or use Postgres. Fences grow even then: they
/// are the server's clock in microseconds, or one more than the newest, so that a callee's fencing
/// column still refuses late owners, as far as the two servers' clocks agree.
///
/// # Clock
///
/// Leases, ages and `retain` run by the server's `TIME`, which is its wall clock. A clock that is set
/// forward ends leases early, which leaves actions in doubt, and ends retention early; a clock that
/// is set back makes them last longer.
///
/// # Keys and clusters
///
/// A record is a hash, `{effects:5f}:<action id>`; each of the 256 tags (`5f` is the id's first byte)
/// also has its newest fence, its ids, and its ids with a limited retention. All keys of a request
/// have one tag, so they lie in one slot of a cluster. The URL of a cluster may name any primary: the
/// store requests the other nodes from it, inspects each, has a connection to each, and follows slots
/// that move; while a slot moves, calls on its records wait. A lease is a field, never a key's
/// expiry: only finished records with [`retain`](crate::store::ClaimRequest::retain) expire.
///
/// # Versions
///
/// A record has a version: that of the program that claimed it. This version reads and settles records of
/// the first release, whose programs may be at work on the same server while a fleet is updated: they
/// complete, renew and release what they have claimed, and refuse what this version has claimed, with the
/// advice to upgrade. A store that this version makes they do not open.
///
/// # Examples
///
/// ```no_run
/// use retry_effects::{EffectStore, Outcome, RedisEffectStore, compute_action_id};
/// use retry_effects::store::{Claim, ClaimRequest, Payload};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = RedisEffectStore::connect("redis://localhost").await?;
/// let id = compute_action_id("charge", &42, "")?;
///
/// let Claim::Won(token) = store.pending(&ClaimRequest::new(id, "charge")).await? else {
///     return Ok(()); // somebody else is at it, or it is done
/// };
/// store.complete(&token, Outcome::Success(Payload::new("true"))).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RedisEffectStore(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) core: DurableStore<RedisBackend>,
    pub(super) listener: Listener,
    pub(super) waiters: Waiters,
    pub(super) server: Arc<str>,
    pub(super) prefix: String,
}

impl EffectStore for RedisEffectStore {
    forward_effect_store!(|this| &this.0.core, except changed);

    /// Reports what this process writes through this store, and what others write as far as the
    /// server's messages arrive.
    fn changed(&self, id: ActionId) -> Changed {
        self.0.listener.watch(id, &self.0.waiters)
    }
}

/// Shows the server without its password, and the prefix.
impl fmt::Debug for RedisEffectStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisEffectStore")
            .field("server", &self.0.server)
            .field("prefix", &self.0.prefix)
            .finish()
    }
}
