//! The waits that servers request, as they are slept.

use std::time::Duration;

use retry_core::http::{ResponseExt, StatusError};
use retry_core::{Retry, RetryPolicy};
use tokio::time::Instant;

use super::client::{Client, with_both_releases};
use super::server::{Server, answer};

with_both_releases!(
    each_hint_is_slept,
    a_hint_above_the_bound_ends_the_call,
    a_date_is_compared_with_that_of_the_answer,
);

/// The wait without a hint.
const OWN: Duration = Duration::from_millis(10);

/// Returns the time until the second answer, the first one having these headers.
async fn slept<C: Client>(status: u16, headers: &[(&str, &str)]) -> Duration {
    let server = Server::of([answer(status, headers, "later"), answer(200, &[], "")]).await;
    let client = C::new(false);
    let policy = RetryPolicy::new(2).with_min_wait(OWN).with_max_wait(OWN);
    let began = Instant::now();
    let call = Retry::new(policy).run_async(|| async {
        let response = client.ask(&server.url("/")).await?.checked().await?;
        C::text(response).await
    });
    call.await.expect("the second answer");
    assert_eq!(server.received().len(), 2);
    began.elapsed()
}

#[track_caller]
fn assert_within_a_tenth(slept: Duration, wanted: Duration, what: &str) {
    let most = wanted + wanted / 10 + Duration::from_millis(2);
    assert!(
        slept >= wanted && slept <= most,
        "{what}: {slept:?} instead of {wanted:?}"
    );
}

async fn each_hint_is_slept<C: Client>() {
    let seconds = Duration::from_secs;
    for (status, name, value, wanted) in [
        (
            429,
            "retry-after-ms",
            "1500.5",
            Duration::from_micros(1_500_500),
        ),
        (429, "retry-after", "7", seconds(7)),
        (503, "retry-after", "30", seconds(30)),
        (500, "retry-after", "3", seconds(3)),
        (
            529,
            "x-amz-retry-after",
            "2500",
            Duration::from_millis(2_500),
        ),
        (429, "ratelimit", "\"default\";r=0;t=20", seconds(20)),
        (429, "ratelimit-reset", "40", seconds(40)),
    ] {
        let slept = slept::<C>(status, &[(name, value)]).await;
        assert_within_a_tenth(slept, wanted, name);
    }
    for (status, name, value) in [
        (429, "retry-after", "-5"),
        (429, "retry-after", "soon"),
        (429, "retry-after-ms", "NaN"),
        (500, "ratelimit-reset", "40"),
    ] {
        let slept = slept::<C>(status, &[(name, value)]).await;
        assert!(slept <= 2 * OWN, "{name}: {value}: {slept:?}");
    }
}

async fn a_hint_above_the_bound_ends_the_call<C: Client>() {
    for value in ["61", "99999999999999999999999999"] {
        // Even if the server asks for another attempt.
        let headers = [("retry-after", value), ("x-should-retry", "true")];
        let server = Server::of([answer(429, &headers, "")]).await;
        let client = C::new(false);
        let began = Instant::now();
        let call = Retry::new(RetryPolicy::new(3)).run_async(|| async {
            client
                .ask(&server.url("/"))
                .await?
                .checked()
                .await
                .map(drop)
                .map_err(Into::into)
        });
        let error: super::client::Error = call.await.expect_err("too long");
        let error = error.downcast_ref::<StatusError>().expect("429");
        assert!(error.hint() > Some(Duration::from_secs(60)));
        assert_eq!(server.received().len(), 1);
        assert!(began.elapsed() < Duration::from_secs(1));
    }
}

async fn a_date_is_compared_with_that_of_the_answer<C: Client>() {
    // Both long ago by this machine's clock.
    let headers = [
        ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("retry-after", "Sun, 06 Nov 1994 08:49:57 GMT"),
    ];
    let waited = slept::<C>(503, &headers).await;
    assert_within_a_tenth(waited, Duration::from_secs(20), "by the server's clock");
    // Without a clock of the server this machine's counts, by which that date is past.
    let waited = slept::<C>(503, &headers[1..]).await;
    assert!(waited <= 2 * OWN, "{waited:?}");
}
