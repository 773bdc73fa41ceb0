//! `store = ..` takes each of the four by its own type, and by reference.

use std::sync::atomic::{AtomicU32, Ordering};

use retry_core::{retry_api, retry_storage};
use retry_effects::{InMemoryEffectStore, SqliteEffectStore};
use retry_tests::block_on;

/// The same two functions, on a store of this type.
macro_rules! on_a_store_of_type {
    ($test:ident, $Store:ty) => {
        fn $test(store: &$Store) {
            #[retry_api(idempotent = true, name = "charge", skip(charges), store = store)]
            async fn charge(store: &$Store, charges: &AtomicU32, order: u64) -> Result<u32, String> {
                let _ = order;
                Ok(charges.fetch_add(1, Ordering::SeqCst))
            }

            #[retry_storage(idempotent = true, name = "charge", skip(charges), store = store.clone())]
            fn charge_sync(store: &$Store, charges: &AtomicU32, order: u64) -> Result<u32, String> {
                let _ = order;
                Ok(charges.fetch_add(1, Ordering::SeqCst))
            }

            let charges = AtomicU32::new(7);
            for _ in 0..2 {
                assert_eq!(block_on(charge(store, &charges, 1)), Ok(7));
                assert_eq!(charge_sync(store, &charges, 1), Ok(7));
            }
            assert_eq!(charge_sync(store, &charges, 2), Ok(8));
        }
    };
}

on_a_store_of_type!(on_memory, InMemoryEffectStore);
on_a_store_of_type!(on_sqlite, SqliteEffectStore);
#[cfg(feature = "postgres")]
on_a_store_of_type!(on_postgres, retry_effects::PostgresEffectStore);
#[cfg(feature = "redis")]
on_a_store_of_type!(on_redis, retry_effects::RedisEffectStore);

#[test]
fn memory() {
    on_memory(&InMemoryEffectStore::new());
}

#[test]
fn sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("effects.db");
    on_sqlite(&SqliteEffectStore::open(file).unwrap());
}

#[cfg(feature = "postgres")]
#[test]
fn postgres() {
    use super::place::{fresh_name, postgres};
    if let Some(server) = retry_tests::postgres::ThrowawayPostgres::shared() {
        on_postgres(&postgres(&server.url(), &fresh_name()));
    }
}

#[cfg(feature = "redis")]
#[test]
fn redis() {
    use super::place::{fresh_name, redis};
    if let Some(server) = retry_tests::redis::ThrowawayRedis::shared() {
        on_redis(&redis(&server.url(), &fresh_name()));
    }
}
