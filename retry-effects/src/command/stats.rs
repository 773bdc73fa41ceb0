//! `stats`: the number of records in each state, and the oldest open records.

use std::time::SystemTime;

use serde_json::{Map, Value, json};

use crate::protocol::filter::Filter;
use crate::protocol::record::{Record, Status};
use crate::protocol::store_error::StoreError;

use super::failure::Failure;
use super::opened_store::OpenedStore;
use super::pages::Pages;
use super::screen::Screen;
use super::text_table::TextTable;
use super::{duration, id, json as form};

pub(super) fn stats(opened: &OpenedStore, screen: &mut Screen<'_>) -> Result<(), Failure> {
    let census = Census::taken(opened)?;
    if screen.is_json() {
        Ok(screen.line(census.as_json().to_string())?)
    } else {
        census.as_table(opened, screen)
    }
}

/// The records in one state.
#[derive(Default)]
struct StateSummary {
    count: u64,
    oldest: Option<Record>,
}

/// The number of records in each state, at about one time.
struct Census {
    by_state: [StateSummary; Status::ALL.len()],
    applied: u64,
}

impl Census {
    /// Asks the store for the numbers, and reads only the open records, which are few.
    fn taken(opened: &OpenedStore) -> Result<Self, StoreError> {
        let counts = opened.wait(opened.store.counts())?;
        let mut census = Self {
            by_state: std::array::from_fn(|at| StateSummary {
                count: counts.of(Status::ALL[at]),
                oldest: None,
            }),
            applied: 0,
        };
        for status in Status::ALL.iter().copied().filter(|it| is_open(*it)) {
            let mut pages = Pages::of(opened, Filter::all().status(status));
            while let Some(page) = pages.next()? {
                for record in page {
                    census.look_at(record);
                }
            }
        }
        Ok(census)
    }

    fn look_at(&mut self, record: Record) {
        self.applied += u64::from(record.applied);
        let of = Status::ALL
            .iter()
            .position(|status| *status == record.status);
        let Some(by_state) = of.and_then(|at| self.by_state.get_mut(at)) else {
            return;
        };
        let is_older = |oldest: &Record| record.created_at < oldest.created_at;
        if by_state.oldest.as_ref().is_none_or(is_older) {
            by_state.oldest = Some(record);
        }
    }

    fn of(&self) -> impl Iterator<Item = (Status, &StateSummary)> {
        Status::ALL.iter().copied().zip(&self.by_state)
    }

    fn total(&self) -> u64 {
        self.by_state.iter().map(|by_state| by_state.count).sum()
    }

    fn as_json(&self) -> Value {
        let counts: Map<_, _> = self
            .of()
            .map(|(status, by_state)| (status.as_str().to_owned(), by_state.count.into()))
            .collect();
        let oldest: Map<_, _> = self
            .of()
            .filter(|(status, _)| is_open(*status))
            .map(|(status, by_state)| {
                let oldest = by_state.oldest.as_ref().map(|record| {
                    json!({ "id": record.id.to_string(), "created_at": form::time(record.created_at) })
                });
                (status.as_str().to_owned(), oldest.into())
            })
            .collect();
        json!({
            "total": self.total(),
            "counts": counts,
            "marked_applied": self.applied,
            "oldest": oldest,
        })
    }

    fn as_table(&self, opened: &OpenedStore, screen: &mut Screen<'_>) -> Result<(), Failure> {
        const HEADS: [&str; 4] = ["STATUS", "RECORDS", "OLDEST", "ID"];
        let now = SystemTime::now();
        let mut rows: Vec<_> = self
            .of()
            .map(|(status, by_state)| row(status, by_state, now))
            .collect();
        rows.push([
            "total".to_owned(),
            self.total().to_string(),
            String::new(),
            String::new(),
        ]);
        screen.line(format!("{}, {} store", opened.address, opened.store.kind()))?;
        screen.line("")?;
        let table = TextTable::fitting(HEADS, &rows);
        table.row(&HEADS, screen)?;
        for row in &rows {
            table.row(row, screen)?;
        }
        self.advice(screen)
    }

    fn advice(&self, screen: &mut Screen<'_>) -> Result<(), Failure> {
        let in_doubt = self.of().find(|(status, _)| *status == Status::InDoubt);
        if in_doubt.is_some_and(|(_, by_state)| by_state.count > 0) {
            let marked = match self.applied {
                0 => String::new(),
                marked => format!(" ({marked} marked applied)"),
            };
            screen.line("")?;
            screen.line(format!(
                "In doubt{marked}: `retry-effects list --status in_doubt`, then `show` one."
            ))?;
        }
        Ok(())
    }
}

/// Whether a caller may wait for an action in this state.
fn is_open(status: Status) -> bool {
    matches!(status, Status::Pending | Status::InDoubt)
}

fn row(status: Status, by_state: &StateSummary, now: SystemTime) -> [String; 4] {
    let oldest = by_state.oldest.as_ref().filter(|_| is_open(status));
    [
        status.as_str().to_owned(),
        by_state.count.to_string(),
        oldest.map_or_else(String::new, |oldest| {
            duration::written(duration::since(oldest.created_at, now))
        }),
        oldest.map_or_else(String::new, |oldest| id::short(oldest.id)),
    ]
}
