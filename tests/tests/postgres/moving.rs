//! Tables of version 1 are moved to version 2, while programs of version 1 may be at work.
//!
//! `version_1` holds the tables with a record of every kind, and the statements of version 1, both as
//! version 1 made them.

use std::fmt::Write as _;
use std::time::Duration;

use retry_effects::deadpool_postgres::Pool;
use retry_effects::store::{Claim, ClaimRequest, Filter, Resolved, Status};
use retry_effects::{ActionId, EffectStore, PostgresEffectStore, PostgresOptions, StoreError};
use tokio::task::{JoinHandle, JoinSet};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Error, Row, Statement};

use super::bench::{Bench, id};

const TABLES: &str = include_str!("version_1/tables.sql");
const STATEMENTS: &str = include_str!("version_1/statements.sql");
/// The records that version 1 listed at [`LISTED_AT`].
const RECORDS: &str = include_str!("version_1/records.txt");
const LISTED_AT: &str = "2026-01-01 00:01:40.123456+00";

type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

/// Tables of version 1 in a schema of their own, and a clock that stands still.
struct Old {
    bench: Bench,
    client: Client,
}

impl Old {
    async fn new() -> Option<Self> {
        let bench = Bench::new()?;
        let schema = bench.schema();
        let maker = bench.client().await;
        let tables = TABLES.replace("version_1.", &format!("{schema}."));
        let tables = tables.replace("SCHEMA version_1", &format!("SCHEMA {schema}"));
        maker.batch_execute(&tables).await.unwrap();
        let clock = format!(
            "CREATE TABLE {schema}.clock AS SELECT timestamptz '{LISTED_AT}' AS at;
             CREATE FUNCTION {schema}.clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS
             'SELECT at FROM {schema}.clock'"
        );
        maker.batch_execute(&clock).await.unwrap();
        let client = bench.client().await;
        Some(Self { bench, client })
    }

    fn clock(&self) -> String {
        format!("{}.clock()", self.bench.schema())
    }

    /// Sets the clock to so many seconds after [`LISTED_AT`].
    async fn set(&self, seconds: u32) {
        let set = format!(
            "UPDATE {}.clock SET at = timestamptz '{LISTED_AT}' + {seconds} * interval '1 second'",
            self.bench.schema()
        );
        self.client.batch_execute(&set).await.unwrap();
    }

    fn options(&self) -> PostgresOptions {
        self.bench.options().clock(self.clock()).pool_size(2)
    }

    /// Begins to open the store.
    fn opening(&self) -> JoinHandle<Result<PostgresEffectStore, StoreError>> {
        let (options, url) = (self.options(), self.bench.url());
        tokio::spawn(async move { options.connect(&url).await })
    }

    async fn opened(&self) -> PostgresEffectStore {
        self.options().connect(&self.bench.url()).await.unwrap()
    }

    async fn exists(&self, table: &str) -> bool {
        let question = format!(
            "SELECT to_regclass('{}.{table}') IS NOT NULL",
            self.bench.schema()
        );
        self.client.query_one(&question, &[]).await.unwrap().get(0)
    }

    /// Waits until the version is raised.
    async fn draining(&self) {
        for _ in 0..2000 {
            if self.exists("effect_draining").await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        panic!("nobody raises the version");
    }

    async fn version(&self) -> i32 {
        let version = format!("SELECT version FROM {}.effect_store", self.bench.schema());
        self.client.query_one(&version, &[]).await.unwrap().get(0)
    }

    /// Asserts that all records are as version 1 listed them.
    async fn assert_nothing_is_lost(&self, store: &PostgresEffectStore) {
        self.set(0).await;
        assert_eq!(listed(store, &Filter::all()).await, RECORDS);
        for record in store.list(&Filter::all()).await.unwrap() {
            let alone = store.get(record.id).await.unwrap();
            assert_eq!(alone.as_ref(), Some(&record));
        }
    }
}

/// The form of `records.txt`.
async fn listed(store: &PostgresEffectStore, filter: &Filter) -> String {
    let mut text = String::new();
    for record in store.list(filter).await.unwrap() {
        let payload = record.payload.as_ref();
        let payload = payload.map(|payload| (payload.format(), payload.json().to_owned()));
        // Version 1 had no age of a record.
        let age = format!(", age: {:?} }}", record.age);
        let record = format!("{record:?}").replace(&age, " }");
        writeln!(text, "{record} {payload:?}").unwrap();
    }
    text
}

/// A program of version 1 that is at work.
struct OldProgram {
    client: Client,
    claim: Statement,
    claims: Statement,
    change: Statement,
    changes: Statement,
    read: Statement,
    lock: Statement,
    version: Statement,
}

/// A claim of the old program, as `tables.sql` has it.
struct Held {
    id: ActionId,
    fence: i64,
    claim_id: Vec<u8>,
}

impl OldProgram {
    async fn new(old: &Old) -> Self {
        let client = old.bench.client().await;
        let prepared = async |name: &str| {
            let mut lines = STATEMENTS.lines();
            lines.find(|line| *line == format!("-- {name}")).unwrap();
            let text = lines.next().unwrap();
            let schema = format!("\"{}\"", old.bench.schema());
            let text = text.replace("\"version_1\"", &schema);
            let text = text.replace("CLOCK", &old.clock());
            client.prepare(&text).await.unwrap()
        };
        Self {
            claim: prepared("claim_one").await,
            claims: prepared("claim").await,
            change: prepared("change_one").await,
            changes: prepared("change").await,
            read: prepared("read_one").await,
            lock: prepared("lock").await,
            version: prepared("version").await,
            client,
        }
    }

    async fn held(&self, old: &Old, number: u64) -> Held {
        let question = format!(
            "SELECT fence, claim_id FROM {}.effect_records WHERE action_id = $1",
            old.bench.schema()
        );
        let id = id(number);
        let key = &id.as_bytes()[..];
        let row = self.client.query_one(&question, &[&key]).await.unwrap();
        let (fence, claim_id) = (row.get(0), row.get(1));
        Held {
            id,
            fence,
            claim_id,
        }
    }

    /// Claims alone, and in a batch; returns the number of claims that were made.
    async fn claim(&self, number: u64) -> usize {
        let (id, claim_id) = (id(number), [7_u8; 16]);
        let (id, claim_id) = (&id.as_bytes()[..], &claim_id[..]);
        let (none, long, keep) = (None::<&[u8]>, 30_000_000_i64, 30_000_i64);
        let retain = None::<i64>;
        let alone: Parameters<'_> = &[&id, &claim_id, &none, &"charge", &"", &long, &keep, &retain];
        let made = self.client.query(&self.claim, alone).await.unwrap();
        let batch: Parameters<'_> = &[
            &&[id][..],
            &&[claim_id][..],
            &&[none][..],
            &&["charge"][..],
            &&[""][..],
            &&[long][..],
            &&[keep][..],
            &&[retain][..],
        ];
        let rows = self.client.query(&self.claims, batch).await.unwrap();
        let is_made = |row: &&Row| row.get::<_, Option<&[u8]>>(0).is_some();
        made.len() + rows.iter().filter(is_made).count()
    }

    /// Writes an outcome, or a renewal; returns whether the record was written.
    async fn change(&self, held: &Held, status: &str, lease: Option<i64>) -> Result<bool, Error> {
        let payload = (status == "success").then_some("14");
        let parameters: Parameters<'_> = &[
            &&held.id.as_bytes()[..],
            &held.fence,
            &held.claim_id,
            &status,
            &false,
            &lease,
            &1_i32,
            &payload,
        ];
        let written = self.client.query(&self.change, parameters).await?;
        Ok(!written.is_empty())
    }

    /// The same in a batch.
    async fn changes(&self, held: &Held) -> Result<Vec<Row>, Error> {
        let parameters: Parameters<'_> = &[
            &&[&held.id.as_bytes()[..]][..],
            &&[held.fence][..],
            &&[&held.claim_id[..]][..],
            &&[None::<i64>][..],
            &&["success"][..],
            &&[false][..],
            &&[None::<i64>][..],
            &&[1_i32][..],
            &&[Some("1")][..],
        ];
        self.client.query(&self.changes, parameters).await
    }

    async fn version(&self) -> i32 {
        let row = self.client.query_one(&self.version, &[]).await;
        row.unwrap().get(0)
    }

    /// Reads a record, and locks it as `complete_in` does.
    async fn found(&self, number: u64) -> (usize, usize) {
        let id = id(number);
        let id: Parameters<'_> = &[&&id.as_bytes()[..]];
        let read = self.client.query(&self.read, id).await.unwrap();
        let locked = self.client.query(&self.lock, id).await.unwrap();
        (read.len(), locked.len())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_where_leases_do_not_end() {
    let Some(old) = Old::new().await else { return };
    let opening = old.opening();
    old.draining().await;
    assert_eq!(old.version().await, 2);
    assert!(!opening.is_finished(), "leases are alive");
    // One default lease later.
    old.set(30).await;
    let store = opening.await.unwrap().unwrap();
    old.assert_nothing_is_lost(&store).await;
    assert!(!old.exists("effect_draining").await);

    // And everything goes on: a result is replayed, a doubt is taken over, an action is new, and what
    // is over is free.
    let Resolved::Done(done) = store.resolve(id(3)).await.unwrap() else {
        panic!("it is done")
    };
    assert_eq!(done.payload.json(), r#"{"receipt":"r 1"}"#);
    assert!(matches!(
        store.resolve(id(10)).await.unwrap(),
        Resolved::Free
    ));
    let doubt = store.get(id(7)).await.unwrap().unwrap();
    let mut takeover = ClaimRequest::new(id(7), "charge");
    takeover.takeover = Some(doubt.fence);
    for request in [takeover, ClaimRequest::new(id(100), "charge")] {
        let claim = store.pending(&request).await.unwrap();
        let Claim::Won(token) = claim else {
            panic!("{claim:?}")
        };
        assert!(token.fence().number() > 15, "fences go on");
    }
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.pending, counts.in_doubt, counts.success), (5, 2, 5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_program_ends_its_actions_and_begins_none() {
    let Some(old) = Old::new().await else { return };
    let program = OldProgram::new(&old).await;
    let [first, renewed, long] = [
        program.held(&old, 1).await,
        program.held(&old, 9).await,
        program.held(&old, 14).await,
    ];
    let opening = old.opening();
    old.draining().await;

    // It claims nothing: it finds the newer version, and reports that.
    assert_eq!(program.claim(100).await, 0);
    assert_eq!(program.version().await, 2);
    // Actions under way end. The clock stands still: the move waits for leases, not for the time.
    assert!(
        program
            .change(&renewed, "pending", Some(1_000_000))
            .await
            .unwrap()
    );
    assert!(program.change(&long, "success", None).await.unwrap());
    assert!(program.change(&first, "released", None).await.unwrap());
    assert!(!opening.is_finished(), "one lease is alive");
    assert!(program.change(&renewed, "success", None).await.unwrap());
    let store = opening.await.unwrap().unwrap();

    // Its claims find the newer version, as before.
    assert_eq!(program.claim(101).await, 0);
    assert_eq!(program.version().await, 2);
    // No outcome is lost without a word, and the word sends nobody to a backup.
    for error in [
        program.change(&renewed, "success", None).await.unwrap_err(),
        program.changes(&renewed).await.unwrap_err(),
    ] {
        let error = error.as_db_error().unwrap();
        assert!(
            error.message().contains("upgrade retry-effects here"),
            "{error}"
        );
        assert_eq!(error.code().code(), "55000", "it is not sent again");
    }
    // Its `complete_in` finds no record, and rolls back.
    assert_eq!(program.found(14).await, (0, 0));

    let status = async |number| store.get(id(number)).await.unwrap().unwrap().status;
    assert_eq!(status(14).await, Status::Success);
    assert_eq!(status(9).await, Status::Success);
    assert_eq!(status(1).await, Status::Released);
    assert!(store.get(id(100)).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_may_move_them_at_once() {
    let Some(old) = Old::new().await else { return };
    let mut opening = JoinSet::new();
    for number in 0..8 {
        let (options, url) = (old.options(), old.bench.url());
        let pool = old
            .bench
            .pool_with("-c default_transaction_isolation=serializable");
        opening.spawn(async move {
            match number % 2 {
                0 => options.connect(&url).await,
                _ => options.with_pool(pool).await,
            }
        });
    }
    old.draining().await;
    old.set(30).await;
    let stores = opening.join_all().await;
    for store in stores {
        old.assert_nothing_is_lost(&store.unwrap()).await;
    }
    let rows = format!("SELECT count(*) FROM {}.effects", old.bench.schema());
    let rows: i64 = old.client.query_one(&rows, &[]).await.unwrap().get(0);
    assert_eq!(rows, 14);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_between_the_phases_is_made_good_by_the_next_store() {
    let Some(old) = Old::new().await else { return };
    let pool: Pool = old.bench.pool();
    let (options, its_pool) = (old.options(), pool.clone());
    let opening = tokio::spawn(async move { options.with_pool(its_pool).await });
    old.draining().await;
    // It is gone for ever, and nothing is moved.
    pool.close();
    assert!(opening.await.unwrap().is_err());
    assert!(!old.exists("effects").await);
    old.set(30).await;
    let store = old.opened().await;
    old.assert_nothing_is_lost(&store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_in_the_move_leaves_the_old_tables_and_a_users_transaction_is_waited_for() {
    let Some(old) = Old::new().await else { return };
    let program = OldProgram::new(&old).await;
    let long = program.held(&old, 14).await;
    program.client.batch_execute("BEGIN").await.unwrap();
    assert!(program.change(&long, "success", None).await.unwrap());
    let opening = old.opening();
    old.draining().await;
    old.set(30).await;
    let kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                WHERE wait_event_type = 'Lock' AND position($1 IN query) > 0";
    while !opening.is_finished() {
        let schema = old.bench.schema();
        old.client.query_one(kill, &[&schema]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let crashed = opening.await.unwrap();
    assert!(
        matches!(crashed, Err(StoreError::Unavailable { .. })),
        "{crashed:?}"
    );
    assert!(!old.exists("effects").await);

    let opening = old.opening();
    program.client.batch_execute("COMMIT").await.unwrap();
    let store = opening.await.unwrap().unwrap();
    let record = store.get(id(14)).await.unwrap().unwrap();
    assert_eq!(record.status, Status::Success);
    assert_eq!(record.payload.unwrap().json(), "14");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_move_them_begins_nothing_and_keeps_its_rights_once_others_have() {
    let Some(old) = Old::new().await else { return };
    let schema = old.bench.schema();
    let user = format!("user_{schema}");
    let create = format!(
        "CREATE ROLE {user} LOGIN;
         GRANT USAGE ON SCHEMA {schema} TO {user};
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {user};
         GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {user}"
    );
    old.client.batch_execute(&create).await.unwrap();
    let url = old
        .bench
        .url()
        .replace("user=tester", &format!("user={user}"));
    let refused = old.options().connect(&url).await.unwrap_err();
    assert!(
        matches!(refused, StoreError::Misconfigured { .. }),
        "{refused:?}"
    );
    let said = refused.to_string();
    for text in ["to version 2", "must be owner", "GRANT CREATE", schema] {
        assert!(said.contains(text), "{said}");
    }
    assert_eq!(old.version().await, 1);
    assert!(!old.exists("effect_draining").await);

    let opening = old.opening();
    old.draining().await;
    old.set(30).await;
    drop(opening.await.unwrap().unwrap());
    let store = old.options().connect(&url).await.unwrap();
    let claim = store.pending(&ClaimRequest::new(id(100), "charge")).await;
    assert!(matches!(claim, Ok(Claim::Won(_))), "{claim:?}");
    assert_eq!(store.counts().await.unwrap().total(), 14);
}

#[tokio::test]
async fn what_only_looks_moves_nothing() {
    let Some(old) = Old::new().await else { return };
    let looked = old.options().existing().connect(&old.bench.url()).await;
    let said = looked.unwrap_err().to_string();
    for text in ["are of version 1", "the first worker"] {
        assert!(said.contains(text), "{said}");
    }
    assert_eq!(old.version().await, 1);
}
