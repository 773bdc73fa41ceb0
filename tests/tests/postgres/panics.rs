//! Panics while connecting: the connector is the application's, and host names are looked up on threads,
//! which the system may not be able to provide.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use retry_effects::store::Resolved;
use retry_effects::{EffectStore, PostgresEffectStore, StoreError};
use retry_tests::postgres::ThrowawayPostgres;
use tokio::time::timeout;
use tokio_postgres::tls::{MakeTlsConnect, NoTlsError, NoTlsStream};
use tokio_postgres::{NoTls, Socket};

use super::bench::id;

/// Panics as long as it is told to.
#[derive(Clone, Default)]
struct Panicking(Arc<AtomicBool>);

impl MakeTlsConnect<Socket> for Panicking {
    type Stream = NoTlsStream;
    type TlsConnect = NoTls;
    type Error = NoTlsError;

    fn make_tls_connect(&mut self, host: &str) -> Result<NoTls, NoTlsError> {
        assert!(!self.0.load(Ordering::SeqCst), "a fault of the test's");
        MakeTlsConnect::<Socket>::make_tls_connect(&mut NoTls, host)
    }
}

#[tokio::test]
async fn a_panic_costs_its_own_calls_and_no_later_ones() {
    let Some(mut server) = ThrowawayPostgres::start() else {
        return;
    };
    let panicking = Panicking::default();
    let url = server.url();
    let store = PostgresEffectStore::options().connect_with(&url, panicking.clone());
    let store = store.await.expect("a store");
    // Its connections are lost, and each call needs a new one.
    server.kill();
    server.start_again();
    panicking.0.store(true, Ordering::SeqCst);
    // More calls than there are lanes.
    for number in 0..20 {
        let found = timeout(Duration::from_secs(30), store.resolve(id(number))).await;
        let error = found.expect("an answer").expect_err("no connection");
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    }
    panicking.0.store(false, Ordering::SeqCst);
    let found = timeout(Duration::from_secs(30), store.resolve(id(1))).await;
    let found = found.expect("an answer").expect("a connection");
    assert!(matches!(found, Resolved::Free), "{found:?}");
}
