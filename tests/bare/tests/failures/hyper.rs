//! hyper 1.x on a connection of the program's own.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use retry_tests_bare::loopback::{Peer, Reaction, Refusing};
use retry_tests_bare::program::{Failure, two_calls};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::reactions::{HALF, broken_before_the_head};

type Body = Full<Bytes>;
type Driver = JoinHandle<hyper::Result<()>>;

async fn connect(address: SocketAddr) -> Result<(SendRequest<Body>, Driver), Failure> {
    let stream = TcpStream::connect(address).await?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    Ok((sender, tokio::spawn(connection)))
}

fn order() -> Request<Body> {
    Request::post("/order")
        .header("host", "loopback")
        .body(Body::from("an order"))
        .expect("a request")
}

async fn post(address: SocketAddr) -> Result<(), Failure> {
    let (mut sender, _driver) = connect(address).await?;
    sender
        .send_request(order())
        .await?
        .into_body()
        .collect()
        .await?;
    Ok(())
}

#[tokio::test]
async fn a_request_that_breaks_off() {
    let half = ("cuts the body", Reaction::Answer(HALF.to_vec()));
    for (name, reaction) in broken_before_the_head().into_iter().chain([half]) {
        let is_read = !matches!(reaction, Reaction::CloseUnread);
        let peer = Peer::start(reaction).await;
        let calls = two_calls(name, async || post(peer.address()).await).await;
        calls.assert_in_doubt();
        assert_eq!(peer.requests(), usize::from(is_read), "{name}");
    }
}

#[tokio::test]
async fn a_refused_port() {
    let refusing = Refusing::start();
    let calls = two_calls("refused port", async || post(refusing.address()).await).await;
    calls.assert_free();
}

#[tokio::test]
async fn a_connection_that_was_gone_before() {
    let peer = Peer::start(Reaction::CloseAtOnce).await;
    let send = async || {
        let (mut sender, driver) = connect(peer.address()).await?;
        // Nobody serves the connection any more.
        let _ = driver.await;
        sender.send_request(order()).await?;
        Ok(())
    };
    two_calls("gone before the send", send).await.assert_free();
}

#[tokio::test]
async fn a_connection_that_nobody_serves_any_more() {
    let peer = Peer::start(Reaction::Silence).await;
    let send = async || {
        let (mut sender, driver) = connect(peer.address()).await?;
        let gone = async {
            peer.requested().await;
            driver.abort();
        };
        let (sent, ()) = tokio::join!(sender.send_request(order()), gone);
        sent?;
        Ok(())
    };
    two_calls("dispatch gone after the send", send)
        .await
        .assert_in_doubt();
    assert_eq!(peer.requests(), 1);
}
