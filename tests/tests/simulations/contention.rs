//! A: the published figures, and who is better than whom.

use retry_tests::simulation::contention::{Drained, WAYS, drain, mean};

/// Write calls and milliseconds of Brooker's program for none, exponential, equal, full and
/// decorrelated, means of 100 runs.
const TEN: [(f64, f64); 5] = [
    (52.0, 389.0),
    (51.0, 3_534.0),
    (42.0, 713.0),
    (39.0, 462.0),
    (38.0, 454.0),
];
const HUNDRED: [(f64, f64); 5] = [
    (2_422.0, 2_032.0),
    (1_855.0, 63_106.0),
    (811.0, 6_555.0),
    (797.0, 4_914.0),
    (1_004.0, 4_615.0),
];

fn of_all_ways(clients: u32, runs: u32) -> [Drained; 5] {
    WAYS.map(|(_, policy)| mean(clients, policy, runs))
}

fn assert_near(drained: [Drained; 5], expected: [(f64, f64); 5]) {
    for (((way, _), drained), (calls, milliseconds)) in WAYS.iter().zip(drained).zip(expected) {
        let (calls, time) = (drained.calls / calls, drained.milliseconds / milliseconds);
        assert!((0.9..=1.1).contains(&calls), "{way}: {calls} × the calls");
        assert!((0.9..=1.1).contains(&time), "{way}: {time} × the time");
    }
}

/// The ways in the order of their figure, least first.
fn order(drained: [Drained; 5], figure: fn(&Drained) -> f64) -> Vec<&'static str> {
    let mut ways: Vec<(&str, f64)> = WAYS
        .iter()
        .zip(&drained)
        .map(|((way, _), drained)| (*way, figure(drained)))
        .collect();
    ways.sort_by(|one, other| one.1.total_cmp(&other.1));
    ways.into_iter().map(|(way, _)| way).collect()
}

#[test]
fn ten_clients_are_as_published() {
    let drained = of_all_ways(10, 100);
    assert_near(drained, TEN);
    assert_eq!(
        order(drained, |drained| drained.calls),
        ["decorrelated", "full", "equal", "exponential", "none"]
    );
    assert_eq!(
        order(drained, |drained| drained.milliseconds),
        ["none", "decorrelated", "full", "equal", "exponential"]
    );
}

#[test]
fn a_hundred_clients_are_as_published() {
    let drained = of_all_ways(100, 8);
    assert_near(drained, HUNDRED);
    assert_eq!(
        order(drained, |drained| drained.calls),
        ["full", "equal", "decorrelated", "exponential", "none"]
    );
    assert_eq!(
        order(drained, |drained| drained.milliseconds),
        ["none", "decorrelated", "full", "equal", "exponential"]
    );
}

#[test]
fn a_lone_client_needs_one_write_and_four_hops() {
    for (way, policy) in WAYS {
        let Drained {
            calls,
            milliseconds,
        } = mean(1, policy, 50);
        assert!((calls - 1.0).abs() < f64::EPSILON, "{way}: {calls}");
        assert!(
            (38.0..=42.0).contains(&milliseconds),
            "{way}: {milliseconds}"
        );
    }
}

#[test]
fn the_seed_decides() {
    for (_, policy) in WAYS {
        assert_eq!(drain(10, policy, 7), drain(10, policy, 7));
        assert_ne!(drain(10, policy, 7), drain(10, policy, 8));
    }
}
