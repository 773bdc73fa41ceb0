//! Values of flags: what they may be, and what is said of one that may not.

use std::ops::RangeInclusive;
use std::time::Duration;

use retry_core::{
    Growth, Jitter, OperationClass, RetryBudget, RetryPolicy, RetrySettings, SettingsError,
};

fn bad(flag: &str, value: &str, allowed: &str) -> String {
    format!("{flag} is {value:?}; it must be {allowed}")
}

pub(super) fn number(
    flag: &str,
    value: &str,
    allowed: &str,
    range: RangeInclusive<u32>,
) -> Result<u32, String> {
    let number = value.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| bad(flag, value, allowed))
}

pub(super) fn attempts(flag: &str, value: &str) -> Result<Option<u32>, String> {
    if value.eq_ignore_ascii_case("unlimited") {
        return Ok(None);
    }
    let allowed = "a whole number from 1 to 4294967295, or unlimited";
    number(flag, value, allowed, 1..=u32::MAX).map(Some)
}

/// A wait in the grammar of the settings, read by the settings.
pub(super) fn wait(flag: &str, value: &str) -> Result<Duration, String> {
    let both = ["RETRY__API_MIN_WAIT", "RETRY__API_MAX_WAIT"].map(|name| (name, value));
    match RetrySettings::from_vars(both) {
        Ok(settings) => Ok(settings.policy(OperationClass::Api).min_wait()),
        Err(SettingsError::Invalid(invalid)) => {
            let allowed = invalid.first().map_or("", |setting| &setting.allowed);
            Err(format!("{flag} is {value:?}; {allowed}"))
        }
        Err(error) => Err(format!("{flag}: {error}")),
    }
}

pub(super) fn growth(flag: &str, value: &str) -> Result<Growth, String> {
    match value.to_ascii_lowercase().as_str() {
        "constant" => Ok(Growth::Constant),
        "linear" => Ok(Growth::Linear),
        "exponential" => Ok(Growth::Exponential(2.0)),
        "fibonacci" => Ok(Growth::Fibonacci),
        _ => Err(bad(
            flag,
            value,
            "constant, linear, exponential or fibonacci",
        )),
    }
}

pub(super) fn multiplier(flag: &str, value: &str) -> Result<Growth, String> {
    let refused = || bad(flag, value, "a finite number of at least 1");
    let growth = Growth::Exponential(value.parse().map_err(|_| refused())?);
    match RetryPolicy::new(1).try_with_growth(growth) {
        Ok(_) => Ok(growth),
        Err(_) => Err(refused()),
    }
}

pub(super) fn jitter(flag: &str, value: &str) -> Result<Jitter, String> {
    match value.to_ascii_lowercase().as_str() {
        "none" => Ok(Jitter::None),
        "equal" => Ok(Jitter::Equal),
        "full" => Ok(Jitter::Full),
        "decorrelated" => Ok(Jitter::Decorrelated),
        _ => wait(flag, value).map(Jitter::Additive).map_err(|_| {
            bad(
                flag,
                value,
                "none, equal, full, decorrelated, or a wait such as 50ms",
            )
        }),
    }
}

pub(super) fn ratio(flag: &str, value: &str) -> Result<f64, String> {
    let ratio = value
        .parse()
        .map_err(|_| bad(flag, value, "a number from 0 to 1"))?;
    match RetryBudget::try_new(ratio) {
        Ok(_) => Ok(ratio),
        Err(error) => Err(format!("{flag}: {error}")),
    }
}
