//! Orders, and how they are paid.

use std::collections::BTreeMap;
use std::fmt;

use retry_effects::{ActionId, ActionIdError, compute_action_id};

/// How many there are.
pub(crate) const ORDERS: u32 = 24;

/// What a customer owes.
pub(crate) struct Order {
    pub(crate) number: u32,
    pub(crate) by: By,
    pub(crate) cents: u64,
}

/// How a customer pays, and so what can be done about doubt.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum By {
    /// The bank can be asked.
    Card,
    /// The bank knows its keys.
    Wallet,
    /// Neither.
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

    /// The action of its payment: by the function's name and its key.
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
