//! [`Hashed`]: a key with its hash, computed once for the choice of the set's part and for the part's
//! table.

use std::borrow::Borrow;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher};
use std::sync::Arc;

#[derive(Clone, Debug)]
pub(super) struct Hashed<T> {
    hash: u64,
    pub(super) text: T,
}

impl<'a> Hashed<&'a str> {
    pub(super) fn new(hasher: &impl BuildHasher, text: &'a str) -> Self {
        let hash = hasher.hash_one(text);
        Self { hash, text }
    }

    /// Returns bits of the hash that the table does not use first.
    pub(super) fn part(&self) -> usize {
        usize::from((self.hash >> 32) as u16)
    }

    /// Returns the same key, owned.
    pub(super) fn kept(&self) -> Hashed<Arc<str>> {
        Hashed {
            hash: self.hash,
            text: self.text.into(),
        }
    }
}

/// A key of either kind, so that a table of owned keys is searched by borrowed ones.
pub(super) trait Probe {
    fn hash(&self) -> u64;
    fn text(&self) -> &str;
}

impl<T: AsRef<str>> Probe for Hashed<T> {
    fn hash(&self) -> u64 {
        self.hash
    }

    fn text(&self) -> &str {
        self.text.as_ref()
    }
}

impl<'a> Borrow<dyn Probe + 'a> for Hashed<Arc<str>> {
    fn borrow(&self) -> &(dyn Probe + 'a) {
        self
    }
}

impl Hash for dyn Probe + '_ {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(Probe::hash(self));
    }
}

impl PartialEq for dyn Probe + '_ {
    fn eq(&self, other: &Self) -> bool {
        Probe::hash(self) == Probe::hash(other) && self.text() == other.text()
    }
}

impl Eq for dyn Probe + '_ {}

impl Hash for Hashed<Arc<str>> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl PartialEq for Hashed<Arc<str>> {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.text == other.text
    }
}

impl Eq for Hashed<Arc<str>> {}

/// A hasher that returns a given hash unchanged.
pub(super) type AsIs = BuildHasherDefault<Ready>;

#[derive(Debug, Default)]
pub(super) struct Ready(u64);

impl Hasher for Ready {
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
        let key = |text| Hashed { hash: 7, text };
        let mut table: HashMap<Hashed<Arc<str>>, u32, AsIs> = HashMap::default();
        table.insert(key("a").kept(), 1);
        table.insert(key("b").kept(), 2);
        let find = |text| table.get(&key(text) as &dyn Probe).copied();
        assert_eq!([find("a"), find("b"), find("c")], [Some(1), Some(2), None]);
    }
}
