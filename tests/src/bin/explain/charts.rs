//! An explanation as charts.

use retry_tests::simulation::chart::{Axis, Chart, Line};
use retry_tests::simulation::overload::{SLOW_FROM, SLOW_TO};

use super::explanation::Explanation;
use super::prediction::{Prediction, SECONDS};

pub(crate) fn of(explanation: &Explanation) -> Vec<Chart> {
    let mut charts = Vec::new();
    if !explanation.schedule.retries.is_empty() {
        charts.push(waits(explanation));
    }
    if !explanation.predictions.is_empty() {
        charts.push(load(&explanation.predictions));
        charts.push(goodput(&explanation.predictions));
    }
    charts
}

fn waits(explanation: &Explanation) -> Chart {
    let retries = &explanation.schedule.retries;
    let longest = retries
        .iter()
        .map(|retry| retry.longest_s)
        .fold(0.0, f64::max);
    let means = retries
        .iter()
        .map(|retry| (f64::from(retry.retry), retry.mean_s));
    let ranges = retries
        .iter()
        .map(|retry| (retry.shortest_s, retry.longest_s));
    let line = Line::new("mean and range", means.collect())
        .with_ranges(ranges.collect())
        .with_markers();
    Chart::new(
        title(&explanation.asked),
        Axis::counting("retry", retries.len()),
        Axis::linear("wait (s)", 0.0, longest),
    )
    .with_line(line)
}

/// As much of what was asked as there is room for.
fn title(asked: &str) -> String {
    const ROOM: usize = 60;
    let shown: String = asked.chars().take(ROOM).collect();
    let rest = if shown.len() < asked.len() { "…" } else { "" };
    format!("Waits of {shown}{rest}")
}

fn load(predictions: &[Prediction]) -> Chart {
    let all = predictions.iter().flat_map(|prediction| &prediction.load);
    let most = all.map(|load| load.attempts_per_call).fold(1.0, f64::max);
    let chart = Chart::new(
        "Load of a failing service (simulated)",
        Axis::linear("probability that an attempt fails", 0.0, 1.0),
        Axis::linear("attempts per call", 0.0, most),
    );
    predictions.iter().fold(chart, |chart, prediction| {
        let points = prediction
            .load
            .iter()
            .map(|load| (load.failure, load.attempts_per_call));
        chart.with_line(Line::new(prediction.conduct, points.collect()).with_markers())
    })
}

/// Averaged over so many seconds, so that what is random does not hide what is not.
const AVERAGED: usize = 4;

fn goodput(predictions: &[Prediction]) -> Chart {
    let chart = Chart::new(
        "Goodput through an overload (simulated, 80 calls a second)",
        Axis::linear("time (s)", 0.0, SECONDS.into()),
        Axis::linear("calls that succeed (per s)", 0.0, 100.0),
    )
    .with_shade(SLOW_FROM.into(), SLOW_TO.into(), "service 4 × slower");
    predictions.iter().fold(chart, |chart, prediction| {
        let seconds = prediction.goodput.chunks(AVERAGED);
        let points = seconds
            .zip((0_u32..).step_by(AVERAGED))
            .map(|(seconds, from)| {
                let mean = f64::from(seconds.iter().sum::<u32>()) / seconds.len() as f64;
                (f64::from(from) + AVERAGED as f64 / 2.0, mean)
            });
        chart.with_line(Line::new(prediction.conduct, points.collect()))
    })
}
