//! A text of the notation, or of JSON, with the read position.

use std::io::Cursor;

use serde::de::{DeserializeOwned, Error as _, IgnoredAny};
use serde_json::Error;

use super::number::Number;
use super::stack::{Stack, too_deep};
use super::writer::{F32, JSON, MARK, TextForm};

/// The result of reading.
pub(super) type Result<T, E = Error> = std::result::Result<T, E>;

/// Reads the notation, of which JSON is a part, by way of [`serde::Deserializer`].
#[derive(Debug)]
pub(super) struct Reader<'a> {
    text: &'a str,
    pub(super) form: TextForm,
    pub(super) at: usize,
    pub(super) stack: Stack,
    /// Whether the type took, through `deserialize_any`, a value that JSON would have shown in another
    /// form.
    pub(super) misread: bool,
}

impl<'a> Reader<'a> {
    /// Returns a reader of a text that is known to be JSON.
    pub(super) fn of_json(text: &'a str, room: usize) -> Self {
        Self {
            text,
            form: TextForm::Json,
            at: 0,
            stack: Stack::new(room),
            misread: false,
        }
    }

    /// Returns a reader of a text in the notation.
    pub(super) fn of_notation(text: &'a str, room: usize) -> Result<Self> {
        let Some(text) = text.strip_prefix(MARK) else {
            return Err(Error::custom(format!("the notation begins with {MARK}")));
        };
        Ok(Self {
            form: TextForm::Notation,
            ..Self::of_json(text, room)
        })
    }

    /// Reads the whole text.
    pub(super) fn read<T: DeserializeOwned>(&mut self) -> Result<T> {
        let value = T::deserialize(&mut *self)?;
        match self.peek() {
            None => Ok(value),
            Some(_) => Err(self.unexpected("the end")),
        }
    }

    /// Returns the next byte, after white space.
    #[inline]
    pub(super) fn peek(&mut self) -> Option<u8> {
        let rest = &self.text.as_bytes()[self.at..];
        let space = rest.iter().take_while(|byte| b" \n\r\t".contains(byte));
        let space = space.count();
        self.at += space;
        rest.get(space).copied()
    }

    /// Consumes `text`, if it is next. Returns whether it was.
    pub(super) fn accept(&mut self, text: &str) -> bool {
        let is_next = self.peek().is_some() && self.text[self.at..].starts_with(text);
        if is_next {
            self.at += text.len();
        }
        is_next
    }

    pub(super) fn expect(&mut self, text: &str) -> Result<()> {
        if self.accept(text) {
            Ok(())
        } else {
            Err(self.unexpected(text))
        }
    }

    /// Reads the next text.
    pub(super) fn string(&mut self) -> Result<String> {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("a text"));
        }
        let rest = &self.text[self.at..];
        let mut is_escaped = true; // the quote at the beginning
        let end = rest.bytes().position(|byte| {
            let ends = byte == b'"' && !is_escaped;
            is_escaped = byte == b'\\' && !is_escaped;
            ends
        });
        let Some(end) = end else {
            return Err(self.unexpected("the end of a text"));
        };
        self.at += end + 1;
        serde_json::from_str(&rest[..=end])
    }

    /// Whether JSON would write the next value in another form, which only the requested type
    /// resolves.
    pub(super) fn is_misread(&mut self, is_key: bool) -> bool {
        match self.peek() {
            Some(b'"') => false,
            _ if is_key => true,
            Some(b'-' | b'0'..=b'9') => {
                matches!(self.number().1, Some(Number::U128(_) | Number::I128(_)))
            }
            Some(b'f') => self.text[self.at..].starts_with(F32),
            _ => false,
        }
    }

    /// Returns the next number, if this crate did not write it: `serde_json` reads it, and keeps
    /// its digits or takes the nearest value.
    pub(super) fn number_of_many_digits(&mut self) -> Option<Verbatim> {
        if !matches!(self.peek(), Some(b'-' | b'0'..=b'9')) {
            return None;
        }
        let (end, number) = self.number();
        let digits = &self.text[self.at..end];
        if number.is_some_and(|number| number.is_written(digits)) {
            return None;
        }
        self.at = end;
        Some(verbatim(digits))
    }

    /// Checks the stack before a nested value.
    #[inline]
    pub(super) fn descend(&self) -> Result<()> {
        if self.stack.is_used_up() {
            return Err(too_deep());
        }
        Ok(())
    }

    /// Returns JSON that is kept as a text, if that is next: `serde_json` reads it.
    pub(super) fn verbatim(&mut self) -> Result<Option<Verbatim>> {
        if !self.accept(JSON) {
            return Ok(None);
        }
        let json = self.string()?;
        self.expect(")")?;
        Ok(Some(verbatim(&json)))
    }

    /// Returns the next value as JSON, in the notation only if it is kept as a text: `serde_json`
    /// reads it.
    pub(super) fn raw(&mut self) -> Result<Option<Verbatim>> {
        if self.form == TextForm::Notation {
            return self.verbatim();
        }
        let rest = &self.text[self.at..];
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<IgnoredAny>();
        values.next().transpose()?;
        let length = values.byte_offset();
        self.at += length;
        Ok(Some(verbatim(&rest[..length])))
    }

    /// Reads the bits of a float, and the closing bracket.
    pub(super) fn bits<B, E>(
        &mut self,
        digits: usize,
        read: fn(&str, u32) -> Result<B, E>,
    ) -> Result<B> {
        let bits = self.text.get(self.at..self.at + digits);
        let bits = bits.and_then(|bits| read(bits, 16).ok());
        let bits = bits.ok_or_else(|| self.unexpected("the bits of a float"))?;
        self.at += digits;
        self.expect(")")?;
        Ok(bits)
    }

    /// Returns the end of the next number, and its value.
    pub(super) fn number(&self) -> (usize, Option<Number>) {
        let rest = &self.text[self.at..];
        let is_part = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
        let length = rest.bytes().take_while(|byte| is_part(*byte)).count();
        (self.at + length, Number::of(&rest[..length]))
    }

    /// Reads the text of a number, `true` or `false`, if one is next.
    pub(super) fn scalar(&mut self) -> Option<&'a str> {
        let is_scalar = matches!(self.peek(), Some(b'-' | b'0'..=b'9' | b't' | b'f'));
        let rest = &self.text[self.at..];
        let length = rest.find([':', '(']).filter(|_| is_scalar)?;
        if rest[length..].starts_with('(') {
            return None;
        }
        self.at += length;
        Some(&rest[..length])
    }

    /// Reads the next float as an `f32`.
    pub(super) fn single(&mut self) -> Option<f32> {
        if !matches!(self.peek(), Some(b'-' | b'0'..=b'9')) {
            return None;
        }
        let (end, Some(Number::Float(_))) = self.number() else {
            return None;
        };
        let value: f32 = self.text[self.at..end].parse().ok()?;
        value.is_finite().then(|| {
            self.at = end;
            value
        })
    }

    pub(super) fn unexpected(&self, wanted: &str) -> Error {
        Error::custom(format!("there should be {wanted} at byte {}", self.at))
    }
}

/// JSON that `serde_json` reads itself.
pub(super) type Verbatim = serde_json::Deserializer<serde_json::de::IoRead<Cursor<Vec<u8>>>>;

fn verbatim(json: &str) -> Verbatim {
    serde_json::Deserializer::from_reader(Cursor::new(json.as_bytes().to_vec()))
}
