//! [`Harness`]: how the suite makes the stores that it tries, and lets their time pass.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::protocol::store::EffectStore;

/// What a [`Harness`] answers.
pub type HarnessFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// How the suite makes the stores that it tries, and lets their time pass.
pub trait Harness: Send + Sync {
    /// A store that holds no records. One that can fail to open panics.
    fn fresh_store(&self) -> HarnessFuture<'_, Arc<dyn EffectStore>>;

    /// Lets at least this much time pass on the clocks of all stores that this harness made.
    ///
    /// The default waits, on tokio's clock. A store with a clock of its own that a test can move
    /// makes the suite quick.
    fn pass_time(&self, time: Duration) -> HarnessFuture<'_, ()> {
        Box::pin(tokio::time::sleep(time))
    }

    /// The length of the leases that the suite lets run out: long enough for two calls of the
    /// store in a row on a busy machine. The default is one second.
    fn lease(&self) -> Duration {
        Duration::from_secs(1)
    }

    /// For how long a wake-up may be under way. The default is ten seconds.
    fn patience(&self) -> Duration {
        Duration::from_secs(10)
    }

    /// Whether the stores keep the reason of a doubt ([`Record::reason`](crate::Record::reason)). The
    /// default is `false`: a store that drops reasons is correct, only less of a help to the person who
    /// settles. One that says `true` is asked for them.
    fn keeps_reasons(&self) -> bool {
        false
    }

    /// Closes a store and opens the same records again; `None`, the default, where they do not
    /// outlive it.
    fn reopen(
        &self,
        store: Arc<dyn EffectStore>,
    ) -> HarnessFuture<'_, Option<Arc<dyn EffectStore>>> {
        drop(store);
        Box::pin(async { None })
    }
}
