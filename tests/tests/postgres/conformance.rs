//! The store passes the suite that all stores pass.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use retry_effects::EffectStore;
use retry_effects::conformance::{Harness, HarnessFuture, Rule};

use super::bench::Bench;

/// Schemas of one server, with a clock that the test moves.
struct Schemas {
    bench: Bench,
    made: AtomicU64,
}

impl Schemas {
    async fn open(&self, number: u64) -> Arc<dyn EffectStore> {
        let clock = self.bench.make_clock().await;
        let options = self.bench.options().clock(clock);
        let schema = format!("{}_{number}", self.bench.schema());
        let options = options.schema(schema).pool_size(4);
        Arc::new(options.connect(&self.bench.url()).await.unwrap())
    }
}

impl Harness for Schemas {
    fn fresh_store(&self) -> HarnessFuture<'_, Arc<dyn EffectStore>> {
        let number = self.made.fetch_add(1, Ordering::SeqCst) + 1;
        Box::pin(self.open(number))
    }

    fn pass_time(&self, time: Duration) -> HarnessFuture<'_, ()> {
        Box::pin(self.bench.pass(time))
    }

    fn lease(&self) -> Duration {
        Duration::from_secs(10)
    }

    fn keeps_reasons(&self) -> bool {
        true
    }

    fn reopen(
        &self,
        store: Arc<dyn EffectStore>,
    ) -> HarnessFuture<'_, Option<Arc<dyn EffectStore>>> {
        drop(store);
        Box::pin(async { Some(self.open(self.made.load(Ordering::SeqCst)).await) })
    }
}

/// One test for all: the server starts once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_store_passes_the_suite() {
    let Some(bench) = Bench::new() else { return };
    let schemas = Schemas {
        bench,
        made: AtomicU64::new(0),
    };
    let mut broken = Vec::new();
    for rule in Rule::ALL {
        broken.extend(rule.check(&schemas).await.err());
    }
    let lines: Vec<_> = broken.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "{}", lines.join("\n"));
}
