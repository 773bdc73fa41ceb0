//! The known name that a mistyped name was meant to be.

/// Returns the known name of which `name` is probably a typo: the nearest one, with one or two
/// letters changed, missing, added or swapped. Only one letter in names of up to five, where two
/// make another name. Names that differ only in digits (`V1`, `V2`) are different names.
pub(super) fn suggestion<'a>(
    name: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Option<&'a str> {
    let letters: Vec<char> = name.chars().collect();
    let farthest = if letters.len() <= 5 { 1 } else { 2 };
    let near = known.filter_map(|candidate| {
        let others: Vec<char> = candidate.chars().collect();
        // The difference in length is cheaper than the distance, and never exceeds it.
        let is_near = others.len().abs_diff(letters.len()) <= farthest;
        let distance = is_near.then(|| distance(&letters, &others))?;
        let is_typo = (1..=farthest).contains(&distance) && !are_numbered(name, candidate);
        is_typo.then_some((distance, candidate))
    });
    near.min().map(|(_, candidate)| candidate)
}

fn are_numbered(one: &str, other: &str) -> bool {
    let without_digits = |name: &str| -> String {
        let letters = name.chars().filter(|char| !char.is_numeric());
        letters.collect()
    };
    without_digits(one) == without_digits(other)
}

/// Returns the number of letters to change, leave out, insert or swap with the next one (optimal
/// string alignment; Damerau, "A technique for computer detection and correction of spelling
/// errors", 1964).
fn distance(one: &[char], other: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=other.len()).collect();
    for (row, letter) in one.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, wanted) in other.iter().enumerate() {
            let changed = above[column] + usize::from(letter != wanted);
            let mut least = changed.min(above[column + 1] + 1).min(current[column] + 1);
            let is_swapped =
                row > 0 && column > 0 && letter == &other[column - 1] && &one[row - 1] == wanted;
            if is_swapped {
                least = least.min(before[column - 1] + 1);
            }
            current.push(least);
        }
        before = std::mem::replace(&mut above, current);
    }
    above[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_distances() {
        for (one, other, expected) in [
            ("", "", 0),
            ("KITTEN", "SITTING", 3),
            ("CHRAGE", "CHARGE", 1),
            ("LOAD", "", 4),
            ("CA", "ABC", 3),
            ("FÜLL", "FULL", 1),
        ] {
            let [a, b] = [one, other].map(|name| name.chars().collect::<Vec<_>>());
            assert_eq!(
                (distance(&a, &b), distance(&b, &a)),
                (expected, expected),
                "{one} {other}"
            );
        }
    }

    #[test]
    fn typos_and_other_names() {
        let known = ["CHARGE", "LOAD_TASK", "GET", "SYNC_V1"];
        for (name, meant) in [
            ("CHRAGE", Some("CHARGE")),
            ("CHARGES", Some("CHARGE")),
            ("LOADTSK", Some("LOAD_TASK")),
            ("GETT", Some("GET")),
            ("PUT", None),
            ("SYNC_V2", None),
            ("SYNC_V12", None),
            ("CHARGE", None),
            ("REFUND", None),
            ("", None),
        ] {
            assert_eq!(suggestion(name, known.into_iter()), meant, "{name}");
        }
        let nearer = ["CHARGES_X", "CHARGES"];
        assert_eq!(suggestion("CHRAGES", nearer.into_iter()), Some("CHARGES"));
    }
}
