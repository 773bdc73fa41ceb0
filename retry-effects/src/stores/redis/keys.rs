//! The names of keys. All keys of one operation have one hash tag, and so lie in one slot of a
//! cluster.

use std::ops::Range;
use std::sync::Arc;

use crate::identity::action_id::ActionId;
use crate::protocol::store_error::StoreError;

/// The number of tags: one for each first byte of an id, so that the order of the tags is that of
/// the ids.
pub(super) const TAGS: u16 = 256;

/// The number of slots of a cluster.
const SLOTS: u16 = 16_384;

/// The keys of one store.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    prefix: Arc<str>,
    of_tags: Arc<[OfTag]>,
}

/// The keys that the records of one tag share.
#[derive(Debug)]
pub(super) struct OfTag {
    /// The beginning of the key of a record, a hash; its id follows.
    record: String,
    /// The newest fence. Never removed: after a purge no fence may be issued again.
    pub(super) fence: String,
    /// The ids: a sorted set by name.
    pub(super) actions: String,
    /// The ids of the records that are not a success, in the same order.
    pub(super) marked: String,
    /// The ids that version 1 has listed, in the same order.
    pub(super) version_1: String,
    /// The ids with a limited retention: a sorted set by the time at which it is over.
    pub(super) over: String,
    /// The same of version 1.
    pub(super) version_1_over: String,
}

impl Keys {
    /// Returns the keys under a prefix of letters, digits and `-_.:/`.
    pub(super) fn under(prefix: &str) -> Result<Self, StoreError> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/".contains(c);
        if prefix.is_empty() || !prefix.chars().all(is_plain) {
            return Err(StoreError::misconfigured(format!(
                "cannot name its keys: the prefix is {prefix:?}; it must be letters, digits and -_.:/"
            )));
        }
        Ok(Self {
            prefix: prefix.into(),
            of_tags: tags(0..TAGS).map(|tag| OfTag::new(prefix, tag)).collect(),
        })
    }

    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Returns the key that holds the version of the keys' form.
    pub(super) fn version(&self) -> String {
        format!("{}:version", self.prefix)
    }

    /// Returns the key of a record, which is also the channel for its changes.
    pub(super) fn record(&self, id: ActionId) -> String {
        format!("{}{id}", self.tag(id.as_bytes()[0]).record)
    }

    pub(super) fn tag(&self, tag: u8) -> &OfTag {
        &self.of_tags[usize::from(tag)]
    }

    /// Returns the cluster slot in which the keys of a tag lie.
    pub(super) fn slot(&self, tag: u8) -> u16 {
        crc16(format!("{}:{tag:02x}", self.prefix).as_bytes()) % SLOTS
    }

    /// Returns the action of a channel.
    pub(super) fn action(channel: &[u8]) -> Option<ActionId> {
        let channel = str::from_utf8(channel).ok()?;
        channel.rsplit(':').next()?.parse().ok()
    }
}

impl OfTag {
    fn new(prefix: &str, tag: u8) -> Self {
        let key = |name: &str| format!("{{{prefix}:{tag:02x}}}:{name}");
        Self {
            record: key(""),
            fence: key("fence"),
            actions: key("actions"),
            marked: key("marked"),
            version_1: key("ids"),
            over: key("over"),
            version_1_over: key("due"),
        }
    }
}

/// Returns the tags with these numbers.
pub(super) fn tags(numbers: Range<u16>) -> impl Iterator<Item = u8> {
    numbers.filter_map(|tag| u8::try_from(tag).ok())
}

/// CRC-16/XMODEM, by which a cluster assigns tags to slots.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        let mixed = crc ^ (u16::from(*byte) << 8);
        (0..8).fold(mixed, |crc, _| match crc & 0x8000 {
            0 => crc << 1,
            _ => (crc << 1) ^ 0x1021,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::action_id::compute_action_id;

    #[test]
    fn what_one_operation_touches_has_one_tag() {
        let keys = Keys::under("shop:effects").expect("a plain prefix");
        let id = compute_action_id("charge", &1, "").expect("a number has a JSON form");
        let (record, of) = (keys.record(id), keys.tag(id.as_bytes()[0]));
        let (tag, name) = record.split_once("}:").expect("a tag");
        assert_eq!(name, id.to_string());
        assert_eq!(tag, format!("{{shop:effects:{}", &name[..2]));
        for key in [&of.fence, &of.actions, &of.marked, &of.over, &of.version_1] {
            assert!(key.starts_with(&format!("{tag}}}:")), "{key}");
        }
        assert_eq!(Keys::action(record.as_bytes()), Some(id));
        assert_eq!(Keys::action(of.fence.as_bytes()), None);
    }

    /// The example of the cluster's specification, and a slot as a server computes it.
    #[test]
    fn slots_are_those_of_a_cluster() {
        assert_eq!(crc16(b"123456789"), 0x31C3);
        let keys = Keys::under("effects").expect("a plain prefix");
        assert_eq!(keys.slot(0x5f), 1_201);
    }

    #[test]
    fn a_prefix_that_would_break_the_tag_is_refused() {
        for prefix in ["", "a}b", "{a", "a b", "ä"] {
            let error = Keys::under(prefix).expect_err(prefix);
            assert!(error.to_string().contains("letters"), "{error}");
        }
    }
}
