//! The adaptive limiter.

use crate::parse::argument::{Argument, ArgumentValue};
use crate::parse::fault::Faults;
use crate::parse::shared_guard::{GuardArgument, origin};

pub(super) fn read(argument: &Argument, faults: &mut Faults) -> Option<GuardArgument> {
    const ALLOWED: &str = "adaptive must be `true`, the name of a limiter that others share, or an \
                           expression for an `AdaptiveLimiter`";
    if matches!(argument.value, ArgumentValue::List(_)) {
        faults.add_at(argument.key.span(), ALLOWED);
        return None;
    }
    let origin = origin(argument, ALLOWED, faults)?;
    Some(GuardArgument::new(argument, origin))
}
