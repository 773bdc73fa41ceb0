//! [`VerifiedType`]: the types of which this process has written a value and read it back without a difference.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::protocol::payload::Payload;

/// A type, identified by the address of the function that reads it. The compiler merges the readers of two
/// types only if they read alike.
///
/// A `static` in a generic function would be one for all types, so it cannot hold the state of each.
#[derive(Clone, Copy, Debug)]
pub(super) struct VerifiedType(usize);

/// The verified types, one in each place. A type that another type has displaced is verified once more.
static VERIFIED: [AtomicUsize; 256] = [const { AtomicUsize::new(0) }; 256];

impl VerifiedType {
    /// Returns the type that `reader` reads.
    pub(super) fn of<T, E>(reader: fn(&Payload) -> Result<T, E>) -> Self {
        Self(reader as usize)
    }

    /// Whether a value of the type was read back in this process.
    pub(super) fn is_verified(self) -> bool {
        self.place().load(Ordering::Relaxed) == self.0
    }

    /// Records that a value of the type was read back.
    pub(super) fn mark_verified(self) {
        self.place().store(self.0, Ordering::Relaxed);
    }

    fn place(self) -> &'static AtomicUsize {
        // Functions begin at multiples of 16.
        &VERIFIED[(self.0 >> 4) % VERIFIED.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::VerifiedType;
    use crate::gate::codec::encoding::decode;

    #[test]
    fn each_type_is_verified_by_itself() {
        struct Own(#[allow(dead_code, reason = "only its type counts")] u32);
        impl<'de> serde::Deserialize<'de> for Own {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                u32::deserialize(from).map(Self)
            }
        }
        assert!(!VerifiedType::of(decode::<Own>).is_verified());
        VerifiedType::of(decode::<Vec<[u8; 7]>>).mark_verified();
        assert!(!VerifiedType::of(decode::<Own>).is_verified());
        VerifiedType::of(decode::<Own>).mark_verified();
        assert!(VerifiedType::of(decode::<Own>).is_verified());
    }
}
