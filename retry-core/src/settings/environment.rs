//! Reads variables from the process environment, over `.env`.

use super::found_variables::FoundVariables;
#[cfg(feature = "dotenv")]
use crate::settings::error::SettingsError;
use crate::settings::names::PREFIX;

pub(super) fn read() -> FoundVariables {
    let mut read = dot_env();
    for (name, value) in std::env::vars_os() {
        // Bytes that are not Unicode become U+FFFD: parsing then refuses the value and names the
        // variable.
        let name = name.to_string_lossy();
        if name.starts_with(PREFIX) {
            read.variables
                .push((name.into_owned(), value.to_string_lossy().into_owned()));
        }
    }
    read
}

/// Warns only: another program's line must not make our settings fail. The line itself is not logged: it
/// may hold a secret.
pub(super) fn warn_of_skipped(lines: &[usize]) {
    for line in lines {
        tracing::warn!(
            target: "retry",
            line,
            "Line {line} of .env is not NAME=value: it is skipped"
        );
    }
}

#[cfg(not(feature = "dotenv"))]
fn dot_env() -> FoundVariables {
    FoundVariables::default()
}

#[cfg(feature = "dotenv")]
fn dot_env() -> FoundVariables {
    match std::fs::read(".env") {
        // Bytes that are not Unicode become U+FFFD here too.
        Ok(bytes) => super::dot_env::parse(&String::from_utf8_lossy(&bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => FoundVariables::default(),
        Err(error) => FoundVariables {
            unreadable: Some(SettingsError::DotEnv(error.into())),
            ..FoundVariables::default()
        },
    }
}
