//! The metrics that a recorder of this thread has received.

use std::collections::BTreeMap;

use metrics::LocalRecorderGuard;
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};

/// Records what this thread tells, until it is dropped.
pub(super) struct Seen {
    snapshotter: Snapshotter,
    _installed: LocalRecorderGuard<'static>,
}

/// One metric with all its labels.
pub(super) struct Series {
    pub(super) name: String,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) value: DebugValue,
    /// Its unit and its help text.
    pub(super) described: (String, String),
}

impl Seen {
    pub(super) fn install() -> Self {
        let recorder = DebuggingRecorder::new();
        let snapshotter = recorder.snapshotter();
        // Few bytes a test, and the guard then has no lifetime to carry along.
        let recorder = Box::leak(Box::new(recorder));
        Self {
            snapshotter,
            _installed: metrics::set_default_local_recorder(recorder),
        }
    }

    /// Everything since the last look, which sets what it has seen to 0.
    pub(super) fn series(&self) -> Vec<Series> {
        let snapshot = self.snapshotter.snapshot().into_vec();
        let series = snapshot.into_iter().map(|(key, unit, text, value)| {
            let (_, key) = key.into_parts();
            let unit = unit.map(|unit| unit.as_str().to_owned());
            Series {
                name: key.name().to_owned(),
                labels: key
                    .labels()
                    .map(|label| (label.key().to_owned(), label.value().to_owned()))
                    .collect(),
                value,
                described: (
                    unit.unwrap_or_default(),
                    text.map(|text| text.to_string()).unwrap_or_default(),
                ),
            }
        });
        series.collect()
    }

    /// Returns the series with this label, a line each: the name, the other labels, the value.
    pub(super) fn lines(&self, label: &str, value: &str) -> Vec<String> {
        let mut series = self.series();
        series.retain_mut(|series| series.labels.remove(label).as_deref() == Some(value));
        let mut lines: Vec<_> = series.iter().map(Series::line).collect();
        lines.sort_unstable();
        lines
    }

    /// Returns the lines of an operation without a class.
    pub(super) fn operation(&self, name: &str) -> Vec<String> {
        let lines = self.lines("operation", name).into_iter();
        lines
            .map(|line| {
                line.replace("class=ad_hoc,", "")
                    .replace("class=ad_hoc", "")
            })
            .collect()
    }
}

impl Series {
    fn line(&self) -> String {
        let labels = self.labels.iter();
        let labels: Vec<_> = labels
            .map(|(label, value)| format!("{label}={value}"))
            .collect();
        let value = match &self.value {
            DebugValue::Counter(count) => count.to_string(),
            DebugValue::Gauge(value) => value.to_string(),
            DebugValue::Histogram(values) => {
                let values = values.iter().map(ToString::to_string);
                format!("[{}]", values.collect::<Vec<_>>().join(", "))
            }
        };
        format!("{}{{{}}} {value}", self.name, labels.join(","))
    }

    pub(super) fn label(&self, label: &str) -> &str {
        self.labels.get(label).map_or("", String::as_str)
    }

    pub(super) fn count(&self) -> u64 {
        match &self.value {
            DebugValue::Counter(count) => *count,
            other => panic!("{} is no counter but {other:?}", self.name),
        }
    }

    pub(super) fn values(&self) -> Vec<f64> {
        match &self.value {
            DebugValue::Histogram(values) => values.iter().map(|value| value.0).collect(),
            other => panic!("{} is no histogram but {other:?}", self.name),
        }
    }
}
