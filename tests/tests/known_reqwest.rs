//! `reqwest::Error`, from real failures of a plain HTTP client on the loopback interface.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Name, Resolve, Resolving};
use reqwest::{Client, ClientBuilder};
use retry_core::testing::Recorder;
use retry_core::{FLOW_NODE_DEFAULT, Retry};
use retry_tests::judged::{DECLINED, REFUSED, TURNED_AWAY, UNKNOWN, assert_judged};
use retry_tests::loopback::{Peer, Reaction, Refusing, Stalling};

fn client() -> ClientBuilder {
    retry_tests::choose_encryption();
    // A proxy of the environment must not come between.
    Client::builder().no_proxy()
}

async fn failure(client: ClientBuilder, address: SocketAddr) -> reqwest::Error {
    let client = client.build().expect("a client");
    let sent = client
        .post(format!("http://{address}/404"))
        .body("x")
        .send()
        .await;
    sent.expect_err("a failure")
}

async fn failure_of(reaction: Reaction) -> reqwest::Error {
    let peer = Peer::start(reaction).await;
    failure(client(), peer.address()).await
}

fn answer(status: u16, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status} Any\r\ncontent-length: {length}\r\n{headers}\r\n{body}").into_bytes()
}

/// The head of a peer's answer, with what is to come of its body.
async fn response_of(client: ClientBuilder, peer: &Peer) -> reqwest::Response {
    let client = client.build().expect("a client");
    let sent = client.get(format!("http://{}", peer.address()));
    sent.send().await.expect("a head")
}

/// The error of `Response::error_for_status`.
async fn failure_of_status(status: u16) -> reqwest::Error {
    let peer = Peer::start(Reaction::Answer(answer(status, "", ""))).await;
    let response = response_of(client(), &peer).await;
    response.error_for_status().expect_err("an error status")
}

#[tokio::test]
async fn statuses() {
    for (status, verdict, kind) in [
        (400, REFUSED, "client_error"),
        (401, REFUSED, "unauthorized"),
        (403, REFUSED, "forbidden"),
        (404, REFUSED, "not_found"),
        (408, UNKNOWN, "request_timeout"),
        (409, DECLINED, "conflict"),
        (422, REFUSED, "client_error"),
        (425, TURNED_AWAY, "too_early"),
        (429, TURNED_AWAY, "too_many_requests"),
        (500, UNKNOWN, "server_error"),
        (501, DECLINED, "declined"),
        (502, UNKNOWN, "bad_gateway"),
        (503, UNKNOWN, "unavailable"),
        (504, UNKNOWN, "gateway_timeout"),
        (507, DECLINED, "declined"),
        (529, TURNED_AWAY, "unavailable"),
    ] {
        assert_judged(&failure_of_status(status).await, verdict, kind);
    }
}

#[tokio::test]
async fn refused() {
    let error = failure(client(), Refusing::start().address()).await;
    assert_judged(&error, TURNED_AWAY, "connection_refused");
}

#[tokio::test]
async fn no_such_name() {
    struct NoSuchName;
    impl Resolve for NoSuchName {
        fn resolve(&self, _: Name) -> Resolving {
            Box::pin(async { Err("no such name".into()) })
        }
    }
    let client = client()
        .dns_resolver(Arc::new(NoSuchName))
        .build()
        .expect("a client");
    let error = client
        .get("http://name.invalid")
        .send()
        .await
        .expect_err("a failure");
    assert_judged(&error, TURNED_AWAY, "dns");
}

#[tokio::test]
async fn connect_timeout() {
    let stalling = Stalling::start().await;
    let client = client().connect_timeout(Duration::from_millis(50));
    let error = failure(client, stalling.address()).await;
    assert_judged(&error, TURNED_AWAY, "connect_timeout");
}

#[tokio::test]
async fn timeout_after_the_request() {
    let peer = Peer::start(Reaction::Silence).await;
    let client = client().timeout(Duration::from_millis(50));
    let error = failure(client, peer.address()).await;
    assert_judged(&error, UNKNOWN, "timed_out");
}

#[tokio::test]
async fn reset() {
    let error = failure_of(Reaction::Reset).await;
    assert_judged(&error, UNKNOWN, "connection_reset");
}

#[tokio::test]
async fn closed_before_the_answer() {
    let error = failure_of(Reaction::Close).await;
    assert_judged(&error, UNKNOWN, "request");
}

#[tokio::test]
async fn no_http_at_all() {
    let error = failure_of(Reaction::Answer(b"220 mail ready\r\n".to_vec())).await;
    assert_judged(&error, UNKNOWN, "request");
}

#[tokio::test]
async fn redirects_without_end() {
    let error = failure_of(Reaction::Answer(answer(307, "location: /again\r\n", ""))).await;
    assert_judged(&error, UNKNOWN, "redirect");
}

#[tokio::test]
async fn closed_within_the_answer() {
    let part = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart".to_vec();
    let peer = Peer::start(Reaction::Answer(part)).await;
    let response = response_of(client(), &peer).await;
    let error = response.bytes().await.expect_err("half a body");
    assert_judged(&error, UNKNOWN, "unexpected_eof");
}

#[tokio::test]
async fn timeout_within_the_answer() {
    let part = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart".to_vec();
    let peer = Peer::start(Reaction::AnswerInPart(part)).await;
    let client = client().timeout(Duration::from_secs(1));
    let response = response_of(client, &peer).await;
    let error = response.bytes().await.expect_err("half a body");
    assert_judged(&error, UNKNOWN, "timed_out");
}

#[tokio::test]
async fn an_answer_of_another_form() {
    let peer = Peer::start(Reaction::Answer(answer(200, "", "<html>busy</html>"))).await;
    let response = response_of(client(), &peer).await;
    let decoded = response.json::<u32>().await;
    assert_judged(&decoded.expect_err("no JSON"), UNKNOWN, "decode");
}

#[tokio::test]
async fn a_request_that_cannot_be_made() {
    let client = client().build().expect("a client");
    for url in ["no url", "http://"] {
        let error = client.get(url).send().await.expect_err("a failure");
        assert_judged(&error, REFUSED, "invalid_request");
    }
    // A redirect could have led there.
    let error = client.get("ftp://127.0.0.1/").send().await;
    assert_judged(&error.expect_err("a failure"), DECLINED, "invalid_request");
}

#[tokio::test(start_paused = true)]
async fn urls_are_logged_without_their_secrets() {
    let address = Refusing::start().address();
    let recorder = Recorder::install();
    let client = client().build().expect("a client");
    let error = Retry::new(FLOW_NODE_DEFAULT)
        .name("send")
        .run_async(|| async {
            let url = format!("http://user:SECRET@{address}/path?api_key=SECRET#SECRET");
            client.get(url).send().await.map(drop)
        })
        .await
        .expect_err("nobody listens");
    assert!(
        error.to_string().contains("SECRET"),
        "the caller's own: {error}"
    );
    let events = recorder.events();
    assert!(events.len() >= 3, "{events:?}");
    let logged = format!("{events:?}");
    assert!(!logged.contains("SECRET"), "{logged}");
    assert!(
        logged.contains(&format!("(http://{address}/path?…#…)")),
        "{logged}"
    );

    // Its `Debug` names the URL too.
    let snapshot = retry_core::__private::snapshot(&error);
    let debug = format!("{snapshot:?}");
    assert!(
        debug.contains("url: \"http://") && !debug.contains("SECRET"),
        "{debug}"
    );
}
