//! Names and values of variables, and the text of a `.env` file: a usable policy or an error that names
//! each variable.

#![no_main]

use std::sync::LazyLock;
use std::{env, fs};

use libfuzzer_sys::fuzz_target;
use retry_core::{OperationClass, RetrySettings, SettingsError};
use tempfile::TempDir;

/// The process's folder, for its `.env`.
static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    env::set_current_dir(folder.path()).expect("a folder that can be entered");
    folder
});

fuzz_target!(|text: &str| {
    let variables: Vec<_> = text
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (format!("RETRY__{name}"), value))
        .collect();
    let settings = RetrySettings::from_vars(variables.iter().map(|(name, value)| (name, *value)));
    let names: Vec<_> = variables.iter().map(|(name, _)| name).collect();
    check(&settings, |name| names.iter().any(|known| *known == name));
    let again = RetrySettings::from_vars(variables.iter().map(|(name, value)| (name, *value)));
    assert_eq!(settings.ok(), again.ok());

    let file = FOLDER.path().join(".env");
    fs::write(file, text).expect("a file that can be written");
    check(&RetrySettings::load(), |name| name.starts_with("RETRY__"));
});

fn check(settings: &Result<RetrySettings, SettingsError>, is_given: impl Fn(&str) -> bool) {
    match settings {
        Ok(settings) => {
            for class in OperationClass::ALL {
                let policy = settings.policy(*class);
                assert!(policy.max_attempts() >= 1);
                assert!(policy.min_wait() <= policy.max_wait(), "{policy:?}");
            }
            let _ = settings.unused();
        }
        Err(error) => {
            let text = error.to_string();
            let SettingsError::Invalid(invalid) = error else {
                panic!("{text}");
            };
            assert!(!invalid.is_empty());
            for setting in invalid {
                assert!(is_given(&setting.variable), "{setting:?}");
                assert!(
                    text.contains(&setting.variable) && !setting.allowed.is_empty(),
                    "{text}"
                );
            }
        }
    }
}
