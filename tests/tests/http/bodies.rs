//! The body of an error's answer: bounded, and never the reason for another error.

use std::time::Duration;

use retry_core::http::{ResponseExt, StatusError};
use retry_core::testing::Recorder;
use retry_core::{Retry, RetryError, RetryPolicy, Verdict};
use tokio::time::Instant;

use super::client::{Client, Error, with_both_releases};
use super::server::{Answer, Server, answer, head};

with_both_releases!(
    a_long_body_is_cut,
    a_body_that_ends_early_is_kept_so_far,
    a_body_that_never_ends_is_kept_so_far,
    a_body_without_end_holds_no_connection,
    a_short_body_leaves_its_connection_to_the_next_attempt,
    a_body_that_is_no_text_is_bytes,
    the_time_limit_of_an_attempt_includes_the_body,
    bodies_are_not_logged,
);

async fn failure<C: Client>(server: &Server) -> StatusError {
    let response = C::new(false).ask(&server.url("/")).await;
    let checked = response.expect("an answer").checked().await;
    checked.err().expect("an error status")
}

async fn a_long_body_is_cut<C: Client>() {
    for length in [8_191, 8_192, 8_193, 1 << 20] {
        let body: String = "0123456789abcdef".chars().cycle().take(length).collect();
        let server = Server::of([answer(500, &[], &body)]).await;
        let error = failure::<C>(&server).await;
        assert_eq!(
            error.body(),
            &body.as_bytes()[..length.min(StatusError::MAX_BODY)]
        );
    }
}

async fn a_body_that_ends_early_is_kept_so_far<C: Client>() {
    for body in ["", "part"] {
        let bytes = [head(503, &[("retry-after", "1")], 100), body.into()].concat();
        let server = Server::of([Answer::Cut(bytes)]).await;
        let error = failure::<C>(&server).await;
        assert_eq!(
            (error.status().as_u16(), error.body()),
            (503, body.as_bytes())
        );
        assert_eq!(error.hint(), Some(Duration::from_secs(1)));
    }
    // Chunks that are none.
    let chunked = b"HTTP/1.1 429 Any\r\ntransfer-encoding: chunked\r\n\r\n4\r\npart\r\nnonsense";
    let server = Server::of([Answer::Cut(chunked.to_vec())]).await;
    let error = failure::<C>(&server).await;
    assert_eq!((error.status().as_u16(), error.body()), (429, &b"part"[..]));
}

async fn a_body_that_never_ends_is_kept_so_far<C: Client>() {
    let bytes = [head(500, &[], 100), b"part".to_vec()].concat();
    let server = Server::of([Answer::Stalled(bytes)]).await;
    let began = Instant::now();
    let error = failure::<C>(&server).await;
    assert_eq!((error.status().as_u16(), error.body()), (500, &b"part"[..]));
    // The virtual clock jumps to the end of the time for the body.
    let took = began.elapsed();
    assert!((2_000..2_100).contains(&took.as_millis()), "{took:?}");
    // The server sees that its client has left, although the error is still there.
    server.has_ended(1).await;
    drop(error);
}

async fn a_body_without_end_holds_no_connection<C: Client>() {
    let chunked = b"HTTP/1.1 503 Any\r\n\r\n".to_vec();
    let server = Server::of([Answer::Endless(chunked)]).await;
    let error = failure::<C>(&server).await;
    assert_eq!(error.body(), [b'x'; StatusError::MAX_BODY]);
    server.has_ended(1).await;
    drop(error);
}

async fn a_short_body_leaves_its_connection_to_the_next_attempt<C: Client>() {
    let server = Server::of([answer(503, &[], "busy"), answer(200, &[], "done")]).await;
    let client = C::new(false);
    let policy = RetryPolicy::new(2).with_min_wait(Duration::from_secs(1));
    let text = Retry::new(policy).run_async(|| async {
        let response = client.ask(&server.url("/")).await?.checked().await?;
        C::text(response).await
    });
    assert_eq!(text.await.expect("the second answer"), "done");
    let connections: Vec<_> = server.received().iter().map(|it| it.connection).collect();
    assert_eq!((connections, server.ended()), (vec![0, 0], 0));
}

async fn a_body_that_is_no_text_is_bytes<C: Client>() {
    let bytes = [head(500, &[], 4), vec![0xff, 0, b'a', 0xc3]].concat();
    let server = Server::of([Answer::Whole(bytes)]).await;
    let error = failure::<C>(&server).await;
    assert_eq!(error.body(), [0xff, 0, b'a', 0xc3]);
    assert_eq!(error.body_text(), "\u{fffd}\0a\u{fffd}");
}

async fn the_time_limit_of_an_attempt_includes_the_body<C: Client>() {
    let bytes = head(429, &[("retry-after", "1")], 100);
    let server = Server::of([Answer::Stalled(bytes)]).await;
    let client = C::new(false);
    let limit = Duration::from_millis(500);
    let call = Retry::new(RetryPolicy::new(1))
        .timeout(limit)
        .run_async(|| async {
            let response = client.ask(&server.url("/")).await?.checked().await?;
            C::text(response).await
        });
    let error = call.await.expect_err("no time for the body");
    let error = error.downcast_ref::<RetryError>().expect("the limit");
    assert!(
        matches!(error, RetryError::AttemptTimeout { .. }),
        "{error}"
    );
    server.has_ended(1).await;
}

async fn bodies_are_not_logged<C: Client>() {
    let server = Server::of([answer(503, &[("set-cookie", "COOKIE")], "BODY")]).await;
    let recorder = Recorder::install();
    let client = C::new(false);
    let call = Retry::new(RetryPolicy::new(2)).run_async(|| async {
        let url = server.url("/orders?key=SECRET");
        client.ask(&url).await?.checked().await?;
        Ok::<_, Error>(())
    });
    let error = call.await.expect_err("503");
    let error = error.downcast_ref::<StatusError>().expect("503");
    assert_eq!(
        (error.verdict(), error.body()),
        (Verdict::Retry, &b"BODY"[..])
    );
    let logged = format!("{:?}", recorder.events());
    assert!(
        logged.contains("status 503 Service Unavailable from http://"),
        "{logged}"
    );
    for hidden in ["BODY", "COOKIE", "SECRET"] {
        assert!(!logged.contains(hidden), "{logged}");
    }
}
