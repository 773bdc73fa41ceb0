//! Connection pools that are generic over their contents (deadpool, bb8, r2d2), and sqlx's: a chain
//! cannot be searched for their types, so `Debug` and `Display` together identify them.
//!
//! Waiting for a connection sends nothing.

use std::error::Error;

use super::head::Head;
use super::outcome::{misused, turned_away};
use crate::classify::judgement::Judgement;

/// `Debug`, `Display`, and whether the pool is closed for good. A `Debug` that ends in a parenthesis is only the
/// start, and so is its `Display`.
const ERRORS: [(&str, &str, bool); 8] = [
    (
        "Timeout(Wait)",
        "Timeout occurred while waiting for a slot to become available",
        false,
    ),
    (
        "Timeout(Create)",
        "Timeout occurred while creating a new object",
        false,
    ),
    (
        "Timeout(Recycle)",
        "Timeout occurred while recycling an object",
        false,
    ),
    ("TimedOut", "Timed out in bb8", false),
    ("Error(", "timed out waiting for connection", false),
    (
        "PoolTimedOut",
        "pool timed out while waiting for an open connection",
        false,
    ),
    ("Closed", "Pool has been closed", true),
    (
        "PoolClosed",
        "attempted to acquire a connection on a closed pool",
        true,
    ),
];

pub(super) fn judge(debug: &str, error: &(dyn Error + 'static)) -> Option<Judgement> {
    let named = |name: &str| match name.strip_suffix('(') {
        Some(_) => debug.starts_with(name),
        None => debug == name,
    };
    let mut candidates = ERRORS.iter().filter(|(name, ..)| named(name)).peekable();
    candidates.peek()?;
    let display = Head::of_display(error);
    // A user's error may begin with the same text, and report what happened while the pool's object was in use.
    let is_shown = |name: &str, text: &str| {
        let more = display.as_str().strip_prefix(text);
        more.is_some_and(|more| more.is_empty() || (name.ends_with('(') && more.starts_with(": ")))
    };
    let (.., is_closed) = candidates.find(|(name, text, _)| is_shown(name, text))?;
    // r2d2's error holds the connection's last error, or none; another type of that name holds a text.
    let is_r2d2 = debug.starts_with("Error(None)") || debug.starts_with("Error(Some(");
    if debug.starts_with("Error(") && !is_r2d2 {
        return None;
    }
    Some(if *is_closed {
        misused("pool_closed")
    } else {
        turned_away("pool_timed_out")
    })
}
