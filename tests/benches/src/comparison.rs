//! The rule by which a measured figure counts as grown or fallen.

use std::fmt;

use super::table::{Figures, KINDS, Kind};

/// The share of a committed figure by which a measured one may differ.
const TOLERANCE: f64 = 0.05;

/// The difference that always passes: a figure near 0 is a mean, and differs by parts of a unit.
const LEAST_DIFFERENCE: f64 = 0.5;

/// One difference between the committed figures and the measured ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The row's name.
    pub row: String,
    /// The contender's name.
    pub contender: String,
    /// The kind of the figure.
    pub kind: Kind,
    /// The committed figure, if there is one.
    pub committed: Option<f64>,
    /// The measured figure, if there is one.
    pub measured: Option<f64>,
}

impl Change {
    /// Whether the check fails: a figure has grown, or exists on one side only.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        match (self.committed, self.measured) {
            (Some(committed), Some(measured)) => measured > committed,
            _ => true,
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            row,
            contender,
            kind,
            ..
        } = self;
        let (name, decimals) = (kind.as_str(), kind.decimals());
        write!(f, "{row}, {contender}, {name}: ")?;
        match (self.committed, self.measured) {
            (Some(committed), Some(measured)) => {
                write!(
                    f,
                    "committed {committed:.decimals$}, measured {measured:.decimals$}"
                )?;
                if committed > 0.0 {
                    write!(f, ", {:+.1} %", (measured / committed - 1.0) * 100.0)?;
                }
                Ok(())
            }
            (Some(committed), None) => {
                write!(f, "committed {committed:.decimals$}, not measured")
            }
            (None, Some(measured)) => write!(f, "not committed, measured {measured:.decimals$}"),
            (None, None) => f.write_str("neither committed nor measured"),
        }
    }
}

/// Returns the figures that differ by more than 5 % and by more than half a unit, and those that
/// exist on one side only.
#[must_use]
pub fn compare(committed: &[Figures], measured: &[Figures]) -> Vec<Change> {
    let same = |one: &Figures, other: &Figures| {
        (&one.row, &one.contender) == (&other.row, &other.contender)
    };
    let none = [None; KINDS.len()];
    let mut changes = Vec::new();
    for line in committed {
        let found = measured.iter().find(|other| same(line, other));
        let values = found.map_or(none, |found| found.values);
        add_changes(line, line.values, values, &mut changes);
    }
    for line in measured {
        if !committed.iter().any(|other| same(line, other)) {
            add_changes(line, none, line.values, &mut changes);
        }
    }
    changes
}

type Values = [Option<f64>; KINDS.len()];

fn add_changes(line: &Figures, committed: Values, measured: Values, changes: &mut Vec<Change>) {
    for (kind, (committed, measured)) in KINDS.into_iter().zip(committed.into_iter().zip(measured))
    {
        let is_change = match (committed, measured) {
            (Some(committed), Some(measured)) => differ(committed, measured),
            (None, None) => false,
            _ => true,
        };
        if is_change {
            changes.push(Change {
                row: line.row.clone(),
                contender: line.contender.clone(),
                kind,
                committed,
                measured,
            });
        }
    }
}

fn differ(committed: f64, measured: f64) -> bool {
    (measured - committed).abs() > (committed * TOLERANCE).max(LEAST_DIFFERENCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(contender: &str, values: Values) -> Figures {
        Figures {
            row: "success".to_owned(),
            contender: contender.to_owned(),
            values,
        }
    }

    fn instructions(count: f64) -> Figures {
        line("attribute", [Some(count), None, None, None])
    }

    /// The lines that the check prints for one figure.
    fn of(committed: f64, measured: f64) -> Vec<(String, bool)> {
        compare(&[instructions(committed)], &[instructions(measured)])
            .iter()
            .map(|change| (change.to_string(), change.is_failure()))
            .collect()
    }

    #[test]
    fn a_figure_passes_within_five_percent_and_fails_beyond() {
        assert_eq!(of(100.0, 105.0), []);
        let grown = "success, attribute, instructions: committed 100.0, measured 105.1, +5.1 %";
        assert_eq!(of(100.0, 105.1), [(grown.to_owned(), true)]);
    }

    #[test]
    fn a_fallen_figure_is_a_change_but_no_failure() {
        assert_eq!(of(100.0, 95.0), []);
        let fallen = "success, attribute, instructions: committed 100.0, measured 94.0, -6.0 %";
        assert_eq!(of(100.0, 94.0), [(fallen.to_owned(), false)]);
    }

    #[test]
    fn a_small_figure_may_differ_by_half_a_unit() {
        assert_eq!(of(0.0, 0.5), []);
        assert_eq!(of(2.0, 2.5), []);
        assert_eq!(of(2.0, 3.0).len(), 1);
        let from_none = "success, attribute, instructions: committed 0.0, measured 1.0";
        assert_eq!(of(0.0, 1.0), [(from_none.to_owned(), true)]);
    }

    #[test]
    fn each_kind_is_compared_with_its_own() {
        let committed = line("attribute", [Some(100.0), Some(1.0), Some(1.0), Some(8.0)]);
        let measured = line("attribute", [Some(100.0), Some(2.0), Some(1.0), Some(16.0)]);
        let kinds: Vec<Kind> = compare(&[committed], &[measured])
            .iter()
            .map(|change| change.kind)
            .collect();
        assert_eq!(kinds, [Kind::Allocations, Kind::Bytes]);
    }

    #[test]
    fn a_contender_on_one_side_only_is_a_failure() {
        let (gone, new) = (
            line("gone", [Some(1.0), None, None, None]),
            line("new", [None, Some(2.0), None, None]),
        );
        let changes = compare(&[gone, instructions(5.0)], &[instructions(5.0), new]);
        let printed: Vec<String> = changes.iter().map(Change::to_string).collect();
        assert_eq!(
            printed,
            [
                "success, gone, instructions: committed 1.0, not measured",
                "success, new, allocations: not committed, measured 2.00",
            ]
        );
        assert!(changes.iter().all(Change::is_failure));
    }

    #[test]
    fn a_kind_that_is_no_longer_measured_is_a_failure() {
        let committed = line("attribute", [Some(1.0), Some(0.0), None, None]);
        let measured = line("attribute", [Some(1.0), None, None, None]);
        let changes = compare(&[committed], &[measured]);
        assert_eq!(changes.len(), 1);
        assert!(changes[0].is_failure());
    }
}
