//! Connections of the store's own: the server's warnings on them, and the end of a statement that is
//! given up.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use deadpool_postgres::Connect;
use tokio::task::JoinHandle;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{AsyncMessage, CancelToken, Client, Config, Error, NoTls, Socket};

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The function of the server that waits for a synchronous standby. It names itself in its warnings,
/// whose texts are in the server's language.
const WAITS_FOR_STANDBY: &str = "SyncRepWaitForLSN";

/// Counts the commits that the server answered before a synchronous standby had them: a server whose
/// wait is cancelled reports success, and a warning.
#[derive(Clone, Debug, Default)]
pub(super) struct CancelledWaits(Arc<AtomicUsize>);

impl CancelledWaits {
    pub(super) fn count(&self) -> usize {
        self.0.load(Ordering::Acquire)
    }

    fn note(&self, message: &AsyncMessage) {
        if let AsyncMessage::Notice(notice) = message
            && notice.routine() == Some(WAITS_FOR_STANDBY)
        {
            self.0.fetch_add(1, Ordering::Release);
        }
    }
}

/// Opens the connections of a pool, and drives them.
pub(super) struct Connector<T> {
    pub(super) tls: T,
    pub(super) cancelled: CancelledWaits,
}

impl<T> Connect for Connector<T>
where
    T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
    T::Stream: Send + Sync,
    T::TlsConnect: Send + Sync,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    fn connect(&self, config: &Config) -> BoxFuture<'_, Result<(Client, JoinHandle<()>), Error>> {
        let (config, tls) = (config.clone(), self.tls.clone());
        Box::pin(async move {
            let (client, mut connection) = config.connect(tls).await?;
            let cancelled = self.cancelled.clone();
            let driver = tokio::spawn(async move {
                // A warning is counted before the answer behind it reaches its statement.
                while let Some(Ok(message)) =
                    poll_fn(|context| connection.poll_message(context)).await
                {
                    cancelled.note(&message);
                }
            });
            Ok((client, driver))
        })
    }
}

/// Cancels statements, by a connection of its own to the same server.
#[derive(Clone)]
pub(super) struct Canceller(Arc<dyn Fn(CancelToken) -> BoxFuture<'static, ()> + Send + Sync>);

impl Canceller {
    pub(super) fn new<T>(tls: T) -> Self
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::Stream: Send + Sync,
        T::TlsConnect: Send + Sync,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        Self(Arc::new(move |token| {
            let tls = tls.clone();
            Box::pin(async move {
                // A server that cannot be reached runs no statement of this store for long.
                let _ = token.cancel_query(tls).await;
            })
        }))
    }

    /// The canceller of a user's pool, whose TLS connector the store does not have: it cancels nothing
    /// if the pool requires TLS.
    pub(super) fn without_tls() -> Self {
        Self::new(NoTls)
    }

    pub(super) async fn cancel(&self, token: CancelToken) {
        (self.0)(token).await;
    }
}

impl fmt::Debug for Canceller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Canceller")
    }
}
