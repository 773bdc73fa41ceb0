//! A value's text, and the parts of the value that it may not restore.

use std::cell::Cell;

use serde::Serialize;

use super::stack::{self, Stack, too_deep};
use crate::protocol::payload::{FORMAT, MAX_PAYLOAD_LEN, NEWEST_FORMAT, Payload};

/// The form of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextForm {
    /// As `serde_json` writes it.
    Json,
    /// The [notation](super) of this crate.
    Notation,
}

/// The first character of a text in [`TextForm::Notation`].
pub(super) const MARK: char = '~';

/// A written value.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) text: String,
    pub(super) risks: Risks,
    form: TextForm,
}

/// The parts of a value that JSON may not restore.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Risks {
    /// Whether the JSON is that of another value, or of none.
    pub(super) lossy: bool,
    /// Whether it has an integer beyond 64 bits, which `serde`'s buffer for tagged types cannot hold.
    pub(super) wide: bool,
    /// Whether it has a key that is not a text, or an `f32` that changes by way of `f64`.
    pub(super) kinds: bool,
    /// Whether it is nested more deeply than `serde_json` reads, or contains raw JSON.
    pub(super) unread: bool,
}

impl Risks {
    pub(super) fn any(self) -> bool {
        self != Self::default()
    }

    /// Whether reading the JSON back is not proof enough.
    pub(super) fn need_notation(self) -> bool {
        self.lossy || self.wide || self.kinds
    }
}

impl Written {
    /// Writes a value.
    pub(super) fn of(
        value: &(impl Serialize + ?Sized),
        form: TextForm,
    ) -> serde_json::Result<Self> {
        let mut out = LAST.try_with(Cell::take).unwrap_or_default();
        // Large enough for a usual result: no growth while writing.
        out.reserve(128);
        let mut writer = Writer {
            out,
            form,
            risks: Risks::default(),
            depth: 0,
            stack: Stack::new(stack::WRITING),
            is_too_deep: false,
        };
        if form == TextForm::Notation {
            writer.out.push(MARK as u8);
        }
        value.serialize(&mut writer)?;
        // A type's `Serialize` may have ignored the error.
        if writer.is_too_deep {
            return Err(too_deep());
        }
        Ok(Self {
            text: String::from_utf8(writer.out).map_err(serde::ser::Error::custom)?,
            risks: writer.risks,
            form,
        })
    }

    /// Returns the payload, or an error if it is too large to be recorded.
    pub(super) fn payload(self) -> serde_json::Result<Payload> {
        if self.text.len() > MAX_PAYLOAD_LEN {
            let length = self.text.len();
            return Err(serde::ser::Error::custom(format_args!(
                "it has {length} bytes, and at most {MAX_PAYLOAD_LEN} are recorded: store it elsewhere, \
                 and return its address"
            )));
        }
        let format = match self.form {
            TextForm::Json => FORMAT,
            TextForm::Notation => NEWEST_FORMAT,
        };
        let payload = Payload::with_format(format, &*self.text);
        let mut out = self.text.into_bytes();
        out.clear();
        if out.capacity() <= KEPT {
            // Nothing keeps it while the thread ends.
            let _ = LAST.try_with(|last| last.set(out));
        }
        Ok(payload)
    }
}

thread_local! {
    /// The buffer of the last value written on this thread, for the next one.
    static LAST: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A larger buffer is not kept.
const KEPT: usize = 4096;

/// A name from the program's source: of a struct, a field or a variant.
pub(super) type Name = &'static str;

/// Writes a value, by way of [`serde::Serializer`].
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) out: Vec<u8>,
    pub(super) form: TextForm,
    pub(super) risks: Risks,
    depth: u32,
    stack: Stack,
    is_too_deep: bool,
}

/// `serde_json` reads 127 levels.
const SURELY_READ: u32 = 100;

impl Writer {
    /// Returns `serde_json`'s serializer, for values that it writes as this crate does.
    #[inline]
    pub(super) fn json(&mut self) -> serde_json::Serializer<&mut Vec<u8>> {
        serde_json::Serializer::new(&mut self.out)
    }

    /// Checks the stack before a nested value.
    #[inline]
    pub(super) fn descend(&mut self) -> serde_json::Result<()> {
        if self.stack.is_used_up() {
            self.is_too_deep = true;
            return Err(too_deep());
        }
        Ok(())
    }

    #[inline]
    pub(super) fn open(&mut self, bracket: u8) -> serde_json::Result<()> {
        self.descend()?;
        self.out.push(bracket);
        self.depth += 1;
        self.risks.unread |= self.depth > SURELY_READ;
        Ok(())
    }

    #[inline]
    pub(super) fn close(&mut self, bracket: u8) {
        self.out.push(bracket);
        self.depth -= 1;
    }

    /// Writes `{"Variant":`.
    pub(super) fn open_variant(&mut self, variant: Name) -> serde_json::Result<()> {
        self.open(b'{')?;
        variant.serialize(&mut self.json())?;
        self.out.push(b':');
        Ok(())
    }

    /// Marks the value written from `start` on as the content of a `Some`.
    #[inline]
    pub(super) fn some(&mut self, start: usize) {
        let inner = &self.out[start..];
        match self.form {
            TextForm::Json => self.risks.lossy |= inner == b"null",
            TextForm::Notation if inner == b"null" || inner.starts_with(SOME.as_bytes()) => {
                self.surround(start, SOME);
            }
            TextForm::Notation => {}
        }
    }

    /// Completes a key that was written from `start` on.
    #[inline]
    pub(super) fn key(&mut self, start: usize) {
        if self.form == TextForm::Notation {
            return;
        }
        match self.out[start] {
            b'"' => {}
            b'0'..=b'9' | b'-' | b't' | b'f' => {
                self.risks.kinds = true;
                self.out.insert(start, b'"');
                self.out.push(b'"');
            }
            _ => self.risks.lossy = true,
        }
    }

    pub(super) fn f64(&mut self, value: f64) -> serde_json::Result<()> {
        if value.is_finite() {
            return value.serialize(&mut self.json());
        }
        self.bits(value.to_bits(), F64, 16);
        Ok(())
    }

    pub(super) fn f32(&mut self, value: f32) -> serde_json::Result<()> {
        if value.is_finite() {
            let start = self.out.len();
            value.serialize(&mut self.json())?;
            if is_the_same_by_f64(&self.out[start..], value) {
                return Ok(());
            }
            // A type that is read by `deserialize_any` gets it by way of f64.
            self.risks.kinds = true;
            if self.form == TextForm::Json {
                return Ok(());
            }
            self.out.truncate(start);
        }
        self.bits(value.to_bits().into(), F32, 8);
        Ok(())
    }

    /// Writes a float that has no digits, by its bits.
    fn bits(&mut self, bits: u64, name: &str, digits: usize) {
        match self.form {
            TextForm::Json => {
                self.risks.lossy = true;
                self.out.extend_from_slice(b"null");
            }
            TextForm::Notation => {
                let text = format!("{name}{bits:0digits$x})");
                self.out.extend_from_slice(text.as_bytes());
            }
        }
    }

    fn surround(&mut self, start: usize, name: &str) {
        self.out.splice(start..start, name.bytes());
        self.out.push(b')');
    }

    /// Completes JSON that `serde_json` passed as a text, written from `start` on.
    pub(super) fn verbatim(&mut self, start: usize) -> serde_json::Result<()> {
        match self.form {
            TextForm::Json => {
                let text: String = serde_json::from_slice(&self.out[start..])?;
                self.out.truncate(start);
                self.out.extend_from_slice(text.as_bytes());
            }
            TextForm::Notation => self.surround(start, JSON),
        }
        Ok(())
    }
}

/// Encloses the content of a `Some` that JSON does not show.
pub(super) const SOME: &str = "Some(";

/// Encloses JSON that is kept as a text.
pub(super) const JSON: &str = "json(";

/// Encloses the bits of a float.
pub(super) const F32: &str = "f32(";
pub(super) const F64: &str = "f64(";

/// Whether reading its digits as an `f64` gives it again: for 7.038531e-26 it does not.
fn is_the_same_by_f64(digits: &[u8], value: f32) -> bool {
    let read = std::str::from_utf8(digits)
        .ok()
        .and_then(|digits| digits.parse().ok());
    #[expect(clippy::cast_possible_truncation, reason = "what readers of an f32 do")]
    read.is_some_and(|read: f64| (read as f32).to_bits() == value.to_bits())
}
