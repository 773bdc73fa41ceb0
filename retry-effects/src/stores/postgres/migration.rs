//! Tables of version 1, moved to version 2 while programs of version 1 may be at work.
//!
//! Two phases, each one transaction under the store's advisory lock, so that many processes may begin
//! at once, and the next one finishes what a crash has left:
//!
//! 1. *Raise the version.* A program of version 1 compares it with each claim: from now on it claims
//!    nothing, and reports a newer version. Its completions, renewals and releases go on. The table
//!    [`DRAINING`] holds the time, and says that the second phase is to come.
//! 2. *Move*, once no lease of the old table is alive, or one default lease has passed. Moved earlier,
//!    actions under way could not record that they are done, and would be in doubt.
//!
//! The old table stays, empty. Without it, a program that still has it open would report that its tables
//! are gone, and advise to restore them, which brings back what has run. So its claims compare the
//! version, and report the newer one. Its outcomes fail by a trigger whose text says what has happened:
//! the record is pending in the new table until its lease is over, and then in doubt. Its `complete_in`
//! finds no record, and the user's transaction is rolled back.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{ClientWrapper, Transaction};
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::IsolationLevel;

use super::error::Trouble;
use super::row::{APPLIED, WATCHED, code};
use super::server::Server;
use super::tables::{self, DRAINING, VERSION};
use crate::protocol::claim::DEFAULT_LEASE;
use crate::protocol::record::Status;
use crate::protocol::store_error::StoreError;

/// The pause between two tries of a phase.
const PAUSE: Duration = Duration::from_millis(50);

/// The longest wait for leases, and for locks of users' transactions on the old table.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// The longest time for one phase: copying a table takes as long as it takes.
const LONGEST_PHASE: Duration = Duration::from_secs(3600);

/// For how long the move waits for locks on the old table: all other statements on it wait behind.
const LOCK_TIMEOUT: &str = "1s";

/// The result of a phase that was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tried {
    Done,
    /// Another process, a lease or a lock is in the way.
    NotYet,
}

/// Moves the tables, or waits until another process has.
pub(super) async fn run(server: &Server) -> Result<(), StoreError> {
    let until = Instant::now() + LONGEST_WAIT;
    for phase in [Phase::Raise, Phase::Move] {
        while phase.tried(server).await? == Tried::NotYet {
            if Instant::now() > until {
                let schema = server.schema().as_str();
                let action = format!("move its tables in the schema {schema} to version {VERSION}");
                let source = "a transaction that does not end, or another process, has the tables \
                              of version 1 locked; pg_stat_activity shows it, and \
                              pg_terminate_backend ends it";
                return Err(StoreError::unavailable(action, source));
            }
            sleep(PAUSE).await;
        }
    }
    Ok(())
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Raise,
    Move,
}

impl Phase {
    async fn tried(self, server: &Server) -> Result<Tried, StoreError> {
        let failed = |trouble| failed(server, trouble);
        let mut connection = server.connection().await.map_err(failed)?;
        let steps = Steps::new(server);
        let tried = timeout(LONGEST_PHASE, self.run(connection.client(), &steps)).await;
        let tried = tried
            .map_err(|_| failed(Trouble::Late))?
            .map_err(Trouble::from);
        match tried {
            Ok(tried) => {
                connection.give_back();
                Ok(tried)
            }
            Err(trouble) if trouble.is_of_lock() => Ok(Tried::NotYet),
            Err(trouble) => Err(failed(trouble)),
        }
    }

    async fn run(
        self,
        client: &mut ClientWrapper,
        steps: &Steps,
    ) -> Result<Tried, tokio_postgres::Error> {
        // Each statement sees what was committed while the one before waited.
        let transaction = client
            .build_transaction()
            .isolation_level(IsolationLevel::ReadCommitted);
        let transaction = transaction.start().await?;
        transaction.batch_execute(&steps.settings).await?;
        let is_alone = transaction.query_one(&steps.lock, &[]).await?;
        if !is_alone.get::<_, bool>(0) {
            return Ok(Tried::NotYet);
        }
        let is_draining = transaction.query_one(&steps.is_draining, &[]).await?;
        let tried = match (self, is_draining.get(0)) {
            (Self::Raise, true) | (Self::Move, false) => Tried::Done,
            (Self::Raise, false) => raise(&transaction, steps).await?,
            (Self::Move, true) => move_records(&transaction, steps).await?,
        };
        if tried == Tried::Done {
            transaction.commit().await?;
        }
        Ok(tried)
    }
}

fn failed(server: &Server, trouble: Trouble) -> StoreError {
    let schema = server.schema();
    let action = format!(
        "move its tables in the schema {} to version {VERSION}",
        schema.as_str()
    );
    if !trouble.is_of_rights() {
        return server.failed(&action, &Arc::new(trouble));
    }
    let name = schema.quoted();
    StoreError::misconfigured(format!(
        "cannot {action}: {trouble}; let the owner of its tables, or an administrator, open the store \
         once with this version of retry-effects (or let an administrator run `GRANT CREATE, USAGE ON \
         SCHEMA {name} TO ..` and `GRANT .. TO ..` of the tables' owner to this database user)"
    ))
}

/// Raises the version, unless that has been done. With the rights of the whole migration, so that no
/// user begins what only others may end: the statements need the owner of the tables.
async fn raise(
    transaction: &Transaction<'_>,
    steps: &Steps,
) -> Result<Tried, tokio_postgres::Error> {
    let version = transaction.query_one(&steps.version, &[]).await?;
    if version.get::<_, i32>(0) == 1 {
        transaction.batch_execute(&steps.raise).await?;
    }
    Ok(Tried::Done)
}

async fn move_records(
    transaction: &Transaction<'_>,
    steps: &Steps,
) -> Result<Tried, tokio_postgres::Error> {
    // Before the lock too, which holds up programs of version 1.
    if !is_drained(transaction, steps).await? {
        return Ok(Tried::NotYet);
    }
    transaction.batch_execute(&steps.lock_table).await?;
    // A claim that was under way when the version was raised is visible only now.
    if !is_drained(transaction, steps).await? {
        return Ok(Tried::NotYet);
    }
    transaction.batch_execute(&steps.move_records).await?;
    for row in transaction.query(&steps.grants, &[]).await? {
        transaction.batch_execute(row.get(0)).await?;
    }
    Ok(Tried::Done)
}

async fn is_drained(
    transaction: &Transaction<'_>,
    steps: &Steps,
) -> Result<bool, tokio_postgres::Error> {
    let drained = transaction.query_one(&steps.is_drained, &[]).await?;
    Ok(drained.get(0))
}

/// The texts of its statements.
struct Steps {
    settings: String,
    lock: String,
    is_draining: String,
    version: String,
    raise: String,
    is_drained: String,
    lock_table: String,
    move_records: String,
    grants: String,
}

impl Steps {
    fn new(server: &Server) -> Self {
        let schema = server.schema();
        let now = server.clock();
        let prefix = schema.quoted();
        let old = format!("{prefix}.effect_records");
        let draining = format!("{prefix}.{DRAINING}");
        let name = schema.as_str().replace('\\', "\\\\").replace('\'', "''");
        let lease = DEFAULT_LEASE.as_secs();
        Self {
            settings: format!(
                "SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'; SET LOCAL synchronous_commit = on; \
                 SET LOCAL statement_timeout = 0; SET LOCAL enable_seqscan = on"
            ),
            lock: format!(
                "SELECT pg_catalog.pg_try_advisory_xact_lock({})",
                schema.lock()
            ),
            is_draining: format!(
                "SELECT EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n \
                 ON n.oid = c.relnamespace WHERE n.nspname = E'{name}' AND c.relname = '{DRAINING}')"
            ),
            version: format!("SELECT version FROM {prefix}.effect_store WHERE one = 1"),
            // The first two change nothing that matters, and only an owner may run them.
            raise: format!(
                "ALTER TABLE {old} SET (fillfactor = 70); \
                 ALTER TABLE {prefix}.effect_store ADD COLUMN open_from int8 NOT NULL DEFAULT 1; \
                 CREATE TABLE {draining} AS SELECT {now} AS since; \
                 UPDATE {prefix}.effect_store SET version = {VERSION} WHERE one = 1"
            ),
            is_drained: format!(
                "SELECT NOT EXISTS (SELECT FROM {old} WHERE status = 'pending' AND lease_until > {now}) \
                 OR {now} >= (SELECT since FROM {draining}) + interval '{lease} seconds'"
            ),
            lock_table: format!("LOCK TABLE {old} IN ACCESS EXCLUSIVE MODE"),
            move_records: move_all(server, &old, &draining),
            grants: grants(&name),
        }
    }
}

fn move_all(server: &Server, old: &str, draining: &str) -> String {
    let schema = server.schema();
    let prefix = schema.quoted();
    let [success, failed, released, in_doubt] = [
        Status::Success,
        Status::Failed,
        Status::Released,
        Status::InDoubt,
    ]
    .map(code);
    let pending = code(Status::Pending);
    let st = format!(
        "CASE status WHEN 'pending' THEN {pending} WHEN 'success' THEN {success} \
         WHEN 'failed' THEN {failed} WHEN 'released' THEN {released} ELSE {in_doubt} END::int2"
    );
    format!(
        "{records};
        INSERT INTO {prefix}.effects (fence, lease_until, made_at, lease_us, keep_ms, claim_id, \
         renewals, st, flags, mark, format, done_at, retain_ms, over_at, action_id, input_hash, \
         type, scope, payload) \
         SELECT fence, lease_until, created_at, lease_us, keep_ms, \
         pg_catalog.encode(claim_id, 'hex')::uuid, least(renewals, 2147483647)::int4, st, \
         (watched::int4 * {WATCHED} + applied::int4 * {APPLIED})::int2, \
         CASE WHEN st >= {failed} THEN st END, nullif(format, 1), completed_at, retain_ms, over_at, \
         action_id, input_hash, action_type, scope, payload \
         FROM (SELECT *, {st} AS st FROM {old}) r ORDER BY fence;
        {indexes};
        UPDATE {prefix}.effect_store SET open_from = coalesce( \
         (SELECT min(fence) FROM {prefix}.effects WHERE st = {pending}), \
         (SELECT max(fence) + 1 FROM {prefix}.effects), 1) WHERE one = 1;
        TRUNCATE {old};
        CREATE FUNCTION {prefix}.effect_records_moved() RETURNS trigger LANGUAGE plpgsql AS \
         $$BEGIN RAISE EXCEPTION 'the records were moved to tables of version {VERSION}, which this \
         program is too old for: nothing was recorded; upgrade retry-effects here, and see what \
         became of its actions with the command retry-effects' USING ERRCODE = '55000'; END$$;
        CREATE TRIGGER moved BEFORE UPDATE ON {old} \
         FOR EACH STATEMENT EXECUTE FUNCTION {prefix}.effect_records_moved();
        DROP TABLE {draining};
        ANALYZE {prefix}.effects",
        records = tables::records(schema),
        indexes = tables::indexes(schema),
    )
}

/// Returns the SQL that returns the statements that hand over the old table's owner and rights: users
/// who may only read and write need no administrator after a migration.
fn grants(name: &str) -> String {
    format!(
        "WITH old AS (SELECT c.relowner, c.relacl, n.nspname FROM pg_catalog.pg_class c \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = E'{name}' AND c.relname = 'effect_records'), \
         made AS (SELECT pg_catalog.format('%I.%I', nspname, made) AS made FROM old, \
         unnest(ARRAY['effects', 'effect_owners', 'effect_history']) AS made) \
         SELECT pg_catalog.format('GRANT %s ON %s TO %s', a.privilege_type, made, \
         CASE a.grantee WHEN 0 THEN 'PUBLIC' \
         ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END) \
         FROM old, made, pg_catalog.aclexplode(old.relacl) a WHERE a.grantee <> old.relowner \
         UNION ALL \
         SELECT pg_catalog.format('ALTER TABLE %s OWNER TO %I', made, \
         pg_catalog.pg_get_userbyid(old.relowner)) FROM old, made \
         WHERE pg_catalog.pg_get_userbyid(old.relowner) <> current_user"
    )
}
