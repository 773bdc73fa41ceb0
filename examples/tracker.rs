//! An error tracker, Sentry, with a transport that keeps its events in the process. An application
//! calls `sentry::init(dsn)` in place of [`start`].

use std::sync::Arc;

use sentry_core::protocol::{Context, Event, Value};
use sentry_core::test::TestTransport;
use sentry_core::{Client, ClientOptions, Hub};

/// The parts of a tracker's event that the example checks.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) operation: String,
    pub(crate) attempt: u64,
    pub(crate) max_attempts: u64,
    /// The error's chain, innermost first.
    pub(crate) errors: Vec<String>,
    pub(crate) message: String,
}

/// Starts the tracker; the returned transport receives every event of the process.
pub(crate) fn start() -> Arc<TestTransport> {
    let transport = TestTransport::new();
    let options = ClientOptions {
        dsn: "https://public@sentry.invalid/1".parse().ok(),
        transport: Some(Arc::new(transport.clone())),
        ..ClientOptions::default()
    };
    Hub::main().bind_client(Some(Arc::new(Client::from(options))));
    transport
}

/// Returns the events so far, and removes them.
pub(crate) fn reports(transport: &TestTransport) -> Vec<Report> {
    let events = transport.fetch_and_clear_events();
    events.into_iter().map(Report::from).collect()
}

impl From<Event<'_>> for Report {
    fn from(event: Event<'_>) -> Self {
        let fields = match event.contexts.get("Rust Tracing Fields") {
            Some(Context::Other(fields)) => fields.clone(),
            _ => Default::default(),
        };
        let number = |name: &str| fields.get(name).and_then(Value::as_u64).unwrap_or(0);
        let errors = event.exception.values.into_iter();
        Self {
            operation: fields
                .get("operation")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            attempt: number("attempt"),
            max_attempts: number("max_attempts"),
            errors: errors.filter_map(|error| error.value).collect(),
            message: event.message.unwrap_or_default(),
        }
    }
}
