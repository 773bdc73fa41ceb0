//! [`Place`]: where a store is, and whom its actions act on; a line of text says it to another
//! process.

#[cfg(feature = "libraries")]
mod by_sqlx;
pub(super) mod driver;
#[cfg(feature = "postgres")]
pub(super) mod postgres;
#[cfg(feature = "redis")]
pub(super) mod redis;
pub(super) mod sqlite;

use std::path::Path;
use std::sync::Arc;

use retry_effects::store::ClaimId;
use retry_effects::{ActionId, EffectStore, Fence, Outcome, Token, current_action};

use driver::Driver;

use super::callee::{Callee, Happened};
use super::failure::Failure;

/// An open store, and the callee in the same folder.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) store: Arc<dyn EffectStore>,
    pub(super) callee: Callee,
    database: Database,
}

/// The database of a store, which the tests access without the store.
#[derive(Clone, Debug)]
enum Database {
    Sqlite(sqlite::File),
    #[cfg(feature = "postgres")]
    Postgres(postgres::Schema),
    #[cfg(feature = "redis")]
    Redis(redis::Prefix),
}

/// A moment of the transaction of effect and record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// The effect's row is written, the record is not.
    Written,
    /// Both are written, and not committed.
    Recorded,
    Committed,
}

/// The values to write in one transaction.
#[derive(Debug)]
pub(super) struct Order {
    number: u64,
    nonce: String,
    token: Token,
}

impl Place {
    /// Opens the store that `address` names: `sqlite/DRIVER`, `postgres/DRIVER SCHEMA URL` or
    /// `redis PREFIX URL`.
    pub(super) fn open(address: &str, folder: &Path) -> Self {
        let mut words: Vec<&str> = address.splitn(3, ' ').collect();
        let (kind, driver) = words[0].split_once('/').unwrap_or((words[0], "Own"));
        let driver: Driver = driver.parse().expect("a driver");
        words[0] = kind;
        let (store, database): (Arc<dyn EffectStore>, _) = match words[..] {
            ["sqlite"] => {
                let (store, file) = sqlite::File::open(folder, driver);
                (Arc::new(store), Database::Sqlite(file))
            }
            #[cfg(feature = "postgres")]
            ["postgres", schema, url] => {
                let schema = postgres::Schema::open(schema, url, driver);
                (Arc::new(schema.store()), Database::Postgres(schema))
            }
            #[cfg(feature = "redis")]
            ["redis", prefix, url] => {
                let (store, prefix) = redis::Prefix::open(prefix, url);
                (Arc::new(store), Database::Redis(prefix))
            }
            _ => panic!("{address:?} is no place"),
        };
        Self {
            store,
            callee: Callee::of(folder),
            database,
        }
    }

    /// Whether effect and record can be committed together.
    pub(super) fn has_transactions(&self) -> bool {
        match &self.database {
            Database::Sqlite(_) => true,
            #[cfg(feature = "postgres")]
            Database::Postgres(_) => true,
            #[cfg(feature = "redis")]
            Database::Redis(_) => false,
        }
    }

    /// The driver of such transactions.
    pub(super) fn driver(&self) -> Driver {
        match &self.database {
            Database::Sqlite(file) => file.driver(),
            #[cfg(feature = "postgres")]
            Database::Postgres(schema) => schema.driver(),
            #[cfg(feature = "redis")]
            Database::Redis(_) => Driver::Own,
        }
    }

    /// Acts and records it in one transaction. `at` is told how far it is. From a gated body.
    pub(super) async fn act_in_transaction(
        &self,
        number: u64,
        at: impl Fn(Moment) + Sync,
    ) -> Result<String, Failure> {
        let order = Order {
            number,
            nonce: format!("{:032x}", ClaimId::random().bits()),
            token: current_action().expect("a gated body").token(),
        };
        match &self.database {
            Database::Sqlite(file) => file.commit(&order, at).await?,
            #[cfg(feature = "postgres")]
            Database::Postgres(schema) => schema.commit(&order, at).await?,
            #[cfg(feature = "redis")]
            Database::Redis(_) => panic!("Redis has no transactions"),
        }
        Ok(order.nonce)
    }

    /// The rows that such transactions have committed for the action.
    pub(super) async fn ordered(&self, number: u64) -> Result<Vec<Happened>, Failure> {
        match &self.database {
            Database::Sqlite(file) => Ok(file.ordered(number)),
            #[cfg(feature = "postgres")]
            Database::Postgres(schema) => schema.ordered(number).await,
            #[cfg(feature = "redis")]
            Database::Redis(_) => Ok(Vec::new()),
        }
    }

    /// Ends the lease of an owner that is dead, so that nobody has to wait for it.
    pub(super) async fn end_lease(&self, id: ActionId) {
        match &self.database {
            Database::Sqlite(file) => file.end_lease(id),
            #[cfg(feature = "postgres")]
            Database::Postgres(schema) => schema.end_lease(id).await,
            #[cfg(feature = "redis")]
            Database::Redis(prefix) => prefix.end_lease(id),
        }
    }

    /// The same, with transactions on connections to another address of the same store.
    #[cfg(feature = "postgres")]
    pub(super) fn with_transactions_at(&self, address: &str) -> Self {
        let Database::Postgres(schema) = &self.database else {
            panic!("only Postgres has connections for them")
        };
        let (_, url) = address.rsplit_once("host=").expect("a URL");
        let database = Database::Postgres(schema.with_orders_at(&format!("host={url}")));
        Self {
            database,
            ..self.clone()
        }
    }

    /// Waits until the server has seen the end of a process that is dead: what that had sent may
    /// take place until then.
    pub(super) async fn outlast(&self, process: u32) {
        #[cfg(feature = "postgres")]
        if let Database::Postgres(schema) = &self.database {
            schema.outlast(process).await;
        }
        #[cfg(not(feature = "postgres"))]
        let _ = process;
    }
}

impl Order {
    fn outcome(&self) -> Outcome {
        Outcome::success(&self.nonce).expect("a text has a JSON form")
    }

    fn fence(&self) -> Fence {
        self.token.fence()
    }
}
