//! The script that runs on the server, its requests, and the meaning of its answers.
//!
//! A script (`EVALSHA`), not a function (`FUNCTION LOAD`): it is identified by its hash, so that
//! programs with different versions of it work side by side while a fleet is updated, whereas a
//! function's library would be replaced while programs use it; and it needs no Redis 7.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::{Cmd, ToRedisArgs, Value};

use super::keys::{Keys, OfRecord};
use super::row::{self, LONGEST, claim_text, hash_text, strange};
use crate::identity::action_id::ActionId;
use crate::protocol::claim::{Claim, ClaimRequest};
use crate::protocol::ids::{Fence, Token};
use crate::protocol::outcome::{Outcome, Settlement};
use crate::protocol::payload::Payload;
use crate::protocol::reason::Reason;
use crate::protocol::state_machine::{Now, Slot, millis, nanos};
use crate::protocol::store_error::StoreError;

const BODY: &str = include_str!("script.lua");

/// The server's clock, read once per operation.
const SERVER_CLOCK: &str =
    "local time = redis.call('TIME')\nlocal now = time[1] * 1000000 + time[2]\n";

/// A test's clock, the last of the arguments.
const MANUAL_CLOCK: &str = "local now = tonumber(ARGV[#ARGV])\n";

/// The clock of the script.
#[derive(Clone, Debug)]
pub(super) enum Clock {
    Server,
    /// A test's clock: microseconds since 1970.
    #[cfg_attr(not(feature = "conformance"), expect(dead_code, reason = "for tests"))]
    Manual(Arc<AtomicU64>),
}

impl Clock {
    /// Returns the script's text.
    pub(super) fn script(&self) -> String {
        match self {
            Self::Server => format!("{SERVER_CLOCK}{BODY}"),
            Self::Manual(_) => format!("{MANUAL_CLOCK}{BODY}"),
        }
    }
}

/// Builds the commands.
#[derive(Debug)]
pub(super) struct Script {
    /// The hash that the server gave the script.
    pub(super) hash: String,
    pub(super) keys: Keys,
    pub(super) clock: Clock,
}

/// A command to the server.
#[derive(Clone, Debug)]
pub(super) struct Command {
    /// The tag of all its keys.
    pub(super) tag: u8,
    pub(super) words: Cmd,
}

impl Command {
    fn arg(&mut self, word: impl ToRedisArgs) -> &mut Self {
        self.words.arg(word);
        self
    }
}

impl Script {
    pub(super) fn read(&self, id: ActionId) -> Command {
        self.finish(self.begin(id, "read"))
    }

    pub(super) fn claim(&self, request: &ClaimRequest) -> Command {
        let fence =
            |fence: Option<Fence>| fence.map_or_else(String::new, |fence| fence.to_string());
        let (silent_fence, silent_renewals) = match request.silent {
            Some(silent) => (silent.fence.to_string(), silent.renewals.to_string()),
            None => (String::new(), String::new()),
        };
        let mut command = self.begin(request.id, "claim");
        command
            .arg(claim_text(request.claim_id))
            .arg(hash_text(request.input_hash))
            .arg(&*request.action_type)
            .arg(request.scope.as_deref().unwrap_or_default())
            .arg(micros(request.lease))
            .arg(nanos(request.lease))
            .arg(millis(request.keep).min(LONGEST))
            .arg(request.retain.map_or_else(String::new, |retain| {
                millis(retain).min(LONGEST).to_string()
            }))
            .arg(fence(request.takeover))
            .arg(silent_fence)
            .arg(silent_renewals);
        self.finish(command)
    }

    pub(super) fn complete(&self, token: &Token, outcome: &Outcome) -> Command {
        let mut command = self.owners(token, "complete");
        match outcome {
            Outcome::Success(payload) => write(&mut command, "success", payload),
            Outcome::Failed(payload) => write(&mut command, "failed", payload),
            Outcome::InDoubt { applied, reason } => {
                let word = if *applied { "applied" } else { "in_doubt" };
                let reason = reason.as_ref().map(Reason::to_payload);
                write(
                    &mut command,
                    word,
                    &reason.unwrap_or_else(|| Payload::new("")),
                );
            }
        }
        self.finish(command)
    }

    pub(super) fn renew(&self, token: &Token, lease: Duration) -> Command {
        let mut command = self.owners(token, "renew");
        command.arg(micros(lease)).arg(nanos(lease));
        self.finish(command)
    }

    pub(super) fn release(&self, token: &Token) -> Command {
        self.finish(self.owners(token, "release"))
    }

    pub(super) fn settle(&self, id: ActionId, fence: Fence, settlement: &Settlement) -> Command {
        let mut command = self.begin(id, "settle");
        command.arg(fence.number());
        match settlement {
            Settlement::Success(payload) => write(&mut command, "success", payload),
            Settlement::NotApplied => drop(command.arg("not_applied")),
        }
        self.finish(command)
    }

    /// Returns the command that removes a record, if it may go and is older than `age` milliseconds.
    pub(super) fn purge(&self, id: ActionId, age: u64) -> Command {
        let mut command = self.begin(id, "purge");
        command.arg(age.min(LONGEST));
        self.finish(command)
    }

    /// Returns the command that reads some ids of a tag, in order, those after `after`.
    pub(super) fn page(&self, tag: u8, after: Option<ActionId>, limit: usize) -> Command {
        let from = after.map_or_else(|| "-".to_owned(), |id| format!("({id}"));
        let words = redis::cmd("ZRANGEBYLEX");
        let mut command = Command { tag, words };
        let keys = self.keys.tag(tag);
        command.arg(keys.ids).arg(from).arg("+");
        command.arg("LIMIT").arg(0).arg(limit);
        command
    }

    fn owners(&self, token: &Token, operation: &str) -> Command {
        let mut command = self.begin(token.id(), operation);
        command
            .arg(token.fence().number())
            .arg(claim_text(token.claim_id()));
        command
    }

    fn begin(&self, id: ActionId, operation: &str) -> Command {
        let mut command = self.on(id.as_bytes()[0], &self.keys.record(id));
        command.arg(operation).arg(id.to_string());
        command
    }

    fn on(&self, tag: u8, keys: &OfRecord) -> Command {
        let words = redis::cmd("EVALSHA");
        let mut command = Command { tag, words };
        command.arg(&self.hash).arg(4);
        command.arg(&keys.record).arg(&keys.fence);
        command.arg(&keys.ids).arg(&keys.due);
        command
    }

    fn finish(&self, mut command: Command) -> Command {
        if let Clock::Manual(micros) = &self.clock {
            command.arg(micros.load(Ordering::SeqCst));
        }
        command
    }
}

fn write(command: &mut Command, word: &str, payload: &Payload) {
    command.arg(word).arg(payload.format()).arg(payload.json());
}

/// Converts a lease to microseconds, rounded up rather than down.
fn micros(lease: Duration) -> u64 {
    nanos(lease).div_ceil(1_000).min(LONGEST)
}

/// An answer of the script.
#[derive(Debug)]
pub(super) enum Reply {
    /// It changed the record; with the fence, for a claim.
    Done(Option<Fence>),
    /// It changed nothing, as there is no record.
    Absent,
    /// It changed nothing; with the record and the time.
    Found(Box<Slot>, Now),
    /// A purge left the record.
    Kept,
}

impl Reply {
    pub(super) fn read(value: &Value) -> Result<Self, StoreError> {
        let Value::Array(parts) = value else {
            return Err(strange("an answer of another kind"));
        };
        let Some((word, rest)) = parts.split_first() else {
            return Err(strange("an empty answer"));
        };
        match (row::text(word)?, rest) {
            ("done", []) => Ok(Self::Done(None)),
            ("done", [fence]) => {
                let fence = Fence::new(row::number(row::text(fence)?)?);
                Ok(Self::Done(Some(fence)))
            }
            ("absent", _) => Ok(Self::Absent),
            ("kept", _) => Ok(Self::Kept),
            ("found", [now, fields @ ..]) => {
                Ok(Self::Found(Box::new(row::slot(fields)?), row::moment(now)?))
            }
            ("version", [version]) => Err(newer(row::text(version)?)),
            _ => Err(strange("an unknown answer")),
        }
    }

    /// Whether an answer reports a changed record.
    pub(super) fn is_change(value: &Value) -> bool {
        let Value::Array(parts) = value else {
            return false;
        };
        matches!(parts.first(), Some(Value::BulkString(word)) if word == b"done")
    }

    /// Returns the result of a claim.
    pub(super) fn claim(self, request: &ClaimRequest) -> Result<Claim, StoreError> {
        match self {
            Self::Done(Some(fence)) => {
                Ok(Claim::Won(Token::new(request.id, fence, request.claim_id)))
            }
            // The state machine gives the reason why it was not granted.
            Self::Found(slot, now) => match slot.grant(request, now) {
                Err(refusal) => Ok(refusal),
                Ok(_) => Err(torn()),
            },
            _ => Err(torn()),
        }
    }

    /// Returns the result of a change; `unchanged` is the state machine's answer for the record that
    /// the script left as it was.
    pub(super) fn change<T>(
        self,
        done: T,
        missing: StoreError,
        unchanged: impl FnOnce(&mut Slot, Now) -> Result<(bool, T), StoreError>,
    ) -> Result<T, StoreError> {
        match self {
            Self::Done(None) => Ok(done),
            Self::Absent => Err(missing),
            Self::Found(mut slot, now) => match unchanged(&mut slot, now)? {
                (false, answer) => Ok(answer),
                (true, _) => Err(torn()),
            },
            _ => Err(torn()),
        }
    }
}

/// Returns the error for a record of another version.
pub(super) fn newer(version: &str) -> StoreError {
    StoreError::unreadable(format!(
        "Redis holds a record of version {version:?}, and this one knows \"1\": upgrade \
         retry-effects here, or choose another prefix if it is another program's"
    ))
}

/// Returns the error where script and state machine differ: nothing was changed, and nothing may run.
fn torn() -> StoreError {
    strange("a state in which the script did nothing and the state machine would")
}
