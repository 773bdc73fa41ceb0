//! The start of an error's printed text, without an allocation.

use std::error::Error;
use std::fmt::{self, Write};

/// Enough for the names of a layer and of its kind.
const LENGTH: usize = 96;

/// The first bytes of a text.
#[derive(PartialEq, Eq)]
pub(super) struct Head {
    bytes: [u8; LENGTH],
    filled: usize,
}

impl Head {
    /// Returns the start of the error's `Debug`.
    pub(super) fn of_debug(error: &dyn Error) -> Self {
        Self::of(format_args!("{error:?}"))
    }

    /// Returns the start of the error's `Display`.
    pub(super) fn of_display(error: &dyn Error) -> Self {
        Self::of(format_args!("{error}"))
    }

    fn of(text: fmt::Arguments<'_>) -> Self {
        let mut head = Self {
            bytes: [0; LENGTH],
            filled: 0,
        };
        // The write fails once the head is full: the rest is never formatted.
        let _ = head.write_fmt(text);
        head
    }

    /// Returns the text, up to a character that the end cuts.
    pub(super) fn as_str(&self) -> &str {
        let filled = &self.bytes[..self.filled];
        match str::from_utf8(filled) {
            Ok(text) => text,
            Err(error) => str::from_utf8(&filled[..error.valid_up_to()]).unwrap_or_default(),
        }
    }
}

impl Write for Head {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        let taken = piece.len().min(LENGTH - self.filled);
        let end = self.filled + taken;
        self.bytes[self.filled..end].copy_from_slice(&piece.as_bytes()[..taken]);
        self.filled = end;
        if taken < piece.len() {
            return Err(fmt::Error);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// Prints `é` without end, and counts.
    struct Endless<'a>(&'a Cell<usize>);

    impl fmt::Display for Endless<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            loop {
                self.0.set(self.0.get() + 1);
                f.write_str("é")?;
            }
        }
    }

    #[test]
    fn a_long_text_is_broken_off_at_a_character() {
        let count = Cell::new(0);
        let head = Head::of(format_args!("-{}", Endless(&count)));
        assert_eq!(head.as_str(), format!("-{}", "é".repeat(47)));
        assert_eq!(count.get(), 48, "the rest is never formatted");
    }

    #[test]
    fn a_short_text_is_whole() {
        assert_eq!(Head::of(format_args!("a{}", 1)).as_str(), "a1");
        assert_eq!(Head::of(format_args!("")).as_str(), "");
    }
}
