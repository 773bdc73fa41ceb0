//! The adaptive limiter.

use crate::parse::argument::{Argument, Given};
use crate::parse::fault::Faults;
use crate::parse::shared_guard::{Guard, lent_by};

pub(super) fn read(argument: &Argument, faults: &mut Faults) -> Option<Guard> {
    const ALLOWED: &str = "adaptive must be `true`, the name of a limiter that others share, or an \
                           expression for an `AdaptiveLimiter`";
    if matches!(argument.value, Given::List(_)) {
        faults.at(argument.key.span(), ALLOWED);
        return None;
    }
    let lent_by = lent_by(argument, ALLOWED, faults)?;
    Some(Guard::new(argument, lent_by))
}
