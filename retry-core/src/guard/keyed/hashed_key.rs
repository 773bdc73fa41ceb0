//! [`HashedKey`]: a key with its hash, computed once for the choice of the set's part and for the part's
//! table.

use std::borrow::Borrow;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher};
use std::sync::Arc;

#[derive(Clone, Debug)]
pub(super) struct HashedKey<T> {
    hash: u64,
    pub(super) text: T,
}

impl<'a> HashedKey<&'a str> {
    pub(super) fn new(hasher: &impl BuildHasher, text: &'a str) -> Self {
        let hash = hasher.hash_one(text);
        Self { hash, text }
    }

    /// Returns bits of the hash that the table does not use first.
    pub(super) fn part(&self) -> usize {
        usize::from((self.hash >> 32) as u16)
    }

    /// Returns the same key, owned.
    pub(super) fn to_owned_key(&self) -> HashedKey<Arc<str>> {
        HashedKey {
            hash: self.hash,
            text: self.text.into(),
        }
    }
}

/// A key of either kind, so that a table of owned keys is searched by borrowed ones.
pub(super) trait LookupKey {
    fn hash(&self) -> u64;
    fn text(&self) -> &str;
}

impl<T: AsRef<str>> LookupKey for HashedKey<T> {
    fn hash(&self) -> u64 {
        self.hash
    }

    fn text(&self) -> &str {
        self.text.as_ref()
    }
}

impl<'a> Borrow<dyn LookupKey + 'a> for HashedKey<Arc<str>> {
    fn borrow(&self) -> &(dyn LookupKey + 'a) {
        self
    }
}

impl Hash for dyn LookupKey + '_ {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(LookupKey::hash(self));
    }
}

impl PartialEq for dyn LookupKey + '_ {
    fn eq(&self, other: &Self) -> bool {
        LookupKey::hash(self) == LookupKey::hash(other) && self.text() == other.text()
    }
}

impl Eq for dyn LookupKey + '_ {}

impl Hash for HashedKey<Arc<str>> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl PartialEq for HashedKey<Arc<str>> {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.text == other.text
    }
}

impl Eq for HashedKey<Arc<str>> {}

/// A hasher that returns a given hash unchanged.
pub(super) type BuildIdentityHasher = BuildHasherDefault<IdentityHasher>;

#[derive(Debug, Default)]
pub(super) struct IdentityHasher(u64);

impl Hasher for IdentityHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn write(&mut self, bytes: &[u8]) {
        // Only hashes arrive here; any other input would be distinguished by its bytes.
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn one_hash_and_two_texts_are_two_keys() {
        let key = |text| HashedKey { hash: 7, text };
        let mut table: HashMap<HashedKey<Arc<str>>, u32, BuildIdentityHasher> = HashMap::default();
        table.insert(key("a").to_owned_key(), 1);
        table.insert(key("b").to_owned_key(), 2);
        let find = |text| table.get(&key(text) as &dyn LookupKey).copied();
        assert_eq!([find("a"), find("b"), find("c")], [Some(1), Some(2), None]);
    }
}
