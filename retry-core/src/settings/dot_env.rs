//! The lines of `.env`: settings, other programs' variables, and lines that are neither.
//!
//! Other programs use the file too, and may read it by other rules. So a line that cannot be parsed is
//! skipped alone, and all other lines count.

use std::cell::Cell;
use std::io;

use crate::settings::error::InvalidSetting;
use crate::settings::found_variables::FoundVariables;
use crate::settings::names::PREFIX;

/// Returns all settings of the file, and the faults of its lines.
pub(super) fn parse(text: &str) -> FoundVariables {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines: Vec<&str> = text.lines().collect();
    let mut read = FoundVariables::default();
    loop {
        let (variables, wrong) = pass(&lines);
        for at in &wrong {
            let line = std::mem::take(&mut lines[at.number]);
            match setting_of(line) {
                Some((variable, value)) => read.malformed.push(InvalidSetting {
                    variable,
                    value,
                    allowed: format!("line {} of .env must be NAME=value", at.number + 1),
                }),
                None => read.skipped.push(at.number + 1),
            }
        }
        // An unclosed quote takes in the lines after it, so they are parsed again without the line
        // of the quote.
        if !wrong.iter().any(|at| at.takes_more) {
            read.skipped.sort_unstable();
            read.variables = variables;
            return read;
        }
    }
}

/// An entry that cannot be parsed.
struct MalformedLine {
    /// Its first line, from 0.
    number: usize,
    /// Whether it includes lines after the first.
    takes_more: bool,
}

fn pass(lines: &[&str]) -> (Vec<(String, String)>, Vec<MalformedLine>) {
    let (mut variables, mut wrong) = (Vec::new(), Vec::new());
    let read = Cell::new(0);
    let mut entries = dotenvy::from_read_iter(ByLine::new(lines, &read));
    loop {
        let number = read.get();
        match entries.next() {
            None => return (variables, wrong),
            Some(Ok((name, value))) if name.starts_with(PREFIX) => variables.push((name, value)),
            Some(Ok(_)) => {}
            Some(Err(_)) => {
                // Blank lines and comments may stand before the entry.
                let first = lines[number..read.get()]
                    .iter()
                    .position(|line| is_entry(line));
                let number = number + first.unwrap_or(0);
                wrong.push(MalformedLine {
                    number,
                    takes_more: read.get() > number + 1,
                });
            }
        }
    }
}

fn is_entry(line: &str) -> bool {
    let line = line.trim_start();
    !line.is_empty() && !line.starts_with('#')
}

/// Returns name and value of the setting that a line was meant as; `None` for any other line.
fn setting_of(line: &str) -> Option<(String, String)> {
    let line = line.trim();
    let named = line.strip_prefix("export").map_or(line, str::trim_start);
    if !named.starts_with(PREFIX) {
        return None;
    }
    let is_of_name = |char: char| char.is_alphanumeric() || char == '_';
    let end = named.find(|char| !is_of_name(char)).unwrap_or(named.len());
    let (name, rest) = named.split_at(end);
    let value = rest.trim_start().trim_start_matches('=').trim_start();
    Some((name.to_owned(), value.to_owned()))
}

/// Returns at most one line a read, so that the lines of each entry are known.
struct ByLine<'a> {
    lines: &'a [&'a str],
    /// Number of lines read to their end.
    read: &'a Cell<usize>,
    /// Number of bytes read of the next line.
    column: usize,
}

impl<'a> ByLine<'a> {
    const fn new(lines: &'a [&'a str], read: &'a Cell<usize>) -> Self {
        Self {
            lines,
            read,
            column: 0,
        }
    }
}

impl io::Read for ByLine<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(line) = self.lines.get(self.read.get()) else {
            return Ok(0);
        };
        let rest = &line.as_bytes()[self.column..];
        if rest.len() < buffer.len() {
            buffer[..rest.len()].copy_from_slice(rest);
            buffer[rest.len()] = b'\n';
            self.column = 0;
            self.read.set(self.read.get() + 1);
            return Ok(rest.len() + 1);
        }
        let length = buffer.len();
        buffer.copy_from_slice(&rest[..length]);
        self.column += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(text: &str) -> Vec<(String, String)> {
        parse(text).variables
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = pairs
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()));
        owned.collect()
    }

    #[test]
    fn a_line_that_is_not_ours_costs_no_other_line() {
        for (line, skipped) in [
            ("password hunter2", &[2][..]),
            ("password='hunter2", &[2]),
            ("password=\"hunter2", &[2]),
            ("two words here\n# a comment\n\n=\n", &[2, 5]),
            ("it's\nanother line's", &[2, 3]),
            ("fine='of two\nlines'", &[]),
            ("ends in a backslash\\", &[2]),
        ] {
            let text = format!("RETRY__A=1\n{line}\nRETRY__B=${{RETRY__A}}\n");
            let read = parse(&text);
            assert_eq!(
                read.variables,
                pairs(&[("RETRY__A", "1"), ("RETRY__B", "1")]),
                "{line}"
            );
            assert_eq!(read.skipped, skipped, "{line}");
            assert!(read.malformed.is_empty(), "{line}");
        }
    }

    #[test]
    fn a_line_of_ours_is_named() {
        let text = "# settings\n\nRETRY__A 7\n  export RETRY__B='8\nRETRY__C=9\nRETRY__D = a b c\n";
        let read = parse(text);
        assert_eq!(read.variables, pairs(&[("RETRY__C", "9")]));
        assert!(read.skipped.is_empty());
        let mut malformed: Vec<_> = read.malformed.iter().map(ToString::to_string).collect();
        malformed.sort();
        assert_eq!(
            malformed,
            [
                "RETRY__A is \"7\"; line 3 of .env must be NAME=value",
                "RETRY__B is \"'8\"; line 4 of .env must be NAME=value",
                "RETRY__D is \"a b c\"; line 6 of .env must be NAME=value",
            ]
        );
    }

    #[test]
    fn a_mark_of_byte_order_and_long_lines_are_no_fault() {
        let long = "x".repeat(100_000);
        let text = format!("\u{feff}RETRY__A=1\r\nlong={long}\r\nRETRY__B={long}");
        assert_eq!(
            variables(&text),
            pairs(&[("RETRY__A", "1"), ("RETRY__B", &long)])
        );
        assert_eq!(parse(&text).skipped, [0; 0]);
        assert_eq!(variables(""), []);
    }
}
