use std::time::Duration;

use crate::guard::breaker::config::Window;
use crate::policy::class::OperationClass;
use crate::settings::error::SettingsError;
use crate::settings::guard_layer::GuardLayer;
use crate::settings::retry_settings::RetrySettings;

fn settings(variables: &[(&str, &str)]) -> RetrySettings {
    RetrySettings::from_vars(variables.iter().copied()).expect("good settings")
}

#[test]
fn operation_over_argument_over_class() {
    let settings = settings(&[
        ("RETRY__API_BUDGET", "0.2"),
        ("RETRY__API_BUDGET_BURST", "30"),
        ("RETRY__API_BUDGET_FLOOR", "0"),
        ("RETRY__OP__CHARGE__BUDGET_BURST", "3"),
        ("RETRY__API_CIRCUIT_FAILURE_THRESHOLD", "7"),
        ("RETRY__OP__CHARGE__CIRCUIT_RECOVERY_TIMEOUT", "5s"),
        ("RETRY__OP__CHARGE__TIME_BUDGET", "1m"),
        ("RETRY__OP__CHARGE__HEDGE_AFTER", "95ms"),
    ]);
    let argument = GuardLayer {
        budget_ratio: Some(0.5),
        recovery_timeout: Some(Duration::from_secs(1)),
        ..GuardLayer::NONE
    };
    let api = OperationClass::Api;
    let charge = settings.guards_over(api, "charge", argument);
    assert_eq!(
        charge,
        GuardLayer {
            budget_ratio: Some(0.5),
            budget_burst: Some(3),
            budget_floor: Some(0),
            failure_threshold: Some(7),
            recovery_timeout: Some(Duration::from_secs(5)),
            time_budget: Some(Duration::from_secs(60)),
            hedge_after: Some(Duration::from_millis(95)),
            ..GuardLayer::NONE
        }
    );
    let other = settings.guards_over(OperationClass::Storage, "load", argument);
    assert_eq!(other, argument, "another class, another name");
}

#[test]
fn a_budget_alone_is_switched_on_by_a_variable() {
    let none = settings(&[("RETRY__API_CIRCUIT_FAILURE_THRESHOLD", "7")]);
    assert!(!none.have_budgets() && none.global_budget().is_none());
    for name in [
        "RETRY__API_BUDGET",
        "RETRY__OP__LOAD__BUDGET",
        "RETRY__BUDGET",
    ] {
        assert!(settings(&[(name, "0.1")]).have_budgets(), "{name}");
    }
    // Without a ratio, burst and floor tune a budget that is there, and switch none on.
    assert!(!settings(&[("RETRY__API_BUDGET_BURST", "5")]).have_budgets());
    let process = settings(&[("RETRY__BUDGET", "0.25"), ("RETRY__BUDGET_BURST", "5")]);
    let budget = process.global_budget().expect("asked for");
    assert_eq!(
        (budget.ratio(), budget.burst(), budget.floor()),
        (0.25, 5, 1)
    );
}

#[test]
fn windows_are_calls_or_time() {
    for (value, window) in [
        ("100", Window::Calls(100)),
        ("30s", Window::Time(Duration::from_secs(30))),
        ("1m30s", Window::Time(Duration::from_secs(90))),
    ] {
        let settings = settings(&[("RETRY__WORKER_CIRCUIT_WINDOW", value)]);
        let layer = settings.guards(OperationClass::Worker, "x");
        assert_eq!(layer.window, Some(window), "{value}");
    }
}

#[test]
fn every_field_is_read_and_every_bad_value_named_with_what_is_allowed() {
    let ratio = "it must be 0, or a number from 0.001 to 1";
    let rate = "it must be a number over 0 and up to 1";
    let window = "it must be a number of calls from 1 to 10000, or a time of at least 10ms with a \
                  unit, like 30s";
    let whole = |least: u32, most: u32| format!("it must be a whole number from {least} to {most}");
    let tokens = [whole(1, 1_000_000), whole(0, 1_000_000)];
    let count = whole(1, u32::MAX);
    let more = "it must be more than 0";
    for (field, good, bad, allowed) in [
        ("BUDGET", "0", "1.01", ratio),
        ("BUDGET", "0.001", "0.0009", ratio),
        ("BUDGET", "1", "nan", ratio),
        ("BUDGET", "0.6", "60%", ratio),
        ("BUDGET", ".5", "-0.1", ratio),
        ("BUDGET_BURST", "1", "0", &*tokens[0]),
        ("BUDGET_FLOOR", "0", "1.5", &*tokens[1]),
        ("CIRCUIT_FAILURE_THRESHOLD", "1", "0", &*count),
        ("CIRCUIT_RECOVERY_TIMEOUT", "1ms", "0", more),
        ("CIRCUIT_WINDOW", "1", "0", window),
        ("CIRCUIT_WINDOW", "10ms", "9ms", window),
        ("CIRCUIT_WINDOW", "10000", "10001", window),
        ("CIRCUIT_FAILURE_RATE", "1", "0", rate),
        ("CIRCUIT_FAILURE_RATE", "0.5", "inf", rate),
        ("CIRCUIT_MINIMUM_CALLS", "4", "many", &*count),
        ("CIRCUIT_SLOW_CALL", "2s", "0", "it must be at least 1ms"),
        ("CIRCUIT_SLOW_CALL_RATE", "0.9", "2", rate),
        ("CIRCUIT_HALF_OPEN_PERMITS", "2", "0", &*tokens[0]),
        ("CIRCUIT_SUCCESS_THRESHOLD", "2", "0", &*tokens[0]),
    ] {
        for name in [
            format!("RETRY__SCHEDULER_{field}"),
            format!("RETRY__OP__LOAD__{field}"),
        ] {
            let read = settings(&[(&name, good)]);
            let layer = read.guards(OperationClass::Scheduler, "load");
            assert_ne!(layer, GuardLayer::NONE, "{name}={good}");
            let Err(SettingsError::Invalid(invalid)) = RetrySettings::from_vars([(&*name, bad)])
            else {
                panic!("{name}={bad} is read");
            };
            let message = invalid[0].to_string();
            assert_eq!(message, format!("{name} is {bad:?}; {allowed}"));
        }
    }
}

#[test]
fn names_that_mean_nothing_are_no_guards() {
    for rest in [
        "BUDGETS",
        "BUDGET_RATIO",
        "JOB_BUDGET",
        "API_CIRCUIT",
        "API_TIME_BUDGET",
        "API_HEDGE_AFTER",
        "OP__BUDGET",
        "OP____BUDGET",
        "OP__load__BUDGET",
    ] {
        let mut guards = super::GuardSettings::default();
        assert!(guards.read(rest, "0.1").is_none(), "{rest}");
    }
}
