//! [`Outcome::success`]: a value in the form in which the gate replays it. The method is here and
//! not beside the type, because the protocol has no encodings.

use serde::Serialize;

use super::encoding::encode_unread;
use crate::gate::error::EffectError;
use crate::protocol::outcome::Outcome;

impl Outcome {
    /// Returns the outcome of an effect that happened, with this result: a body passes it to
    /// `complete_in`, in a form in which the gate replays it. The body returns the same value.
    ///
    /// The value's type need not be readable. So the value is recorded as JSON only if no type reads
    /// that JSON as another value; one with numbers as keys, for instance, is not.
    ///
    /// # Errors
    ///
    /// [`EffectError::NoPayload`] if the value cannot be written, or is nested more deeply than the
    /// stack of a thread allows.
    ///
    /// # Examples
    ///
    /// ```
    /// use retry_effects::{EffectError, Outcome};
    /// use retry_effects::store::Payload;
    ///
    /// let outcome = Outcome::success(&("receipt", 7))?;
    /// assert_eq!(outcome, Outcome::Success(Payload::new(r#"["receipt",7]"#)));
    /// # Ok::<(), EffectError>(())
    /// ```
    pub fn success<T: Serialize + ?Sized>(value: &T) -> Result<Self, EffectError> {
        match encode_unread(value) {
            Ok(payload) => Ok(Self::Success(payload)),
            Err(source) => Err(EffectError::NoPayload {
                type_name: std::any::type_name::<T>(),
                source,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn a_value_that_cannot_be_written_is_no_outcome() {
        let poisoned = Mutex::new(7);
        std::thread::scope(|scope| {
            let panicking = scope.spawn(|| {
                let _held = poisoned.lock();
                panic!("with the lock held");
            });
            assert!(panicking.join().is_err());
        });
        let refused = Outcome::success(&poisoned);
        let Err(EffectError::NoPayload { type_name, .. }) = refused else {
            panic!("{refused:?}");
        };
        assert!(type_name.contains("Mutex"), "{type_name}");
    }
}
