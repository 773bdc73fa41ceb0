//! The settings that statements rely on: of the session where it is the store's own, of the
//! transaction where it is not.

/// The owner of the settings that a store's statements rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settings {
    /// Of sessions of the store's own, made once for each.
    OfSession,
    /// Of each statement: the sessions are a user's, or a pooler's.
    OfStatement,
}

/// Sets `synchronous_commit` for this transaction alone, in the statement itself, where it is less:
/// whatever the user's pool, role or database is set to, an answered write is on the disk. And lets the
/// server warn of a commit that its synchronous standby does not have. An item of a FROM list.
pub(super) const DURABLE: &str = ", (SELECT CASE WHEN \
    pg_catalog.current_setting('synchronous_commit') NOT IN ('on', 'remote_apply') \
    THEN pg_catalog.set_config('synchronous_commit', 'on', true) END, \
    CASE WHEN pg_catalog.current_setting('client_min_messages') = 'error' \
    THEN pg_catalog.set_config('client_min_messages', 'warning', true) END) durable";

/// Limits how long claims wait: their keys may be locked by a transaction that in turn waits for
/// another claim of the batch. The statement is then undone, and sent again. An item of a FROM list.
pub(super) const IMPATIENT: &str = ", (SELECT CASE WHEN \
    pg_catalog.current_setting('lock_timeout') <> '1s' \
    THEN pg_catalog.set_config('lock_timeout', '1s', true) END) impatient";

/// The settings of a session of the store's own: plans that look up keys, made once, and no JIT
/// compilation; and settings that each statement would otherwise have to make. `synchronous_commit` is
/// set even where it is `on` already: a reload of the server's settings changes what no session has
/// set. `lock_timeout` is the patience of a statement of one command.
pub(super) const SESSION: &str = "SET enable_seqscan = off; \
    SET enable_hashjoin = off; SET enable_mergejoin = off; \
    SET plan_cache_mode = force_generic_plan; SET jit = off; \
    SET default_transaction_isolation = 'read committed'; SET lock_timeout = '20ms'; \
    SET client_min_messages = warning; \
    SELECT pg_catalog.set_config('synchronous_commit', \
    CASE pg_catalog.current_setting('synchronous_commit') \
    WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false)";

impl Settings {
    /// Returns what a statement that writes adds to its FROM list.
    pub(super) const fn durable(self) -> &'static str {
        match self {
            Self::OfSession => "",
            Self::OfStatement => DURABLE,
        }
    }
}
