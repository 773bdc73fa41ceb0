//! [`Driver`]: the way in which the application's transactions are written.

use std::fmt;
use std::str::FromStr;

/// A driver of transactions, and how much of them it writes itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Driver {
    /// The store's: rusqlite, tokio-postgres.
    #[default]
    Own,
    /// The same, with `completion` for a driver that `complete_in` does not take.
    Statement,
    /// `complete_in` with sqlx 0.9.
    Sqlx,
    /// `complete_in` with sqlx 0.8.
    Sqlx08,
    /// `transaction` on a pool of sqlx 0.9.
    Transaction,
    /// `transaction` on a pool of sqlx 0.8.
    Transaction08,
}

impl Driver {
    const ALL: [Self; 6] = [
        Self::Own,
        Self::Statement,
        Self::Sqlx,
        Self::Sqlx08,
        Self::Transaction,
        Self::Transaction08,
    ];

    /// Whether the test takes part between the record and the commit.
    pub(crate) const fn shows_record(self) -> bool {
        !matches!(self, Self::Transaction | Self::Transaction08)
    }
}

impl fmt::Display for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl FromStr for Driver {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL
            .into_iter()
            .find(|driver| driver.to_string() == name);
        found.ok_or_else(|| format!("{name:?} is no driver"))
    }
}
