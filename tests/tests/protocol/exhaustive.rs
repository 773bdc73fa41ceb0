use super::explorer::explore;
use super::model::{Model, Policy};

fn kept(policy: Policy) {
    let at = std::time::Instant::now();
    let explored = explore(
        &Model {
            policy,
            broken: None,
        },
        10_000_000,
    );
    println!(
        "{policy:?}: {} states, {} steps {:?}",
        explored.states,
        explored.steps,
        at.elapsed()
    );
    if let Some((fault, path)) = &explored.fault {
        println!("{fault:?}");
        for e in path {
            println!("  {e:?}");
        }
        panic!();
    }
}
#[test]
fn halt() {
    kept(Policy::Halt)
}
#[test]
fn reexecute() {
    kept(Policy::Reexecute)
}
#[test]
fn probe() {
    kept(Policy::Probe)
}
#[test]
fn transaction() {
    kept(Policy::Transaction)
}
