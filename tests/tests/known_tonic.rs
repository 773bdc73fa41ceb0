//! `tonic::Status`, from a real server that answers each code, and from failing transports.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::Ipv4Addr;
use std::task::{Context, Poll};
use std::time::Duration;

use retry_core::{Answer, Classify, Verdict};
use retry_tests::judged::{DECLINED, REFUSED, TURNED_AWAY, UNKNOWN, assert_judged, promise_of};
use retry_tests::loopback::{Peer, Reaction, Refusing, Stalling};
use tokio::net::TcpListener;
use tonic::body::Body;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::{Service, http};
use tonic::metadata::MetadataMap;
use tonic::server::NamedService;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Code, Request, Status};
use tonic_types::{ErrorDetails, StatusExt};

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

/// A service that gives each call the same answer.
#[derive(Clone)]
struct Answering<F>(F);

impl<F> NamedService for Answering<F> {
    const NAME: &'static str = "test.Answering";
}

impl<F: FnMut() -> http::Response<Body>> Service<http::Request<Body>> for Answering<F> {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: http::Request<Body>) -> Self::Future {
        ready(Ok((self.0)()))
    }
}

async fn call(channel: Channel) -> Status {
    let mut client = Grpc::new(channel);
    if let Err(error) = client.ready().await {
        return Status::from_error(error.into());
    }
    let path = http::uri::PathAndQuery::from_static("/test.Answering/Call");
    let called = client.unary(Request::new(()), path, Empty).await;
    called.expect_err("a failure")
}

/// The status that a client gets from a server whose service answers so.
async fn status_of(
    answer: impl FnMut() -> http::Response<Body> + Clone + Send + Sync + 'static,
) -> Status {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .expect("a free port");
    let address = listener.local_addr().expect("the port just bound");
    let server = tokio::spawn(
        Server::builder()
            .add_service(Answering(answer))
            .serve_with_incoming(TcpIncoming::from(listener)),
    );
    let status = call(lazily(address)).await;
    server.abort();
    status
}

async fn over_the_wire(status: Status) -> Status {
    status_of(move || status.clone().into_http()).await
}

fn endpoint(address: impl ToString) -> Endpoint {
    Endpoint::from_shared(format!("http://{}", address.to_string())).expect("an address")
}

fn lazily(address: impl ToString) -> Channel {
    endpoint(address).connect_lazy()
}

fn with_pushback(code: Code, value: &str) -> Status {
    let mut metadata = MetadataMap::new();
    metadata.insert("grpc-retry-pushback-ms", value.parse().expect("ASCII"));
    Status::with_metadata(code, "not now", metadata)
}

fn with_retry_info(code: Code, delay: Duration) -> Status {
    let mut details = ErrorDetails::with_retry_info(Some(delay));
    // Encoded after it: `RetryInfo` is not the only detail.
    details.set_resource_info("table", "orders", "", "busy");
    Status::with_error_details(code, "not now", details)
}

#[tokio::test]
async fn codes() {
    for (code, verdict, kind) in [
        (Code::Cancelled, UNKNOWN, "cancelled"),
        (Code::Unknown, UNKNOWN, "unknown"),
        (Code::InvalidArgument, REFUSED, "invalid_argument"),
        (Code::DeadlineExceeded, UNKNOWN, "deadline_exceeded"),
        (Code::NotFound, REFUSED, "not_found"),
        (Code::AlreadyExists, DECLINED, "already_exists"),
        (Code::PermissionDenied, REFUSED, "permission_denied"),
        (Code::ResourceExhausted, TURNED_AWAY, "resource_exhausted"),
        (Code::FailedPrecondition, REFUSED, "failed_precondition"),
        (Code::Aborted, UNKNOWN, "aborted"),
        (Code::OutOfRange, REFUSED, "out_of_range"),
        (Code::Unimplemented, REFUSED, "unimplemented"),
        (Code::Internal, UNKNOWN, "internal"),
        (Code::Unavailable, UNKNOWN, "unavailable"),
        (Code::DataLoss, DECLINED, "data_loss"),
        (Code::Unauthenticated, REFUSED, "unauthenticated"),
    ] {
        let status = over_the_wire(Status::new(code, "any")).await;
        assert_judged(&status, verdict, kind);
    }
}

#[tokio::test]
async fn pushback() {
    for (code, value, verdict) in [
        (
            Code::Unavailable,
            "1500",
            (Verdict::RetryAfter(Duration::from_millis(1500)), true),
        ),
        (
            Code::Unavailable,
            "0",
            (Verdict::RetryAfter(Duration::ZERO), true),
        ),
        (
            Code::Internal,
            "20",
            (Verdict::RetryAfter(Duration::from_millis(20)), false),
        ),
        (Code::Unavailable, "-1", DECLINED),
        (Code::Unavailable, "soon", DECLINED),
        (Code::Unavailable, "", DECLINED),
        (Code::DeadlineExceeded, "-1", DECLINED),
        (Code::InvalidArgument, "20", REFUSED),
    ] {
        let status = over_the_wire(with_pushback(code, value)).await;
        assert_eq!(promise_of(&status), verdict, "{value:?} with {status:?}");
    }
}

#[tokio::test]
async fn retry_info() {
    let delay = Duration::from_millis(61_250);
    for code in [Code::Unavailable, Code::ResourceExhausted, Code::Aborted] {
        let status = over_the_wire(with_retry_info(code, delay)).await;
        assert_eq!(
            promise_of(&status),
            (Verdict::RetryAfter(delay), true),
            "{status:?}"
        );
    }
    let status = over_the_wire(with_retry_info(Code::NotFound, delay)).await;
    assert_judged(&status, REFUSED, "not_found");
    let details = ErrorDetails::with_resource_info("table", "orders", "", "busy");
    let other = Status::with_error_details(Code::Unavailable, "not now", details);
    assert_judged(&over_the_wire(other).await, UNKNOWN, "unavailable");
}

#[tokio::test]
async fn pushback_comes_before_retry_info() {
    let mut status = with_retry_info(Code::Unavailable, Duration::from_secs(9));
    let pushback = "250".parse().expect("ASCII");
    status
        .metadata_mut()
        .insert("grpc-retry-pushback-ms", pushback);
    let status = over_the_wire(status).await;
    assert_eq!(
        promise_of(&status),
        (Verdict::RetryAfter(Duration::from_millis(250)), true)
    );
}

#[tokio::test]
async fn a_proxy_that_knows_no_grpc() {
    for (status, verdict, kind) in [
        (401, REFUSED, "unauthorized"),
        (429, TURNED_AWAY, "too_many_requests"),
        (500, UNKNOWN, "server_error"),
        (502, UNKNOWN, "bad_gateway"),
        (503, UNKNOWN, "unavailable"),
        (504, UNKNOWN, "gateway_timeout"),
    ] {
        let answered = status_of(move || {
            let mut answer = http::Response::new(Body::empty());
            *answer.status_mut() = http::StatusCode::from_u16(status).expect("a status");
            answer
        })
        .await;
        assert_judged(&answered, verdict, kind);
    }
}

#[tokio::test]
async fn an_answer_without_a_status() {
    let answered = status_of(|| http::Response::new(Body::empty())).await;
    assert_judged(&answered, UNKNOWN, "unknown");
}

#[tokio::test]
async fn refused() {
    let refusing = Refusing::start();
    let status = call(lazily(refusing.address())).await;
    assert_judged(&status, TURNED_AWAY, "connection_refused");

    // `Endpoint::connect` returns an error that is not a status; its source chain is judged.
    let error = endpoint(refusing.address())
        .connect()
        .await
        .expect_err("a failure");
    let error: Box<dyn std::error::Error + Send + Sync> = error.into();
    assert_eq!(promise_of(&error), TURNED_AWAY, "{error:?}");
}

#[tokio::test]
async fn connect_timeout() {
    let stalling = Stalling::start().await;
    let patient = endpoint(stalling.address()).connect_timeout(Duration::from_millis(50));
    let status = call(patient.connect_lazy()).await;
    assert_judged(&status, TURNED_AWAY, "connect_timeout");
}

#[tokio::test]
async fn timeout_after_the_request() {
    let peer = Peer::start(Reaction::Silence).await;
    let patient = endpoint(peer.address()).timeout(Duration::from_millis(50));
    let status = call(patient.connect_lazy()).await;
    assert_judged(&status, UNKNOWN, "cancelled");
}

/// Whether the call was sent before the connection broke is a matter of chance, and hyper tells: it
/// gives back what it has not begun to send.
#[tokio::test]
async fn broken_under_the_request() {
    for reaction in [
        Reaction::Close,
        Reaction::Reset,
        Reaction::Answer(b"no HTTP".to_vec()),
    ] {
        let peer = Peer::start(reaction.clone()).await;
        let status = call(lazily(peer.address())).await;
        let promise = if format!("{status:?}").contains("hyper::Error(Canceled, \"") {
            TURNED_AWAY
        } else {
            UNKNOWN
        };
        assert_eq!(promise_of(&status), promise, "{reaction:?}: {status:?}");
    }
}

#[tokio::test]
async fn sizes_and_codings_of_an_answer_prove_nothing() {
    for (code, message) in [
        (
            Code::ResourceExhausted,
            "grpc: received message larger than max (9 vs. 4)",
        ),
        (
            Code::ResourceExhausted,
            "gRPC message exceeds maximum size 4: 9",
        ),
        (
            Code::ResourceExhausted,
            "Received message exceeds the maximum configured message size.",
        ),
        (
            Code::OutOfRange,
            "Error, decoded message length too large: found 9 bytes, the limit is: 4 bytes",
        ),
        (
            Code::Unimplemented,
            "Content is compressed with `br` which isn't supported",
        ),
    ] {
        let status = over_the_wire(Status::new(code, message)).await;
        assert_eq!(promise_of(&status), DECLINED, "{status:?}");
        assert_eq!(status.classify().answer(), Answer::Answered, "{status:?}");
    }
    let quota = over_the_wire(Status::resource_exhausted("quota of the tenant")).await;
    assert_eq!(promise_of(&quota), TURNED_AWAY);
    assert!(quota.classify().is_throttle());
}

#[tokio::test]
async fn middleware_may_wrap_an_answer() {
    #[derive(Debug, thiserror::Error)]
    #[error("layer")]
    struct Layer(#[source] Status);

    for (inner, verdict) in [
        (Status::unavailable("later"), UNKNOWN),
        (Status::not_found("never"), REFUSED),
        (
            with_pushback(Code::Unavailable, "5"),
            (Verdict::RetryAfter(Duration::from_millis(5)), true),
        ),
    ] {
        let wrapped = Status::from_error(Box::new(Layer(over_the_wire(inner).await)));
        assert_eq!(promise_of(&wrapped), verdict, "{wrapped:?}");
    }
}
