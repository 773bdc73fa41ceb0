//! The known name that an unknown one probably stands for.

/// Returns the one of `names` that begins with `written`, or differs from it by at most two
/// letters, and by less than half of them: two letters of four make another name.
pub(crate) fn suggestion<'a>(
    written: &str,
    names: impl Iterator<Item = &'a str> + Clone,
) -> Option<&'a str> {
    let begun = names
        .clone()
        .find(|name| written.len() >= 3 && name.starts_with(written));
    begun.or_else(|| {
        let near = names.map(|name| (distance(name, written), name)).min()?;
        let shorter = written.len().min(near.1.len());
        (near.0 <= 2 && near.0 * 2 < shorter.max(3)).then_some(near.1)
    })
}

/// Returns Levenshtein's distance: single-letter insertions, deletions and substitutions.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant() {
        const NAMES: [&str; 4] = ["retry", "stop", "not_applied", "kind"];
        for (written, expected) in [
            ("retri", Some("retry")),
            ("not_app", Some("not_applied")),
            ("notapplied", Some("not_applied")),
            ("knd", Some("kind")),
            ("shop", Some("stop")),
            ("snap", None),
            ("zzz", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(
                suggestion(written, NAMES.into_iter()),
                expected,
                "{written}"
            );
        }
    }
    #[test]
    fn distances() {
        for (a, b, far) in [
            ("", "", 0),
            ("a", "", 1),
            ("kitten", "sitting", 3),
            ("jitter", "jiter", 1),
        ] {
            assert_eq!(distance(a, b), far, "{a} {b}");
        }
    }
}
