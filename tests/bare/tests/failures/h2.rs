//! HTTP/2 streams, by h2 itself and by hyper above it.

use std::net::SocketAddr;

use bytes::Bytes;
use h2::Reason;
use http::Request;
use http_body_util::Full;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use retry_tests_bare::program::{Failure, two_calls};
use tokio::net::TcpStream;

use super::http2::{Reaction, Server};

async fn by_h2(address: SocketAddr) -> Result<(), Failure> {
    let stream = TcpStream::connect(address).await?;
    let (client, connection) = h2::client::handshake(stream).await?;
    let driver = tokio::spawn(connection);
    let mut client = client.ready().await?;
    let order = Request::post(format!("http://{address}/order")).body(())?;
    let (answer, _) = client.send_request(order, true)?;
    let answered = answer.await;
    driver.abort();
    answered?;
    Ok(())
}

async fn by_hyper(address: SocketAddr) -> Result<(), Failure> {
    let stream = TcpStream::connect(address).await?;
    let io = TokioIo::new(stream);
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), io).await?;
    let driver = tokio::spawn(connection);
    let order =
        Request::post(format!("http://{address}/order")).body(Full::<Bytes>::from("an order"))?;
    let sent = sender.send_request(order).await;
    driver.abort();
    sent?;
    Ok(())
}

#[tokio::test]
async fn a_refused_stream_was_not_processed() {
    let server = Server::start(Reaction::Reset(Reason::REFUSED_STREAM)).await;
    two_calls("h2", async || by_h2(server.address()).await)
        .await
        .assert_free();
    two_calls("hyper", async || by_hyper(server.address()).await)
        .await
        .assert_free();
    assert_eq!(server.requests(), 16);
}

#[tokio::test]
async fn a_stream_that_ends_otherwise_may_have_been() {
    for reaction in [
        Reaction::Reset(Reason::CANCEL),
        Reaction::Reset(Reason::INTERNAL_ERROR),
        Reaction::GoAway(Reason::NO_ERROR),
        Reaction::GoAway(Reason::ENHANCE_YOUR_CALM),
        Reaction::Close,
    ] {
        let name = format!("{reaction:?}");
        let server = Server::start(reaction.clone()).await;
        two_calls(&name, async || by_h2(server.address()).await)
            .await
            .assert_in_doubt();
        assert_eq!(server.requests(), 1, "h2: {name}");
        let server = Server::start(reaction).await;
        two_calls(&name, async || by_hyper(server.address()).await)
            .await
            .assert_in_doubt();
        assert_eq!(server.requests(), 1, "hyper: {name}");
    }
}
