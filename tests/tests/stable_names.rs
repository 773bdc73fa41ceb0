//! Names that dashboards, alerts and deployments hold: variables, and the events of the logs. The lists are
//! `tests/stable_names/*.txt`. A name is added to them; one that goes is a change that users must be told of.
//!
//! `RETRY_TESTS_UPDATE=1 cargo test -p retry-tests --test stable_names` writes the list of events anew. The
//! names of metrics are held by the test `metrics`.

#[path = "stable_names/events.rs"]
mod events;
#[path = "stable_names/variables.rs"]
mod variables;

use std::path::{Path, PathBuf};

fn list(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("stable_names")
        .join(name)
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path:?}: {error}"))
}
