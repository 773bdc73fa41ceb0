//! A table for people, which Markdown understands as well.

/// A table of so many columns.
pub(crate) struct Table<const COLUMNS: usize> {
    head: [&'static str; COLUMNS],
    lines: Vec<[Cell; COLUMNS]>,
}

pub(crate) struct Cell {
    text: String,
    is_number: bool,
}

impl Cell {
    pub(crate) fn text(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            is_number: false,
        }
    }

    /// A number with so many decimals; a dash where there is none.
    pub(crate) fn number(number: Option<f64>, decimals: usize) -> Self {
        Self {
            text: number.map_or("-".to_owned(), |number| format!("{number:.decimals$}")),
            is_number: true,
        }
    }
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    pub(crate) const fn new(head: [&'static str; COLUMNS]) -> Self {
        Self {
            head,
            lines: Vec::new(),
        }
    }

    pub(crate) fn line(&mut self, cells: [Cell; COLUMNS]) {
        self.lines.push(cells);
    }

    pub(crate) fn print(&self) {
        let widths = self.widths();
        let head = self.head.map(Cell::text);
        println!("{}", joined(&head, &widths));
        let rules = widths.map(|width| Cell::text(&"-".repeat(width)));
        println!("{}", joined(&rules, &widths));
        for line in &self.lines {
            println!("{}", joined(line, &widths));
        }
    }

    fn widths(&self) -> [usize; COLUMNS] {
        std::array::from_fn(|column| {
            let cells = self.lines.iter().map(|line| line[column].text.len());
            cells.fold(self.head[column].len(), usize::max)
        })
    }
}

fn joined(cells: &[Cell], widths: &[usize]) -> String {
    let padded = cells.iter().zip(widths).map(|(cell, &width)| {
        if cell.is_number {
            format!("{:>width$}", cell.text)
        } else {
            format!("{:<width$}", cell.text)
        }
    });
    format!("| {} |", padded.collect::<Vec<_>>().join(" | "))
}
