//! Answers and labels as no sane program writes them: a typed error, and never a panic.

use std::time::Duration;

use proptest::prelude::*;
use retry_core::http::{ResponseExt, StatusError, judge_status};
use retry_core::{Classify, Verdict};
use retry_effects::http::{KeyError, RequestExt};
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;

use super::client::{Client, Reqwest12, Reqwest13};
use super::server::{Answer, Server};

const HINTS: [&str; 9] = [
    "retry-after",
    "retry-after-ms",
    "x-amz-retry-after",
    "ratelimit",
    "ratelimit-remaining",
    "ratelimit-reset",
    "x-should-retry",
    "stripe-should-retry",
    "date",
];

fn paused() -> Runtime {
    let mut builder = Builder::new_current_thread();
    builder
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime")
}

/// The value of a header: any bytes that a client lets pass.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let byte = (0x20_u8..=0xff).prop_filter("a delete character", |byte| *byte != 0x7f);
    let sane = prop::sample::select(vec![
        "-1",
        "0",
        "1.5",
        "NaN",
        "inf",
        "-inf",
        "1e400",
        "true",
        "\"a\";r=0;t=1",
        "\"a;r=0;t=",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "99999999999999999999999",
    ]);
    prop_oneof![
        prop::collection::vec(byte, 0..40),
        sane.prop_map(|text| text.as_bytes().to_vec()),
        prop::sample::select(b"9-.,; \"\xe9".to_vec()).prop_map(|byte| vec![byte; 10_000]),
    ]
}

/// Asserts on the answer to a request with these headers and body.
async fn check<C: Client>(status: u16, headers: &[(usize, Vec<u8>)], body: &[u8]) {
    let mut bytes = format!("HTTP/1.1 {status} Any\r\n").into_bytes();
    for (name, value) in headers {
        bytes.extend_from_slice(format!("{}: ", HINTS[*name]).as_bytes());
        bytes.extend_from_slice(value);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    let server = Server::of([Answer::Cut(bytes)]).await;
    let began = Instant::now();
    let response = C::new(false)
        .ask(&server.url("/"))
        .await
        .expect("an answer");
    let checked = response.checked().await;
    assert!(began.elapsed() < Duration::from_secs(3));
    let Err(error) = checked else {
        assert!(status < 400, "{status}");
        return;
    };
    assert!(status >= 400, "{status}");
    assert_eq!(error.status().as_u16(), status);
    assert!(error.body().len() <= StatusError::MAX_BODY && body.starts_with(error.body()));
    let judged = error.classify();
    assert_eq!(
        error.hint().is_some(),
        matches!(judged.verdict(), Verdict::RetryAfter(_))
    );
    let bare = judge_status(status, |_| None);
    assert!(status == 503 || judged.is_not_applied() == bare.is_not_applied());
    assert!(format!("{error} {error:?}").len() < 1_000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_headers_and_any_body(
        status in prop_oneof![Just(429_u16), Just(503), 200..=999_u16],
        headers in prop::collection::vec((0..HINTS.len(), value()), 0..6),
        body in prop::collection::vec(any::<u8>(), 0..10_000),
        is_new: bool,
    ) {
        // These have no body.
        prop_assume!(status != 204 && status != 304);
        paused().block_on(async {
            match is_new {
                true => check::<Reqwest13>(status, &headers, &body).await,
                false => check::<Reqwest12>(status, &headers, &body).await,
            }
        });
    }

    #[test]
    fn any_label(label in "\\PC{0,300}|[\\x00-\\xff]{0,300}") {
        let is_fit = (1..=255).contains(&label.len()) && !label.contains(char::is_control);
        let client = Reqwest13::new(false);
        let request = client.post("http://127.0.0.1:9/").idempotency_key(&label);
        // Without a call there is no key, but the label is checked first.
        prop_assert_eq!(request.err() == Some(KeyError::NotStable), is_fit, "{:?}", label);
    }
}

#[test]
fn any_status_is_judged() {
    for status in 0..=u16::MAX {
        let judged = judge_status(status, |_| Some("1"));
        assert!(
            !judged.is_not_applied() || (400..=599).contains(&status),
            "{status}"
        );
    }
}
