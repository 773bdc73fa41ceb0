//! The suite that every store passes: by a clock that the test moves, by the server's own, and on a
//! server that is a cluster, which turns away what does not lie in one slot.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use retry_effects::conformance::{Harness, HarnessFuture, check};
use retry_effects::{EffectStore, RedisEffectStore};
use retry_tests::redis::ThrowawayRedis;

use super::cluster::free_ports;
use super::place::{TestClock, fresh_prefix};

/// Stores under prefixes of their own.
pub(super) struct Stores {
    url: String,
    clock: Option<TestClock>,
    newest: Mutex<String>,
}

impl Stores {
    pub(super) fn at(url: String, clock: Option<TestClock>) -> Self {
        Self {
            url,
            clock,
            newest: Mutex::default(),
        }
    }

    async fn open(&self) -> Arc<dyn EffectStore> {
        let prefix = self.newest.lock().expect("no test panics with it").clone();
        let options = RedisEffectStore::options().prefix(prefix);
        let options = match &self.clock {
            Some(clock) => clock.on(options),
            None => options,
        };
        Arc::new(options.connect(&self.url).await.expect("a store"))
    }
}

impl Harness for Stores {
    fn fresh_store(&self) -> HarnessFuture<'_, Arc<dyn EffectStore>> {
        *self.newest.lock().expect("no test panics with it") = fresh_prefix();
        Box::pin(self.open())
    }

    fn pass_time(&self, time: Duration) -> HarnessFuture<'_, ()> {
        let clock = self.clock.clone();
        Box::pin(async move {
            match clock {
                Some(clock) => clock.advance(time),
                None => tokio::time::sleep(time).await,
            }
        })
    }

    fn keeps_reasons(&self) -> bool {
        true
    }

    fn reopen(
        &self,
        store: Arc<dyn EffectStore>,
    ) -> HarnessFuture<'_, Option<Arc<dyn EffectStore>>> {
        drop(store);
        Box::pin(async { Some(self.open().await) })
    }
}

#[tokio::test]
async fn the_store_passes_the_suite() {
    let Some(server) = ThrowawayRedis::shared() else {
        return;
    };
    check(&Stores::at(server.url(), Some(TestClock::new()))).await;
}

#[tokio::test]
async fn the_store_passes_the_suite_by_the_servers_clock() {
    let Some(server) = ThrowawayRedis::shared() else {
        return;
    };
    check(&Stores::at(server.url(), None)).await;
}

#[tokio::test]
async fn the_store_passes_the_suite_on_a_cluster_of_one() {
    // Without one of its own, its bus would take port 10000.
    let bus = free_ports(1)[0].to_string();
    let settings = [
        ("bind", "127.0.0.1"),
        ("cluster-enabled", "yes"),
        ("cluster-port", &bus),
    ];
    let Some(server) = ThrowawayRedis::start_with(&settings) else {
        return;
    };
    let given = server.command(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]);
    assert_eq!(given, "+OK\r\n");
    while !server
        .command(&["CLUSTER", "INFO"])
        .contains("cluster_state:ok")
    {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    check(&Stores::at(server.url(), Some(TestClock::new()))).await;
}
