//! The statements that make the tables of version 2, and the view for Python.
//!
//! `effects` holds the records. `effect_records`, where version 1 and the Python package nodus-retry
//! 0.2.0 keep them, is a view of it with exactly the columns of that package, whose triggers apply
//! Python's unguarded writes. The hot path has no trigger.
//!
//! The triggers and the view run in the SQLite of any Python: nothing here is newer than SQLite 3.8.3.

/// Makes the tables.
///
/// `fence` is the rowid, so that a new claim appends; a takeover moves the row. One counter,
/// `effect_store.fence`, issues the fences of claims and of Python's rows. `revision` is 0 in Python's
/// rows; each write of this crate raises it.
///
/// Columns without a type keep what they are given: `created` and `completed` are milliseconds since
/// 1970, in Python's rows Python's text; `input_hash` is a BLOB, in Python's rows Python's text. `id` is
/// NULL only where Python wrote that. `foreign_status` is Python's status where it proves nothing.
///
/// `status`: 0 pending, 1 success, 2 failed, 3 released, 4 in doubt, 5 pending and set aside. No row
/// before `effect_store.open_from` has status 0, so pending records are found without an index that
/// each claim and each completion would have to write: a claim that stays pending while many others come
/// and go gets status 5, which is in the index of the rare ones.
///
/// `effect_store.records` is the number of rows. It changes with a claim, which writes its fence
/// anyway, and not with a completion: the successes are what remains without the others.
pub(super) const TABLES: &str = "
CREATE TABLE effects (
    fence INTEGER PRIMARY KEY,
    id TEXT,
    status INTEGER NOT NULL,
    claim_id BLOB,
    boot BLOB,
    revision INTEGER NOT NULL,
    applied INTEGER NOT NULL DEFAULT 0,
    renewals INTEGER NOT NULL DEFAULT 0,
    lease_until_ns INTEGER NOT NULL DEFAULT 0,
    lease_ns INTEGER NOT NULL DEFAULT 0,
    keep_ms INTEGER NOT NULL DEFAULT 0,
    retain_ms INTEGER,
    over_ms INTEGER,
    created NOT NULL,
    completed,
    input_hash,
    action_type TEXT NOT NULL DEFAULT '',
    scope TEXT NOT NULL DEFAULT '',
    foreign_status TEXT,
    owner INTEGER,
    label TEXT,
    format INTEGER NOT NULL DEFAULT 1,
    payload TEXT
);
CREATE TABLE effect_history (
    action_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    what INTEGER NOT NULL,
    fence INTEGER NOT NULL,
    owner INTEGER,
    \"by\" TEXT,
    note TEXT,
    \"before\" TEXT
);
";

/// Makes their indexes, once the records have been moved: that is faster by far.
///
/// No index is for a status that each claim or each completion would leave or enter.
pub(super) const INDEXES: &str = "
CREATE UNIQUE INDEX effects_id ON effects (id);
CREATE INDEX effects_over ON effects (over_ms) WHERE over_ms IS NOT NULL;
CREATE INDEX effects_rare ON effects (status, fence) WHERE status >= 2;
CREATE INDEX effect_history_action ON effect_history (action_id, at);
";

/// Makes the store's own row; `open_from` marks a file whose records are in `effects`.
pub(super) const STORE: &str = "
CREATE TABLE effect_store (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    version INTEGER NOT NULL,
    fence INTEGER NOT NULL,
    records INTEGER NOT NULL DEFAULT 0,
    open_from INTEGER NOT NULL DEFAULT 0
);
INSERT INTO effect_store (one, version, fence) VALUES (1, 2, 0);
";

/// Gives the store's own row of version 1 the columns of version 2.
pub(super) const STORE_OF_1: &str = "
ALTER TABLE effect_store ADD COLUMN records INTEGER NOT NULL DEFAULT 0;
ALTER TABLE effect_store ADD COLUMN open_from INTEGER NOT NULL DEFAULT 0;
";

/// A time of `effects` as Python writes it.
macro_rules! iso {
    ($column:literal) => {
        concat!(
            "CASE typeof(",
            $column,
            ") WHEN 'integer' THEN strftime('%Y-%m-%dT%H:%M:%S', min(",
            $column,
            ", 253402300799999) / 1000, 'unixepoch') || CASE ",
            $column,
            " % 1000 WHEN 0 THEN '' ELSE printf('.%03d000', ",
            $column,
            " % 1000) END || '+00:00' ELSE ",
            $column,
            " END"
        )
    };
}

/// Makes the view for Python, and the triggers that apply its writes.
///
/// One `SELECT`, whose key is the bare column: a lookup uses the index of `effects.id`.
///
/// The statement's own conflict clause rules the last `INSERT`: `OR IGNORE` leaves a record as it is.
/// It would as well leave out a row that breaks a constraint, and Python would then run ungated: so
/// no value breaks one. Each insertion takes a fence, also one that is ignored: with `OR REPLACE`, a
/// fence that has been issued would cost another record. An `UPDATE` never ends in status 0: its row may
/// be before `open_from`.
///
/// `RAISE(ROLLBACK)`, not `ABORT`: after an abort Python's connection would keep the write lock.
pub(super) const VIEW: &str = concat!(
    "
CREATE VIEW effect_records AS SELECT
    id AS action_id,
    action_type,
    CASE typeof(input_hash) WHEN 'blob' THEN 'r1:' || lower(hex(input_hash))
        ELSE coalesce(input_hash, '') END AS input_hash,
    coalesce(foreign_status, CASE status WHEN 1 THEN 'success' WHEN 2 THEN 'failed'
        WHEN 3 THEN 'released' WHEN 4 THEN 'in_doubt' ELSE 'pending' END) AS status,
    payload AS result_payload,
    ",
    iso!("created"),
    " AS created_at,
    ",
    iso!("completed"),
    " AS completed_at
FROM effects;

CREATE TRIGGER effect_records_insert INSTEAD OF INSERT ON effect_records
BEGIN
    SELECT RAISE(ROLLBACK, 'this action is claimed or in doubt: it must not run now')
        FROM effects
        WHERE id = NEW.action_id AND revision > 0 AND status IN (0, 4, 5);
    UPDATE effect_store SET fence = fence + 1, records = records
        + (NOT EXISTS (SELECT 1 FROM effects WHERE id = NEW.action_id));
    DELETE FROM effects
        WHERE id = NEW.action_id AND revision > 0 AND status IN (2, 3);
    INSERT INTO effects
        (fence, id, status, revision, created, completed, input_hash, action_type, foreign_status, payload)
    SELECT fence, NEW.action_id,
        CASE NEW.status WHEN 'pending' THEN 0 WHEN 'success' THEN 1 ELSE 4 END, 0,
        coalesce(CAST(NEW.created_at AS TEXT), ''), CAST(NEW.completed_at AS TEXT),
        CAST(NEW.input_hash AS TEXT), coalesce(NEW.action_type, ''),
        CASE WHEN NEW.status NOT IN ('pending', 'success') THEN NEW.status END, NEW.result_payload
    FROM effect_store;
END;

CREATE TRIGGER effect_records_update INSTEAD OF UPDATE ON effect_records
BEGIN
    UPDATE effects SET
        id = NEW.action_id,
        status = CASE NEW.status WHEN 'pending' THEN 5 WHEN 'success' THEN 1 ELSE 4 END,
        created = coalesce(CAST(NEW.created_at AS TEXT), ''),
        completed = CAST(NEW.completed_at AS TEXT),
        input_hash = CAST(NEW.input_hash AS TEXT),
        action_type = coalesce(NEW.action_type, ''),
        foreign_status = CASE WHEN NEW.status NOT IN ('pending', 'success') THEN NEW.status END,
        payload = NEW.result_payload
    WHERE id = OLD.action_id AND revision = 0 AND status <> 1;
END;
"
);
