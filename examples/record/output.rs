//! The output of a program, as lines of coloured pieces, and the durations in it.

/// A line, with its colours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line(pub(crate) Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) tone: Tone,
    pub(crate) text: String,
}

/// The attribute or the colour of a text on a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Dim,
    Red,
    Green,
    Yellow,
}

/// A sequence of control characters without a place in the drawing.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the recorder does not know the control sequence {0:?}, which quickstart prints")]
pub(crate) struct Unknown(String);

impl Line {
    pub(crate) fn text(&self) -> String {
        self.0.iter().map(|piece| &*piece.text).collect()
    }

    /// Returns the milliseconds at the beginning of the line: 187 for `+0.187s  WARN ..`.
    pub(crate) fn milliseconds(&self) -> Option<u64> {
        let text = self.text();
        let (seconds, _) = text.strip_prefix('+')?.split_once('s')?;
        let (whole, thousandths) = seconds.split_once('.')?;
        Some(whole.parse::<u64>().ok()? * 1_000 + thousandths.parse::<u64>().ok()?)
    }
}

/// Returns the lines of an output, without empty ones at its begin and its end.
pub(crate) fn lines(output: &str) -> Result<Vec<Line>, Unknown> {
    output.trim_matches('\n').lines().map(line).collect()
}

fn line(text: &str) -> Result<Line, Unknown> {
    let mut pieces = Vec::new();
    let mut tone = Tone::Plain;
    for (at, part) in text.trim_end().split('\x1b').enumerate() {
        let text = if at == 0 {
            part
        } else {
            let unknown = || Unknown(format!("\x1b{part}"));
            let (code, text) = part
                .strip_prefix('[')
                .and_then(|part| part.split_once('m'))
                .ok_or_else(unknown)?;
            tone = match code {
                "0" => Tone::Plain,
                "2" => Tone::Dim,
                "31" => Tone::Red,
                "32" => Tone::Green,
                "33" => Tone::Yellow,
                _ => return Err(unknown()),
            };
            text
        };
        if !text.is_empty() {
            let text = text.to_owned();
            pieces.push(Piece { tone, text });
        }
    }
    Ok(Line(pieces))
}

/// Replaces the durations of `lines` by those of `other`, in their order. Where one has more of them,
/// the rest stays as it is.
pub(crate) fn take_durations(lines: &mut [Line], other: &[String]) {
    let mut taken = other
        .iter()
        .flat_map(|line| durations(line))
        .map(|(_, duration)| duration);
    for line in lines {
        let text = line.text();
        for (at, duration) in durations(&text) {
            let Some(new) = taken.next() else { return };
            line.replace(at, duration, new);
        }
    }
}

impl Line {
    /// Replaces what stands at a byte of the line's text, if that is within one piece and no wider: texts
    /// of other widths have other lines.
    fn replace(&mut self, at: usize, old: &str, new: &str) {
        let mut begin = 0;
        for Piece { text, .. } in &mut self.0 {
            let end = begin + text.len();
            if (begin..end).contains(&at) && old.len() == new.len() {
                text.replace_range(at - begin..at - begin + old.len(), new);
                return;
            }
            begin = end;
        }
    }
}

/// Returns the durations that each run has anew: the time of a line, the wait that it reports, and those
/// of lines without a time, which are tables. A duration elsewhere in a line is a setting.
fn durations(line: &str) -> Vec<(usize, &str)> {
    let is_timed = line.starts_with('+');
    let mut found = Vec::new();
    let mut at = 0;
    for word in line.split(' ') {
        let before = &line[..at];
        if is_duration(word) && (!is_timed || at == 0 || before.ends_with("Waiting ")) {
            found.push((at, word));
        }
        at += word.len() + 1;
    }
    found
}

/// `0.3s` and `+0.187s`.
fn is_duration(word: &str) -> bool {
    let number = word
        .strip_suffix('s')
        .map(|word| word.strip_prefix('+').unwrap_or(word));
    let parts = number.and_then(|number| number.split_once('.'));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    parts.is_some_and(|(whole, rest)| is_digits(whole) && is_digits(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = "\n\x1b[2m+1.187s\x1b[0m \x1b[32m INFO\x1b[0m Waiting 0.3s before 2/8\n\nx   3.52s  a 1  \n\n";

    #[test]
    fn colours_are_read_and_unknown_ones_are_an_error() {
        let lines = lines(PRINTED).expect("known");
        let piece = |tone, text: &str| Piece {
            tone,
            text: text.to_owned(),
        };
        let expected = [
            piece(Tone::Dim, "+1.187s"),
            piece(Tone::Plain, " "),
            piece(Tone::Green, " INFO"),
            piece(Tone::Plain, " Waiting 0.3s before 2/8"),
        ];
        assert_eq!(lines[0].0, expected);
        assert_eq!(lines[0].milliseconds(), Some(1_187));
        assert_eq!(
            (lines[1].text(), lines[2].text()),
            (String::new(), "x   3.52s  a 1".to_owned())
        );
        assert_eq!((lines[2].milliseconds(), lines.len()), (None, 3));
        for unknown in ["a\x1b[35mb", "\x1b(B", "\x1b[2"] {
            assert!(line(unknown).is_err(), "{unknown:?}");
        }
    }

    #[test]
    fn durations_are_those_that_each_run_has_anew() {
        for (line, expected) in [
            (
                "+0.187s  WARN attempt 3 timed out after 0.5s",
                vec!["+0.187s"],
            ),
            (
                "+0.187s  INFO Waiting 0.3s before 2/8",
                vec!["+0.187s", "0.3s"],
            ),
            ("fetch  2  3.00  10.52s  refused 2", vec!["10.52s"]),
            ("1. A server that is down .s 5s", vec![]),
        ] {
            let found: Vec<_> = durations(line).into_iter().map(|(_, word)| word).collect();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn durations_of_another_run_are_taken_and_nothing_else() {
        let mut lines = lines(PRINTED).expect("known");
        let other = ["+0.002s  INFO Waiting 0.9s before 7/7", "y  1.00s"].map(str::to_owned);
        take_durations(&mut lines, &other);
        let texts: Vec<_> = lines.iter().map(Line::text).collect();
        assert_eq!(
            texts,
            [
                "+0.002s  INFO Waiting 0.9s before 2/8",
                "",
                "x   1.00s  a 1"
            ]
        );
        assert_eq!(lines[0].0[0].tone, Tone::Dim);
    }
}
