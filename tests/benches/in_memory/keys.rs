//! The ids and results that all contenders are given.

use std::hash::{Hash, Hasher};

use retry_effects::ActionId;
use retry_effects::store::Payload;

/// The records that replays find.
pub(crate) const SEEN: u64 = 1_000;

/// Ids as spread as those of SHA-256, at the price of a multiplication.
pub(crate) fn id(call: u64) -> ActionId {
    let mut bytes = [0; 32];
    for (at, part) in bytes.chunks_exact_mut(8).enumerate() {
        let salted = (call ^ (at as u64) << 40).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        part.copy_from_slice(&(salted ^ salted >> 29).to_le_bytes());
    }
    ActionId::from_bytes(bytes)
}

/// Claim ids given: the library draws them by the clock, which runs too fast under valgrind.
pub(crate) fn claim_id(call: u64) -> u128 {
    u128::from(call) << 64 | u128::from(call.wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

pub(crate) fn payload() -> Payload {
    Payload::new("\"receipt 1\"")
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key(pub(crate) [u8; 32]);

impl Key {
    pub(crate) fn of(call: u64) -> Self {
        Self(*id(call).as_bytes())
    }

    /// The shard of 64 that holds the key.
    pub(crate) fn shard(&self) -> usize {
        usize::from(self.0[31]) % 64
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(&self.0);
    }
}

/// Takes the first bytes of a key, which are spread already.
#[derive(Default)]
pub(crate) struct First8(u64);

impl Hasher for First8 {
    fn write(&mut self, bytes: &[u8]) {
        let mut first = [0; 8];
        first.copy_from_slice(&bytes[..8]);
        self.0 = u64::from_le_bytes(first);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
