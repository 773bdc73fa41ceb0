//! A program of version 1 at work: its statements as it sends them.

use std::time::Duration;

use retry_effects::ActionId;
use rusqlite::{Connection, params};

use crate::bench::Bench;

/// Its claim before its only batch; a completion of its own finds this.
const INSERT: &str = "INSERT INTO effect_records (action_id, revision, status, applied, fence, \
     claim_id, input_hash, action_type, scope, boot, lease_until_ns, lease_ns, renewals, \
     keep_ms, retain_ms, created_at) \
     VALUES (?1, 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) \
     ON CONFLICT (action_id) DO NOTHING";
const FIND: &str = "SELECT rowid, revision, status, applied, fence, claim_id, input_hash, \
     action_type, scope, boot, lease_until_ns, lease_ns, renewals, keep_ms, retain_ms, created_at, \
     completed_at, format, result_payload, action_id FROM effect_records WHERE action_id = ?1";
const UPDATE: &str = "UPDATE effect_records SET revision = revision + 1, status = ?2, \
     applied = ?3, boot = ?4, lease_until_ns = ?5, lease_ns = ?6, renewals = ?7, \
     completed_at = ?8, format = ?9, result_payload = ?10, keep_ms = ?11, over_at_ms = ?12 \
     WHERE rowid = ?1";

/// The claim that it holds.
pub(crate) const FENCE: u64 = 20;
pub(crate) const CLAIM: u128 = 7;

pub(crate) struct OldProgram<'a> {
    bench: &'a Bench,
    connection: Connection,
    id: ActionId,
}

impl<'a> OldProgram<'a> {
    pub(crate) fn open(bench: &'a Bench, id: ActionId) -> Self {
        let connection = bench.raw();
        let patience = Duration::from_secs(30);
        connection.busy_timeout(patience).unwrap();
        Self {
            bench,
            connection,
            id,
        }
    }

    /// Claims its action for `lease`; the error is what it says.
    pub(crate) fn claim(&self, lease: Duration) -> Result<(), String> {
        let connection = &self.connection;
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        let version: i64 = connection
            .query_row("SELECT version, fence FROM effect_store", [], |row| {
                row.get(0)
            })
            .unwrap();
        if version > 1 {
            connection.execute_batch("ROLLBACK").unwrap();
            return Err(format!(
                "was written by a newer version of retry-effects (its tables are version {version}, \
                 this one knows 1): upgrade retry-effects here"
            ));
        }
        let lease = i64::try_from(lease.as_nanos()).unwrap();
        let until = self.bench.now().cast_signed() + lease;
        let written = connection
            .execute(
                INSERT,
                params![
                    self.id.to_string(),
                    "pending",
                    false,
                    FENCE.cast_signed(),
                    CLAIM.to_be_bytes(),
                    "",
                    "charge",
                    "",
                    0_u128.to_be_bytes(),
                    until,
                    lease,
                    0,
                    30_000,
                    None::<i64>,
                    "2026-01-01T00:00:55+00:00"
                ],
            )
            .unwrap();
        assert_eq!(written, 1);
        connection
            .execute("UPDATE effect_store SET fence = ?1", [FENCE.cast_signed()])
            .unwrap();
        connection.execute_batch("COMMIT").unwrap();
        Ok(())
    }

    /// Renews its lease, whatever the version is.
    pub(crate) fn renew(&self, lease: Duration) {
        let lease = i64::try_from(lease.as_nanos()).unwrap();
        let until = self.bench.now().cast_signed() + lease;
        self.write("pending", until, lease, None);
    }

    /// Records a success, whatever the version is.
    pub(crate) fn complete(&self, json: &str) {
        self.write("success", self.bench.now().cast_signed(), 1, Some(json));
    }

    fn write(&self, status: &str, until: i64, lease: i64, json: Option<&str>) {
        let connection = &self.connection;
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        let find = connection.query_row(FIND, [self.id.to_string()], |row| {
            Ok((row.get(0)?, row.get::<_, i64>(4)?.cast_unsigned()))
        });
        let (rowid, fence): (i64, u64) = find.unwrap();
        assert_eq!(fence, FENCE);
        let completed = json.map(|_| "2026-01-01T00:00:56.125000+00:00");
        let written = connection
            .execute(
                UPDATE,
                params![
                    rowid,
                    status,
                    false,
                    0_u128.to_be_bytes(),
                    until,
                    lease,
                    1,
                    completed,
                    1,
                    json,
                    30_000,
                    None::<i64>
                ],
            )
            .unwrap();
        assert_eq!(written, 1);
        connection.execute_batch("COMMIT").unwrap();
    }
}
