//! What a server must be before it is trusted with records: looked at whenever a connection is made,
//! since the server behind an address can change.

use redis::aio::MultiplexedConnection;
use redis::{Cmd, Pipeline, RedisError, Value};
use retry_core::{Classify, Verdict};

use super::keys::Keys;
use super::refusal::RedisRefusal;
use super::row::text;
use crate::store_error::StoreError;

/// The version of the form that records and keys have.
pub(super) const VERSION: u32 = 1;

/// The settings without which an acknowledged write may be lost in a crash of the server.
const DURABLE: [(&str, &str); 3] = [
    ("appendonly", "yes"),
    ("appendfsync", "always"),
    // "yes" leaves out even what appendfsync asks for, while the file is rewritten.
    ("no-appendfsync-on-rewrite", "no"),
];
const POLICY: &str = "maxmemory-policy";

/// Why there is no connection, or no answer on it.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    Redis(RedisError),
    Refused(RedisRefusal),
}

/// Looks at the server, and gives it the script. Says the script's hash.
pub(super) async fn prepare(
    connection: &mut MultiplexedConnection,
    script: &str,
    keys: &Keys,
    accepts_loss: bool,
) -> Result<String, Failure> {
    let mut ask = Pipeline::new();
    for setting in DURABLE.map(|(setting, _)| setting) {
        ask.add_command(config(setting));
    }
    ask.add_command(config(POLICY));
    ask.cmd("INFO").arg("memory");
    ask.cmd("INFO").arg("replication");
    ask.cmd("SCRIPT").arg("LOAD").arg(script);
    ask.cmd("SET").arg(keys.version()).arg(VERSION).arg("NX");
    ask.cmd("GET").arg(keys.version());
    let answers = connection.send_packed_commands(&ask, 0, 9).await?;
    let [
        durable @ ..,
        policy,
        memory,
        replication,
        hash,
        written,
        version,
    ] = &answers[..]
    else {
        return Err(RedisError::from((redis::ErrorKind::Parse, "nine answers")).into());
    };

    let role = line(replication, "role:");
    if role == Some("slave") {
        return Err(Failure::Refused(RedisRefusal::Replica));
    }
    let policy = setting(policy).or_else(|| line(memory, "maxmemory_policy:"));
    is_no_eviction(policy)?;
    if !accepts_loss {
        for ((name, needed), answer) in DURABLE.into_iter().zip(durable) {
            is_durable(name, setting(answer), needed)?;
        }
    }
    written.clone().extract_error()?;
    let version = version.clone().extract_error()?;
    is_known(text(&version).unwrap_or_default())?;
    let hash = hash.clone().extract_error()?;
    Ok(redis::from_redis_value::<String>(hash).map_err(RedisError::from)?)
}

fn config(setting: &str) -> Cmd {
    let mut command = redis::cmd("CONFIG");
    command.arg("GET").arg(setting);
    command
}

fn is_no_eviction(policy: Option<&str>) -> Result<(), RedisRefusal> {
    match policy {
        Some("noeviction") => Ok(()),
        Some(policy) => Err(RedisRefusal::Evicts {
            policy: policy.to_owned(),
        }),
        None => Err(RedisRefusal::Untold {
            setting: POLICY,
            or: "",
        }),
    }
}

fn is_durable(
    setting: &'static str,
    value: Option<&str>,
    needed: &'static str,
) -> Result<(), RedisRefusal> {
    match value {
        Some(value) if value == needed => Ok(()),
        Some(value) => Err(RedisRefusal::LosesWrites {
            setting,
            value: value.to_owned(),
            needed,
        }),
        None => Err(RedisRefusal::Untold {
            setting,
            or: ", or say accept_loss()",
        }),
    }
}

fn is_known(version: &str) -> Result<(), RedisRefusal> {
    if version == VERSION.to_string() {
        return Ok(());
    }
    Err(RedisRefusal::Newer {
        version: version.to_owned(),
        known: VERSION,
    })
}

/// The value of a setting, as either protocol gives it.
fn setting(answer: &Value) -> Option<&str> {
    match answer {
        Value::Array(parts) => text(parts.get(1)?).ok(),
        Value::Map(pairs) => text(&pairs.first()?.1).ok(),
        _ => None,
    }
}

/// What stands behind `name` in an answer to INFO.
fn line<'a>(answer: &'a Value, name: &str) -> Option<&'a str> {
    let lines = match answer {
        Value::VerbatimString { text, .. } => text,
        other => text(other).ok()?,
    };
    lines.lines().find_map(|line| line.strip_prefix(name))
}

impl Failure {
    /// Whether it may pass. Everything that is sent may be sent again.
    pub(super) fn verdict(&self) -> Verdict {
        match self {
            // One that failed in the middle would do so again.
            Self::Redis(error) if Classify::kind(error) == "script" => Verdict::Stop,
            Self::Redis(error) => match error.classify() {
                // The socket was closed, or the answer was cut: nothing that stays so.
                Verdict::Unknown => Verdict::Retry,
                verdict => verdict,
            },
            Self::Refused(RedisRefusal::Replica) => Verdict::Retry,
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

    /// What a caller is told.
    pub(super) fn into_error(self, server: &str) -> StoreError {
        let use_it = format!("use the Redis server at {server}");
        match self {
            Self::Refused(RedisRefusal::Newer { version, .. }) => super::script::newer(&version),
            Self::Refused(refusal) => StoreError::unavailable(use_it, refusal),
            Self::Redis(error) => {
                let advice = advice(&error);
                StoreError::unavailable(format!("{use_it}{advice}"), error)
            }
        }
    }
}

/// What to do about an error of the server.
fn advice(error: &RedisError) -> &'static str {
    match error.code().unwrap_or_default() {
        "NOPERM" => {
            " (allow the user what the store does: ACL SETUSER <user> ~{<prefix>:* ~<prefix>:* \
             &{<prefix>:* +evalsha +script|load +info +config|get +publish +subscribe +unsubscribe \
             +@read +@write +time)"
        }
        "NOAUTH" | "WRONGPASS" => {
            " (put user and password into the URL: redis://user:password@host)"
        }
        "OOM" => " (its memory is full: raise maxmemory, or purge records)",
        "MISCONF" => " (it cannot write its disk: see its log)",
        "MOVED" | "ASK" | "CLUSTERDOWN" => {
            " (it is one node of a cluster, and the record is on another: give the address of a \
             proxy that knows the cluster)"
        }
        "WRONGTYPE" => " (another program uses keys of the same names: choose another prefix)",
        _ => "",
    }
}

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

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Redis(error) => error.fmt(f),
            Self::Refused(refusal) => refusal.fmt(f),
        }
    }
}
