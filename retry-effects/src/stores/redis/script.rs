//! The script that runs on the server, and its commands.
//!
//! A script (`EVALSHA`), not a function (`FUNCTION LOAD`): it is identified by its hash, so that
//! programs with different versions of it work side by side while a fleet is updated, whereas a
//! function's library would be replaced while programs use it; and it needs no Redis 7.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use redis::{Cmd, ToRedisArgs};

use super::keys::Keys;
use super::row::{LONGEST, Need, claim_text, hash_text};
use crate::identity::action_id::ActionId;
use crate::protocol::claim::ClaimRequest;
use crate::protocol::operation::{Operation, Seen, Step, Write};
use crate::protocol::payload::FORMAT;
use crate::protocol::record::Status;
use crate::protocol::state_machine::{millis, nanos};
use crate::stores::durable::backend::Call;

const BODY: &str = include_str!("script.lua");

/// The server's clock.
const SERVER_CLOCK: &str = "local function clock() local time = redis.call('TIME') \
    return time[1] * 1000000 + time[2] end\n";

/// A test's clock, the last of the arguments.
const MANUAL_CLOCK: &str = "local manual = tonumber(table.remove(ARGV)) \
    local function clock() return manual end\n";

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
#[derive(Clone, Debug)]
pub(super) struct Script {
    /// The hash that the server gave the script.
    pub(super) hash: Arc<str>,
    pub(super) keys: Keys,
    pub(super) clock: Clock,
}

/// A command to the server.
#[derive(Clone, Debug, Default)]
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

/// The keys of a step beside its record's, in the script's order.
#[derive(Clone, Copy, Debug)]
enum Beside {
    Nothing = 0,
    /// Those that an outcome changes.
    Outcome = 2,
    /// Those that a claim on no record changes.
    Claim = 4,
    All = 6,
}

/// The beginning of a list.
const START: &str = "-";

impl Script {
    /// Returns the command for a step.
    pub(super) fn step(&self, call: Call<'_>) -> Command {
        let id = call.id();
        let command = match (call.operation, call.step) {
            (Operation::Claim(request), Step::Insert) => {
                let mut command = self.on(id, Beside::Claim, "insert");
                claim(&mut command, request);
                command
            }
            (Operation::Claim(request), Step::Overwrite { seen, created }) => {
                let mut command = self.on(id, Beside::All, "overwrite");
                expect(&mut command, *seen).arg(*created);
                claim(&mut command, request);
                command
            }
            (operation, Step::Write(write)) => self.write(operation, write),
            (_, Step::Confirm(seen, _)) => {
                let mut command = self.on(id, Beside::Nothing, "confirm");
                expect(&mut command, *seen);
                command
            }
            (_, Step::Remove(seen)) => {
                let mut command = self.on(id, Beside::All, "remove");
                expect(&mut command, *seen);
                command
            }
            // Only claims insert; for a waiter, the store's listener subscribes.
            (_, Step::Insert | Step::Overwrite { .. } | Step::Read | Step::Watch) => {
                self.on(id, Beside::Nothing, "read")
            }
        };
        self.finish(command)
    }

    fn write(&self, operation: &Operation, write: &Write) -> Command {
        let id = operation.id();
        let mut command = match (write.seen, operation.token()) {
            (Some(seen), _) => {
                let mut command = self.on(id, Beside::All, "write");
                expect(&mut command, seen);
                command
            }
            (None, Some(token)) => {
                let mut command = self.on(id, Beside::Outcome, "own");
                let fence = token.fence().number();
                command.arg(fence).arg(claim_text(token.claim_id()));
                command
            }
            // A change without a record and without an owner expects nothing that could be.
            (None, None) => return self.on(id, Beside::Nothing, "read"),
        };
        decide(&mut command, write);
        command
    }

    /// Returns the command that reads some records of a tag, in the order of their ids, those after
    /// `after`; with no statuses, all of them.
    pub(super) fn page(
        &self,
        tag: u8,
        after: Option<ActionId>,
        limit: usize,
        need: Need,
        statuses: &[&str],
    ) -> Command {
        let keys = self.keys.tag(tag);
        let is_any = statuses.is_empty() || statuses.contains(&Status::Success.as_str());
        let list = if is_any { &keys.actions } else { &keys.marked };
        let mut command = self.list(tag, &[list, &keys.version_1], "page", after, limit);
        command.arg(if need == Need::Result {
            "whole"
        } else {
            "without"
        });
        statuses.iter().for_each(|status| {
            command.arg(status);
        });
        self.finish(command)
    }

    /// Returns the command that counts some records of a tag.
    pub(super) fn tally(&self, tag: u8, after: Option<ActionId>, limit: usize) -> Command {
        let keys = self.keys.tag(tag);
        let lists = [&keys.marked, &keys.version_1, &keys.actions, &keys.over];
        self.finish(self.list(tag, &lists, "tally", after, limit))
    }

    /// Returns the command that reads some records of a tag whose retention may be over.
    pub(super) fn due(&self, tag: u8, limit: usize) -> Command {
        let keys = self.keys.tag(tag);
        let lists = [
            &keys.over,
            &keys.marked,
            &keys.actions,
            &keys.version_1_over,
            &keys.version_1,
        ];
        let mut command = self.begin(tag, &lists);
        command.arg("due").arg(limit);
        self.finish(command)
    }

    fn list(
        &self,
        tag: u8,
        lists: &[&String],
        step: &str,
        after: Option<ActionId>,
        limit: usize,
    ) -> Command {
        let from = after.map_or_else(|| START.to_owned(), |id| format!("({id}"));
        let mut command = self.begin(tag, lists);
        command.arg(step).arg(from).arg(limit);
        command
    }

    fn on(&self, id: ActionId, beside: Beside, step: &str) -> Command {
        let tag = id.as_bytes()[0];
        let keys = self.keys.tag(tag);
        let record = self.keys.record(id);
        let keys = [
            &record,
            &keys.over,
            &keys.marked,
            &keys.actions,
            &keys.fence,
            &keys.version_1,
            &keys.version_1_over,
        ];
        let mut command = self.begin(tag, &keys[..=beside as usize]);
        command.arg(step);
        command
    }

    fn begin(&self, tag: u8, keys: &[&String]) -> Command {
        // Enough for a claim: a command that grows is copied each time.
        let words = Cmd::with_capacity(30, 768);
        let mut command = Command { tag, words };
        command.arg("EVALSHA").arg(&*self.hash).arg(keys.len());
        keys.iter().for_each(|key| {
            command.arg(key);
        });
        command
    }

    fn finish(&self, mut command: Command) -> Command {
        if let Clock::Manual(micros) = &self.clock {
            command.arg(micros.load(Ordering::SeqCst));
        }
        command
    }
}

fn expect(command: &mut Command, seen: Seen) -> &mut Command {
    command.arg(seen.fence.number()).arg(seen.revision)
}

/// Adds the lease and the fields of a claim. An absent field has its default.
fn claim(command: &mut Command, request: &ClaimRequest) {
    command
        .arg(micros(nanos(request.lease)))
        .arg("claim")
        .arg(claim_text(request.claim_id))
        .arg("lease")
        .arg(nanos(request.lease))
        .arg("keep")
        .arg(millis(request.keep).min(LONGEST))
        .arg("type")
        .arg(&*request.action_type);
    if let Some(retain) = request.retain {
        command.arg("retain").arg(millis(retain).min(LONGEST));
    }
    if let Some(scope) = &request.scope {
        command.arg("scope").arg(&**scope);
    }
    if let Some(hash) = request.input_hash {
        command.arg("hash").arg(hash_text(hash));
    }
}

/// Adds the times that change, the lease, and the fields of a decision.
fn decide(command: &mut Command, write: &Write) {
    let times = match write.lease {
        _ if write.finished => "finish",
        Some(_) => "renew",
        None => "end",
    };
    command.arg(times).arg(micros(write.lease.unwrap_or(0)));
    command.arg("status").arg(write.status.as_str());
    if let Some(lease) = write.lease {
        command.arg("lease").arg(lease);
    }
    // An owner's own pending record is not marked applied, and has no result.
    let is_own = write.seen.is_none();
    if write.applied || !is_own {
        command.arg("applied").arg(u8::from(write.applied));
    }
    let (format, payload) = match &write.payload {
        Some(payload) => (payload.format(), payload.json()),
        None if is_own => return,
        // Not by HDEL, which a user of this script need not be granted.
        None => (FORMAT, ""),
    };
    command.arg("format").arg(format);
    command.arg("payload").arg(payload);
}

/// Converts a lease to microseconds, rounded up rather than down.
fn micros(lease: u64) -> u64 {
    lease.div_ceil(1_000).min(LONGEST)
}
