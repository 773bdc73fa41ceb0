//! An axis: which value stands where, and at which values there is a tick.

/// One axis of a chart, with its label and unit.
#[derive(Clone, Debug)]
pub struct Axis {
    pub(super) label: String,
    from: f64,
    to: f64,
    scale: Scale,
}

#[derive(Clone, Copy, Debug)]
enum Scale {
    Linear,
    Counting,
    Logarithmic,
}

impl Axis {
    /// From `from` to `to`, which is raised to the next tick. `label` says what and in which unit.
    #[must_use]
    pub fn linear(label: impl Into<String>, from: f64, to: f64) -> Self {
        let to = if to > from { to } else { from + 1.0 };
        let step = step(to - from);
        Self {
            label: label.into(),
            from,
            to: ((to - from) / step - 1e-9).ceil() * step + from,
            scale: Scale::Linear,
        }
    }

    /// The numbers from 1 to `last`, with room at both ends.
    #[must_use]
    pub fn counting(label: impl Into<String>, last: usize) -> Self {
        Self {
            label: label.into(),
            from: 0.0,
            to: last as f64 + 1.0,
            scale: Scale::Counting,
        }
    }

    /// In powers of ten, from one at or below `from` to one at or above `to`; both are above 0.
    #[must_use]
    pub fn logarithmic(label: impl Into<String>, from: f64, to: f64) -> Self {
        Self {
            label: label.into(),
            from: 10_f64.powf(from.log10().floor()),
            to: 10_f64.powf(to.log10().ceil()),
            scale: Scale::Logarithmic,
        }
    }

    /// Where `value` stands: 0 at the axis' beginning, 1 at its end.
    pub(super) fn share(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Linear | Scale::Counting => (value - self.from) / (self.to - self.from),
            Scale::Logarithmic => (value / self.from).log10() / (self.to / self.from).log10(),
        }
    }

    /// The values that are written at the axis.
    pub(super) fn ticks(&self) -> Vec<f64> {
        if let Scale::Counting = self.scale {
            let every = step((self.to - 1.0).max(4.0)).max(1.0);
            let all = std::iter::successors(Some(1.0), |tick| Some(tick + every));
            return all.take_while(|tick| *tick < self.to).collect();
        }
        let next: Box<dyn Fn(f64) -> f64> = match self.scale {
            Scale::Linear | Scale::Counting => {
                let step = step(self.to - self.from);
                let from = self.from;
                Box::new(move |tick| ((tick - from) / step + 1.0).round() * step + from)
            }
            Scale::Logarithmic => Box::new(|tick| tick * 10.0),
        };
        std::iter::successors(Some(self.from), |tick| Some(next(*tick)))
            .take_while(|tick| self.share(*tick) < 1.0 + 1e-9)
            .collect()
    }
}

/// A round step that divides `span` into four to ten.
fn step(span: f64) -> f64 {
    let power = 10_f64.powf((span / 4.0).log10().floor());
    let most = span / 4.0 / power * (1.0 + 1e-9);
    let digit = [5.0, 2.0, 1.0].into_iter().find(|digit| *digit <= most);
    digit.unwrap_or(1.0) * power
}

/// `63000` as `63,000`, `0.25` as it is.
pub(super) fn number(value: f64) -> String {
    let rounded = (value * 1_000.0).round() / 1_000.0;
    if rounded.abs() < 1_000.0 {
        return rounded.to_string();
    }
    let digits = format!("{rounded:.0}");
    let (sign, digits) = digits.split_at(usize::from(rounded < 0.0));
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).unwrap_or_default())
        .collect();
    format!("{sign}{}", groups.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_reach_the_end() {
        for (to, expected) in [
            (100.0, vec![0.0, 20.0, 40.0, 60.0, 80.0, 100.0]),
            (
                2_419.0,
                vec![0.0, 500.0, 1_000.0, 1_500.0, 2_000.0, 2_500.0],
            ),
            (0.9, vec![0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
            (0.0, vec![0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        ] {
            let ticks = Axis::linear("", 0.0, to).ticks();
            assert_eq!(ticks.len(), expected.len(), "{ticks:?}");
            assert!(
                ticks
                    .iter()
                    .zip(expected)
                    .all(|(tick, expected)| (tick - expected).abs() < 1e-9)
            );
        }
        let powers = Axis::logarithmic("", 450.0, 63_000.0).ticks();
        let texts: Vec<String> = powers.into_iter().map(number).collect();
        assert_eq!(texts, ["100", "1,000", "10,000", "100,000"]);
    }

    #[test]
    fn numbers_are_grouped() {
        for (value, text) in [
            (0.25, "0.25"),
            (0.30000000000000004, "0.3"),
            (999.0, "999"),
            (63_106.0, "63,106"),
            (-1_234_567.0, "-1,234,567"),
        ] {
            assert_eq!(number(value), text);
        }
    }
}
