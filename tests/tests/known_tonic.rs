//! `tonic::Status`, from a real server that answers each code, and from failing transports.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::Ipv4Addr;
use std::task::{Context, Poll};
use std::time::Duration;

use retry_core::{Classify, Verdict};
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

/// Asserts verdict and kind, and shows the status where they differ.
#[track_caller]
fn assert_judged(status: &Status, verdict: Verdict, kind: &str) {
    assert_eq!(
        (status.classify(), status.kind()),
        (verdict, kind),
        "{status:?}"
    );
    assert!(
        status
            .as_error()
            .is_some_and(<dyn std::error::Error>::is::<Status>)
    );
}

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
        (Code::Cancelled, Verdict::Unknown, "cancelled"),
        (Code::Unknown, Verdict::Unknown, "unknown"),
        (Code::InvalidArgument, Verdict::Stop, "invalid_argument"),
        (
            Code::DeadlineExceeded,
            Verdict::Unknown,
            "deadline_exceeded",
        ),
        (Code::NotFound, Verdict::Stop, "not_found"),
        (Code::AlreadyExists, Verdict::Stop, "already_exists"),
        (Code::PermissionDenied, Verdict::Stop, "permission_denied"),
        (
            Code::ResourceExhausted,
            Verdict::Retry,
            "resource_exhausted",
        ),
        (
            Code::FailedPrecondition,
            Verdict::Stop,
            "failed_precondition",
        ),
        (Code::Aborted, Verdict::Retry, "aborted"),
        (Code::OutOfRange, Verdict::Stop, "out_of_range"),
        (Code::Unimplemented, Verdict::Stop, "unimplemented"),
        (Code::Internal, Verdict::Unknown, "internal"),
        (Code::Unavailable, Verdict::Retry, "unavailable"),
        (Code::DataLoss, Verdict::Stop, "data_loss"),
        (Code::Unauthenticated, Verdict::Stop, "unauthenticated"),
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
            Verdict::RetryAfter(Duration::from_millis(1500)),
        ),
        (Code::Unavailable, "0", Verdict::RetryAfter(Duration::ZERO)),
        (
            Code::Internal,
            "20",
            Verdict::RetryAfter(Duration::from_millis(20)),
        ),
        (Code::Unavailable, "-1", Verdict::Stop),
        (Code::Unavailable, "soon", Verdict::Stop),
        (Code::Unavailable, "", Verdict::Stop),
        (Code::DeadlineExceeded, "-1", Verdict::Stop),
        (Code::InvalidArgument, "20", Verdict::Stop),
    ] {
        let status = over_the_wire(with_pushback(code, value)).await;
        assert_eq!(status.classify(), verdict, "{value:?} with {status:?}");
    }
}

#[tokio::test]
async fn retry_info() {
    let delay = Duration::from_millis(61_250);
    for code in [Code::Unavailable, Code::ResourceExhausted, Code::Aborted] {
        let status = over_the_wire(with_retry_info(code, delay)).await;
        assert_eq!(status.classify(), Verdict::RetryAfter(delay), "{status:?}");
    }
    let status = over_the_wire(with_retry_info(Code::NotFound, delay)).await;
    assert_judged(&status, Verdict::Stop, "not_found");
    let details = ErrorDetails::with_resource_info("table", "orders", "", "busy");
    let other = Status::with_error_details(Code::Unavailable, "not now", details);
    assert_judged(&over_the_wire(other).await, Verdict::Retry, "unavailable");
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
        status.classify(),
        Verdict::RetryAfter(Duration::from_millis(250))
    );
}

#[tokio::test]
async fn a_proxy_that_knows_no_grpc() {
    for (status, verdict, kind) in [
        (401, Verdict::Stop, "unauthorized"),
        (429, Verdict::Retry, "too_many_requests"),
        (500, Verdict::Unknown, "server_error"),
        (502, Verdict::Unknown, "bad_gateway"),
        (503, Verdict::Retry, "unavailable"),
        (504, Verdict::Unknown, "gateway_timeout"),
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
    assert_judged(&answered, Verdict::Unknown, "unknown");
}

#[tokio::test]
async fn refused() {
    let refusing = Refusing::start();
    let status = call(lazily(refusing.address())).await;
    assert_judged(&status, Verdict::Retry, "connection_refused");

    // What `Endpoint::connect` returns is no status; its source chain is judged.
    let error = endpoint(refusing.address())
        .connect()
        .await
        .expect_err("a failure");
    let error: Box<dyn std::error::Error + Send + Sync> = error.into();
    assert_eq!(error.classify(), Verdict::Retry, "{error:?}");
}

#[tokio::test]
async fn connect_timeout() {
    let stalling = Stalling::start().await;
    let patient = endpoint(stalling.address()).connect_timeout(Duration::from_millis(50));
    let status = call(patient.connect_lazy()).await;
    assert_judged(&status, Verdict::Retry, "connect_timeout");
}

#[tokio::test]
async fn timeout_after_the_request() {
    let peer = Peer::start(Reaction::Silence).await;
    let patient = endpoint(peer.address()).timeout(Duration::from_millis(50));
    let status = call(patient.connect_lazy()).await;
    assert_judged(&status, Verdict::Unknown, "cancelled");
}

#[tokio::test]
async fn broken_under_the_request() {
    for reaction in [
        Reaction::Close,
        Reaction::Reset,
        Reaction::Answer(b"no HTTP".to_vec()),
    ] {
        let peer = Peer::start(reaction.clone()).await;
        let status = call(lazily(peer.address())).await;
        assert_eq!(
            status.classify(),
            Verdict::Unknown,
            "{reaction:?}: {status:?}"
        );
    }
}

#[tokio::test]
async fn middleware_may_wrap_an_answer() {
    #[derive(Debug, thiserror::Error)]
    #[error("layer")]
    struct Layer(#[source] Status);

    for (inner, verdict) in [
        (Status::unavailable("later"), Verdict::Retry),
        (Status::not_found("never"), Verdict::Stop),
        (
            with_pushback(Code::Unavailable, "5"),
            Verdict::RetryAfter(Duration::from_millis(5)),
        ),
    ] {
        let wrapped = Status::from_error(Box::new(Layer(over_the_wire(inner).await)));
        assert_eq!(wrapped.classify(), verdict, "{wrapped:?}");
    }
}
