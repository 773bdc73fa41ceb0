//! The readers of stored rows for the fuzz targets (`tests/fuzz`), in builds that ask for them and in no
//! others. A row comes from a server that the targets do not start.

use std::time::Duration;

use crate::identity::action_id::ActionId;
use crate::protocol::operation::Stored;
use crate::protocol::state_machine::millis;

/// Computes all that is computed from a record that was found.
pub(super) fn examine(id: ActionId, found: &Stored) {
    let Stored { slot, now, .. } = found;
    let record = slot.record(id, *now);
    assert_eq!(record.id, id);
    let _ = format!("{record:?} {:?}", slot.resolved(id, *now));
    let _ = slot.is_purgeable(millis(Duration::from_secs(1)), *now);
}
