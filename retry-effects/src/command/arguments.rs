//! The command line, and its help.
#![expect(
    clippy::doc_markdown,
    reason = "a terminal shows these texts as they are"
)]

use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};

use crate::protocol::ids::Fence;
use crate::protocol::outcome::Settlement;
use crate::protocol::payload::Payload;
use crate::protocol::record::Status;

use super::id::IdText;
use super::store_arguments::StoreArguments;
use super::{duration, settlement};

const LONG_ABOUT: &str = "\
Shows and settles the records of the EXACTLY_ONCE gate, in SQLite, Postgres and Redis.

An action is IN DOUBT if it was claimed and its effect is unknown: its worker died, was stopped, or
lost the answer in the middle. The gate does not run it again by itself, because it might then
happen twice. Callers get the error InDoubt until an operator settles it:

  1. find it            retry-effects list --status in_doubt
  2. show it            retry-effects show 5912848c
  3. find out from the other side (the bank, the mail server) whether it happened: by the action
     id if that was sent as an Idempotency-Key, else by its details and its time
  4. settle it
       it happened      retry-effects settle 5912848c --success '\"receipt 7\"'
       it did not       retry-effects settle 5912848c --not-applied

Every later call returns the RESULT given with --success: the JSON of a result of the function.
After --not-applied the next call runs the action. Make sure that the worker that began it is dead:
a worker that only hangs may still run it.";

const AFTER_LONG_HELP: &str = "\
The store:
  /var/lib/app/effects.db, sqlite:effects.db    an existing SQLite file
  postgres://user:password@host/database,       the tables in the schema retry_effects, or --schema
  'host=.. user=.. password=.. dbname=..'
  redis://:password@host:6379/0, rediss://..,   the keys with the prefix effects, or --prefix
  redis+unix:///run/redis.sock
  All users of the machine can see an address on the command line: put one with a password into
  RETRY_EFFECTS_STORE. Nothing is created in the store: no file, no tables.

States:
  pending    a claim holds it: its worker runs it, and renews its lease
  in_doubt   its effect is unknown: its lease ran out, or its worker reported the doubt. The reason
             is most often the error that ended its last attempt
  success    it happened; later calls get the recorded result
  failed     it failed for good; later calls get the recorded error
  released   it was claimed and did not happen: the next call runs it

Exit codes:
  0  done
  1  refused: there is no such record, its state does not allow this, its owner is alive, it has
     changed meanwhile, or you declined. Nothing was changed
  2  the command line is wrong, several records match the id, or there is no terminal to ask for
     confirmation
  3  the store cannot be reached, opened, or read
  4  the output could not be written

With --json the answer is JSON on stdout. `list` prints an array of records, one a line; `show`
prints one record. A record has the fields id, action_type, scope, status, applied, reason (a text:
why it is in doubt, else null), fence, claim_id, input_hash, created_at, completed_at,
lease_left_ms, renewals, payload (a text: the recorded result or error), payload_format,
may_settle. An error is one object on stderr (but a mistake in the command line is plain text):
{\"error\": {\"kind\": \"not_found\", \"message\": \"..\", \"exit_code\": 1}}. Its kind is, by exit code:
  1  not_found, not_in_doubt, owner_alive, changed, declined
  2  no_store, bad_store, not_built_in, ambiguous_id, nobody_to_ask
  3  unavailable, misconfigured, unreadable
  4  output";

/// Shows and settles the records of the EXACTLY_ONCE gate.
#[derive(Debug, Parser)]
#[command(
    name = "retry-effects",
    bin_name = "retry-effects",
    version,
    long_about = LONG_ABOUT,
    after_help = "`--help` explains records in doubt, their settlement, and the exit codes.",
    after_long_help = AFTER_LONG_HELP,
    max_term_width = 100
)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) store: StoreArguments,
    /// Print JSON for programs instead of a table for people
    #[arg(long, global = true)]
    pub(super) json: bool,
    #[command(subcommand)]
    pub(super) task: Task,
}

/// The task of the command.
#[derive(Debug, Subcommand)]
pub(super) enum Task {
    /// Lists records, one a line, in the order of their ids
    List(ListArguments),
    /// Shows one record, explains its state, and prints the commands to settle it
    Show(ShowArguments),
    /// Settles a record in doubt: it happened, or it did not
    Settle(SettleArguments),
    /// Removes finished records, never pending ones or those in doubt
    Purge(PurgeArguments),
    /// Counts records by state, and shows the oldest open ones
    Stats,
}

#[derive(Debug, Args)]
#[command(after_help = "\
AGE counts from the first claim. LEASE is the time left to a pending claim. The other commands\n\
accept an id as shown here.\n\n\
Examples:\n  \
retry-effects list --status in_doubt\n  \
retry-effects list --status pending --older-than 1h\n  \
retry-effects list --json --status in_doubt | jq -r '.[].id'")]
pub(super) struct ListArguments {
    /// Only records in this state
    #[arg(long, value_parser = statuses())]
    pub(super) status: Option<Status>,
    /// Only records first claimed longer ago than this: 30m, 7d
    #[arg(long, value_name = "AGE", value_parser = duration::parse)]
    pub(super) older_than: Option<Duration>,
    /// At most this many records [default: all]
    #[arg(long, value_name = "N")]
    pub(super) limit: Option<usize>,
}

#[derive(Debug, Args)]
pub(super) struct ShowArguments {
    /// The action id, or enough of its first digits to identify it
    #[arg(value_parser = IdText::parse)]
    pub(super) id: IdText,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Exactly one record changes, and only if its fence is still the one that was read here, or the one\n\
given by --fence.\n\n\
--success  may also replace the result of a success that no longer decodes\n\
--not-applied  requires a dead owner: a lease that is over\n\n\
Examples:\n  \
retry-effects settle 5912848c --success '{\"receipt\": 7}'\n  \
retry-effects settle 5912848c --success @receipt.json\n  \
retry-effects settle 5912848c --fence 17 --not-applied --yes")]
pub(super) struct SettleArguments {
    /// The action id, or enough of its first digits to identify it
    #[arg(value_parser = IdText::parse)]
    pub(super) id: IdText,
    #[command(flatten)]
    choice: SettlementChoice,
    /// Settle only if the record still has this fence, as printed by `show`
    #[arg(long, value_name = "N", value_parser = fence)]
    pub(super) fence: Option<Fence>,
    /// Do not ask for confirmation
    #[arg(long, short)]
    pub(super) yes: bool,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct SettlementChoice {
    /// It happened, with this result: JSON, or @FILE to read it from
    #[arg(long, value_name = "JSON", allow_hyphen_values = true, value_parser = settlement::result)]
    success: Option<Payload>,
    /// It did not happen: the next call runs it
    #[arg(long)]
    not_applied: bool,
}

impl SettleArguments {
    /// Returns the settlement.
    pub(super) fn settlement(&self) -> Settlement {
        let success = self.choice.success.clone();
        success.map_or(Settlement::NotApplied, Settlement::Success)
    }
}

#[derive(Debug, Args)]
#[command(after_help = "\
A removed record no longer keeps its action from running again: choose an age after which no\n\
caller requests the same action. Records that their function keeps longer stay in any case.\n\n\
Examples:\n  \
retry-effects purge --older-than 30d --dry-run\n  \
retry-effects purge --older-than 30d --yes")]
pub(super) struct PurgeArguments {
    /// Only records finished longer ago than this: 7d, 12h
    #[arg(long, value_name = "AGE", value_parser = duration::parse)]
    pub(super) older_than: Duration,
    /// Only count the records
    #[arg(long, conflicts_with = "yes")]
    pub(super) dry_run: bool,
    /// Do not ask for confirmation
    #[arg(long, short)]
    pub(super) yes: bool,
}

fn statuses() -> impl TypedValueParser<Value = Status> {
    let names = Status::ALL.iter().map(|&status| {
        let name = PossibleValue::new(status.as_str());
        // The spelling with a hyphen is accepted too.
        if status == Status::InDoubt {
            name.alias("in-doubt")
        } else {
            name
        }
    });
    PossibleValuesParser::new(names).try_map(|name| name.replace('-', "_").parse::<Status>())
}

fn fence(text: &str) -> Result<Fence, std::num::ParseIntError> {
    text.parse().map(Fence::new)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn read(line: &str) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_store_is_named_before_or_after_the_task() {
        for line in [
            "retry-effects --store x stats",
            "retry-effects stats --store x",
        ] {
            assert_eq!(read(line).unwrap().store.store, Some("x".into()));
        }
    }

    #[test]
    fn a_settlement_is_one_word() {
        let id = "5912848c";
        for line in [
            format!("retry-effects settle {id}"),
            format!("retry-effects settle {id} --success 1 --not-applied"),
            format!("retry-effects settle {id} --success nul"),
            "retry-effects settle --not-applied".to_owned(),
        ] {
            assert_eq!(read(&line).unwrap_err().exit_code(), 2, "{line}");
        }
        let line = format!("retry-effects settle {id} --success -7 --fence 3");
        let Task::Settle(settle) = read(&line).unwrap().task else {
            panic!("another task");
        };
        assert_eq!(settle.settlement(), Settlement::Success(Payload::new("-7")));
        assert_eq!(settle.fence, Some(Fence::new(3)));
    }

    #[test]
    fn states_are_named_as_they_are_written() {
        for name in ["in_doubt", "in-doubt"] {
            let Task::List(list) = read(&format!("retry-effects list --status {name}"))
                .unwrap()
                .task
            else {
                panic!("another task");
            };
            assert_eq!(list.status, Some(Status::InDoubt));
        }
        let message = read("retry-effects list --status doubt")
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("pending, success, failed, released, in_doubt"),
            "{message}"
        );
    }
}
