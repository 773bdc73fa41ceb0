//! Rows of a Postgres server with any bytes in their columns: a record or a typed error. The server is the
//! part of the protocol that one query needs, on a stream in memory.

#![no_main]

use std::sync::{LazyLock, Mutex};

use libfuzzer_sys::fuzz_target;
use retry_effects::__fuzz::read_postgres_row;
use retry_effects::tokio_postgres::{Client, Config, NoTls, Row, Statement};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::runtime::{Builder, Runtime};

const BYTEA: u32 = 17;
const INT8: u32 = 20;
const INT2: u32 = 21;
const INT4: u32 = 23;
const TEXT: u32 = 25;
const TIMESTAMPTZ: u32 = 1184;
const UUID: u32 = 2950;

/// The server's time, and the columns of a record as the store selects them.
const COLUMNS: [(&str, u32); 19] = [
    ("now", TIMESTAMPTZ),
    ("action_id", BYTEA),
    ("revision", INT4),
    ("st", INT2),
    ("flags", INT2),
    ("fence", INT8),
    ("claim_id", UUID),
    ("input_hash", BYTEA),
    ("type", TEXT),
    ("scope", TEXT),
    ("lease_until", TIMESTAMPTZ),
    ("lease_us", INT8),
    ("renewals", INT4),
    ("made_at", TIMESTAMPTZ),
    ("done_at", TIMESTAMPTZ),
    ("keep_ms", INT8),
    ("retain_ms", INT8),
    ("format", INT4),
    ("payload", TEXT),
];

struct Bench {
    runtime: Runtime,
    client: Client,
    statement: Statement,
    server: DuplexStream,
}

static BENCH: LazyLock<Mutex<Bench>> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread()
        .build()
        .expect("a runtime without drivers");
    let (near, mut server) = tokio::io::duplex(1 << 20);
    let (client, statement) = runtime.block_on(async {
        let mut config = Config::new();
        config.user("fuzz");
        let ready = [message(b'R', &0_u32.to_be_bytes()), message(b'Z', b"I")].concat();
        let (client, ()) =
            tokio::join!(config.connect_raw(near, NoTls), answer(&mut server, &ready));
        let (client, connection) = client.expect("a connection");
        tokio::spawn(connection);
        let prepared = [
            message(b'1', b""),
            message(b't', &0_u16.to_be_bytes()),
            message(b'T', &description()),
            message(b'Z', b"I"),
        ]
        .concat();
        let (statement, ()) =
            tokio::join!(client.prepare("SELECT"), answer(&mut server, &prepared));
        (client, statement.expect("a statement"))
    });
    Mutex::new(Bench {
        runtime,
        client,
        statement,
        server,
    })
});

// Lines `column=bytes`, the bytes as they are on the wire; without `=`, null. The other columns are those of a
// common record.
fuzz_target!(|bytes: &[u8]| {
    let bench = &mut *BENCH.lock().expect("a panic ends the process");
    let row = row(bench, &values(bytes));
    match read_postgres_row(&row) {
        Ok(_) => {}
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});

fn row(bench: &mut Bench, values: &[Option<Vec<u8>>]) -> Row {
    let reply = [
        message(b'2', b""),
        message(b'D', &data(values)),
        message(b'C', b"SELECT 1\0"),
        message(b'Z', b"I"),
    ]
    .concat();
    let query = bench.client.query_one(&bench.statement, &[]);
    let both = async { tokio::join!(query, answer(&mut bench.server, &reply)).0 };
    bench.runtime.block_on(both).expect("one row")
}

/// Waits for a request, and answers it.
async fn answer(server: &mut DuplexStream, reply: &[u8]) {
    let mut request = [0; 4096];
    let read = server.read(&mut request).await.expect("a stream in memory");
    assert!(read > 0, "a client that is there");
    server.write_all(reply).await.expect("a stream in memory");
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).expect("a short message");
    [&[kind], &length.to_be_bytes()[..], body].concat()
}

/// The columns, in the binary format.
fn description() -> Vec<u8> {
    let mut text = u16::try_from(COLUMNS.len())
        .expect("few")
        .to_be_bytes()
        .to_vec();
    for (_, oid) in COLUMNS {
        // A name; no table and no column of one; the type; its size, modifier and format.
        text.extend(b"c\0\0\0\0\0\0\0");
        text.extend(oid.to_be_bytes());
        text.extend(b"\0\0\0\0\0\0\0\x01");
    }
    text
}

fn data(values: &[Option<Vec<u8>>]) -> Vec<u8> {
    let mut row = u16::try_from(values.len())
        .expect("few")
        .to_be_bytes()
        .to_vec();
    for value in values {
        match value {
            None => row.extend((-1_i32).to_be_bytes()),
            Some(bytes) => {
                let length = i32::try_from(bytes.len()).expect("a short value");
                row.extend(length.to_be_bytes());
                row.extend(bytes);
            }
        }
    }
    row
}

fn values(lines: &[u8]) -> Vec<Option<Vec<u8>>> {
    let common = |(_, oid): &(&str, u32)| match *oid {
        BYTEA => Some(vec![7; 32]),
        INT2 => Some(1_i16.to_be_bytes().to_vec()),
        INT4 => Some(1_i32.to_be_bytes().to_vec()),
        UUID => Some(vec![7; 16]),
        TEXT => Some(b"7".to_vec()),
        _ => Some(800_000_000_000_000_i64.to_be_bytes().to_vec()),
    };
    let mut values: Vec<_> = COLUMNS.iter().map(common).collect();
    for line in lines.split(|byte| *byte == b'\n') {
        let mut parts = line.splitn(2, |byte| *byte == b'=');
        let name = parts.next().unwrap_or_default();
        if let Some(at) = COLUMNS
            .iter()
            .position(|(column, _)| column.as_bytes() == name)
        {
            values[at] = parts.next().map(<[u8]>::to_vec);
        }
    }
    values
}
