//! The transactions of sqlx, of each release and database that this crate knows: begun, completed in, ended.
//!
//! No store: the statement is any store's [`completion`](crate::EffectStore::completion), so a store that wraps
//! another one serves too. The stores import [`complete`], and `transaction` also [`pool`] and [`driver`].

pub(crate) mod complete;
pub(crate) mod driver;
pub(crate) mod pool;
