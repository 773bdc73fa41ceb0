//! [`Site`]: what a test has of its own: a folder, and a server where its store takes one.

use std::path::Path;
#[cfg(any(feature = "postgres", feature = "redis"))]
use std::sync::Arc;
#[cfg(any(feature = "postgres", feature = "redis"))]
use std::sync::atomic::{AtomicU64, Ordering};

#[cfg(feature = "postgres")]
use retry_tests::postgres::ThrowawayPostgres;
#[cfg(any(feature = "postgres", feature = "redis"))]
use retry_tests::proxy::Proxy;
#[cfg(feature = "redis")]
use retry_tests::redis::ThrowawayRedis;
use tempfile::TempDir;

use super::place::driver::Driver;
use super::place::{Place, sqlite};

/// A folder, and a store that no other test has.
#[derive(Debug)]
pub(super) struct Site {
    folder: TempDir,
    pub(super) ground: Ground,
    driver: Driver,
}

/// A server, and what the store is called on it.
#[derive(Debug)]
pub(super) enum Ground {
    File,
    #[cfg(feature = "postgres")]
    Postgres(Arc<ThrowawayPostgres>, String),
    #[cfg(feature = "redis")]
    Redis(Arc<ThrowawayRedis>, String),
}

impl Site {
    fn on(ground: Ground) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self {
            folder,
            ground,
            driver: Driver::Own,
        }
    }

    /// The same, with transactions by another driver.
    pub(super) fn by(self, driver: Driver) -> Self {
        Self { driver, ..self }
    }

    pub(super) fn sqlite() -> Self {
        Self::on(Ground::File)
    }

    /// `None` where there is no Postgres, which has been said.
    #[cfg(feature = "postgres")]
    pub(super) fn postgres() -> Option<Self> {
        let server = ThrowawayPostgres::shared()?;
        Some(Self::on(Ground::Postgres(server, fresh_name())))
    }

    /// `None` where there is no Redis, which has been said.
    #[cfg(feature = "redis")]
    pub(super) fn redis() -> Option<Self> {
        let server = ThrowawayRedis::shared()?;
        Some(Self::on(Ground::Redis(server, fresh_name())))
    }

    /// With a server that no other test has, and which may be killed.
    #[cfg(feature = "postgres")]
    pub(super) fn postgres_apart() -> Option<Self> {
        let server = ThrowawayPostgres::start()?;
        Some(Self::on(Ground::Postgres(Arc::new(server), fresh_name())))
    }

    /// With a server that no other test has, and which may be killed.
    #[cfg(feature = "redis")]
    pub(super) fn redis_apart() -> Option<Self> {
        let server = ThrowawayRedis::start()?;
        Some(Self::on(Ground::Redis(Arc::new(server), fresh_name())))
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Which kind of store it has, for the line that a test prints.
    pub(super) fn kind(&self) -> &'static str {
        match &self.ground {
            Ground::File => "sqlite",
            #[cfg(feature = "postgres")]
            Ground::Postgres(..) => "postgres",
            #[cfg(feature = "redis")]
            Ground::Redis(..) => "redis",
        }
    }

    /// The text from which [`Place::open`] opens its store.
    pub(super) fn address(&self) -> String {
        match &self.ground {
            Ground::File => format!("sqlite/{}", self.driver),
            #[cfg(feature = "postgres")]
            Ground::Postgres(server, name) => in_postgres(name, self.driver, server.socket_dir()),
            #[cfg(feature = "redis")]
            Ground::Redis(server, name) => in_redis(name, &server.socket()),
        }
    }

    /// Whether somebody holds a lock for which all others wait.
    pub(super) fn is_locked(&self) -> bool {
        match &self.ground {
            Ground::File => sqlite::File::is_locked(self.folder()),
            #[cfg(feature = "postgres")]
            Ground::Postgres(..) => false,
            #[cfg(feature = "redis")]
            Ground::Redis(..) => false,
        }
    }

    pub(super) fn open(&self) -> Place {
        Place::open(&self.address(), self.folder())
    }
}

#[cfg(any(feature = "postgres", feature = "redis"))]
impl Site {
    /// A proxy before its server, and the store's address through it.
    pub(super) fn proxy(&self) -> (Proxy, String) {
        match &self.ground {
            Ground::File => panic!("a file has no server"),
            #[cfg(feature = "postgres")]
            Ground::Postgres(server, name) => {
                let proxy = Proxy::before_postgres(server.socket());
                let address = in_postgres(name, self.driver, proxy.socket_dir());
                (proxy, address)
            }
            #[cfg(feature = "redis")]
            Ground::Redis(server, name) => {
                let proxy = Proxy::before_redis(server.socket());
                let address = in_redis(name, &proxy.socket());
                (proxy, address)
            }
        }
    }

    /// Kills its server, one way or another.
    pub(super) fn kill_server(&mut self, turn: u64) {
        match &mut self.ground {
            Ground::File => panic!("a file has no server"),
            #[cfg(feature = "postgres")]
            Ground::Postgres(server, _) => {
                let server = Arc::get_mut(server).expect("a server apart");
                if turn.is_multiple_of(2) {
                    server.kill();
                } else {
                    server.stop_at_once();
                }
            }
            #[cfg(feature = "redis")]
            Ground::Redis(server, _) => {
                let _ = turn;
                Arc::get_mut(server).expect("a server apart").kill();
            }
        }
    }

    /// Starts its server again on what it had on its disk.
    pub(super) fn start_server(&mut self) {
        match &mut self.ground {
            Ground::File => panic!("a file has no server"),
            #[cfg(feature = "postgres")]
            Ground::Postgres(server, _) => {
                let server = Arc::get_mut(server).expect("a server apart");
                server.start_again();
            }
            #[cfg(feature = "redis")]
            Ground::Redis(server, _) => {
                let server = Arc::get_mut(server).expect("a server apart");
                server.start_again();
            }
        }
    }
}

#[cfg(feature = "postgres")]
fn in_postgres(schema: &str, driver: Driver, folder: &Path) -> String {
    format!("postgres/{driver} {schema} {}", postgres_url(folder))
}

/// How clients find a server, or a proxy, whose socket is in this folder.
#[cfg(feature = "postgres")]
pub(super) fn postgres_url(folder: &Path) -> String {
    let folder = folder.display();
    format!("host={folder} port=5432 user=tester dbname=postgres")
}

#[cfg(feature = "redis")]
fn in_redis(prefix: &str, socket: &Path) -> String {
    format!("redis {prefix} unix://{}", socket.display())
}

#[cfg(any(feature = "postgres", feature = "redis"))]
fn fresh_name() -> String {
    static MADE: AtomicU64 = AtomicU64::new(0);
    format!("crash_{}", MADE.fetch_add(1, Ordering::Relaxed))
}
