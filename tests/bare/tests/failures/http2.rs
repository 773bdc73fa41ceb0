//! An HTTP/2 server that counts requests, and does to each what it is told.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use h2::Reason;
use h2::server::{Connection, SendResponse};
use http::Response;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The reaction of the server to a request.
#[derive(Clone, Debug)]
pub(crate) enum Reaction {
    /// Resets the stream.
    Reset(Reason),
    /// Ends the connection, and says why.
    GoAway(Reason),
    /// Drops the connection.
    Close,
    /// Answers with a gRPC status and these headers, and without a message.
    Grpc(u16, Vec<(&'static str, &'static str)>),
}

pub(crate) struct Server {
    address: SocketAddr,
    requests: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(reaction: Reaction) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a free port");
        let address = listener.local_addr().expect("the port just bound");
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&requests);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, reaction.clone(), Arc::clone(&counter)));
            }
        });
        Self {
            address,
            requests,
            task,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    stream: TcpStream,
    reaction: Reaction,
    counter: Arc<AtomicUsize>,
) -> Result<(), h2::Error> {
    let mut connection: Connection<_, Bytes> = h2::server::handshake(stream).await?;
    while let Some(accepted) = connection.accept().await {
        let (_, mut respond) = accepted?;
        counter.fetch_add(1, Ordering::Relaxed);
        match &reaction {
            Reaction::Reset(reason) => respond.send_reset(*reason),
            Reaction::Close => return Ok(()),
            Reaction::GoAway(reason) => connection.abrupt_shutdown(*reason),
            Reaction::Grpc(code, headers) => answer(&mut respond, *code, headers)?,
        }
    }
    Ok(())
}

fn answer(
    respond: &mut SendResponse<Bytes>,
    code: u16,
    headers: &[(&str, &str)],
) -> Result<(), h2::Error> {
    let mut response = Response::builder()
        .header("content-type", "application/grpc")
        .header("grpc-status", code);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    let response = response.body(()).expect("a response");
    respond.send_response(response, true).map(drop)
}
