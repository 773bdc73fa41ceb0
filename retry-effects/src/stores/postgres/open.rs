//! Opening a store: its connections, what is found at their other end, its tables.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use deadpool_postgres::{
    ClientWrapper, Hook, HookError, Manager, ManagerConfig, Pool, QueueMode, RecyclingMethod,
    Runtime,
};
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Config, NoTls, Socket};

use super::connections::{Connections, PoolMaker};
use super::connector::{Canceller, Connector};
use super::listener::Dial;
use super::name::SchemaName;
use super::options::PostgresOptions;
use super::runtime::{at_home, wait_at_home};
use super::server::Server;
use super::sessions::Sessions;
use super::settings::{SESSION, Settings};
use super::store::PostgresEffectStore;
#[cfg(feature = "postgres-tls")]
use super::tls;
use super::{error, schema, sessions};
use crate::protocol::store_error::StoreError;
use crate::stores::libpq;

/// The longest time for one try to connect, unless the URL sets another.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The idle time before a TCP keepalive, and the time without an answer after which the other end
/// counts as gone, unless the URL sets others.
const KEEPALIVE: Duration = Duration::from_secs(30);

impl PostgresOptions {
    /// Opens the store at a URL (`postgres://user:password@host/database`, or `host=.. user=..`).
    /// Needs no runtime.
    ///
    /// With `sslmode=verify-full` in the URL, or `require`, which means the same here, connections are
    /// encrypted, by the feature `postgres-tls`: the server's certificate must be issued for the host of the URL by an authority that this
    /// machine trusts (the system's certificates, or those of `SSL_CERT_FILE`). Otherwise they are
    /// not encrypted. For certificates of other kinds there is [`connect_with`](Self::connect_with).
    ///
    /// # Errors
    ///
    /// As [`PostgresEffectStore::connect`].
    pub async fn connect(self, url: &str) -> Result<PostgresEffectStore, StoreError> {
        at_home(self.dialling_as_asked(url)?).await
    }

    /// Like [`connect`](Self::connect), but waits on this thread.
    ///
    /// # Errors
    ///
    /// As [`PostgresEffectStore::connect`].
    ///
    /// # Panics
    ///
    /// On a thread of a tokio runtime, where [`connect`](Self::connect) does.
    pub fn connect_blocking(self, url: &str) -> Result<PostgresEffectStore, StoreError> {
        wait_at_home(self.dialling_as_asked(url)?)
    }

    /// Opens the store at a URL with a TLS connector: that of `postgres-native-tls` or
    /// `tokio-postgres-rustls`.
    ///
    /// # Errors
    ///
    /// As [`PostgresEffectStore::connect`].
    pub async fn connect_with<T>(self, url: &str, tls: T) -> Result<PostgresEffectStore, StoreError>
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::Stream: Send + Sync,
        T::TlsConnect: Send + Sync,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        at_home(self.dialling(url, tls)?).await
    }

    /// Opens the store on a pool of the application's own.
    ///
    /// # Errors
    ///
    /// As [`PostgresEffectStore::connect`].
    pub async fn with_pool(self, pool: Pool) -> Result<PostgresEffectStore, StoreError> {
        let connections = Connections::shared(pool);
        at_home(self.opening(connections, "Postgres".to_owned(), None)?).await
    }

    /// Returns a future that opens the store with the connector that the URL requires.
    fn dialling_as_asked(self, url: &str) -> Result<Opening, StoreError> {
        match config(url)?.get_ssl_mode() {
            SslMode::Require => self.dialling_encrypted(url),
            _ => self.dialling(url, NoTls),
        }
    }

    #[cfg(feature = "postgres-tls")]
    fn dialling_encrypted(self, url: &str) -> Result<Opening, StoreError> {
        self.dialling(url, tls::connector()?)
    }

    #[cfg(not(feature = "postgres-tls"))]
    fn dialling_encrypted(self, _: &str) -> Result<Opening, StoreError> {
        Err(StoreError::misconfigured(
            "cannot be opened: the URL requires TLS (`sslmode`), which this program was built \
             without; enable the feature `postgres-tls` of retry-effects, or open the store by \
             `connect_with` and a TLS connector",
        ))
    }

    /// Returns a future that opens the store on a pool of its own.
    fn dialling<T>(self, url: &str, tls: T) -> Result<Opening, StoreError>
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::Stream: Send + Sync,
        T::TlsConnect: Send + Sync,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        if self.pool_size == 0 {
            return Err(StoreError::misconfigured(
                "cannot be opened: pool_size is 0; it must be at least 1",
            ));
        }
        let config = config(url)?;
        let name = name(url, &config);
        let dial = Dial::new(config.clone(), tls.clone());
        let canceller = Canceller::new(tls.clone());
        let sessions = Arc::new(OnceLock::new());
        let maker = maker(config, tls, sessions.clone());
        let connections = Connections::own(maker, canceller, self.pool_size)
            .map_err(|error| StoreError::unavailable("make a pool of connections", error))?;
        self.opening(connections, name, Some((dial, sessions)))
    }

    fn opening(
        self,
        connections: Connections,
        name: String,
        own: Option<(Dial, Arc<OnceLock<Sessions>>)>,
    ) -> Result<Opening, StoreError> {
        let schema = SchemaName::new(&self.schema)?;
        let mut server = Server::new(connections, name, schema, self.clock);
        Ok(Box::pin(async move {
            let (dial, sessions) = own.unzip();
            let found = sessions::find(&server, dial.as_ref()).await?;
            if let Some(sessions) = sessions {
                // It is empty: the pool is new.
                let _ = sessions.set(found);
                if found == Sessions::Own {
                    server.rely_on(Settings::OfSession);
                }
            }
            if self.is_existing {
                schema::find(&server).await?;
            } else {
                schema::migrate(&server).await?;
            }
            // On a shared session nobody hears notifications, and others would.
            let dial = dial.filter(|_| found == Sessions::Own);
            PostgresEffectStore::start(server, dial)
        }))
    }
}

/// Returns what makes the pools of a store, whose sessions get its settings once they are known to be its own.
fn maker<T>(config: Config, tls: T, sessions: Arc<OnceLock<Sessions>>) -> PoolMaker
where
    T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
    T::Stream: Send + Sync,
    T::TlsConnect: Send + Sync,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    PoolMaker::new(move |size, cancelled| {
        let recycled = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let (tls, sessions) = (tls.clone(), sessions.clone());
        let connector = Connector { tls, cancelled };
        Pool::builder(Manager::from_connect(config.clone(), connector, recycled))
            .max_size(size)
            // The server's process for the connection that was used last is the fastest.
            .queue_mode(QueueMode::Lifo)
            .runtime(Runtime::Tokio1)
            .post_create(Hook::async_fn(move |client: &mut ClientWrapper, _| {
                // On a shared session others would get the settings.
                let is_own = sessions.get() == Some(&Sessions::Own);
                Box::pin(async move {
                    if is_own {
                        let set = client.batch_execute(SESSION).await;
                        set.map_err(HookError::Backend)?;
                    }
                    Ok(())
                })
            }))
            .build()
    })
}

/// Returns the server's name in errors: its address, without user and password.
fn name(url: &str, config: &Config) -> String {
    if has_stray_at(url) {
        return "Postgres".to_owned();
    }
    let ports = config.get_ports();
    let hosts = config.get_hosts().iter().enumerate().map(|(place, host)| {
        let port = ports.get(place).or(ports.first()).unwrap_or(&5432);
        match host {
            Host::Tcp(host) => format!("{host}:{port}"),
            #[cfg(unix)]
            Host::Unix(folder) => format!("{}:{port}", folder.display()),
        }
    });
    let hosts: Vec<_> = hosts.collect();
    let database = config.get_dbname().map(|name| format!("/{name}"));
    format!(
        "Postgres at {}{}",
        hosts.join(","),
        database.unwrap_or_default()
    )
}

/// Whether the client takes a piece of a password for the host: it ends the user at the first `@`,
/// which may stand in a password that was not escaped.
fn has_stray_at(url: &str) -> bool {
    let Some((_, rest)) = url.split_once("://") else {
        return false;
    };
    let (base, query) = rest.split_once('?').unwrap_or((rest, ""));
    base.matches('@').count() > 1 || (!base.contains('@') && query.contains('@'))
}

type Opening = Pin<Box<dyn Future<Output = Result<PostgresEffectStore, StoreError>> + Send>>;

/// Returns the address of a URL, restricted to servers that take writes.
fn config(url: &str) -> Result<Config, StoreError> {
    let url = libpq::in_client_form(url);
    let mut config: Config = url.parse().map_err(|error| error::of_url(&error))?;
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        return Err(error::bad_url("the URL names no host"));
    }
    config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    // An idle connection, such as the listener's, does not notice that its server is gone. The
    // library's default is two hours.
    if config.get_keepalives_idle() >= Duration::from_secs(7200) {
        config.keepalives_idle(KEEPALIVE);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(KEEPALIVE);
    }
    if config.get_application_name().is_none() {
        config.application_name("retry-effects");
    }
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(not(feature = "postgres-tls"))]
    #[test]
    fn a_url_that_asks_for_tls_is_not_served_in_the_clear() {
        let url = "postgres://worker@db.internal/app?sslmode=require";
        let refused = PostgresOptions::new().connect_blocking(url);
        let Err(StoreError::Misconfigured { what, .. }) = refused else {
            panic!("{refused:?}");
        };
        assert!(
            what.contains("postgres-tls") && what.contains("connect_with"),
            "{what}"
        );
    }

    #[test]
    fn a_server_is_named_without_secrets() {
        let table = [
            (
                "postgres://u:secret@db.internal:6000/app",
                "Postgres at db.internal:6000/app",
            ),
            (
                "postgres://u@one,two:6000/app",
                "Postgres at one:5432,two:6000/app",
            ),
            ("host=/run/pg user=u", "Postgres at /run/pg:5432"),
            ("host=h user=u@x password='a@b'", "Postgres at h:5432"),
            // Passwords that were not escaped.
            ("postgres://u:sec@ret@h/d", "Postgres"),
            ("postgres://u:sec@r/et@h/d", "Postgres"),
            ("postgres://u:sec?ret@h/d", "Postgres"),
            ("postgres://h/d?password=sec@ret", "Postgres"),
            (
                "postgres://u:p@h/d?application_name=a@b",
                "Postgres at h:5432/d",
            ),
        ];
        for (url, called) in table {
            assert_eq!(name(url, &config(url).expect("a URL")), called);
        }
    }
}
