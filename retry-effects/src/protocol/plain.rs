//! Foreign texts, made safe for a terminal.

use std::fmt::Write as _;

/// Returns the text with every character escaped that moves the cursor or reorders a line. Names,
/// errors and results come from anywhere, and a control character could rewrite the operator's screen.
/// A plain text stays unchanged.
pub(crate) fn plain(text: &str) -> String {
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
        assert_eq!(plain(r"a\u{a}b"), r"a\u{a}b");
    }
}
