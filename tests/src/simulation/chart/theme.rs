//! Colours for light and dark, and the dash and the mark by which a line is known without its colour.

use std::fmt::{self, Formatter};

/// The look of one line.
pub(super) struct Series {
    light: &'static str,
    dark: &'static str,
    /// `stroke-dasharray`; empty for a whole line.
    pub(super) dash: &'static str,
    /// The path of the mark, from its middle.
    pub(super) mark: &'static str,
}

/// The hues are those of Okabe and Ito (2008), which people with any kind of colour vision tell apart;
/// darker on white and lighter on black, until each has the contrast of small text.
pub(super) const SERIES: [Series; 7] = [
    Series {
        light: "#00639b",
        dark: "#5cb8f2",
        dash: "",
        mark: "m-4,0a4,4 0 1 0 8,0a4,4 0 1 0 -8,0z",
    },
    Series {
        light: "#a34300",
        dark: "#ff9351",
        dash: "9 4",
        mark: "m-3.6,-3.6h7.2v7.2h-7.2z",
    },
    Series {
        light: "#00704f",
        dark: "#35cb9c",
        dash: "2 3",
        mark: "m0,-4.6l4.6,8h-9.2z",
    },
    Series {
        light: "#97477a",
        dark: "#e9a3c9",
        dash: "11 4 2 4",
        mark: "m0,-5.2l4.6,5.2l-4.6,5.2l-4.6,-5.2z",
    },
    Series {
        light: "#1f2328",
        dark: "#f0f6fc",
        dash: "5 3",
        mark: "m0,4.6l4.6,-8h-9.2z",
    },
    Series {
        light: "#7d5700",
        dark: "#eeb422",
        dash: "11 3 2 3 2 3",
        mark: "m-4.4,0h8.8m-4.4,-4.4v8.8",
    },
    Series {
        light: "#5a5a9e",
        dark: "#b3b3ff",
        dash: "1 4",
        mark: "m-3.6,-3.6l7.2,7.2m0,-7.2l-7.2,7.2",
    },
];

/// The parts that are not lines: class, property, and the colour in light and in dark mode.
const REST: [(&str, &str, &str, &str); 5] = [
    (".ground", "fill", "#ffffff", "#0d1117"),
    (".shade", "fill", "#e4e7eb", "#2b323b"),
    ("text", "fill", "#1f2328", "#e6edf3"),
    (".axis", "stroke", "#1f2328", "#e6edf3"),
    (".grid", "stroke", "#d5d9de", "#3d444d"),
];

/// The style sheet. A page that shows the file as an image has no say in it: the reader's preference has.
pub(super) fn write(svg: &mut Formatter<'_>) -> fmt::Result {
    writeln!(svg, "<style>")?;
    for (class, property, light, _) in REST {
        writeln!(svg, "{class} {{ {property}: {light} }}")?;
    }
    for (at, series) in SERIES.iter().enumerate() {
        writeln!(svg, ".s{at} {{ color: {} }}", series.light)?;
    }
    writeln!(svg, "@media (prefers-color-scheme: dark) {{")?;
    for (class, property, _, dark) in REST {
        writeln!(svg, "{class} {{ {property}: {dark} }}")?;
    }
    for (at, series) in SERIES.iter().enumerate() {
        writeln!(svg, ".s{at} {{ color: {} }}", series.dark)?;
    }
    writeln!(svg, "}}\n</style>")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Relative luminance, as WCAG 2.2 defines it.
    fn luminance(colour: &str) -> f64 {
        let channel = |at: usize| {
            let share =
                f64::from(u8::from_str_radix(&colour[at..at + 2], 16).expect("hex")) / 255.0;
            if share <= 0.04045 {
                share / 12.92
            } else {
                ((share + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(one: &str, other: &str) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn contrast_is_that_of_the_definition() {
        assert!((contrast("#000000", "#ffffff") - 21.0).abs() < 1e-9);
        assert!((contrast("#777777", "#ffffff") - 4.48).abs() < 0.01);
    }

    /// 4.5 is the least for text; lines and marks, which need 3, have it too.
    #[test]
    fn lines_and_texts_stand_out_from_ground_and_shade_in_light_and_in_dark() {
        let grounds = &REST[..2];
        assert_eq!((grounds[0].0, grounds[1].0), (".ground", ".shade"));
        let rest = REST[2..4].iter().map(|(.., light, dark)| (*light, *dark));
        let series = SERIES.iter().map(|series| (series.light, series.dark));
        for (light, dark) in series.chain(rest) {
            for (.., light_ground, dark_ground) in grounds {
                let ratios = (contrast(light, light_ground), contrast(dark, dark_ground));
                assert!(
                    ratios.0 >= 4.5 && ratios.1 >= 4.5,
                    "{light} {dark}: {ratios:?}"
                );
            }
        }
    }

    #[test]
    fn no_two_lines_differ_by_colour_alone() {
        let dashes: BTreeSet<_> = SERIES.iter().map(|series| series.dash).collect();
        let marks: BTreeSet<_> = SERIES.iter().map(|series| series.mark).collect();
        assert_eq!((dashes.len(), marks.len()), (SERIES.len(), SERIES.len()));
    }
}
