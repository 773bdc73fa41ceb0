//! The maximum depth of a value: by its stack use, since `serde` walks it by recursion.
//!
//! An overflow would end the process after the effect, and threads have 2 MiB by default. Lists linked
//! by `Option<Box<_>>`, enums by `Box<_>`, tagged ones, flattened ones and `serde_json::Value` take 400
//! to 820 bytes a level when an optimised build reads them, 1,400 to 2,600 in another build; when it
//! writes them, a fifth of that.

use serde::de::Error as _;

/// The stack for writing, and for the reading that proves it: 900 to 1,900 levels if optimised, 300 to
/// 550 if not. JSON of up to 127 levels is read by `serde_json`, which does not check the stack.
///
/// Less than [`READING`]: a record is also read where the frames are a little larger.
pub(super) const WRITING: usize = 768 << 10;

/// The stack for reading a record.
pub(super) const READING: usize = 1 << 20;

/// The part of it for a type that `serde` reads into a buffer, and from there once more: the stack use
/// of that depends on the type, and cannot be checked.
const BUFFERED: usize = 4;

/// A place on the stack, and the allowed growth from it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stack {
    top: usize,
    room: usize,
    buffered: usize,
}

impl Stack {
    /// Starts at the current place.
    pub(super) fn new(room: usize) -> Self {
        Self {
            top: stack_address(),
            room,
            buffered: room / BUFFERED,
        }
    }

    #[inline]
    pub(super) fn is_used_up(self) -> bool {
        self.used() > self.room
    }

    /// Returns the rest for a value that may go into a buffer, and for all values within it.
    pub(super) fn for_a_buffer(self) -> Self {
        Self {
            room: self.room.min(self.used() + self.buffered),
            ..self
        }
    }

    #[inline]
    fn used(self) -> usize {
        self.top.abs_diff(stack_address())
    }
}

/// Returns the approximate end of the stack.
#[inline]
fn stack_address() -> usize {
    let here = 0_u8;
    (&raw const here).addr()
}

/// Returns the error of a value that needs more of the stack than a thread may have.
pub(super) fn too_deep() -> serde_json::Error {
    serde_json::Error::custom("the value is nested too deeply to be recorded")
}
