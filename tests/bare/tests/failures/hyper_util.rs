//! hyper-util's client with a pool of connections.

use std::future::{Ready, ready};
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};
use std::time::Duration;
use std::vec;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::TokioExecutor;
use retry_tests_bare::loopback::{Peer, Reaction, Refusing, Stalling};
use retry_tests_bare::program::{Failure, two_calls};
use tower_service::Service;

use super::reactions::{HALF, broken_before_the_head};

async fn post(client: &Client<impl Connect, Full<Bytes>>, url: &str) -> Result<(), Failure> {
    let order = Request::post(url).body(Full::from("an order"))?;
    client.request(order).await?.into_body().collect().await?;
    Ok(())
}

/// The bounds that the client puts on a connector.
trait Connect: hyper_util::client::legacy::connect::Connect + Clone + Send + Sync + 'static {}
impl<C: hyper_util::client::legacy::connect::Connect + Clone + Send + Sync + 'static> Connect
    for C
{
}

fn client<C: Connect>(connector: C) -> Client<C, Full<Bytes>> {
    Client::builder(TokioExecutor::new()).build(connector)
}

fn at(address: SocketAddr) -> String {
    format!("http://{address}/order")
}

#[tokio::test]
async fn a_request_that_breaks_off() {
    let client = client(HttpConnector::new());
    let half = ("cuts the body", Reaction::Answer(HALF.to_vec()));
    for (name, reaction) in broken_before_the_head().into_iter().chain([half]) {
        let is_read = !matches!(reaction, Reaction::CloseUnread);
        let peer = Peer::start(reaction).await;
        let url = at(peer.address());
        let calls = two_calls(name, async || post(&client, &url).await).await;
        calls.assert_in_doubt();
        assert_eq!(peer.requests(), usize::from(is_read), "{name}");
    }
}

#[derive(Clone)]
struct NoSuchName;

impl Service<Name> for NoSuchName {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Ready<io::Result<Self::Response>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Name) -> Self::Future {
        ready(Err(io::Error::other("no such name")))
    }
}

#[tokio::test]
async fn a_request_that_was_never_sent() {
    let refusing = Refusing::start();
    let plain = client(HttpConnector::new());
    let url = at(refusing.address());
    two_calls("refused port", async || post(&plain, &url).await)
        .await
        .assert_free();

    let nameless = client(HttpConnector::new_with_resolver(NoSuchName));
    two_calls("dead name", async || {
        post(&nameless, "http://booking.invalid/").await
    })
    .await
    .assert_free();

    let stalling = Stalling::start().await;
    let mut connector = HttpConnector::new();
    connector.set_connect_timeout(Some(Duration::from_millis(50)));
    let impatient = client(connector);
    let url = at(stalling.address());
    two_calls("connect timeout", async || post(&impatient, &url).await)
        .await
        .assert_free();

    two_calls("no host", async || post(&plain, "/order").await)
        .await
        .assert_refused();
}
