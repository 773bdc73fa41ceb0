//! Pools that have no connection in time: deadpool, bb8, r2d2.

use std::convert::Infallible;
use std::time::Duration;

use deadpool::managed::{self, Metrics, RecycleResult};
use retry_tests_bare::program::two_calls;
use tokio::task::block_in_place;

/// Makes connections that are none.
struct Connections;

impl managed::Manager for Connections {
    type Type = ();
    type Error = Infallible;

    async fn create(&self) -> Result<(), Infallible> {
        Ok(())
    }

    async fn recycle(&self, (): &mut (), _: &Metrics) -> RecycleResult<Infallible> {
        Ok(())
    }
}

impl bb8::ManageConnection for Connections {
    type Connection = ();
    type Error = Infallible;

    async fn connect(&self) -> Result<(), Infallible> {
        Ok(())
    }

    async fn is_valid(&self, (): &mut ()) -> Result<(), Infallible> {
        Ok(())
    }

    fn has_broken(&self, (): &mut ()) -> bool {
        false
    }
}

impl r2d2::ManageConnection for Connections {
    type Connection = ();
    type Error = std::fmt::Error;

    fn connect(&self) -> Result<(), std::fmt::Error> {
        Ok(())
    }

    fn is_valid(&self, (): &mut ()) -> Result<(), std::fmt::Error> {
        Ok(())
    }

    fn has_broken(&self, (): &mut ()) -> bool {
        false
    }
}

const PATIENCE: Duration = Duration::from_millis(20);

#[tokio::test]
async fn deadpool_waits_in_vain() {
    let pool = managed::Pool::<Connections>::builder(Connections)
        .max_size(1)
        .runtime(deadpool::Runtime::Tokio1)
        .wait_timeout(Some(PATIENCE))
        .build()
        .expect("a pool");
    let held = pool.get().await.expect("the only connection");
    let get = async || {
        drop(pool.get().await?);
        Ok(())
    };
    two_calls("deadpool", get).await.assert_free();
    drop(held);
    pool.close();
    two_calls("deadpool, closed", get).await.assert_refused();
}

#[tokio::test]
async fn bb8_waits_in_vain() {
    let pool = bb8::Pool::builder()
        .max_size(1)
        .connection_timeout(PATIENCE)
        .build(Connections)
        .await
        .expect("a pool");
    let _held = pool.get().await.expect("the only connection");
    let get = async || {
        drop(pool.get().await?);
        Ok(())
    };
    two_calls("bb8", get).await.assert_free();
}

#[tokio::test(flavor = "multi_thread")]
async fn r2d2_waits_in_vain() {
    let pool = r2d2::Pool::builder()
        .max_size(1)
        .connection_timeout(PATIENCE)
        .build(Connections)
        .expect("a pool");
    let _held = pool.get().expect("the only connection");
    let get = async || {
        drop(block_in_place(|| pool.get())?);
        Ok(())
    };
    two_calls("r2d2", get).await.assert_free();
}
