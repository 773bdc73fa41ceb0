//! [`Harness`]: creates the stores that the suite checks, and lets their time pass.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::protocol::store::EffectStore;

/// The future that a [`Harness`] returns.
pub type HarnessFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Creates the stores that the suite checks, and lets their time pass.
pub trait Harness: Send + Sync {
    /// Returns a store without records. Panics if it cannot be opened.
    fn fresh_store(&self) -> HarnessFuture<'_, Arc<dyn EffectStore>>;

    /// Lets at least this much time pass on the clocks of all stores that this harness made.
    ///
    /// The default waits, on tokio's clock. With a clock of the store's own that a test can move, the
    /// suite is quick.
    fn pass_time(&self, time: Duration) -> HarnessFuture<'_, ()> {
        Box::pin(tokio::time::sleep(time))
    }

    /// Returns the length of the leases that the suite lets run out: long enough for two calls of the
    /// store in a row on a busy machine. The default is one second.
    fn lease(&self) -> Duration {
        Duration::from_secs(1)
    }

    /// Returns the longest time that a wake-up may take. The default is ten seconds.
    fn patience(&self) -> Duration {
        Duration::from_secs(10)
    }

    /// Whether the stores keep the reason of a doubt ([`Record::reason`](crate::Record::reason)).
    /// The default is `false`: a store that drops reasons is correct, but gives less help to the
    /// operator who settles. If it is `true`, the suite demands them.
    fn keeps_reasons(&self) -> bool {
        false
    }

    /// Closes a store and opens the same records again; `None`, the default, if they do not outlive
    /// it.
    fn reopen(
        &self,
        store: Arc<dyn EffectStore>,
    ) -> HarnessFuture<'_, Option<Arc<dyn EffectStore>>> {
        drop(store);
        Box::pin(async { None })
    }
}
