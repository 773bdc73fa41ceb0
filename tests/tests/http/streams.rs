//! Answers that stream: an error before the first byte is retried, and a break after it is an error of the
//! reading.

use retry_core::http::ResponseExt;
use retry_core::{Retry, RetryPolicy};

use super::client::{Client, with_both_releases};
use super::server::{Answer, Server, answer};

with_both_releases!(
    before_the_first_byte,
    after_the_first_byte,
    within_an_attempt_that_reads,
);

fn broken() -> Answer {
    let part = "HTTP/1.1 200 Any\r\ntransfer-encoding: chunked\r\n\r\n9\r\ndata: one\r\n";
    Answer::Cut(part.into())
}

fn whole() -> Answer {
    let body = "HTTP/1.1 200 Any\r\ntransfer-encoding: chunked\r\n\r\n9\r\ndata: one\r\n0\r\n\r\n";
    Answer::Whole(body.into())
}

async fn open<C: Client>(server: &Server) -> Result<C::Response, super::client::Error> {
    let client = C::new(false);
    let call = Retry::new(RetryPolicy::new(4))
        .run_async(|| async { Ok(client.ask(&server.url("/")).await?.checked().await?) });
    call.await
}

async fn before_the_first_byte<C: Client>() {
    let server = Server::of([
        answer(529, &[], "overloaded"),
        answer(500, &[], ""),
        whole(),
    ])
    .await;
    let stream = open::<C>(&server).await.expect("a stream");
    assert_eq!(C::text(stream).await.expect("all of it"), "data: one");
    assert_eq!(server.received().len(), 3);
}

async fn after_the_first_byte<C: Client>() {
    let server = Server::of([answer(503, &[], ""), broken(), whole()]).await;
    let stream = open::<C>(&server).await.expect("a stream");
    C::text(stream).await.expect_err("half of it");
    assert_eq!(server.received().len(), 2, "its head ended the call");
}

async fn within_an_attempt_that_reads<C: Client>() {
    let server = Server::of([broken(), whole()]).await;
    let client = C::new(false);
    let call = Retry::new(RetryPolicy::new(4)).run_async(|| async {
        C::text(client.ask(&server.url("/")).await?.checked().await?).await
    });
    assert_eq!(call.await.expect("the second stream"), "data: one");
    assert_eq!(server.received().len(), 2);
}
