//! [`Failure`]: the reason why the command failed, and its exit code.

use std::error::Error;
use std::io;
use std::process::ExitCode;

use retry_core::__private::redacted_text;
use serde_json::json;

use crate::protocol::store_error::StoreError;

/// The reason why the command failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// The record does not allow the change, or the operator declined.
    Refused { kind: &'static str, message: String },
    /// The command line is wrong.
    Usage { kind: &'static str, message: String },
    /// The store cannot be used.
    Store { kind: &'static str, message: String },
    /// The result could not be written.
    Output(io::Error),
}

impl Failure {
    pub(super) fn refused(kind: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::Refused { kind, message }
    }

    pub(super) fn usage(kind: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::Usage { kind, message }
    }

    /// Adds advice for the operator to the message.
    pub(super) fn and(mut self, more: &str) -> Self {
        if let Self::Refused { message, .. }
        | Self::Usage { message, .. }
        | Self::Store { message, .. } = &mut self
        {
            message.push_str("; ");
            message.push_str(more);
        }
        self
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code())
    }

    fn code(&self) -> u8 {
        match self {
            Self::Refused { .. } => 1,
            Self::Usage { .. } => 2,
            Self::Store { .. } => 3,
            Self::Output(_) => 4,
        }
    }

    /// Returns the text for people, or one object for programs.
    pub(super) fn message(&self, as_json: bool) -> String {
        let (kind, message) = match self {
            Self::Refused { kind, message }
            | Self::Usage { kind, message }
            | Self::Store { kind, message } => (*kind, message.clone()),
            Self::Output(error) => ("output", format!("cannot write the output: {error}")),
        };
        if as_json {
            let error = json!({ "kind": kind, "message": message, "exit_code": self.code() });
            json!({ "error": error }).to_string()
        } else {
            format!("error: {message}")
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let message = with_sources(&error);
        match error {
            StoreError::NotFound => Self::refused("not_found", message),
            StoreError::Changed { .. } => Self::refused(
                "changed",
                format!("{message}; nothing was changed here: `show` it again"),
            ),
            StoreError::OwnerAlive { .. } => Self::refused("owner_alive", message),
            StoreError::Misconfigured { .. } => Self::store("misconfigured", message),
            StoreError::Unreadable { .. } => Self::store("unreadable", message),
            _ => Self::store("unavailable", message),
        }
    }
}

impl Failure {
    fn store(kind: &'static str, message: String) -> Self {
        Self::Store { kind, message }
    }
}

/// Returns an error with its sources, redacted and without repetitions. A store's error redacts the text of
/// its source; the source itself is the driver's, and may quote a URL with a password.
fn with_sources(error: &dyn Error) -> String {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let source_text = redacted_text(&error);
        if !message.contains(&source_text) {
            message.push_str(": ");
            message.push_str(&source_text);
        }
        source = error.source();
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_of_a_store_has_its_exit_code() {
        let table = [
            (StoreError::NotFound, "not_found", 1),
            (
                StoreError::owner_alive(std::time::Duration::ZERO),
                "owner_alive",
                1,
            ),
            (StoreError::misconfigured("evicts"), "misconfigured", 3),
            (StoreError::unreadable("what"), "unreadable", 3),
            (StoreError::unavailable("open it", "no"), "unavailable", 3),
            (StoreError::full(7), "unavailable", 3),
        ];
        for (error, kind, code) in table {
            let failure = Failure::from(error);
            let message: serde_json::Value = serde_json::from_str(&failure.message(true)).unwrap();
            assert_eq!(message["error"]["kind"], kind);
            assert_eq!(message["error"]["exit_code"], code);
        }
    }

    #[test]
    fn a_source_is_shown_without_the_secrets_of_its_url() {
        let inner = io::Error::other("no route to redis://user:SECRET@host/0?pass=SECRET");
        let error = StoreError::unavailable("reach the server", inner);
        let message = Failure::from(error).message(false);
        assert_eq!(
            message,
            "error: the store cannot reach the server: no route to redis://…@host/0?…"
        );
    }

    #[test]
    fn sources_are_told_once() {
        let inner = io::Error::other("the disk is full");
        let error = StoreError::unavailable("write /x", inner);
        let message = Failure::from(error).message(false);
        assert_eq!(
            message,
            "error: the store cannot write /x: the disk is full"
        );
    }
}
