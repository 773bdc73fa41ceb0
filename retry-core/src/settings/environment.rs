//! Where variables are read: the process environment, over `.env`.

use super::read::Read;
#[cfg(feature = "dotenv")]
use crate::settings::error::SettingsError;
use crate::settings::names::PREFIX;

pub(super) fn read() -> Read {
    let mut read = dot_env();
    for (name, value) in std::env::vars_os() {
        // A value that is not Unicode is kept in its replaced form: parsing refuses it by name.
        let name = name.to_string_lossy();
        if name.starts_with(PREFIX) {
            read.variables
                .push((name.into_owned(), value.to_string_lossy().into_owned()));
        }
    }
    read
}

/// Other programs' lines do not take our settings down. They are not shown: they may hold secrets.
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
fn dot_env() -> Read {
    Read::default()
}

#[cfg(feature = "dotenv")]
fn dot_env() -> Read {
    match std::fs::read(".env") {
        // What is not Unicode is kept in its replaced form here too.
        Ok(bytes) => super::dot_env::parse(&String::from_utf8_lossy(&bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Read::default(),
        Err(error) => Read {
            unreadable: Some(SettingsError::DotEnv(error.into())),
            ..Read::default()
        },
    }
}
