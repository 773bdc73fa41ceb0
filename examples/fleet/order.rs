//! Orders, and their ways of payment.

use std::collections::BTreeMap;
use std::fmt;

use retry_effects::{ActionId, ActionIdError, compute_action_id};

/// The number of orders.
pub(crate) const ORDERS: u32 = 24;

/// An order of a customer.
pub(crate) struct Order {
    pub(crate) number: u32,
    pub(crate) by: By,
    pub(crate) cents: u64,
}

/// The way a customer pays, which decides the treatment of a payment in doubt.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum By {
    /// The bank can be queried.
    Card,
    /// The bank recognizes keys.
    Wallet,
    /// The bank can do neither.
    Wire,
}

impl Order {
    pub(crate) fn of(number: u32) -> Self {
        let by = [By::Card, By::Wallet, By::Wire][number as usize % 3];
        let cents = u64::from(number) * 100 + 99;
        Self { number, by, cents }
    }

    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (1..=ORDERS).map(Self::of)
    }

    /// Returns the id of its payment's action: from the function's name and its key.
    pub(crate) fn action(&self) -> Result<ActionId, ActionIdError> {
        let key = BTreeMap::from([("order", self.number)]);
        compute_action_id(&format!("charge {}", self.by), &key, "")
    }
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Card => "card",
            Self::Wallet => "wallet",
            Self::Wire => "wire",
        })
    }
}
