//! How deep a value may be: by the stack that it takes, since `serde` walks it by recursion.
//!
//! An overflow would end the process after the effect, and threads have 2 MiB unless they are told
//! otherwise. Lists linked by `Option<Box<_>>`, enums by `Box<_>`, tagged ones, flattened ones and
//! `serde_json::Value` take 400 to 820 bytes of it a level where they are read by an optimised build,
//! 1,400 to 2,600 by another; where they are written, a fifth of that.

use serde::de::Error as _;

/// What writing, and the reading that proves it, may take: 900 to 1,900 levels if optimised, 300 to
/// 550 if not. JSON of up to 127 levels is read by `serde_json`, which does not ask.
///
/// Less than [`READING`]: what was recorded is read where the frames are a little larger, too.
pub(super) const WRITING: usize = 768 << 10;

/// What reading a record may take.
pub(super) const READING: usize = 1 << 20;

/// What part of it a type may take that `serde` reads into a buffer, and from there once more: how
/// much that takes depends on the type, and cannot be looked at.
const BUFFERED: usize = 4;

/// A place on the stack, and how far from it the stack may grow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stack {
    top: usize,
    room: usize,
    buffered: usize,
}

impl Stack {
    /// From here on.
    pub(super) fn new(room: usize) -> Self {
        Self {
            top: here(),
            room,
            buffered: room / BUFFERED,
        }
    }

    #[inline]
    pub(super) fn is_used_up(self) -> bool {
        self.used() > self.room
    }

    /// What is left to a value that may go into a buffer, and to all within it.
    pub(super) fn for_a_buffer(self) -> Self {
        Self {
            room: self.room.min(self.used() + self.buffered),
            ..self
        }
    }

    #[inline]
    fn used(self) -> usize {
        self.top.abs_diff(here())
    }
}

/// About where the stack ends.
#[inline]
fn here() -> usize {
    let here = 0_u8;
    (&raw const here).addr()
}

/// A value that needs more of the stack than a thread may have.
pub(super) fn too_deep() -> serde_json::Error {
    serde_json::Error::custom("the value is nested too deeply to be recorded")
}
