//! The tables of version 2.
//!
//! Each completion is a heap-only update: it touches no index, and the new row fits on the page of
//! the old one. Three rules keep it so:
//!
//! - No index has the status as a column or in its predicate. The server compares both, so an index
//!   `WHERE st = ..` ends all heap-only updates. `mark` stands in: it is null while a record is
//!   pending and once it is a success, so the common path never changes it.
//! - `fillfactor = 45` leaves room on each page for one more version of each of its rows.
//! - Rows are narrow: wide columns first, small integers for status and flags, nulls for what most
//!   records lack. No column has a CHECK, which the server would parse for each statement; `row.rs`
//!   refuses what no version has written.
//!
//! # Which records are pending
//!
//! No index lists them. Fences grow, so pending records lie at the right edge of the index on `fence`:
//! each one has a fence of at least `effect_store.open_from`, or is marked with [`LEFT_BEHIND`]
//! (`open_from.rs`).
//!
//! # The version of the tables
//!
//! A claim takes its fence from the sequence `effect_fence`. A later version that must not have claims
//! of this one **renames the sequence in the transaction that raises `effect_store.version`**: from
//! then on each claim fails as the name is unknown, and the store reads the version and reports it. No
//! statement has to look the version up. The rename waits for statements that have taken a fence, so
//! no claim of this version is under way after it; a version that claims compare with could be
//! read before it is raised, and the claim committed after. Completions, renewals and releases take no
//! fence, and go on.

use super::name::SchemaName;

/// The version of these tables.
pub(super) const VERSION: i32 = 2;

/// The table that exists while tables of version 1 are on their way to this one (`migration.rs`).
pub(super) const DRAINING: &str = "effect_draining";

/// The mark of a pending record whose fence is below `open_from`.
pub(super) const LEFT_BEHIND: i16 = 0;

/// Returns the SQL that creates everything in an empty schema. CACHE 1: each claim's fence is newer
/// than those issued on any connection.
pub(super) fn all(schema: &SchemaName) -> String {
    let prefix = schema.quoted();
    format!(
        "CREATE SEQUENCE {prefix}.effect_fence AS int8 MINVALUE 1 CACHE 1 NO CYCLE;
        CREATE TABLE {prefix}.effect_store (
            one int4 PRIMARY KEY CHECK (one = 1),
            version int4 NOT NULL,
            open_from int8 NOT NULL DEFAULT 1
        );
        INSERT INTO {prefix}.effect_store (one, version) VALUES (1, {VERSION});
        {records};
        {indexes}",
        records = records(schema),
        indexes = indexes(schema),
    )
}

/// Returns the SQL that creates the tables of records, without indexes.
///
/// `owner` and `label` are for later versions, as are `effect_owners` and `effect_history`: no
/// statement writes them yet.
pub(super) fn records(schema: &SchemaName) -> String {
    let prefix = schema.quoted();
    format!(
        "CREATE TABLE {prefix}.effects (
            fence int8 NOT NULL,
            lease_until timestamptz NOT NULL,
            made_at timestamptz NOT NULL,
            lease_us int8 NOT NULL,
            keep_ms int8 NOT NULL,
            claim_id uuid NOT NULL,
            revision int4 NOT NULL DEFAULT 1,
            renewals int4 NOT NULL DEFAULT 0,
            st int2 NOT NULL,
            flags int2 NOT NULL DEFAULT 0,
            mark int2,
            owner int4,
            format int4,
            done_at timestamptz,
            retain_ms int8,
            over_at timestamptz,
            action_id bytea NOT NULL,
            input_hash bytea,
            type text NOT NULL,
            scope text NOT NULL,
            label text,
            payload text
        ) WITH (fillfactor = 45);
        CREATE TABLE {prefix}.effect_owners (
            id int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            host text NOT NULL,
            process text NOT NULL,
            since timestamptz NOT NULL
        );
        CREATE TABLE {prefix}.effect_history (
            at timestamptz NOT NULL,
            fence int8 NOT NULL,
            owner int4,
            what int2 NOT NULL,
            action_id bytea NOT NULL,
            by text,
            note text,
            before jsonb
        )"
    )
}

/// Returns the SQL that creates the indexes of the records: `over_at` for records whose retention
/// ends, `mark` for what operators look for, `fence` for pending records.
pub(super) fn indexes(schema: &SchemaName) -> String {
    let table = format!("{}.effects", schema.quoted());
    format!(
        "ALTER TABLE {table} ADD PRIMARY KEY (action_id);
        CREATE INDEX effects_over ON {table} (over_at) WHERE over_at IS NOT NULL;
        CREATE INDEX effects_mark ON {table} (mark, action_id) WHERE mark IS NOT NULL;
        CREATE INDEX effects_fence ON {table} (fence)"
    )
}
