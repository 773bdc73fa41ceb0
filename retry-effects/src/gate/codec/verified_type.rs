//! The types that have been read back once.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::protocol::payload::Payload;

/// The mark of a type: a value of it was read back.
///
/// A `static` in a generic function is shared by all its types. So a type is identified by the
/// address of its reader; the compiler merges the readers of two types only if they read alike.
#[derive(Clone, Copy, Debug)]
pub(super) struct VerifiedType(usize);

/// The types that were read back, one for each place. A type that another has displaced is read back
/// once more.
static VERIFIED: [AtomicUsize; 256] = [const { AtomicUsize::new(0) }; 256];

impl VerifiedType {
    /// Returns the mark of the type that `reader` reads.
    pub(super) fn of<T, E>(reader: fn(&Payload) -> Result<T, E>) -> Self {
        Self(reader as usize)
    }

    pub(super) fn is_verified(self) -> bool {
        self.place().load(Ordering::Relaxed) == self.0
    }

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
    fn each_type_has_a_mark_of_its_own() {
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
