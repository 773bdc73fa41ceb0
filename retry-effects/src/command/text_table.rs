//! [`TextTable`]: rows in columns.

use std::io;

use super::screen::Screen;

/// Columns as wide as the widest of the rows for which they were made. Nothing is cut: a wider later
/// row extends beyond its columns.
pub(super) struct TextTable<const N: usize> {
    widths: [usize; N],
}

impl<const N: usize> TextTable<N> {
    /// Returns columns that fit these rows and their heads.
    pub(super) fn fitting(heads: [&str; N], rows: &[[String; N]]) -> Self {
        let mut widths = heads.map(width);
        for row in rows {
            for (widest, cell) in widths.iter_mut().zip(row) {
                *widest = width(cell).max(*widest);
            }
        }
        Self { widths }
    }

    /// Writes a row.
    pub(super) fn row(
        &self,
        cells: &[impl AsRef<str>; N],
        screen: &mut Screen<'_>,
    ) -> io::Result<()> {
        let mut line = String::new();
        for (cell, widest) in cells.iter().zip(self.widths) {
            let cell = cell.as_ref();
            line.push_str(cell);
            let gap = widest.saturating_sub(width(cell)) + 2;
            line.extend(std::iter::repeat_n(' ', gap));
        }
        screen.line(line.trim_end())
    }
}

fn width(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_rows() {
        let rows = [["a", "bé", ""], ["longer", "c", "last"]].map(|row| row.map(str::to_owned));
        let mut written = Vec::new();
        let mut screen = Screen::new(Box::new(&mut written), false);
        let table = TextTable::fitting(["ONE", "TWO", "THREE"], &rows);
        table.row(&["ONE", "TWO", "THREE"], &mut screen).unwrap();
        for row in &rows {
            table.row(row, &mut screen).unwrap();
        }
        drop(screen);
        let written = String::from_utf8(written).unwrap();
        assert_eq!(
            written,
            "ONE     TWO  THREE\na       bé\nlonger  c    last\n"
        );
    }
}
