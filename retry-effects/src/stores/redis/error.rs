//! Failures between the store and its server, and their error texts.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use redis::{ErrorKind, RedisError};
use retry_core::__private::redacted_text;
use retry_core::{Classify, Verdict};

use super::refusal::RedisRefusal;
use super::row::newer;
use crate::protocol::store_error::StoreError;

/// The reason why there is no connection, or no answer on it.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    Redis(RedisError),
    Refused(RedisRefusal),
    /// It does not answer the greeting of TLS, but a request without TLS.
    Unencrypted,
    /// There was no answer within this time.
    Late(Duration),
}

impl Failure {
    /// Returns whether the failure may pass. All commands may be sent again.
    pub(super) fn verdict(&self) -> Verdict {
        match self {
            // A script that failed in the middle would do so again.
            Self::Redis(error) if error.classify().kind() == "script" => Verdict::Stop,
            // Nothing is evicted here: an operator must act.
            Self::Redis(error) if error.code() == Some("OOM") => Verdict::Stop,
            // Also for a closed socket or a truncated answer, which do not last.
            Self::Redis(error) => error.classify().verdict(),
            Self::Refused(refusal) if refusal.passes() => Verdict::Retry,
            Self::Refused(_) | Self::Unencrypted => Verdict::Stop,
            Self::Late(_) => Verdict::Retry,
        }
    }

    /// Whether the connection, or the server at its other end, is no longer the right one for
    /// requests.
    pub(super) fn is_of_connection(&self) -> bool {
        let Self::Redis(error) = self else {
            return true;
        };
        const ELSEWHERE: [&str; 4] = ["NOSCRIPT", "READONLY", "LOADING", "MASTERDOWN"];
        let code = error.code().unwrap_or_default();
        error.is_unrecoverable_error() || error.is_io_error() || ELSEWHERE.contains(&code)
    }

    /// Whether there is no server, whatever the request was.
    fn is_of_absence(&self) -> bool {
        match self {
            Self::Late(_) => true,
            Self::Redis(error) => error.is_io_error() && !is_of_tls(error),
            Self::Refused(_) | Self::Unencrypted => false,
        }
    }

    /// Whether another node of the cluster is the right one for the request.
    pub(super) fn is_elsewhere(&self) -> bool {
        matches!(self, Self::Redis(error) if error.code() == Some("MOVED"))
    }

    /// Converts it to the caller's error.
    pub(super) fn into_error(self, server: &str) -> StoreError {
        let verb = if self.is_of_absence() { "reach" } else { "use" };
        let what = format!("{verb} the Redis server at {server}");
        match self {
            Self::Refused(RedisRefusal::Newer { version, .. }) => newer(&version),
            Self::Refused(refusal) if refusal.passes() => StoreError::unavailable(what, refusal),
            Self::Refused(refusal) => {
                StoreError::misconfigured_by(format!("cannot {what}: {refusal}"), refusal)
            }
            Self::Unencrypted => StoreError::misconfigured(format!("cannot {what}: {self}{TLS}")),
            Self::Late(_) => StoreError::unavailable(what, self.to_string()),
            Self::Redis(error) => {
                let (advice, stays) = advice(&error);
                // A script may have written before its error: it is not refused as a whole.
                if stays && error.classify().kind() != "script" {
                    let what = format!("cannot {what}: {}{advice}", redacted_text(&error));
                    StoreError::misconfigured_by(what, error)
                } else {
                    StoreError::unavailable(format!("{what}{advice}"), error)
                }
            }
        }
    }
}

/// Returns what to do about an error of the server, and whether the error lasts until that is done.
fn advice(error: &RedisError) -> (&'static str, bool) {
    if error.kind() == ErrorKind::AuthenticationFailed {
        return (LOG_IN, true);
    }
    if is_of_tls(error) {
        return (TLS, true);
    }
    // The same inside the store's script: the server's text, of the versions 7.0 on.
    let is_denied_in_script = error
        .detail()
        .is_some_and(|detail| detail.starts_with("The user executing the script can't "));
    match error.code().unwrap_or_default() {
        "NOPERM" => (NO_RIGHT, true),
        _ if is_denied_in_script => (NO_RIGHT, true),
        "NOAUTH" | "WRONGPASS" => (LOG_IN, true),
        "WRONGTYPE" => (
            " (another program uses keys of the same names: choose another prefix)",
            true,
        ),
        "MOVED" => (
            " (it is one node of a cluster, and the user may not query the other nodes: ACL SETUSER \
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

/// Whether the other end is not the one that the TLS of this end accepts, or speaks no TLS.
fn is_of_tls(error: &RedisError) -> bool {
    // The library holds the cause in an `Arc`, which hides its type from the chain.
    type Shared = std::sync::Arc<dyn Error + Send + Sync>;
    let cause = error
        .source()
        .map(|source| match source.downcast_ref::<Shared>() {
            Some(shared) => &**shared as &(dyn Error + 'static),
            None => source,
        });
    // An error of the operating system has a number.
    cause
        .and_then(|cause| cause.downcast_ref::<io::Error>())
        .is_some_and(|cause| {
            cause.kind() == io::ErrorKind::InvalidData && cause.raw_os_error().is_none()
        })
}

const TLS: &str = " (enable TLS at this port of the server, with a certificate for the host of the URL \
    that this machine trusts, or open the store by `with_client` and a client that trusts it; \
    without TLS, the URL is redis://..)";

const NO_RIGHT: &str = " (allow the user what the store does: ACL SETUSER <user> ~{<prefix>:* ~<prefix>:* &{<prefix>:* \
    +evalsha +script|load +info +config|get +publish +subscribe +unsubscribe +@read +@write +time)";

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
            Self::Unencrypted => f.write_str("it speaks no TLS at this port"),
            Self::Late(patience) => write!(f, "there was no answer within {patience:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use redis::Value;

    use super::*;

    /// Returns an error as a server answers it.
    fn said(line: &str) -> Failure {
        let answer = redis::parse_redis_value(format!("-{line}\r\n").as_bytes());
        let error = answer.and_then(Value::extract_error);
        Failure::from(error.expect_err("an error"))
    }

    #[test]
    fn what_passes_is_asked_again_and_where() {
        let (passes, stays) = (Verdict::Retry, Verdict::Stop);
        for (line, verdict, is_of_connection) in [
            (
                "LOADING Redis is loading the dataset in memory",
                passes,
                true,
            ),
            (
                "READONLY You can't write against a read only replica.",
                passes,
                true,
            ),
            ("NOSCRIPT No matching script.", stays, true),
            ("MASTERDOWN Link with MASTER is down", passes, true),
            ("CLUSTERDOWN The cluster is down", passes, false),
            (
                "TRYAGAIN Multiple keys request during rehashing",
                passes,
                false,
            ),
            ("MOVED 1201 127.0.0.1:7000", passes, false),
            ("ASK 1201 127.0.0.1:7000", passes, false),
            (
                "OOM command not allowed when used memory > 'maxmemory'.",
                stays,
                false,
            ),
            ("MISCONF Errors writing to the AOF file", stays, false),
            ("NOPERM this user has no permissions", stays, false),
            ("WRONGTYPE Operation against a key", stays, false),
        ] {
            let failure = said(line);
            assert_eq!(failure.verdict(), verdict, "{line}");
            assert_eq!(failure.is_of_connection(), is_of_connection, "{line}");
            assert_eq!(failure.is_elsewhere(), line.starts_with("MOVED"), "{line}");
        }
    }

    #[test]
    fn a_server_that_is_away_is_not_reached() {
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        for failure in [
            Failure::from(RedisError::from(refused)),
            Failure::Late(Duration::from_secs(10)),
        ] {
            let error = failure.into_error("here").to_string();
            let begins = "the store cannot reach the Redis server at here: ";
            assert!(error.starts_with(begins), "{error}");
        }
    }

    #[test]
    fn what_stays_says_what_to_do() {
        for (line, advice) in [
            ("NOPERM this user has no permissions", "ACL SETUSER"),
            ("NOAUTH Authentication required.", "user and password"),
            (
                "WRONGPASS invalid username-password pair",
                "user and password",
            ),
            ("WRONGTYPE Operation against a key", "another prefix"),
            ("MOVED 1201 127.0.0.1:7000", "+cluster|slots"),
        ] {
            let error = said(line).into_error("here");
            let StoreError::Misconfigured { what, source, .. } = &error else {
                panic!("{error:?}");
            };
            assert!(what.contains(advice), "{what}");
            assert!(source.is_some(), "{line}");
        }
        for (line, advice) in [
            ("OOM command not allowed", "raise maxmemory"),
            ("MISCONF Errors writing to the AOF file", "its disk"),
            (
                "BUSY Redis is busy running a script",
                "use the Redis server at here",
            ),
        ] {
            let error = said(line).into_error("here");
            assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
            assert!(error.to_string().contains(advice), "{error}");
        }
    }
}
