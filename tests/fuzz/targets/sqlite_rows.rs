//! Rows of a SQLite file that any program has written: each request on such a record has an answer or a
//! typed error.

#![no_main]

use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use retry_effects::store::{Claim, ClaimRequest, Filter, Payload, Settlement, Status};
use retry_effects::{ActionId, EffectStore, Outcome, SqliteEffectStore};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

#[derive(Arbitrary, Debug)]
struct Input {
    /// Written through the view that Python sees, by its triggers.
    by_python: bool,
    rows: Vec<Row>,
}

/// Values by place of their columns; the others are those of a common record.
#[derive(Arbitrary, Debug)]
struct Row {
    cells: Vec<(u8, Cell)>,
}

#[derive(Arbitrary, Clone, Debug)]
enum Cell {
    Null,
    Integer(i64),
    /// Around the limits that readers compare with.
    Small(i8),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
    /// A text that is not UTF-8.
    Raw(Vec<u8>),
    Bytes16([u8; 16]),
    Bytes32([u8; 32]),
}

const COLUMNS: [&str; 22] = [
    "fence",
    "id",
    "status",
    "claim_id",
    "boot",
    "revision",
    "applied",
    "renewals",
    "lease_until_ns",
    "lease_ns",
    "keep_ms",
    "retain_ms",
    "over_ms",
    "created",
    "completed",
    "input_hash",
    "action_type",
    "scope",
    "foreign_status",
    "owner",
    "format",
    "payload",
];

const PYTHON: [&str; 7] = [
    "action_id",
    "action_type",
    "input_hash",
    "status",
    "result_payload",
    "created_at",
    "completed_at",
];

struct Bench {
    store: SqliteEffectStore,
    raw: Connection,
    runtime: Runtime,
    _folder: TempDir,
}

static BENCH: LazyLock<Mutex<Bench>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("effects.db");
    let store = SqliteEffectStore::open(&path).expect("a new store");
    let raw = Connection::open(&path).expect("a connection");
    raw.pragma_update(None, "synchronous", "OFF").expect("set");
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    Mutex::new(Bench {
        store,
        raw,
        runtime,
        _folder: folder,
    })
});

fuzz_target!(|input: Input| {
    let bench = BENCH.lock().expect("a panic ends the process");
    bench
        .raw
        .execute_batch("DELETE FROM effects")
        .expect("deleted");
    let mut ids = Vec::new();
    for (number, row) in (1_u8..=8).zip(&input.rows) {
        let id = ActionId::from_bytes([number; 32]);
        // A value that the table does not take is no stored row.
        let written = if input.by_python {
            insert(&bench.raw, "effect_records", &PYTHON, python_row(id), row)
        } else {
            insert(&bench.raw, "effects", &COLUMNS, own_row(number, id), row)
        };
        if written.is_ok() {
            ids.push(id);
        }
    }
    bench.runtime.block_on(requests(&bench.store, &ids));
});

fn insert(
    raw: &Connection,
    table: &str,
    columns: &[&str],
    mut values: Vec<Value>,
    row: &Row,
) -> rusqlite::Result<usize> {
    let mut places: Vec<_> = (1..=values.len())
        .map(|place| format!("?{place}"))
        .collect();
    for (place, cell) in &row.cells {
        let place = usize::from(*place) % values.len();
        if let Cell::Raw(_) = cell {
            places[place] = format!("CAST(?{} AS TEXT)", place + 1);
        }
        values[place] = cell.clone().into();
    }
    let statement = format!(
        "INSERT INTO {table} ({}) VALUES ({})",
        columns.join(", "),
        places.join(", ")
    );
    raw.prepare_cached(&statement)?
        .execute(params_from_iter(values))
}

fn own_row(number: u8, id: ActionId) -> Vec<Value> {
    let integer = Value::Integer;
    vec![
        integer(i64::from(number)),
        Value::Text(id.to_string()),
        integer(0),
        Value::Blob(vec![number; 16]),
        Value::Null,
        integer(1),
        integer(0),
        integer(0),
        integer(0),
        integer(30_000_000_000),
        integer(30_000),
        Value::Null,
        Value::Null,
        integer(1_700_000_000_000),
        Value::Null,
        Value::Null,
        Value::Text("charge".to_owned()),
        Value::Text(String::new()),
        Value::Null,
        Value::Null,
        integer(1),
        Value::Null,
    ]
}

fn python_row(id: ActionId) -> Vec<Value> {
    let text = |text: &str| Value::Text(text.to_owned());
    vec![
        text(&id.to_string()),
        text("charge"),
        text("a-hash"),
        text("pending"),
        Value::Null,
        text("2026-01-01T00:00:01.007000+00:00"),
        Value::Null,
    ]
}

impl From<Cell> for Value {
    fn from(cell: Cell) -> Self {
        match cell {
            Cell::Null => Self::Null,
            Cell::Integer(number) => Self::Integer(number),
            Cell::Small(number) => Self::Integer(i64::from(number)),
            Cell::Real(number) => Self::Real(number),
            Cell::Text(text) => Self::Text(text),
            Cell::Blob(bytes) | Cell::Raw(bytes) => Self::Blob(bytes),
            Cell::Bytes16(bytes) => Self::Blob(bytes.to_vec()),
            Cell::Bytes32(bytes) => Self::Blob(bytes.to_vec()),
        }
    }
}

async fn requests(store: &SqliteEffectStore, ids: &[ActionId]) {
    let _ = store.counts().await;
    let lists = Status::ALL
        .iter()
        .map(|status| Filter::all().status(*status));
    for filter in lists.chain([
        Filter::all(),
        Filter::all().older_than(Duration::from_secs(1)),
    ]) {
        if let Ok(records) = store.list(&filter).await {
            let _ = format!("{records:?}");
        }
    }
    for id in ids {
        let found = store.get(*id).await;
        let _ = store.resolve(*id).await;
        let request = ClaimRequest::new(*id, "charge");
        if let Ok(Claim::Won(token)) = store.pending(&request).await {
            // Two fences of one record never are equal.
            if let Ok(Some(record)) = &found {
                assert!(token.fence() > record.fence, "{} {record:?}", token.fence());
            }
            let _ = store.renew(&token, Duration::from_secs(1)).await;
            let _ = store
                .complete(&token, Outcome::Success(Payload::new("1")))
                .await;
        } else if let Ok(Some(record)) = found {
            let settlement = Settlement::NotApplied;
            let _ = store.settle(*id, record.fence, settlement).await;
        }
    }
    let _ = store.purge(Duration::ZERO).await;
}
