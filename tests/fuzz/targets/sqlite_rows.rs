//! Rows of a SQLite file that any program has written: each request on such a record has an answer or a
//! typed error.

#![no_main]

use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use retry_effects::store::{Claim, ClaimRequest, Filter, Payload, Settlement, Status};
use retry_effects::{ActionId, EffectStore, Outcome, SqliteEffectStore};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

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

// A line `own` or `python` begins a row: a common record, written into the table, or through the view that
// Python sees. A line `column=value` changes it.
fuzz_target!(|bytes: &[u8]| {
    let bench = BENCH.lock().expect("a panic ends the process");
    bench
        .raw
        .execute_batch("DELETE FROM effects")
        .expect("deleted");
    let mut ids = Vec::new();
    let mut rows = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        if matches!(line, b"own" | b"python") {
            let number = u8::try_from(rows.len())
                .unwrap_or(u8::MAX)
                .saturating_add(1);
            let id = ActionId::from_bytes([number; 32]);
            ids.push(id);
            rows.push(Row::new(number, id, line == b"python"));
        } else if let Some(row) = rows.last_mut() {
            row.change(line);
        }
    }
    for row in rows {
        // A value that the table does not take is no stored row.
        let _ = row.insert(&bench.raw);
    }
    bench.runtime.block_on(requests(&bench.store, &ids));
});

struct Row {
    table: &'static str,
    columns: &'static [&'static str],
    values: Vec<Value>,
    /// Places in the statement: a parameter, or one that is cast.
    places: Vec<&'static str>,
}

impl Row {
    fn new(number: u8, id: ActionId, by_python: bool) -> Self {
        let (table, columns, values) = if by_python {
            ("effect_records", &PYTHON[..], python_row(id))
        } else {
            ("effects", &COLUMNS[..], own_row(number, id))
        };
        let places = vec!["?"; columns.len()];
        Self {
            table,
            columns,
            values,
            places,
        }
    }

    /// The value: nothing, a number, `#` and the bytes of a BLOB in hexadecimal digits, `'` and the bytes
    /// of a text that need not be UTF-8, or a text.
    fn change(&mut self, line: &[u8]) {
        let mut parts = line.splitn(2, |byte| *byte == b'=');
        let (name, value) = (
            parts.next().unwrap_or_default(),
            parts.next().unwrap_or_default(),
        );
        let Some(at) = self
            .columns
            .iter()
            .position(|column| column.as_bytes() == name)
        else {
            return;
        };
        let text = String::from_utf8_lossy(value);
        self.places[at] = "?";
        self.values[at] = match value {
            [] => Value::Null,
            [b'#', hex @ ..] => Value::Blob(hex.chunks(2).filter_map(byte).collect()),
            [b'\'', bytes @ ..] => {
                self.places[at] = "CAST(? AS TEXT)";
                Value::Blob(bytes.to_vec())
            }
            _ => match (text.parse(), text.parse()) {
                (Ok(integer), _) => Value::Integer(integer),
                (_, Ok(real)) => Value::Real(real),
                _ => Value::Text(text.into_owned()),
            },
        };
    }

    fn insert(&self, raw: &Connection) -> rusqlite::Result<usize> {
        let (columns, places) = (self.columns.join(", "), self.places.join(", "));
        let statement = format!("INSERT INTO {} ({columns}) VALUES ({places})", self.table);
        raw.prepare_cached(&statement)?
            .execute(params_from_iter(&self.values))
    }
}

fn byte(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
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
