//! C: what three layers of retries make of one call.

use retry_core::Nested;
use retry_tests::simulation::client::{Allowance, Conduct, THREE_ATTEMPTS};
use retry_tests::simulation::layers::run;
use retry_tests::simulation::table::Table;

use super::Report;

const CALLS: u32 = 1_000;
const LAYERS: usize = 3;

pub(crate) fn report() -> Report {
    let stop = Conduct::new(THREE_ATTEMPTS);
    let allowance = Allowance {
        ratio: 0.1,
        floor: 0,
        is_shared: false,
    };
    let mut table = Table::new(&["each layer", "attempts per call"]);
    for (name, conduct) in [
        (
            "3 attempts, nested = multiply",
            stop.with_nested(Nested::Multiply),
        ),
        ("3 attempts, nested = stop (default)", stop),
        ("3 attempts, stop, budget 10 %", stop.with_budget(allowance)),
    ] {
        let load = run(conduct, LAYERS, CALLS, 1);
        table.row([name.to_owned(), format!("{load:.2}")]);
    }
    Report {
        question: "C. Three layers of services retry while the last one is down",
        table,
        charts: None,
    }
}
