//! Operators' requests and sweeps, which go through all tags.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use redis::Value;

use super::keys::{TAGS, tags};
use super::reply::{Part, rows};
use super::requests::Requests;
use super::row::{Need, strange};
use crate::identity::action_id::ActionId;
use crate::protocol::counts::Counts;
use crate::protocol::operation::Stored;
use crate::protocol::record::Status;
use crate::protocol::store_error::StoreError;
use crate::stores::durable::backend::{Page, Select};

/// The number of tags that are asked at one go, at first: ever more while they are nearly empty. So a
/// small store needs few rounds.
const GROUP: u16 = 16;

/// The number of ids of each of them: few, since only the first tag with more of them is used in full.
const FEW: usize = 32;

/// The largest number of ids that the script goes through at one go: other commands wait meanwhile.
const MOST: usize = 256;

/// The number of tags, and of ids of each, that are counted at one go: other commands come in between.
const COUNTED: (usize, usize) = (64, 64);

/// The number of tags of a sweep.
const SWEPT: u16 = 32;

/// Returns records after an id: about as many as `limit`, if that is not over [`MOST`].
pub(super) async fn page(
    requests: Requests,
    after: Option<ActionId>,
    select: Select,
    limit: usize,
) -> Result<Page, StoreError> {
    let (need, statuses) = selection(select);
    let limit = limit.min(MOST);
    let mut page = Page::default();
    let mut next = 0;
    if let Some(id) = after {
        let tag = id.as_bytes()[0];
        next = u16::from(tag) + 1;
        let ask = requests.script.page(tag, after, limit, need, statuses);
        for answer in requests.ask(vec![ask]).await? {
            if page.add(&answer, need)? == limit {
                return Ok(page);
            }
        }
    }
    let mut group = GROUP;
    while next < TAGS && page.records.len() < limit {
        let end = TAGS.min(next + group);
        let ask = |tag| requests.script.page(tag, None, FEW, need, statuses);
        for answer in requests.ask(tags(next..end).map(ask).collect()).await? {
            if page.add(&answer, need)? == FEW {
                return Ok(page);
            }
        }
        next = end;
        if page.records.len() < limit / 4 {
            group *= 2;
        }
    }
    if next == TAGS {
        page.last = None;
    }
    Ok(page)
}

impl Page {
    /// Adds records of a tag; returns the number of ids that were looked at.
    fn add(&mut self, answer: &Value, need: Need) -> Result<usize, StoreError> {
        let part = Part::read(answer)?;
        self.records.extend(rows(part.rest, need)?);
        self.last = part.last.or(self.last);
        Ok(part.count)
    }
}

/// Returns the part of the records that is read, and their statuses as they were written; with none, all.
fn selection(select: Select) -> (Need, &'static [&'static str]) {
    match select {
        Select::All => (Need::Result, &[]),
        Select::Finished => (Need::None, &["success", "failed", "released"]),
        // A pending record is in doubt once its lease is over.
        Select::Status(Status::InDoubt) => (Need::Result, &["pending", "in_doubt"]),
        Select::Status(Status::Pending) => (Need::Result, &["pending"]),
        Select::Status(Status::Success) => (Need::Result, &["success"]),
        Select::Status(Status::Failed) => (Need::Result, &["failed"]),
        Select::Status(Status::Released) => (Need::Result, &["released"]),
    }
}

/// Returns records whose retention may be over, and takes those off the lists that have expired. Each
/// sweep goes on where the last one ended.
pub(super) async fn due(
    requests: Requests,
    next: Arc<AtomicU16>,
    limit: usize,
) -> Result<Vec<(ActionId, Stored)>, StoreError> {
    let from = next.fetch_add(SWEPT, Ordering::Relaxed) % TAGS;
    let ask = |tag| requests.script.due(tag, limit.div_ceil(SWEPT.into()));
    let mut due = Vec::new();
    for answer in requests
        .ask(tags(from..from + SWEPT).map(ask).collect())
        .await?
    {
        let Value::Array(found) = &answer else {
            return Err(strange("a list that is none"));
        };
        due.extend(rows(found, Need::None)?);
    }
    Ok(due)
}

/// Counts all records, in steps.
pub(super) async fn counts(requests: Requests) -> Result<Counts, StoreError> {
    let mut tallies: Vec<Tally> = tags(0..TAGS).map(Tally::of).collect();
    let mut counts = Counts::default();
    while !tallies.is_empty() {
        let under_way = tallies.split_off(tallies.len().saturating_sub(COUNTED.0));
        let ask = |tally: &Tally| requests.script.tally(tally.tag, tally.after, COUNTED.1);
        let answers = requests.ask(under_way.iter().map(ask).collect()).await?;
        for (mut tally, answer) in under_way.into_iter().zip(answers) {
            if tally.add(&answer)? {
                tallies.push(tally);
            } else {
                counts.add_all(&tally.counts);
            }
        }
    }
    Ok(counts)
}

/// The count of a tag's records.
struct Tally {
    tag: u8,
    /// The last id that was looked at.
    after: Option<ActionId>,
    /// Whether the ids without success suffice, by the part before.
    is_short: Option<bool>,
    counts: Counts,
}

impl Tally {
    fn of(tag: u8) -> Self {
        Self {
            tag,
            after: None,
            is_short: None,
            counts: Counts::default(),
        }
    }

    /// Adds a part; returns whether there is another. The server counts the records that are finished and
    /// kept; the status of the others depends on the time.
    fn add(&mut self, answer: &Value) -> Result<bool, StoreError> {
        let part = Part::read(answer)?;
        let [
            all,
            Value::Int(success),
            Value::Int(failed),
            Value::Int(released),
            Value::Array(others),
        ] = part.rest
        else {
            return Err(strange("a count that is none"));
        };
        let is_short = matches!(all, Value::Int(_));
        if self.is_short.is_some_and(|before| before != is_short) {
            // A program of version 1 has listed its first record meanwhile, or the last one is gone.
            *self = Self::of(self.tag);
            return Ok(true);
        }
        self.is_short = Some(is_short);
        let counts = &mut self.counts;
        counts.success += success.unsigned_abs();
        counts.failed += failed.unsigned_abs();
        counts.released += released.unsigned_abs();
        for (_, found) in rows(others, Need::None)? {
            if !found.slot.is_over(found.now) {
                counts.add(found.slot.status_at(found.now));
            }
        }
        self.after = part.last;
        let is_whole = part.count < COUNTED.1;
        if is_whole && let Value::Int(all) = all {
            // Those that were counted are no success, and all others are one.
            counts.success = 0;
            let all = u64::try_from(*all).unwrap_or(0);
            counts.success = all.saturating_sub(counts.total());
        }
        Ok(!is_whole)
    }
}
