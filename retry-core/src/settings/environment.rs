//! Where variables are read: the process environment, over `.env`.

use super::variables::PREFIX;
use crate::error::SettingsError;

/// What could be read.
pub(super) struct Read {
    /// `.env` first, so that the environment's value of the same name comes later and counts.
    pub(super) variables: Vec<(String, String)>,
    pub(super) unreadable: Option<SettingsError>,
}

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

#[cfg(not(feature = "dotenv"))]
fn dot_env() -> Read {
    Read {
        variables: Vec::new(),
        unreadable: None,
    }
}

#[cfg(feature = "dotenv")]
fn dot_env() -> Read {
    let mut read = Read {
        variables: Vec::new(),
        unreadable: None,
    };
    let text = match std::fs::read_to_string(".env") {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return read,
        Err(error) => {
            read.unreadable = Some(SettingsError::DotEnv(error.into()));
            return read;
        }
    };
    for line in dotenvy::from_read_iter(text.as_bytes()) {
        match line {
            Ok((name, value)) if name.starts_with(PREFIX) => read.variables.push((name, value)),
            Ok(_) => {}
            Err(error) => {
                read.unreadable
                    .get_or_insert_with(|| SettingsError::DotEnv(unread(&error, &text).into()));
            }
        }
    }
    read
}

/// What is wrong with `.env`, without the line itself: it may hold a secret.
#[cfg(feature = "dotenv")]
fn unread(error: &dotenvy::Error, text: &str) -> String {
    if let dotenvy::Error::LineParse(line, _) = error {
        let at = text.lines().position(|known| known.trim() == line.trim());
        return match at {
            Some(at) => format!("line {} is not NAME=value", at + 1),
            None => "a line is not NAME=value".to_owned(),
        };
    }
    "it cannot be parsed".to_owned()
}
