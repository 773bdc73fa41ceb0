//! [`Screen`]: where the answer is written, for people or for programs.

use std::fmt::Write as _;
use std::io::{self, Write};

/// Where the answer is written, and for whom.
pub(super) struct Screen<'a> {
    out: Box<dyn Write + 'a>,
    json: bool,
}

impl<'a> Screen<'a> {
    pub(super) fn new(out: Box<dyn Write + 'a>, json: bool) -> Self {
        Self { out, json }
    }

    /// Whether a program reads it.
    pub(super) fn is_json(&self) -> bool {
        self.json
    }

    pub(super) fn line(&mut self, text: impl AsRef<str>) -> io::Result<()> {
        writeln!(self.out, "{}", text.as_ref())
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// A text of the store's as a terminal may show it. Names and results come from anywhere, and a
/// control character in one could rewrite what the operator sees; nor may a line be reordered.
pub(super) fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for char in text.chars() {
        let reorders = matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if char.is_control() || reorders || matches!(char, '\u{2028}' | '\u{2029}') {
            let _ = write!(shown, "{}", char.escape_unicode());
        } else {
            shown.push(char);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_move_the_cursor_is_escaped() {
        assert_eq!(plain("charge é 収"), "charge é 収");
        assert_eq!(plain("a\u{1b}[2Jb\nc"), r"a\u{1b}[2Jb\u{a}c");
        assert_eq!(plain("a\u{202e}b\u{2028}"), r"a\u{202e}b\u{2028}");
    }
}
