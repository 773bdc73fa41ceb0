//! Answers as known services send them.

use std::time::Duration;

use retry_core::Classify;
use retry_core::Verdict::{self, Retry, RetryAfter, Stop};
use retry_core::http::{ResponseExt, StatusError};
use retry_tests::judged::promise_of;

use super::client::{Client, Error, with_both_releases};
use super::server::{Server, answer};

with_both_releases!(
    known_services_by_status_and_headers,
    a_body_may_be_read_for_the_advice,
    the_error_has_all_that_the_answer_had,
    it_is_known_deep_in_a_chain,
    no_error_is_passed_on_as_it_is,
);

const fn ms(millis: u64) -> Verdict {
    RetryAfter(Duration::from_millis(millis))
}

async fn failure<C: Client>(server: &Server) -> StatusError {
    let response = C::new(false).ask(&server.url("/v1")).await;
    let checked = response.expect("an answer").checked().await;
    checked.err().expect("an error status")
}

const QUOTA: &str = r#"{"error":{"code":"insufficient_quota","type":"insufficient_quota"}}"#;

async fn known_services_by_status_and_headers<C: Client>() {
    type Case<'a> = (u16, &'a [(&'a str, &'a str)], &'a str, Verdict, bool);
    let cases: &[Case<'_>] = &[
        // OpenAI.
        (
            429,
            &[("retry-after-ms", "1200"), ("retry-after", "2")],
            "rate_limit_exceeded",
            ms(1_200),
            true,
        ),
        (
            429,
            &[("x-ratelimit-reset-requests", "6m0s")],
            QUOTA,
            Retry,
            true,
        ),
        (400, &[], "context_length_exceeded", Stop, true),
        (
            401,
            &[("x-should-retry", "false")],
            "invalid_api_key",
            Stop,
            true,
        ),
        (
            500,
            &[("x-should-retry", "true")],
            "server_error",
            Retry,
            false,
        ),
        (
            503,
            &[("retry-after", "1")],
            "engine overloaded",
            ms(1_000),
            true,
        ),
        // Anthropic.
        (
            529,
            &[("x-should-retry", "true")],
            "overloaded_error",
            Retry,
            true,
        ),
        (
            429,
            &[("retry-after", "17"), ("x-should-retry", "true")],
            "rate_limit_error",
            ms(17_000),
            true,
        ),
        (
            429,
            &[("x-should-retry", "false")],
            "enforced_spend_limit_reached",
            Stop,
            true,
        ),
        (
            413,
            &[("x-should-retry", "false")],
            "request_too_large",
            Stop,
            true,
        ),
        (504, &[], "timeout_error", Retry, false),
        // Stripe.
        (
            409,
            &[("stripe-should-retry", "true")],
            "lock_timeout",
            Retry,
            false,
        ),
        (
            409,
            &[("stripe-should-retry", "false")],
            "idempotency_key_in_use",
            Stop,
            false,
        ),
        (
            400,
            &[("stripe-should-retry", "false")],
            "idempotency_error",
            Stop,
            true,
        ),
        (402, &[], "card_declined", Stop, false),
        (
            429,
            &[("stripe-should-retry", "true")],
            "rate_limit",
            Retry,
            true,
        ),
        (
            500,
            &[("stripe-should-retry", "false")],
            "api_error",
            Stop,
            false,
        ),
        // AWS.
        (503, &[], "SlowDown", Retry, false),
        (
            503,
            &[("x-amz-retry-after", "2500")],
            "SlowDown",
            ms(2_500),
            false,
        ),
        (
            500,
            &[("x-amz-retry-after", "50")],
            "InternalError",
            ms(50),
            false,
        ),
        (
            400,
            &[("x-amz-retry-after", "50")],
            "ThrottlingException",
            Stop,
            true,
        ),
        (400, &[], "ValidationException", Stop, true),
    ];
    for (status, headers, body, verdict, is_not_applied) in cases {
        let server = Server::of([answer(*status, headers, body)]).await;
        let error = failure::<C>(&server).await;
        assert_eq!(
            promise_of(&error),
            (*verdict, *is_not_applied),
            "{status} {body}"
        );
        assert_eq!(error.verdict(), *verdict);
        let hint = match verdict {
            RetryAfter(wait) => Some(*wait),
            _ => None,
        };
        assert_eq!(error.hint(), hint, "{status} {body}");
        assert_eq!(error.body(), body.as_bytes());
    }
}

async fn a_body_may_be_read_for_the_advice<C: Client>() {
    let server = Server::of([answer(429, &[("retry-after", "5")], QUOTA)]).await;
    let ask = || async {
        C::new(false)
            .ask(&server.url("/"))
            .await
            .expect("an answer")
    };
    let has = |text: &'static str| move |error: &StatusError| error.body_text().contains(text);

    let is_final = has("insufficient_quota");
    let quota = ask()
        .await
        .checked_with(|error| is_final(error).then_some(Stop))
        .await;
    let quota = quota.err().expect("429");
    // The advice alone: a gated action is released.
    assert_eq!(promise_of(&quota), (Stop, true));
    assert_eq!(
        quota.hint(),
        Some(Duration::from_secs(5)),
        "what the server asks for"
    );

    let is_other = has("another");
    let as_it_is = ask()
        .await
        .checked_with(|error| is_other(error).then_some(Stop))
        .await;
    assert_eq!(promise_of(&as_it_is.err().expect("429")), (ms(5_000), true));
    let plain = ask().await.checked_with(|_| Retry).await;
    assert_eq!(promise_of(&plain.err().expect("429")), (Retry, true));

    let throttled = Server::of([answer(400, &[], "ThrottlingException")]).await;
    let response = C::new(false)
        .ask(&throttled.url("/"))
        .await
        .expect("an answer");
    let again = response.checked_with(|_| Retry).await;
    assert_eq!(promise_of(&again.err().expect("400")), (Retry, true));
}

async fn the_error_has_all_that_the_answer_had<C: Client>() {
    let headers = [
        ("x-request-id", "req-7"),
        ("set-cookie", "COOKIE"),
        ("retry-after", "1"),
    ];
    let server = Server::of([answer(429, &headers, "BODY \u{fffd}")]).await;
    let address = server.address();
    let url = format!("http://user:SECRET@{address}/orders?key=SECRET#SECRET");
    let response = C::new(false).ask(&url).await.expect("an answer");
    let error = response.checked().await.err().expect("429");
    assert_eq!(error.status().as_u16(), 429);
    assert_eq!(error.headers()["x-request-id"], "req-7");
    assert_eq!(error.headers()["set-cookie"], "COOKIE");
    assert_eq!(error.body_text(), "BODY \u{fffd}");
    assert_eq!(error.url(), format!("http://{address}/orders"));
    assert_eq!(
        error.to_string(),
        format!("status 429 Too Many Requests from http://{address}/orders")
    );
    let debug = format!("{error:?}");
    assert!(
        debug.contains("body_len: 8") && debug.contains("x-request-id"),
        "{debug}"
    );
    for hidden in ["SECRET", "BODY", "COOKIE", "req-7"] {
        assert!(!debug.contains(hidden), "{debug}");
    }
    assert_eq!(size_of::<StatusError>(), size_of::<usize>());
    assert!(error.classify().is_throttle());
}

async fn it_is_known_deep_in_a_chain<C: Client>() {
    #[derive(Debug, thiserror::Error)]
    #[error("cannot order")]
    struct CannotOrder(#[source] StatusError);

    let server = Server::of([answer(503, &[("retry-after", "3")], "")]).await;
    let wanted = (ms(3_000), true);
    let boxed: Error = Box::new(failure::<C>(&server).await);
    assert_eq!(promise_of(&boxed), wanted);
    let wrapped: Error = Box::new(CannotOrder(failure::<C>(&server).await));
    assert_eq!(promise_of(&wrapped), wanted);
    let deep = anyhow::Error::new(CannotOrder(failure::<C>(&server).await)).context("no receipt");
    assert_eq!(promise_of(&deep), wanted);
    assert_eq!(deep.classify().kind(), "unavailable");
    // A text that calls it final is not asked.
    let worded = anyhow::Error::new(failure::<C>(&server).await).context("404 not found");
    assert_eq!(promise_of(&worded), wanted);
}

async fn no_error_is_passed_on_as_it_is<C: Client>() {
    // With a wait that belongs to a job that was accepted, or a page that moved.
    let headers = [("retry-after", "120"), ("x-should-retry", "true")];
    for status in [200, 201, 202, 301, 302, 307, 308, 399] {
        let server = Server::of([answer(status, &headers, "a body")]).await;
        let response = C::new(false)
            .ask(&server.url("/"))
            .await
            .expect("an answer");
        let response = response.checked().await.expect("no error");
        assert_eq!(C::status(&response), status);
        assert_eq!(C::text(response).await.expect("a body"), "a body");
    }
}
