//! Listens for the ends of claims on other machines.
//!
//! A notification is a hint: a woken waiter reads the record. Polling finds what is missed while the
//! connection is away.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

use retry_core::{RetryPolicy, Verdict};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{AsyncMessage, Client, Config, Connection, Socket};

use super::server::Server;
use crate::stores::resend::again;
use crate::stores::waiters::Waiters;

/// The reconnect policy: at once, and then ever less often.
const CONNECT: RetryPolicy = RetryPolicy::new(1)
    .with_unlimited_attempts()
    .with_backoff_ms(100)
    .with_exponential_backoff(true)
    .with_max_wait(std::time::Duration::from_secs(10));

/// A connection that yields the server's unrequested messages.
trait Wire: Send {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<AsyncMessage, Lost>>>;
}

impl<S, T> Wire for Connection<S, T>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
    T: AsyncRead + AsyncWrite + Unpin + Send,
{
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<AsyncMessage, Lost>>> {
        self.poll_message(context)
    }
}

type Lost = tokio_postgres::Error;
type Dialled = Pin<Box<dyn Future<Output = Result<(Client, Box<dyn Wire>), Lost>> + Send>>;

/// Opens connections of the listener's own to the server.
#[derive(Clone)]
pub(super) struct Dial(Arc<dyn Fn() -> Dialled + Send + Sync>);

impl fmt::Debug for Dial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dial")
    }
}

impl Dial {
    pub(super) fn new<T>(config: Config, tls: T) -> Self
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::Stream: Send + 'static,
        T::TlsConnect: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        Self(Arc::new(move || {
            let (config, tls) = (config.clone(), tls.clone());
            Box::pin(async move {
                let (client, connection) = config.connect(tls).await?;
                Ok((client, Box::new(connection) as Box<dyn Wire>))
            })
        }))
    }

    /// Connects once. The connection is driven until its client is dropped.
    pub(super) async fn client(&self) -> Result<Client, Lost> {
        let (client, mut wire) = (self.0)().await?;
        tokio::spawn(async move {
            while let Some(Ok(_)) = poll_fn(|context| wire.poll(context)).await {}
        });
        Ok(client)
    }

    /// Connects, however long that takes, for as long as the store exists.
    fn connected(&self, server: &Weak<Server>) -> Dialled {
        let (dial, server) = (self.0.clone(), server.clone());
        let verdict = move |_: &Lost| {
            if server.strong_count() > 0 {
                Verdict::Retry
            } else {
                Verdict::Stop
            }
        };
        Box::pin(again(CONNECT, None, verdict, move || dial()))
    }
}

/// Listens until the store is gone.
pub(super) async fn listen(dial: Dial, server: Weak<Server>, waiters: Waiters) {
    loop {
        let Some(strong) = server.upgrade() else {
            return;
        };
        let command = strong.statements().listen.clone();
        drop(strong);
        let Ok((client, mut wire)) = dial.connected(&server).await else {
            return;
        };
        let asked = async { client.batch_execute(&command).await };
        hear(&mut *wire, asked, &waiters, &server).await;
        if server.strong_count() == 0 {
            return;
        }
        // Limits reconnects to a server that takes connections and drops them.
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

/// Wakes the waiters that notifications concern, until the connection is lost or the store is gone.
async fn hear(
    wire: &mut dyn Wire,
    asked: impl Future<Output = Result<(), Lost>>,
    waiters: &Waiters,
    server: &Weak<Server>,
) {
    let mut asked = Box::pin(asked);
    let mut is_asked = false;
    let mut look = tokio::time::interval(std::time::Duration::from_secs(5));
    poll_fn(|context| {
        while look.poll_tick(context).is_ready() {
            if server.strong_count() == 0 {
                return Poll::Ready(());
            }
        }
        if !is_asked && let Poll::Ready(answer) = asked.as_mut().poll(context) {
            is_asked = true;
            if answer.is_err() {
                return Poll::Ready(());
            }
        }
        loop {
            match wire.poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(AsyncMessage::Notification(said)))) => {
                    if let Ok(id) = said.payload().parse() {
                        waiters.wake(id);
                    }
                }
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(Some(Err(_)) | None) => return Poll::Ready(()),
            }
        }
    })
    .await;
}
