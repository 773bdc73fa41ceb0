//! URLs in the texts of errors lose their secrets in whatever is logged.

use std::borrow::Cow;
use std::error::Error;
use std::io;

use retry_core::testing::{Recorder, VirtualClock};
use retry_core::{
    CircuitBreaker, CircuitBreakers, Classify, FLOW_NODE_DEFAULT, Judgement, Retry, RetryScope,
    RetrySettings, Verdict, retry_api,
};
use retry_effects::{Effect, InMemoryEffectStore, Probe, StoreError};

const URL: &str = "https://user:SECRET@host:8443/path?api_key=SECRET#SECRET";

/// An HTTP client's error: it prints its URL in each way, and so does what it came from.
#[derive(Debug, thiserror::Error)]
#[error("error sending request for url ({url})")]
struct ClientError {
    url: &'static str,
    #[source]
    source: Refused,
}

#[derive(Debug, thiserror::Error)]
#[error("{0}: connection refused")]
struct Refused(&'static str);

impl ClientError {
    const fn new() -> Self {
        let (url, source) = (URL, Refused(URL));
        Self { url, source }
    }
}

impl Classify for ClientError {
    fn as_error(&self) -> Option<&(dyn Error + 'static)> {
        Some(self)
    }
}

/// An error that carries its verdict, and prints a URL.
struct Judged(Verdict);

impl std::fmt::Display for Judged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{URL} failed")
    }
}

impl Classify for Judged {
    fn classify(&self) -> Judgement {
        self.0.into()
    }
}

/// Printed by its `Debug` alone.
#[derive(Debug)]
#[expect(dead_code, reason = "printed by its `Debug`")]
struct Undisplayed {
    url: &'static str,
}

#[retry_api]
fn fetch() -> Result<(), Undisplayed> {
    Err(Undisplayed { url: URL })
}

/// All that was logged, fields and chains too, in which no secret may stand.
fn logged(recorder: &Recorder) -> String {
    let logged = format!("{:?}", recorder.events());
    assert!(!logged.contains("SECRET"), "{logged}");
    assert!(!logged.contains("user:"), "{logged}");
    logged
}

#[test]
fn each_event_of_a_call_shows_urls_without_their_secrets() {
    let _clock = VirtualClock::install();
    let recorder = Recorder::install();
    let retry = Retry::new(FLOW_NODE_DEFAULT).name("send");
    retry
        .run(|| Err::<(), _>(ClientError::new()))
        .expect_err("it fails");
    let logged_so_far = logged(&recorder);
    for text in [
        "Retry attempt 1/3 for send failed: error sending request for url \
         (https://…@host:8443/path?…#…)",
        "Retry exhausted after 3/3 attempts",
        "https://…@host:8443/path?…#…: connection refused",
    ] {
        assert!(logged_so_far.contains(text), "{logged_so_far}");
    }

    retry
        .run(|| Err::<(), _>(Judged(Verdict::Stop)))
        .map_err(drop)
        .expect_err("it fails");
    assert!(logged(&recorder).contains("Not retried: send failed on attempt 1/3: https://…@host"));

    let scope = RetryScope::new();
    scope.cancel();
    scope
        .run(|| retry.run(|| Err::<(), _>(Judged(Verdict::Retry))))
        .map_err(drop)
        .expect_err("it fails");
    assert!(logged(&recorder).contains("(cancelled): https://…@host"));

    fetch().expect_err("it fails");
    assert!(
        logged(&recorder).contains("Retry exhausted after 4/4 attempts for fetch: Undisplayed")
    );
}

/// The event `rescued`: the attempt failed, the probe found its result, and the call succeeds.
#[test]
fn an_attempt_whose_result_a_probe_found_is_reported_without_secrets() {
    let recorder = Recorder::install();
    let charged = Effect::new("charge", &URL)
        .store(InMemoryEffectStore::new())
        .retry(Retry::new(FLOW_NODE_DEFAULT).name("charge"))
        .probe(|| Probe::Applied(7))
        .run(|| Err::<u32, _>(io::Error::other(format!("no answer from {URL}"))));
    assert_eq!(charged.expect("the callee has it"), 7);
    let logged = logged(&recorder);
    assert!(
        logged.contains("Retry attempt 1/3 for charge failed: no answer from https://…@host"),
        "{logged}"
    );
}

/// Without a probe the record is in doubt, and its reason is the attempt's error.
#[test]
fn an_action_in_doubt_is_reported_without_secrets() {
    let recorder = Recorder::install();
    let store = std::sync::Arc::new(InMemoryEffectStore::new());
    for expected in ["no answer from https://", "in doubt"] {
        let error = Effect::new("charge in doubt", &URL)
            .store(&store)
            .run(|| Err::<u32, _>(io::Error::other(format!("no answer from {URL}"))))
            .expect_err("it fails");
        assert!(error.to_string().contains(expected), "{error}");
    }
    let logged = logged(&recorder);
    for text in [
        "Not recognized: charge in doubt",
        "Not run: charge in doubt",
    ] {
        assert!(logged.contains(text), "{logged}");
    }
}

/// The circuit of a keyed set has the key in its name.
#[test]
fn a_circuit_of_a_url_is_reported_without_its_secrets() {
    let recorder = Recorder::install();
    let hosts = CircuitBreakers::new(CircuitBreaker::new("hosts"));
    let circuit = hosts.of(URL);
    circuit.force_open();
    circuit.reset();
    Retry::new(FLOW_NODE_DEFAULT)
        .name("send")
        .circuit_breaker(&circuit)
        .run(|| Ok::<_, String>(7))
        .expect("it is closed");
    let logged = logged(&recorder);
    for text in ["forced open", "closed"] {
        let text = format!("Circuit hosts/https://…@host:8443/path?…#… {text}");
        assert!(logged.contains(&text), "{logged}");
    }
}

#[test]
fn a_variable_that_is_a_url_is_shown_without_its_secrets() {
    let settings = RetrySettings::from_vars([("RETRY__STORAGE_MAX_WAIT", URL)]);
    let error = settings.expect_err("it is no duration").to_string();
    assert!(
        error.starts_with("RETRY__STORAGE_MAX_WAIT is \"https://…@host"),
        "{error}"
    );
    assert!(!error.contains("SECRET"), "{error}");
}

/// Error trackers read the chain, and the `Debug` text of each of its errors.
#[test]
fn what_an_error_tracker_gets_has_no_secrets() {
    let error = ClientError::new();
    let snapshot = retry_core::__private::snapshot(&error);
    let layers = std::iter::successors(Some(&snapshot as &dyn Error), |error| (**error).source());
    let texts: Vec<_> = layers.map(|layer| format!("{layer} {layer:?}")).collect();
    assert_eq!(
        texts,
        [
            "error sending request for url (https://…@host:8443/path?…#…) ClientError { url: \
             \"https://…@host:8443/path?…#…\", source: Refused(\"https://…@host:8443/path?…#…\") }",
            "https://…@host:8443/path?…#…: connection refused \
             Refused(\"https://…@host:8443/path?…#…\")",
        ]
    );
}

#[test]
fn a_store_that_is_away_is_named_without_secrets() {
    let error = StoreError::unavailable(format!("reach {URL}"), format!("no route to {URL}"));
    assert_eq!(
        error.to_string(),
        "the store cannot reach https://…@host:8443/path?…#…: no route to https://…@host:8443/path?…#…"
    );
}

/// The caller gets its error as it is.
#[test]
fn the_error_that_comes_back_is_untouched() {
    let _clock = VirtualClock::install();
    let retry = Retry::new(FLOW_NODE_DEFAULT).name("send");
    let error = retry
        .run(|| Err::<(), _>(ClientError::new()))
        .expect_err("it fails");
    assert!(error.to_string().contains("api_key=SECRET"));
}

/// One hook a process; it must leave alone what the other tests of this program read.
#[test]
fn a_hook_removes_more_and_is_set_once() {
    fn without_numbers(text: &str) -> Cow<'_, str> {
        match text.split_once("card ") {
            Some((before, _)) => Cow::Owned(format!("{before}card …")),
            None => Cow::Borrowed(text),
        }
    }
    fn another(_: &str) -> Cow<'_, str> {
        Cow::Borrowed("")
    }
    assert!(retry_core::redact_with(without_numbers));
    assert!(!retry_core::redact_with(another));

    let _clock = VirtualClock::install();
    let recorder = Recorder::install();
    let retry = Retry::new(FLOW_NODE_DEFAULT).name("pay");
    retry
        .run(|| Err::<(), _>("https://h/?SECRET refused card 4242"))
        .expect_err("it fails");
    let logged = logged(&recorder);
    assert!(
        logged.contains("failed: https://h/?… refused card …"),
        "{logged}"
    );
    assert!(!logged.contains("4242"), "{logged}");
    let error = StoreError::unavailable("take", "card 4242");
    assert_eq!(error.to_string(), "the store cannot take: card …");
}
