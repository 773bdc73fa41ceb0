//! tonic's channel. Without the feature its `Status` is not known, and what lies below it is.

use std::net::SocketAddr;
use std::time::Duration;

use h2::Reason;
use http::uri::PathAndQuery;
use retry_tests_bare::loopback::{Peer, Reaction as Plain, Refusing, Stalling};
use retry_tests_bare::program::{Failure, TwoCalls, two_calls};
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::Endpoint;
use tonic::{Code, Request, Status};

use super::http2::{Reaction, Server};

/// Messages without content.
#[derive(Clone, Copy, Default)]
struct Empty;

impl Codec for Empty {
    type Encode = ();
    type Decode = ();
    type Encoder = Self;
    type Decoder = Self;
    fn encoder(&mut self) -> Self {
        Self
    }
    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Empty {
    type Item = ();
    type Error = Status;
    fn encode(&mut self, (): (), _: &mut EncodeBuf<'_>) -> Result<(), Status> {
        Ok(())
    }
}

impl Decoder for Empty {
    type Item = ();
    type Error = Status;
    fn decode(&mut self, _: &mut DecodeBuf<'_>) -> Result<Option<()>, Status> {
        Ok(Some(()))
    }
}

fn endpoint(address: SocketAddr) -> Endpoint {
    Endpoint::from_shared(format!("http://{address}")).expect("an address")
}

async fn call(endpoint: &Endpoint) -> Result<(), Failure> {
    let mut client = Grpc::new(endpoint.connect_lazy());
    client.ready().await?;
    let path = PathAndQuery::from_static("/bank.Orders/Book");
    client
        .unary::<(), (), _>(Request::new(()), path, Empty)
        .await?;
    Ok(())
}

async fn two_calls_to(name: &str, endpoint: Endpoint) -> TwoCalls {
    two_calls(name, async || call(&endpoint).await).await
}

#[tokio::test]
async fn a_call_that_breaks_off() {
    let peer = Peer::start(Plain::Silence).await;
    let impatient = endpoint(peer.address()).timeout(Duration::from_millis(50));
    two_calls_to("timeout", impatient).await.assert_in_doubt();
    for reaction in [
        Reaction::Reset(Reason::CANCEL),
        Reaction::GoAway(Reason::NO_ERROR),
        Reaction::Close,
    ] {
        let name = format!("{reaction:?}");
        let server = Server::start(reaction).await;
        two_calls_to(&name, endpoint(server.address()))
            .await
            .assert_in_doubt();
        assert_eq!(server.requests(), 1, "{name}");
    }
}

#[tokio::test]
async fn a_call_that_was_never_sent() {
    let refusing = Refusing::start();
    two_calls_to("refused port", endpoint(refusing.address()))
        .await
        .assert_free();
    let stalling = Stalling::start().await;
    let impatient = endpoint(stalling.address()).connect_timeout(Duration::from_millis(50));
    two_calls_to("connect timeout", impatient)
        .await
        .assert_free();
    let server = Server::start(Reaction::Reset(Reason::REFUSED_STREAM)).await;
    two_calls_to("refused stream", endpoint(server.address()))
        .await
        .assert_free();
}

#[tokio::test]
async fn statuses() {
    let pushback = || vec![("grpc-retry-pushback-ms", "1")];
    let too_large = || vec![("grpc-message", "grpc: received message larger than max")];
    for (code, headers) in [
        (Code::Unavailable, vec![]),
        (Code::Aborted, vec![]),
        (Code::Internal, pushback()),
        (Code::DeadlineExceeded, vec![]),
        (Code::AlreadyExists, vec![]),
        (Code::ResourceExhausted, too_large()),
    ] {
        let name = format!("{code:?} {headers:?}");
        let server = Server::start(Reaction::Grpc(code as u16, headers)).await;
        two_calls_to(&name, endpoint(server.address()))
            .await
            .assert_in_doubt();
        assert_eq!(server.requests(), 1, "{name}");
    }
    for (code, headers, attempts) in [
        (Code::Unavailable, pushback(), 8),
        (Code::Aborted, pushback(), 8),
        (Code::ResourceExhausted, vec![], 8),
        (Code::InvalidArgument, vec![], 2),
    ] {
        let name = format!("{code:?} {headers:?}");
        let server = Server::start(Reaction::Grpc(code as u16, headers)).await;
        let calls = two_calls_to(&name, endpoint(server.address())).await;
        // The feature settles a doubt.
        match attempts {
            8 if cfg!(feature = "tonic") => calls.assert_free(),
            2 if cfg!(feature = "tonic") => calls.assert_refused(),
            _ => calls.assert_in_doubt(),
        }
    }
}
