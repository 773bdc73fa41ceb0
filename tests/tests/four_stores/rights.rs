//! The rights that the page on choosing a store names are enough, and all.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use retry_effects::Effect;
use retry_effects::store::{Filter, Payload, Settlement};
use retry_tests::block_on;
use tokio::time::timeout;

use super::place::{Store, fresh_name};
use super::shop::{Till, charge_sync, id, receipt, until};

/// All that a worker and a person do with a store.
fn use_it_all(open: impl Fn() -> Store) {
    let (here, there, till) = (open(), open(), Till::that_fails([UNKNOWN]));
    assert!(charge_sync(&here, &till, 1, 5).is_err());
    block_on(async {
        let record = there.list(&Filter::all()).await.unwrap().remove(0);
        let word = Settlement::Success(Payload::new("7"));
        there.settle(id(1), record.fence, word).await.unwrap();
        assert_eq!(there.counts().await.unwrap().total(), 1);
    });

    // One is told of what the other does: soon, as listening takes a while to begin.
    let told = AtomicU64::new(2);
    until("told", || {
        let order = told.fetch_add(1, Ordering::SeqCst);
        let till = Till::closed();
        thread::scope(|scope| {
            let owner = scope.spawn(|| charge_sync(&here, &till, order, 5));
            till.await_charge(order);
            let changed = there.changed(id(order));
            till.open();
            assert_eq!(owner.join().unwrap().unwrap(), receipt(order, 5));
            let told = block_on(async { timeout(Duration::from_millis(100), changed).await });
            told.is_ok()
        })
    });

    let retained = Effect::new("retained", &1)
        .store(&here)
        .retain(Duration::from_millis(1))
        .lease(Duration::from_secs(1));
    assert_eq!(retained.run(|| Ok::<_, String>(7)), Ok(7));
    until("purged", || {
        block_on(here.purge(Duration::ZERO)).unwrap();
        block_on(here.counts()).unwrap().total() == told.load(Ordering::SeqCst) - 1
    });
}

const UNKNOWN: io::ErrorKind = io::ErrorKind::TimedOut;

#[cfg(feature = "postgres")]
mod postgres {
    use std::sync::Arc;

    use retry_tests::postgres::ThrowawayPostgres;

    use super::super::place::postgres;
    use super::{block_on, fresh_name, use_it_all};

    async fn administer(url: &str, sql: &str) {
        let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls)
            .await
            .unwrap();
        tokio::spawn(connection);
        client.batch_execute(sql).await.unwrap();
    }

    fn with_worker(name: &str) -> Option<(Arc<ThrowawayPostgres>, String, String)> {
        let server = ThrowawayPostgres::shared()?;
        let url = server.url();
        block_on(administer(&url, &format!("CREATE ROLE {name} LOGIN")));
        let workers = url.replace(&format!("user={}", server.user()), &format!("user={name}"));
        Some((server, url, workers))
    }

    #[test]
    fn a_worker_that_owns_the_schema_makes_its_tables() {
        let name = fresh_name();
        let Some((_server, url, workers)) = with_worker(&name) else {
            return;
        };
        let create = format!("CREATE SCHEMA {name} AUTHORIZATION {name}");
        block_on(administer(&url, &create));
        use_it_all(|| Arc::new(postgres(&workers, &name)));
    }

    #[test]
    fn a_worker_that_was_granted_the_rest_uses_what_is_there() {
        let name = fresh_name();
        let Some((_server, url, workers)) = with_worker(&name) else {
            return;
        };
        drop(postgres(&url, &name));
        let grant = format!(
            "GRANT USAGE ON SCHEMA {name} TO {name};
             GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {name} TO {name};
             GRANT USAGE ON ALL SEQUENCES IN SCHEMA {name} TO {name}"
        );
        block_on(administer(&url, &grant));
        use_it_all(|| Arc::new(postgres(&workers, &name)));
    }
}

#[cfg(feature = "redis")]
mod redis {
    use std::sync::Arc;

    use retry_tests::redis::ThrowawayRedis;

    use super::super::place::redis;
    use super::{fresh_name, use_it_all};

    #[test]
    fn a_worker_with_the_rights_of_the_page_does_all() {
        let Some(server) = ThrowawayRedis::shared() else {
            return;
        };
        let name = fresh_name();
        let rights = "~{effects:* ~effects:* &{effects:* +evalsha +script|load +info +config|get \
                      +publish +subscribe +unsubscribe +@read +@write +time";
        let rights = rights.replace("effects", &name);
        let mut command = vec!["ACL", "SETUSER", &name, "on", ">pw"];
        command.extend(rights.split(' '));
        assert_eq!(server.command(&command), "+OK\r\n");
        let url = format!("{}?user={name}&pass=pw", server.url());
        use_it_all(|| Arc::new(redis(&url, &name)));
    }
}
