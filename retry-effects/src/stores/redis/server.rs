//! The requirements on a server before it is trusted with records. They are checked whenever a
//! connection is made, since the server behind an address can change.

use redis::aio::MultiplexedConnection;
use redis::{Cmd, Pipeline, RedisError, Value};

use super::error::Failure;
use super::keys::Keys;
use super::refusal::RedisRefusal;
use super::row::text;

/// The version of the form of records and keys, in which a store is made.
pub(super) const VERSION: u32 = 2;

/// The versions of stores. A store of version 1 was made by the first release, whose programs may still
/// be at work: it stays of that version, so that they can complete what they have claimed, also on a new
/// connection. They refuse records of version 2 and new stores by themselves.
const KNOWN: [&str; 2] = ["1", "2"];

/// The settings without which a crash of the server may lose an acknowledged write.
const DURABLE: [(&str, &str); 3] = [
    ("appendonly", "yes"),
    ("appendfsync", "always"),
    // "yes" suspends even the syncs of appendfsync while the file is rewritten.
    ("no-appendfsync-on-rewrite", "no"),
];
const POLICY: &str = "maxmemory-policy";

/// The settings that a server gets, and those that it must have.
#[derive(Debug)]
pub(super) struct Terms {
    /// The script's text.
    pub(super) script: String,
    pub(super) keys: Keys,
    pub(super) database: i64,
    pub(super) accepts_loss: bool,
    /// Whether a store is created if there is none.
    pub(super) makes: bool,
}

/// Inspects the server: its role and its settings.
pub(super) async fn inspect(
    connection: &mut MultiplexedConnection,
    terms: &Terms,
) -> Result<(), Failure> {
    let mut ask = Pipeline::new();
    for setting in DURABLE.map(|(setting, _)| setting) {
        ask.add_command(config(setting));
    }
    ask.add_command(config(POLICY));
    ask.cmd("INFO").arg("server");
    ask.cmd("INFO").arg("memory");
    ask.cmd("INFO").arg("persistence");
    ask.cmd("INFO").arg("replication");
    let answers = connection.send_packed_commands(&ask, 0, 8).await?;
    let [
        durable @ ..,
        policy,
        server,
        memory,
        persistence,
        replication,
    ] = &answers[..]
    else {
        return Err(RedisError::from((redis::ErrorKind::Parse, "eight answers")).into());
    };
    if line(server, "redis_mode:") == Some("sentinel") {
        return Err(Failure::Refused(RedisRefusal::Sentinel));
    }
    // Values that this user may not read are allowed; a login that failed is an error.
    if let Err(error) = replication.clone().extract_error()
        && !matches!(error.code(), Some("NOPERM" | "ERR"))
    {
        return Err(error.into());
    }
    if line(replication, "role:") == Some("slave") {
        return Err(Failure::Refused(RedisRefusal::Replica));
    }
    is_no_eviction(setting(policy).or_else(|| line(memory, "maxmemory_policy:")))?;
    if !terms.accepts_loss {
        for ((name, needed), answer) in DURABLE.into_iter().zip(durable) {
            is_durable(name, setting(answer), needed)?;
        }
        is_written(persistence)?;
    }
    Ok(())
}

/// Gives the server the script, and checks for the store. Returns the script's hash, and whether the
/// store was found there: another node of a cluster may hold its version.
///
/// `was_there`: an earlier connection has found it.
pub(super) async fn enter(
    connection: &mut MultiplexedConnection,
    terms: &Terms,
    was_there: bool,
) -> Result<(String, bool), Failure> {
    let version = terms.keys.version();
    let mut ask = Pipeline::new();
    ask.cmd("SCRIPT").arg("LOAD").arg(&terms.script);
    ask.cmd("GET").arg(&version);
    let mut answers = connection
        .send_packed_commands(&ask, 0, 2)
        .await?
        .into_iter();
    let mut next = || answers.next().unwrap_or(Value::Nil).extract_error();
    let hash = redis::from_redis_value(next()?).map_err(RedisError::from)?;
    let mut written = match next() {
        Err(error) if error.code() == Some("MOVED") => return Ok((hash, false)),
        written => written?,
    };
    // A store that was there and is gone is not silently created again.
    if written == Value::Nil && terms.makes && (!was_there || terms.accepts_loss) {
        written = make(connection, &version).await?;
    }
    if written == Value::Nil {
        return Err(Failure::Refused(terms.missing(was_there)));
    }
    is_known(text(&written).unwrap_or_default())?;
    Ok((hash, true))
}

/// Whether the store that was there is gone, as far as this server knows.
pub(super) async fn is_emptied(connection: &mut MultiplexedConnection, terms: &Terms) -> bool {
    let mut ask = redis::cmd("GET");
    ask.arg(terms.keys.version());
    let written = connection.send_packed_command(&ask).await;
    matches!(written, Ok(Value::Nil))
}

/// Creates the store, unless another process has done so meanwhile; returns its version.
async fn make(connection: &mut MultiplexedConnection, version: &str) -> Result<Value, Failure> {
    let mut make = Pipeline::new();
    make.cmd("SET").arg(version).arg(VERSION).arg("NX");
    make.cmd("GET").arg(version);
    let answers = connection.send_packed_commands(&make, 0, 2).await?;
    for answer in &answers {
        answer.clone().extract_error()?;
    }
    Ok(answers.into_iter().next_back().unwrap_or(Value::Nil))
}

impl Terms {
    fn missing(&self, was_there: bool) -> RedisRefusal {
        let prefix = self.keys.prefix().to_owned();
        if was_there {
            RedisRefusal::Emptied { prefix }
        } else {
            RedisRefusal::Absent {
                prefix,
                database: self.database,
            }
        }
    }
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
            or: "; where the provider forbids CONFIG to everybody, set accept_loss(), or use a server of \
                 your own",
        }),
    }
}

/// Checks that its append-only file is one that a restart reads. `CONFIG SET appendonly yes` is
/// answered before the first file is written, and until then a restart reads no useful file. The
/// server does not report this; but it then has no size to compare the file with, and writes one or
/// is about to.
fn is_written(persistence: &Value) -> Result<(), RedisRefusal> {
    let is = |name: &str, value: &str| line(persistence, name) == Some(value);
    let is_first = is("aof_base_size:", "0");
    let is_at_it = is("aof_rewrite_in_progress:", "1") || is("aof_rewrite_scheduled:", "1");
    if is_first && is_at_it {
        return Err(RedisRefusal::Unwritten);
    }
    Ok(())
}

fn is_known(version: &str) -> Result<(), RedisRefusal> {
    if KNOWN.contains(&version) {
        return Ok(());
    }
    Err(RedisRefusal::Newer {
        version: version.to_owned(),
        known: VERSION,
    })
}

/// Returns the value of a setting, as either protocol gives it.
fn setting(answer: &Value) -> Option<&str> {
    match answer {
        Value::Array(parts) => text(parts.get(1)?).ok(),
        Value::Map(pairs) => text(&pairs.first()?.1).ok(),
        _ => None,
    }
}

/// Returns the text after `name` in an answer to INFO.
fn line<'a>(answer: &'a Value, name: &str) -> Option<&'a str> {
    let lines = match answer {
        Value::VerbatimString { text, .. } => text,
        other => text(other).ok()?,
    };
    lines.lines().find_map(|line| line.strip_prefix(name))
}
