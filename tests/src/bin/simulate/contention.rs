//! A: calls and time until all clients are done, by jitter.

use retry_tests::simulation::chart::{Axis, Chart, Line};
use retry_tests::simulation::contention::{Drained, WAYS, mean};
use retry_tests::simulation::table::Table;

use super::Report;

const CLIENTS: [u32; 6] = [1, 10, 25, 50, 75, 100];
const RUNS: u32 = 100;

pub(crate) fn report() -> Report {
    let mut table = Table::new(&[
        "clients (N)",
        "none",
        "exponential",
        "equal",
        "full",
        "decorrelated",
    ]);
    let drained = WAYS.map(|(_, policy)| CLIENTS.map(|clients| mean(clients, policy, RUNS)));
    for (at, clients) in CLIENTS.iter().enumerate() {
        let cells = drained.iter().map(|drained| {
            let Drained {
                calls,
                milliseconds,
            } = drained[at];
            format!("{calls:.0} / {milliseconds:.0}")
        });
        table.row([clients.to_string()].into_iter().chain(cells));
    }
    let mut calls = Chart::new(
        "Write calls until N clients have updated one row, by jitter",
        Axis::linear("clients (N)", 0.0, 100.0),
        Axis::linear("write calls", 0.0, 2_500.0),
    );
    let mut time = Chart::new(
        "Time until N clients have updated one row, by jitter",
        Axis::linear("clients (N)", 0.0, 100.0),
        Axis::logarithmic("time (ms, logarithmic)", 10.0, 100_000.0),
    );
    for ((name, _), drained) in WAYS.iter().zip(&drained) {
        let line = |of: fn(&Drained) -> f64| {
            let points = CLIENTS
                .into_iter()
                .map(f64::from)
                .zip(drained.iter().map(of));
            Line::new(*name, points.collect()).with_markers()
        };
        calls = calls.with_line(line(|drained| drained.calls));
        time = time.with_line(line(|drained| drained.milliseconds));
    }
    Report {
        question: "A. N clients update one row: write calls / ms until all are done (10 ms a hop, waits \
                   from 10 ms to 2 s, mean of 100 runs)",
        table,
        charts: Some(("contention.svg", vec![calls, time])),
    }
}
