use std::time::Duration;

use proptest::prelude::*;

use super::retry_settings::RetrySettings;
use super::variables;
use crate::policy::class::OperationClass;
use crate::policy::layer::PolicyLayer;
use crate::settings::error::SettingsError;
use crate::settings::names::operation_key;

fn settings(variables: &[(&str, &str)]) -> RetrySettings {
    RetrySettings::from_vars(variables.iter().copied()).expect("good settings")
}

fn errors(variables: &[(&str, &str)]) -> Vec<String> {
    match RetrySettings::from_vars(variables.iter().copied()) {
        Err(SettingsError::Invalid(invalid)) => invalid.iter().map(ToString::to_string).collect(),
        other => panic!("expected invalid settings, found {other:?}"),
    }
}

#[test]
fn class_variables_lie_over_the_defaults() {
    let settings = settings(&[
        ("RETRY__STORAGE_MAX_ATTEMPTS", " 9 "),
        ("RETRY__STORAGE_MIN_WAIT", "250ms"),
        ("RETRY__API_MAX_ATTEMPTS", "unlimited"),
        ("OTHER", "x"),
    ]);
    let storage = settings.policy(OperationClass::Storage);
    assert_eq!(storage.max_attempts(), 9);
    assert_eq!(storage.min_wait(), Duration::from_millis(250));
    assert_eq!(storage.max_wait(), Duration::from_secs(5));
    assert!(settings.policy(OperationClass::Api).is_unlimited());
    let worker = OperationClass::Worker;
    assert_eq!(settings.policy(worker), worker.default_policy());
}

#[test]
fn an_operation_variable_wins_over_an_argument_and_moves_its_bounds() {
    let settings = settings(&[
        ("RETRY__OP__LOAD_TASK__MAX_ATTEMPTS", "2"),
        ("RETRY__OP__LOAD_TASK__MAX_WAIT", "0.1"),
        ("RETRY__STORAGE_MAX_ATTEMPTS", "8"),
    ]);
    let arguments = PolicyLayer {
        min_wait: Some(Duration::from_secs(3)),
        ..PolicyLayer::NONE
    };
    let policy = settings
        .resolve(OperationClass::Storage, "load-task", &arguments)
        .policy;
    assert_eq!(policy.max_attempts(), 2);
    assert_eq!(policy.min_wait(), Duration::from_millis(100));
    assert_eq!(policy.max_wait(), Duration::from_millis(100));
    let other = settings
        .resolve(OperationClass::Storage, "load_tasks", &arguments)
        .policy;
    assert_eq!(other.max_attempts(), 8);
}

#[test]
fn operation_names_as_variables_spell_them() {
    for (name, key) in [
        ("load_task", "LOAD_TASK"),
        ("load-task.v2", "LOAD_TASK_V2"),
        ("r#type", "TYPE"),
        ("Füll", "FÜLL"),
        ("a__b", "A__B"),
    ] {
        assert_eq!(operation_key(name), key);
    }
    let settings = settings(&[("RETRY__OP__A__B__MAX_ATTEMPTS", "7")]);
    let policy = settings
        .resolve(OperationClass::Api, "a__b", &PolicyLayer::NONE)
        .policy;
    assert_eq!(policy.max_attempts(), 7);
}

#[test]
fn every_bad_value_is_named_with_what_is_allowed() {
    assert_eq!(
        errors(&[
            ("RETRY__API_MAX_ATTEMPTS", "0"),
            ("RETRY__API_MIN_WAIT", "soon"),
            ("RETRY__OP__X__MAX_WAIT", "-1"),
            ("RETRY__STATS", "maybe"),
            ("RETRY__NESTED", "both"),
        ]),
        [
            "RETRY__API_MAX_ATTEMPTS is \"0\"; it must be a whole number from 1 to 4294967295, or unlimited",
            "RETRY__API_MIN_WAIT is \"soon\"; it must be seconds (0.5) or carry units (500ms, 1h30m) of ns, us, ms, s, m, h or d",
            "RETRY__NESTED is \"both\"; it must be stop or multiply",
            "RETRY__OP__X__MAX_WAIT is \"-1\"; it must be seconds (0.5) or carry units (500ms, 1h30m) of ns, us, ms, s, m, h or d",
            "RETRY__STATS is \"maybe\"; it must be 1, true, on or yes, or 0, false, off or no",
        ]
    );
}

#[test]
fn bounds_that_cross_are_refused_by_name() {
    assert_eq!(
        errors(&[
            ("RETRY__STORAGE_MIN_WAIT", "3"),
            ("RETRY__STORAGE_MAX_WAIT", "2")
        ]),
        [
            "RETRY__STORAGE_MIN_WAIT is \"3\"; it must be at most 2.0s, the value of RETRY__STORAGE_MAX_WAIT"
        ]
    );
    assert_eq!(
        errors(&[("RETRY__STORAGE_MIN_WAIT", "20")]),
        [
            "RETRY__STORAGE_MIN_WAIT is \"20\"; it must be at most 5.0s, the default of \
          RETRY__STORAGE_MAX_WAIT, unless that is set too"
        ]
    );
    assert_eq!(
        errors(&[("RETRY__STORAGE_MAX_WAIT", "0.1")]),
        [
            "RETRY__STORAGE_MAX_WAIT is \"0.1\"; it must be at least 0.5s, the default of \
          RETRY__STORAGE_MIN_WAIT, unless that is set too"
        ]
    );
    assert_eq!(
        errors(&[
            ("RETRY__OP__X__MIN_WAIT", "3"),
            ("RETRY__OP__X__MAX_WAIT", "2")
        ]),
        [
            "RETRY__OP__X__MIN_WAIT is \"3\"; it must be at most 2.0s, the value of RETRY__OP__X__MAX_WAIT"
        ]
    );
    assert_eq!(
        errors(&[
            ("RETRY__OP__X__THROTTLED_MIN_WAIT", "3"),
            ("RETRY__OP__X__MAX_WAIT", "2"),
            ("RETRY__STORAGE_THROTTLED_MIN_WAIT", "6")
        ]),
        [
            "RETRY__STORAGE_THROTTLED_MIN_WAIT is \"6\"; it must be at most 5.0s, the default of \
          RETRY__STORAGE_MAX_WAIT, unless that is set too",
            "RETRY__OP__X__THROTTLED_MIN_WAIT is \"3\"; it must be at most 2.0s, the value of \
          RETRY__OP__X__MAX_WAIT"
        ]
    );
}

#[test]
fn unknown_names_are_kept_apart_from_bad_values() {
    let names = [
        "RETRY__API_ATTEMPTS",
        "RETRY__OP__MAX_ATTEMPTS",
        "RETRY__OP____MAX_WAIT",
        "RETRY__",
    ];
    let parsed = variables::parse(names.map(|name| (name.to_owned(), "1".to_owned())).into());
    let mut unknown = parsed.unknown;
    unknown.sort();
    let mut expected = names.map(str::to_owned);
    expected.sort();
    assert_eq!(unknown, expected);
    assert!(parsed.invalid.is_empty());
}

proptest! {
    #[test]
    fn no_settings_text_panics(
        name in "RETRY__(OP__)?[A-Z_]{0,12}_?_?(MAX_ATTEMPTS|MIN_WAIT|THROTTLED_MIN_WAIT|MAX_WAIT|STATS)?|\\PC{0,20}",
        value in "\\PC{0,20}|[0-9.]{0,30}(ns|ms|s|m|h|d)?",
    ) {
        if let Ok(settings) = RetrySettings::from_vars([(name, value)]) {
            for &class in OperationClass::ALL {
                let policy = settings.policy(class);
                prop_assert!(policy.min_wait() <= policy.max_wait());
                prop_assert!(policy.max_attempts() >= 1);
            }
        }
    }

    #[test]
    fn any_two_waits_of_a_class_give_a_policy_or_an_error_that_names_one(
        min in 0_u64..20_000, max in 0_u64..20_000,
    ) {
        let (min_text, max_text) = (format!("{min}ms"), format!("{max}ms"));
        let variables = [("RETRY__WORKER_MIN_WAIT", &*min_text), ("RETRY__WORKER_MAX_WAIT", &*max_text)];
        match RetrySettings::from_vars(variables) {
            Ok(settings) => {
                prop_assert!(min <= max);
                let policy = settings.policy(OperationClass::Worker);
                prop_assert_eq!(policy.min_wait(), Duration::from_millis(min));
                prop_assert_eq!(policy.max_wait(), Duration::from_millis(max));
            }
            Err(error) => {
                prop_assert!(min > max);
                prop_assert!(error.to_string().contains("RETRY__WORKER_MIN_WAIT"));
            }
        }
    }
}
