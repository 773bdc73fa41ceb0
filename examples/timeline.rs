//! Prints the library's reports as a timeline: `+0.532s  WARN Retry attempt 1/5 for …`.
//!
//! Nothing here is special to retries: the events go through `tracing`, and any subscriber accepts
//! them. This one omits their fields (`operation`, `attempt`, `wait_ms`, …), which the texts repeat
//! for people.

use std::io::{self, IsTerminal};
use std::time::Instant;
use std::{env, fmt};

use tracing::level_filters::LevelFilter;
use tracing::{Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::format::{Writer, debug_fn};
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

/// The seconds since the timeline began, as the time of each event.
struct SinceStart(Instant);

impl FormatTime for SinceStart {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        write!(writer, "{:+.3}s", self.0.elapsed().as_secs_f64())
    }
}

/// Prints all events of `level` and above from now on.
#[allow(dead_code, reason = "an example may add layers of its own")]
pub(crate) fn start(level: Level) {
    tracing_subscriber::registry().with(layer(level)).init();
}

/// Returns the same as a layer, to be combined with others.
pub(crate) fn layer<S>(level: Level) -> impl Layer<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    tracing_subscriber::fmt::layer()
        .with_timer(SinceStart(Instant::now()))
        .with_target(false)
        .with_ansi(has_colours())
        .fmt_fields(debug_fn(|writer, field, value| match field.name() {
            "message" => write!(writer, "{value:?}"),
            _ => Ok(()),
        }))
        .with_filter(LevelFilter::from_level(level))
}

/// On a terminal, and where `CLICOLOR_FORCE` asks for them (`| less -R`).
fn has_colours() -> bool {
    io::stdout().is_terminal() || env::var_os("CLICOLOR_FORCE").is_some_and(|value| value != "0")
}
