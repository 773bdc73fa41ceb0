//! The names of keys. All that one operation touches has one hash tag, and so lies in one slot of a
//! cluster.

use crate::action_id::ActionId;
use crate::store_error::StoreError;

/// How many tags there are: one for each first byte of an id, so that the order of the tags is that
/// of the ids.
pub(super) const TAGS: u16 = 256;

/// The keys of one store.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    prefix: String,
}

/// The keys of one operation, in the order in which the script knows them.
#[derive(Debug)]
pub(super) struct OfRecord {
    /// The record: a hash. Its key is also the channel on which its changes are told.
    pub(super) record: String,
    /// The newest fence of its tag. Never removed: a purge must not let a fence come again.
    pub(super) fence: String,
    /// The ids of its tag: a sorted set by name.
    pub(super) ids: String,
    /// The ids of its tag that go by themselves: a sorted set by when.
    pub(super) due: String,
}

impl Keys {
    /// Under a prefix: some letters, digits and `-_.:/`.
    pub(super) fn under(prefix: &str) -> Result<Self, StoreError> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/".contains(c);
        if prefix.is_empty() || !prefix.chars().all(is_plain) {
            return Err(StoreError::misconfigured(format!(
                "cannot name its keys: the prefix is {prefix:?}; it must be letters, digits and -_.:/"
            )));
        }
        Ok(Self {
            prefix: prefix.to_owned(),
        })
    }

    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Where the version of the keys' form is written.
    pub(super) fn version(&self) -> String {
        format!("{}:version", self.prefix)
    }

    pub(super) fn record(&self, id: ActionId) -> OfRecord {
        self.of(id.as_bytes()[0], &id.to_string())
    }

    /// The keys of a tag, without a record.
    pub(super) fn tag(&self, tag: u8) -> OfRecord {
        self.of(tag, "none")
    }

    /// The channel on which changes of a record are told.
    pub(super) fn channel(&self, id: ActionId) -> String {
        self.record(id).record
    }

    /// The action that a channel is about.
    pub(super) fn action(channel: &[u8]) -> Option<ActionId> {
        let channel = str::from_utf8(channel).ok()?;
        channel.rsplit(':').next()?.parse().ok()
    }

    fn of(&self, tag: u8, name: &str) -> OfRecord {
        let prefix = &self.prefix;
        let key = |name: &str| format!("{{{prefix}:{tag:02x}}}:{name}");
        OfRecord {
            record: key(name),
            fence: key("fence"),
            ids: key("ids"),
            due: key("due"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compute_action_id;

    #[test]
    fn what_one_operation_touches_has_one_tag() {
        let keys = Keys::under("shop:effects").expect("a plain prefix");
        let id = compute_action_id("charge", &1, "").expect("a number has a JSON form");
        let of = keys.record(id);
        let (tag, name) = of.record.split_once("}:").expect("a tag");
        assert_eq!(name, id.to_string());
        assert_eq!(tag, format!("{{shop:effects:{}", &name[..2]));
        for key in [&of.fence, &of.ids, &of.due] {
            assert!(key.starts_with(&format!("{tag}}}:")), "{key}");
        }
        assert_eq!(Keys::action(keys.channel(id).as_bytes()), Some(id));
        assert_eq!(Keys::action(of.fence.as_bytes()), None);
    }

    #[test]
    fn a_prefix_that_would_break_the_tag_is_refused() {
        for prefix in ["", "a}b", "{a", "a b", "ä"] {
            let error = Keys::under(prefix).expect_err(prefix);
            assert!(error.to_string().contains("letters"), "{error}");
        }
    }
}
