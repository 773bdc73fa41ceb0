//! Return types that cannot fail: the attribute knows some, and the compiler the rest.

use retry_core::retry_worker;

struct Report;

type Answer = Report;

#[retry_worker]
async fn report() -> Report {
    Report
}

#[retry_worker]
fn aliased() -> Answer {
    Report
}

#[retry_worker(max_total_time = "1s")]
async fn bounded() -> Answer {
    Report
}

fn main() {}
