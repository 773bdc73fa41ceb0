//! [`Recorder`]: reported events, for assertions.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Dispatch, Event, Level, Metadata, Subscriber};

/// One event of the target `retry`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RecordedEvent {
    /// Its level.
    pub level: Level,
    /// Its text.
    pub message: String,
    /// Its fields, by name.
    pub fields: BTreeMap<&'static str, String>,
    /// The texts of its error's chain, outermost first, if the error was reported as one.
    pub error_chain: Vec<String>,
}

impl fmt::Display for RecordedEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.level, self.message)
    }
}

/// Records the reports of calls on this thread, until it is dropped.
///
/// ```
/// use retry_core::testing::Recorder;
/// use retry_core::{Retry, NO_RETRY};
///
/// let recorder = Recorder::install();
/// let outcome = Retry::new(NO_RETRY).name("load").run(|| Err::<(), _>("connection reset"));
/// assert!(outcome.is_err());
/// assert_eq!(
///     recorder.messages(),
///     ["ERROR Retry exhausted after 1/1 attempts for load: connection reset"],
/// );
/// assert_eq!(recorder.events()[0].fields["operation"], "load");
/// ```
#[derive(Debug)]
pub struct Recorder {
    events: Arc<Mutex<Vec<RecordedEvent>>>,
    _installed: DefaultGuard,
}

impl Recorder {
    /// Makes the recorder this thread's `tracing` subscriber until it is dropped.
    #[must_use = "it records until it is dropped"]
    pub fn install() -> Self {
        // While a process has a single subscriber, `tracing` queries the subscriber of the thread
        // on which an event first happens, once, for all threads: if that thread has none, the
        // event stays off for good. A second subscriber that stays makes `tracing` query each time.
        static SECOND: OnceLock<Dispatch> = OnceLock::new();
        SECOND.get_or_init(|| {
            Dispatch::new(Collector {
                events: Arc::default(),
            })
        });
        let events = Arc::default();
        let collector = Collector {
            events: Arc::clone(&events),
        };
        Self {
            events,
            _installed: tracing::subscriber::set_default(collector),
        }
    }

    /// Returns the events so far.
    #[must_use]
    pub fn events(&self) -> Vec<RecordedEvent> {
        self.events
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Returns their levels and texts: `WARN Retry attempt 1/5 for load failed: busy`.
    #[must_use]
    pub fn messages(&self) -> Vec<String> {
        self.events().iter().map(ToString::to_string).collect()
    }
}

struct Collector {
    events: Arc<Mutex<Vec<RecordedEvent>>>,
}

impl Subscriber for Collector {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // Events, and queries whether events would be recorded.
        !metadata.is_span() && metadata.target() == "retry"
    }

    fn event(&self, event: &Event<'_>) {
        let mut recorded = RecordedEvent {
            level: *event.metadata().level(),
            message: String::new(),
            fields: BTreeMap::new(),
            error_chain: Vec::new(),
        };
        event.record(&mut recorded);
        self.events
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(recorded);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        // Spans are not enabled; code that does not check this requests an id all the same.
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

impl Visit for RecordedEvent {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        if field.name() == "message" {
            self.message = text;
        } else {
            self.fields.insert(field.name(), text);
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.insert(field.name(), value.to_owned());
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.fields.insert(field.name(), value.to_string());
        let layers = std::iter::successors(Some(value), |error| (**error).source());
        self.error_chain = layers.map(ToString::to_string).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_that_asks_first_is_recorded_too() {
        let is_enabled = || tracing::enabled!(target: "retry", Level::WARN);
        assert!(!is_enabled());
        let recorder = Recorder::install();
        assert!(is_enabled());
        assert!(!tracing::enabled!(target: "other", Level::WARN));
        tracing::warn!(target: "retry", "seen");
        assert_eq!(recorder.messages(), ["WARN seen"]);
    }
}
