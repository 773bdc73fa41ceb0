//! Strings as Python's `json.dumps(.., ensure_ascii=True)` writes them.

use std::cmp::Ordering;
use std::fmt;

/// A name from the program's source: of a struct, a field or a variant.
pub(super) type Name = &'static str;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Writes `text` in quotes and returns whether anything in it was escaped.
pub(super) fn write(out: &mut Vec<u8>, text: &str) -> bool {
    out.push(b'"');
    let escaped = escape(out, text);
    out.push(b'"');
    escaped
}

/// Writes `text` without quotes and returns whether anything in it was escaped.
pub(super) fn escape(out: &mut Vec<u8>, text: &str) -> bool {
    let mut rest = text;
    while let Some(plain) = rest.bytes().position(needs_escape) {
        // All bytes before this one are ASCII, so it begins a character.
        let (run, tail) = rest.split_at(plain);
        out.extend_from_slice(run.as_bytes());
        let mut chars = tail.chars();
        if let Some(special) = chars.next() {
            escape_char(out, special);
        }
        rest = chars.as_str();
    }
    out.extend_from_slice(rest.as_bytes());
    rest.len() < text.len()
}

/// Compares two escaped texts by the code points that they represent.
///
/// Python sorts keys before it escapes them, and escapes sort differently: the backslash of `"\u00e9"`
/// sorts before `"z"`, and the pair of U+1F980 before `"\uffff"`.
pub(super) fn compare_escaped(left: &[u8], right: &[u8]) -> Ordering {
    CodePoints(left).cmp(CodePoints(right))
}

/// A sink for `Display` output that needs no escapes: digits.
pub(super) struct Plain<'a>(pub(super) &'a mut Vec<u8>);

impl fmt::Write for Plain<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// A sink that escapes `Display` output, without the quotes.
pub(super) struct Escaped<'a> {
    out: &'a mut Vec<u8>,
    /// Whether anything has been escaped.
    pub(super) any: bool,
}

impl<'a> Escaped<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, any: false }
    }
}

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.any |= escape(self.out, text);
        Ok(())
    }
}

/// Python leaves printable ASCII unescaped; DEL is not printable.
fn needs_escape(byte: u8) -> bool {
    !matches!(byte, b' '..=b'~') || byte == b'"' || byte == b'\\'
}

fn escape_char(out: &mut Vec<u8>, special: char) {
    let short = match special {
        '"' => b'"',
        '\\' => b'\\',
        '\u{8}' => b'b',
        '\u{c}' => b'f',
        '\n' => b'n',
        '\r' => b'r',
        '\t' => b't',
        _ => {
            for unit in special.encode_utf16(&mut [0; 2]) {
                let digit = |shift: u32| HEX[usize::from(*unit >> shift & 0xf)];
                out.extend_from_slice(&[b'\\', b'u', digit(12), digit(8), digit(4), digit(0)]);
            }
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// Decodes the output of `escape`.
struct CodePoints<'a>(&'a [u8]);

impl CodePoints<'_> {
    fn unit(&self) -> u32 {
        self.0[2..6].iter().fold(0, |unit, &digit| {
            let value = if digit <= b'9' {
                digit - b'0'
            } else {
                digit - b'a' + 10
            };
            unit << 4 | u32::from(value)
        })
    }
}

impl Iterator for CodePoints<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let first = *self.0.first()?;
        if first != b'\\' {
            self.0 = &self.0[1..];
            return Some(u32::from(first));
        }
        let (point, length) = match self.0[1] {
            b'b' => (0x8, 2),
            b't' => (0x9, 2),
            b'n' => (0xa, 2),
            b'f' => (0xc, 2),
            b'r' => (0xd, 2),
            b'u' => (self.unit(), 6),
            itself => (u32::from(itself), 2),
        };
        self.0 = &self.0[length..];
        if !matches!(point, 0xd800..0xdc00) {
            return Some(point);
        }
        // A high surrogate is never alone: `escape` was given valid text.
        let low = self.unit();
        self.0 = &self.0[6..];
        Some(0x1_0000 + ((point - 0xd800) << 10) + (low - 0xdc00))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(text: &str) -> String {
        let mut out = Vec::new();
        escape(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    // Expected texts from Python 3.11: json.dumps(text).
    #[test]
    fn escapes_are_pythons() {
        for (text, python) in [
            ("", ""),
            ("plain ~ /", "plain ~ /"),
            ("\"\\", r#"\"\\"#),
            ("\u{8}\t\n\u{c}\r", r"\b\t\n\f\r"),
            (
                "\0\u{b}\u{1f}\u{7f}\u{80}",
                r"\u0000\u000b\u001f\u007f\u0080",
            ),
            (
                "é\u{2028}\u{d7ff}\u{e000}\u{ffff}",
                r"\u00e9\u2028\ud7ff\ue000\uffff",
            ),
            (
                "\u{10000}🦀\u{10ffff}",
                r"\ud800\udc00\ud83e\udd80\udbff\udfff",
            ),
        ] {
            assert_eq!(escaped(text), python);
        }
    }

    #[test]
    fn write_tells_of_escapes() {
        let mut out = Vec::new();
        assert!(!write(&mut out, "a"));
        assert!(write(&mut out, "é"));
        assert!(write(&mut out, "aé"));
        assert!(write(&mut out, "éa"));
        assert_eq!(out, br#""a""\u00e9""a\u00e9""\u00e9a""#);
    }

    #[test]
    fn escapes_read_back_as_every_character() {
        // Miri would take an hour for all.
        let step = if cfg!(miri) { 7_919 } else { 1 };
        for c in ('\0'..=char::MAX).step_by(step) {
            let text = escaped(c.encode_utf8(&mut [0; 4]));
            let points: Vec<u32> = CodePoints(text.as_bytes()).collect();
            assert_eq!(points, [u32::from(c)], "{text}");
        }
    }

    #[test]
    fn order_is_by_code_point() {
        let ascending = [
            "", "\0", "\n", "!", "\"", "a", "a\0", "aa", "z", "\u{7f}", "é", "\u{e000}", "\u{ffff}",
        ]
        .into_iter()
        .chain(["\u{10000}", "🦀", "🦀a"]);
        let keys: Vec<String> = ascending.map(escaped).collect();
        for pair in keys.windows(2) {
            assert!(
                compare_escaped(pair[0].as_bytes(), pair[1].as_bytes()).is_lt(),
                "{pair:?}"
            );
        }
    }
}
