//! [`Screen`]: the output, for people or for programs.

use std::io::{self, Write};

/// The output, and its format.
pub(super) struct Screen<'a> {
    out: Box<dyn Write + 'a>,
    json: bool,
}

impl<'a> Screen<'a> {
    pub(super) fn new(out: Box<dyn Write + 'a>, json: bool) -> Self {
        Self { out, json }
    }

    /// Whether the output is for a program.
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
