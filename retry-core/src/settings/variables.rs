//! Names and values of variables.

use std::collections::BTreeMap;
use std::time::Duration;

use super::names::{OPERATION, PREFIX, class_named, operation_key};
use super::retry_settings::RetrySettings;
use crate::policy::class::OperationClass;
use crate::policy::layer::{AttemptLimit, PolicyLayer};
use crate::policy::nested::Nested;
use crate::settings::error::InvalidSetting;
use crate::text::duration;
use crate::text::duration::DisplayDuration;

const ATTEMPTS_ALLOWED: &str = "it must be a whole number from 1 to 4294967295, or unlimited";
const SWITCH_ALLOWED: &str = "it must be 1, true, on or yes, or 0, false, off or no";
const NESTED_ALLOWED: &str = "it must be stop or multiply";

/// Parsed variables: good, bad and unknown.
pub(super) struct ParsedVariables {
    pub(super) settings: RetrySettings,
    pub(super) invalid: Vec<InvalidSetting>,
    pub(super) unknown: Vec<String>,
}

pub(super) fn parse(variables: BTreeMap<String, String>) -> ParsedVariables {
    let mut parsed = ParsedVariables {
        settings: RetrySettings::default(),
        invalid: Vec::new(),
        unknown: Vec::new(),
    };
    for (name, value) in &variables {
        if let Some(rest) = name.strip_prefix(PREFIX) {
            parsed.read(name, rest, value.trim());
        }
    }
    parsed.refuse_crossed(&variables);
    parsed
}

pub(super) fn warn_of_unknown(names: &[String]) {
    for name in names {
        tracing::warn!(
            target: "retry",
            variable = name.as_str(),
            "Unknown setting {name}: it is not used"
        );
    }
}

/// A field that the variables of a class and of an operation set.
struct LayerField {
    /// The end of the variable's name.
    name: &'static str,
    /// Sets the field; the error states the allowed values.
    set: fn(&mut PolicyLayer, &str) -> Result<(), &'static str>,
}

/// The fields that a class and an operation share.
static FIELDS: [LayerField; 4] = [
    // Before `MIN_WAIT`, with which it ends.
    LayerField {
        name: "THROTTLED_MIN_WAIT",
        set: |layer, value| {
            layer.throttled_min_wait = Some(duration::parse(value).ok_or(duration::ALLOWED)?);
            Ok(())
        },
    },
    LayerField {
        name: "MAX_ATTEMPTS",
        set: |layer, value| {
            layer.max_attempts = Some(attempts(value).ok_or(ATTEMPTS_ALLOWED)?);
            Ok(())
        },
    },
    LayerField {
        name: "MIN_WAIT",
        set: |layer, value| {
            layer.min_wait = Some(duration::parse(value).ok_or(duration::ALLOWED)?);
            Ok(())
        },
    },
    LayerField {
        name: "MAX_WAIT",
        set: |layer, value| {
            layer.max_wait = Some(duration::parse(value).ok_or(duration::ALLOWED)?);
            Ok(())
        },
    },
];

impl ParsedVariables {
    fn read(&mut self, name: &str, rest: &str, value: &str) {
        if let Some(read) = self.settings.guards.read(rest, value) {
            match read {
                Ok(()) => self.note(name, rest),
                Err(allowed) => self.refuse(name, value, allowed),
            }
            return;
        }
        let outcome = if let Some((layer, field)) = self.layer_of(rest) {
            (field.set)(layer, value)
        } else if rest == "STATS" {
            switch(value)
                .map(|on| self.settings.stats = on)
                .ok_or(SWITCH_ALLOWED)
        } else if rest == "NESTED" {
            nested(value)
                .map(|nested| self.settings.nested = nested)
                .ok_or(NESTED_ALLOWED)
        } else {
            self.unknown.push(name.to_owned());
            Ok(())
        };
        match outcome {
            Ok(()) => self.note(name, rest),
            Err(allowed) => self.refuse(name, value, allowed.to_owned()),
        }
    }

    /// Records a variable that is for one operation.
    fn note(&mut self, name: &str, rest: &str) {
        let operation = rest.strip_prefix(OPERATION);
        if let Some((operation, _)) = operation.and_then(|rest| rest.rsplit_once("__")) {
            let variables = &mut self.settings.operation_variables;
            variables.insert(name.to_owned(), operation.to_owned());
        }
    }

    fn refuse(&mut self, variable: &str, value: &str, allowed: String) {
        let (variable, value) = (variable.to_owned(), value.to_owned());
        self.invalid.push(InvalidSetting {
            variable,
            value,
            allowed,
        });
    }

    /// Returns the layer and the field of a name, given without its prefix.
    fn layer_of(&mut self, rest: &str) -> Option<(&mut PolicyLayer, &'static LayerField)> {
        let (owner, field) = split_field(rest)?;
        if let Some(operation) = owner.strip_prefix(OPERATION) {
            let operation = operation
                .strip_suffix('_')
                .filter(|name| !name.is_empty() && operation_key(name) == **name)?;
            return Some((
                self.settings
                    .operations
                    .entry(operation.to_owned())
                    .or_default(),
                field,
            ));
        }
        let class = class_named(owner)?;
        Some((&mut self.settings.classes[class.index()], field))
    }

    /// Refuses by name a `MIN_WAIT` or a `THROTTLED_MIN_WAIT` over the `MAX_WAIT` of its own layer, or of the
    /// default beneath a class; drops the values that cross.
    fn refuse_crossed(&mut self, variables: &BTreeMap<String, String>) {
        let mut crossed = Vec::new();
        for &class in OperationClass::ALL {
            let prefix = format!("{PREFIX}{}_", class.as_str().to_uppercase());
            let policy = class.default_policy();
            let defaults = (Some(policy.min_wait()), Some(policy.max_wait()));
            let layer = &mut self.settings.classes[class.index()];
            crossed.extend(uncross(layer, &prefix, defaults));
        }
        for (name, layer) in &mut self.settings.operations {
            let prefix = format!("{PREFIX}{OPERATION}{name}__");
            crossed.extend(uncross(layer, &prefix, (None, None)));
        }
        for crossed in crossed {
            self.invalid.push(with_value(crossed, variables));
        }
    }
}

/// Splits off the field: `STORAGE_MIN_WAIT` → `STORAGE`; `OP__LOAD__MIN_WAIT` → `OP__LOAD_`.
fn split_field(rest: &str) -> Option<(&str, &'static LayerField)> {
    FIELDS.iter().find_map(|field| {
        let owner = rest.strip_suffix(field.name)?.strip_suffix('_')?;
        Some((owner, field))
    })
}

fn attempts(value: &str) -> Option<AttemptLimit> {
    if value.eq_ignore_ascii_case("unlimited") {
        return Some(AttemptLimit::Unlimited);
    }
    // `parse` accepts a leading `+`; it is refused here, as in a wait.
    let digits = value.starts_with(|first: char| first.is_ascii_digit());
    let count = value.parse().ok().filter(|count| digits && *count > 0);
    count.map(AttemptLimit::Count)
}

fn switch(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "1" | "true" | "on" | "yes" => Some(true),
        "0" | "false" | "off" | "no" => Some(false),
        _ => None,
    }
}

fn nested(value: &str) -> Option<Nested> {
    match value.to_ascii_lowercase().as_str() {
        "stop" => Some(Nested::Stop),
        "multiply" => Some(Nested::Multiply),
        _ => None,
    }
}

/// Drops bounds of `layer` that cross each other, or a default; returns the variables and what is
/// allowed.
fn uncross(
    layer: &mut PolicyLayer,
    prefix: &str,
    (default_min, default_max): (Option<Duration>, Option<Duration>),
) -> Vec<(String, String)> {
    let max_name = format!("{prefix}MAX_WAIT");
    let (min, max) = (layer.min_wait, layer.max_wait);
    let is_over = |min: Option<Duration>| matches!((min, max.or(default_max)), (Some(min), Some(max)) if min > max);
    let allowed = || match max {
        Some(max) => {
            let max = DisplayDuration(max);
            format!("it must be at most {max}, the value of {max_name}")
        }
        None => {
            let max = DisplayDuration(default_max.unwrap_or_default());
            format!("it must be at most {max}, the default of {max_name}, unless that is set too")
        }
    };
    let mut crossed = Vec::new();
    if is_over(layer.throttled_min_wait) {
        layer.throttled_min_wait = None;
        crossed.push((format!("{prefix}THROTTLED_MIN_WAIT"), allowed()));
    }
    if is_over(min.or(default_min)) {
        (layer.min_wait, layer.max_wait) = (None, None);
        let min_name = format!("{prefix}MIN_WAIT");
        crossed.push(if min.is_some() {
            (min_name, allowed())
        } else {
            let min = DisplayDuration(default_min.unwrap_or_default());
            let allowed = format!(
                "it must be at least {min}, the default of {min_name}, unless that is set too"
            );
            (max_name, allowed)
        });
    }
    crossed
}

fn with_value(
    (variable, allowed): (String, String),
    variables: &BTreeMap<String, String>,
) -> InvalidSetting {
    let value = variables
        .get(&variable)
        .map(|value| value.trim().to_owned())
        .unwrap_or_default();
    InvalidSetting {
        variable,
        value,
        allowed,
    }
}
