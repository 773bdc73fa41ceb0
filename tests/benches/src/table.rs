//! The committed table: Markdown, one line a contender, one column a kind of figure.

use std::fmt;
use std::str::FromStr;

/// A kind of figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Instructions a call.
    Instructions,
    /// Allocations a call.
    Allocations,
    /// System calls a call.
    SystemCalls,
    /// A size in bytes.
    Bytes,
}

/// All kinds, in the order of the table's columns.
pub const KINDS: [Kind; 4] = [
    Kind::Instructions,
    Kind::Allocations,
    Kind::SystemCalls,
    Kind::Bytes,
];

impl Kind {
    /// Returns the name of the kind's column.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Instructions => "instructions",
            Self::Allocations => "allocations",
            Self::SystemCalls => "system calls",
            Self::Bytes => "bytes",
        }
    }

    /// Returns how many decimals the table keeps.
    #[must_use]
    pub const fn decimals(self) -> usize {
        match self {
            Self::Instructions => 1,
            Self::Allocations | Self::SystemCalls => 2,
            Self::Bytes => 0,
        }
    }
}

/// The figures of one contender in one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    /// The row's name.
    pub row: String,
    /// The contender's name.
    pub contender: String,
    /// The figure of each of [`KINDS`], where the row has one.
    pub values: [Option<f64>; KINDS.len()],
}

/// The committed table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The compiler that built what was measured, and the processor's architecture.
    pub compiler: String,
    /// One line a contender.
    pub lines: Vec<Figures>,
}

/// A table that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableError {
    /// No line names the compiler.
    NoCompiler,
    /// A line has another number of cells than the head, or a cell that is not a number.
    Malformed(String),
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCompiler => f.write_str("no line begins with `Compiler: `"),
            Self::Malformed(line) => write!(f, "not a line of the table: {line}"),
        }
    }
}

impl std::error::Error for TableError {}

const COMPILER: &str = "Compiler: ";

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{COMPILER}{}\n", self.compiler)?;
        let kinds = KINDS.map(Kind::as_str).join(" | ");
        writeln!(f, "| row | contender | {kinds} |")?;
        writeln!(f, "|---|---|{}", "---:|".repeat(KINDS.len()))?;
        for line in &self.lines {
            write!(f, "| {} | {} |", line.row, line.contender)?;
            for (kind, value) in KINDS.into_iter().zip(line.values) {
                match value {
                    Some(value) => write!(f, " {value:.*} |", kind.decimals())?,
                    None => f.write_str(" |")?,
                }
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

impl FromStr for Table {
    type Err = TableError;

    /// Reads what [`Display`](fmt::Display) has written; any text may stand before it.
    fn from_str(text: &str) -> Result<Self, TableError> {
        let compiler = text.lines().find_map(|line| line.strip_prefix(COMPILER));
        let rows = text.lines().filter(|line| line.starts_with('|'));
        // The head and the rule below it.
        let lines = rows.skip(2).map(line).collect::<Result<_, _>>()?;
        Ok(Self {
            compiler: compiler.ok_or(TableError::NoCompiler)?.trim().to_owned(),
            lines,
        })
    }
}

fn line(line: &str) -> Result<Figures, TableError> {
    let malformed = || TableError::Malformed(line.to_owned());
    let inner = line.strip_prefix('|').and_then(|it| it.strip_suffix('|'));
    let cells: Vec<&str> = inner
        .ok_or_else(malformed)?
        .split('|')
        .map(str::trim)
        .collect();
    let [row, contender, figures @ ..] = cells.as_slice() else {
        return Err(malformed());
    };
    if figures.len() != KINDS.len() {
        return Err(malformed());
    }
    let mut values = [None; KINDS.len()];
    for (value, figure) in values.iter_mut().zip(figures) {
        if !figure.is_empty() {
            *value = Some(figure.parse().map_err(|_| malformed())?);
        }
    }
    Ok(Figures {
        row: (*row).to_owned(),
        contender: (*contender).to_owned(),
        values,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let figures = |row: &str, contender: &str, values| Figures {
            row: row.to_owned(),
            contender: contender.to_owned(),
            values,
        };
        Table {
            compiler: "rustc 1.95.0 (59807616e 2026-04-14), x86_64".to_owned(),
            lines: vec![
                figures(
                    "success-async",
                    "attribute, retry_if",
                    [Some(86.5), Some(0.0), Some(0.25), None],
                ),
                figures("site", "attribute", [None, None, None, Some(496.0)]),
            ],
        }
    }

    #[test]
    fn a_written_table_is_read_as_it_was_whatever_stands_before_it() {
        let written = format!("# Figures\n\nSome text.\n\n{}", table());
        assert_eq!(written.parse(), Ok(table()));
    }

    #[test]
    fn a_written_line_has_a_cell_for_each_kind() {
        let written = table().to_string();
        assert!(
            written.ends_with(
                "| row | contender | instructions | allocations | system calls | bytes |\n\
                 |---|---|---:|---:|---:|---:|\n\
                 | success-async | attribute, retry_if | 86.5 | 0.00 | 0.25 | |\n\
                 | site | attribute | | | | 496 |\n"
            ),
            "{written}"
        );
    }

    #[test]
    fn a_table_without_its_compiler_is_refused() {
        let written = table().to_string();
        let (_, lines) = written.split_once('\n').expect("the compiler's line");
        assert_eq!(lines.parse::<Table>(), Err(TableError::NoCompiler));
    }

    #[test]
    fn a_line_with_a_cell_too_few_or_without_a_number_is_refused() {
        for bad in [
            "| row | attribute | 1 | 2 | 3 |",
            "| row | attribute | one | 2 | 3 | 4 |",
        ] {
            let written = format!("{}{bad}\n", table());
            let refused = Err(TableError::Malformed(bad.to_owned()));
            assert_eq!(written.parse::<Table>(), refused);
        }
    }
}
