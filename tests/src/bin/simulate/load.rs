//! B: load and success while each attempt fails with probability p.

use retry_core::{NO_RETRY, RetryPolicy};
use retry_tests::simulation::chart::{Axis, Chart, Line};
use retry_tests::simulation::client::{Allowance, Conduct, THREE_ATTEMPTS};
use retry_tests::simulation::load::{Load, expected, run};
use retry_tests::simulation::table::Table;

use super::Report;

const FAILURES: [f64; 11] = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0];
const TOLD: [f64; 4] = [0.1, 0.5, 0.9, 1.0];

const SHARED: Allowance = Allowance {
    ratio: 0.1,
    floor: 1,
    is_shared: true,
};

pub(crate) fn report() -> Report {
    let retries = |attempts| RetryPolicy::with_max_attempts(THREE_ATTEMPTS, attempts);
    let conducts = [
        ("no retry", Conduct::new(NO_RETRY), Some(0)),
        ("1 retry", Conduct::new(retries(2)), Some(1)),
        ("2 retries", Conduct::new(retries(3)), Some(2)),
        ("3 retries", Conduct::new(retries(4)), Some(3)),
        (
            "3, budget 10 %",
            Conduct::new(retries(4)).with_budget(SHARED),
            None,
        ),
    ];
    let mut table = Table::new(&["retries", "p", "load", "formula", "success", "formula"]);
    let mut chart = Chart::new(
        "Load of a failing service, by retries",
        Axis::linear("probability p that an attempt fails", 0.0, 1.0),
        Axis::linear("attempts per call", 0.0, 4.0),
    );
    for (name, conduct, retries) in conducts {
        let loads = FAILURES.map(|p| (p, run(conduct, p, 1)));
        for (
            p,
            Load {
                attempts, success, ..
            },
        ) in loads
        {
            if !TOLD.contains(&p) {
                continue;
            }
            let (load, succeeds) = retries.map_or_else(
                || ("at most 1.1".to_owned(), String::new()),
                |retries| {
                    let (load, success) = expected(retries, p);
                    (format!("{load:.3}"), format!("{success:.3}"))
                },
            );
            table.row([
                name.to_owned(),
                format!("{p}"),
                format!("{attempts:.3}"),
                load,
                format!("{success:.3}"),
                succeeds,
            ]);
        }
        let points = loads.map(|(p, load)| (p, load.attempts));
        chart = chart.with_line(Line::new(name, points.to_vec()).with_markers());
    }
    Report {
        question: "B. 100 clients make 10 calls a second each for 10 s; each attempt fails with \
                   probability p",
        table,
        charts: Some(("load.svg", vec![chart])),
    }
}
