//! A record in the JSON form for programs. The names and forms of the fields are a promise: some may
//! be added, none changes.

use std::time::SystemTime;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::identity::action_id::ActionId;
use crate::protocol::payload::Payload;
use crate::protocol::reason::Reason;
use crate::protocol::record::Record;
use crate::protocol::state_machine::millis;
use crate::stores::timestamp;

use super::settlement::accepted;

/// Returns one record, as `list` and `show` give it.
pub(super) fn record(record: &Record) -> String {
    serde_json::to_string(&JsonRecord(record)).expect("texts and numbers have a JSON form")
}

/// Writes a time as RFC 3339, in UTC.
pub(super) fn time(time: SystemTime) -> String {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    timestamp::written(millis(since.unwrap_or_default()))
}

struct JsonRecord<'a>(&'a Record);

impl Serialize for JsonRecord<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let record = self.0;
        let claim_id = record.claim_id.map(|id| format!("{:032x}", id.bits()));
        let hash = record.input_hash;
        let hash = hash.map(|hash| ActionId::from_bytes(*hash.as_bytes()).to_string());
        let payload = record.payload.as_ref();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &record.id)?;
        map.serialize_entry("action_type", &record.action_type)?;
        map.serialize_entry("scope", &record.scope)?;
        map.serialize_entry("status", record.status.as_str())?;
        map.serialize_entry("applied", &record.applied)?;
        map.serialize_entry("reason", &record.reason.as_ref().map(Reason::as_str))?;
        map.serialize_entry("fence", &record.fence.number())?;
        map.serialize_entry("claim_id", &claim_id)?;
        map.serialize_entry("input_hash", &hash)?;
        map.serialize_entry("created_at", &time(record.created_at))?;
        map.serialize_entry("completed_at", &record.completed_at.map(time))?;
        map.serialize_entry("lease_left_ms", &record.lease_left.map(millis))?;
        map.serialize_entry("renewals", &record.renewals)?;
        // As a text: it is shown as recorded, whatever its form is.
        map.serialize_entry("payload", &payload.map(Payload::json))?;
        map.serialize_entry("payload_format", &payload.map(Payload::format))?;
        map.serialize_entry("may_settle", &accepted(record))?;
        map.end()
    }
}
