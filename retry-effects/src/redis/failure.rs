//! What goes wrong between the store and its server, and what to say of it.

use std::fmt;
use std::time::Duration;

use redis::{ErrorKind, RedisError};
use retry_core::{Classify, Verdict};

use super::refusal::RedisRefusal;
use crate::store_error::StoreError;

/// Why there is no connection, or no answer on it.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    Redis(RedisError),
    Refused(RedisRefusal),
    /// There was no answer within so much time.
    Late(Duration),
}

impl Failure {
    /// Whether it may pass. Everything that is sent may be sent again.
    pub(super) fn verdict(&self) -> Verdict {
        match self {
            // One that failed in the middle would do so again.
            Self::Redis(error) if Classify::kind(error) == "script" => Verdict::Stop,
            // Nothing is evicted here: it takes a person.
            Self::Redis(error) if error.code() == Some("OOM") => Verdict::Stop,
            Self::Redis(error) => match error.classify() {
                // The socket was closed, or the answer was cut: nothing that stays so.
                Verdict::Unknown => Verdict::Retry,
                verdict => verdict,
            },
            // A failover may be under way.
            Self::Refused(RedisRefusal::Replica) | Self::Late(_) => Verdict::Retry,
            Self::Refused(_) => Verdict::Stop,
        }
    }

    /// Whether the connection, or the server at its other end, is no longer the one to ask.
    pub(super) fn is_of_connection(&self) -> bool {
        let Self::Redis(error) = self else {
            return true;
        };
        const ELSEWHERE: [&str; 4] = ["NOSCRIPT", "READONLY", "LOADING", "MASTERDOWN"];
        let code = error.code().unwrap_or_default();
        error.is_unrecoverable_error() || error.is_io_error() || ELSEWHERE.contains(&code)
    }

    /// Whether another node of the cluster is the one to ask.
    pub(super) fn is_elsewhere(&self) -> bool {
        matches!(self, Self::Redis(error) if error.code() == Some("MOVED"))
    }

    /// What a caller is told.
    pub(super) fn into_error(self, server: &str) -> StoreError {
        let what = format!("use the Redis server at {server}");
        match self {
            Self::Refused(RedisRefusal::Newer { version, .. }) => super::script::newer(&version),
            Self::Refused(RedisRefusal::Replica) => {
                StoreError::unavailable(what, RedisRefusal::Replica)
            }
            Self::Refused(refusal) => {
                StoreError::misconfigured_by(format!("cannot {what}"), refusal)
            }
            Self::Late(_) => StoreError::unavailable(what, self.to_string()),
            Self::Redis(error) => {
                let (advice, stays) = advice(&error);
                if stays && Classify::kind(&error) != "script" {
                    StoreError::misconfigured_by(format!("cannot {what}{advice}"), error)
                } else {
                    StoreError::unavailable(format!("{what}{advice}"), error)
                }
            }
        }
    }
}

/// What to do about an error of the server, and whether it stays until that is done.
fn advice(error: &RedisError) -> (&'static str, bool) {
    if error.kind() == ErrorKind::AuthenticationFailed {
        return (LOG_IN, true);
    }
    match error.code().unwrap_or_default() {
        "NOPERM" => (
            " (allow the user what the store does: ACL SETUSER <user> ~{<prefix>:* ~<prefix>:* \
             &{<prefix>:* +evalsha +script|load +info +config|get +publish +subscribe +unsubscribe \
             +@read +@write +time)",
            true,
        ),
        "NOAUTH" | "WRONGPASS" => (LOG_IN, true),
        "WRONGTYPE" => (
            " (another program uses keys of the same names: choose another prefix)",
            true,
        ),
        "MOVED" => (
            " (it is one node of a cluster, and the user may not ask for the others: ACL SETUSER \
             <user> +cluster|slots)",
            true,
        ),
        "OOM" => (
            " (its memory is full, so that nothing new is claimed: raise maxmemory, or purge records)",
            false,
        ),
        "MISCONF" => (
            " (it cannot write its disk, and takes no writes until it can: see its log)",
            false,
        ),
        _ => ("", false),
    }
}

const LOG_IN: &str = " (put user and password into the URL: redis://user:password@host)";

impl From<RedisError> for Failure {
    fn from(error: RedisError) -> Self {
        Self::Redis(error)
    }
}

impl From<RedisRefusal> for Failure {
    fn from(refusal: RedisRefusal) -> Self {
        Self::Refused(refusal)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Redis(error) => error.fmt(f),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Late(patience) => write!(f, "there was no answer within {patience:?}"),
        }
    }
}
