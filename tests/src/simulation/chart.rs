//! Charts as SVG: axes with units, a legend, lines that differ by colour, dash and mark, light or dark
//! as the reader prefers, no scripts. Readable where it is shown 700 pixels wide.

mod axis;
mod panel;
mod theme;

use std::fmt;

pub use axis::Axis;

/// One diagram: lines over two axes.
#[derive(Clone, Debug)]
pub struct Chart {
    title: String,
    x: Axis,
    y: Axis,
    lines: Vec<Line>,
    shade: Option<Shade>,
}

/// A named row of points, joined.
#[derive(Clone, Debug)]
pub struct Line {
    name: String,
    points: Vec<(f64, f64)>,
    /// From where to where each point might have been.
    ranges: Vec<(f64, f64)>,
    has_markers: bool,
}

/// A stretch of the x axis in which something holds.
#[derive(Clone, Debug)]
struct Shade {
    from: f64,
    to: f64,
    label: String,
}

impl Line {
    /// A line through `points`.
    #[must_use]
    pub fn new(name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self {
            name: name.into(),
            points,
            ranges: Vec::new(),
            has_markers: false,
        }
    }

    /// Marks each point: for few points. Without it every sixth point has a mark.
    #[must_use]
    pub const fn with_markers(mut self) -> Self {
        self.has_markers = true;
        self
    }

    /// A bar at each point, from its lowest to its highest value.
    #[must_use]
    pub fn with_ranges(mut self, ranges: Vec<(f64, f64)>) -> Self {
        self.ranges = ranges;
        self
    }
}

impl Chart {
    /// An empty diagram.
    #[must_use]
    pub fn new(title: impl Into<String>, x: Axis, y: Axis) -> Self {
        Self {
            title: title.into(),
            x,
            y,
            lines: Vec::new(),
            shade: None,
        }
    }

    /// One line more; the legend has them in this order.
    #[must_use]
    pub fn with_line(mut self, line: Line) -> Self {
        self.lines.push(line);
        self
    }

    /// Shades what is between two values of x, and says why.
    #[must_use]
    pub fn with_shade(mut self, from: f64, to: f64, label: impl Into<String>) -> Self {
        let label = label.into();
        self.shade = Some(Shade { from, to, label });
        self
    }
}

const WIDTH: u32 = 800;
const HEIGHT: u32 = 410;

/// An SVG document of `charts`, one below the other.
#[must_use]
pub fn page(charts: &[Chart]) -> String {
    Page(charts).to_string()
}

struct Page<'a>(&'a [Chart]);

impl fmt::Display for Page<'_> {
    fn fmt(&self, svg: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(charts) = self;
        let height = HEIGHT * u32::try_from(charts.len()).unwrap_or(1);
        let titles: Vec<&str> = charts.iter().map(|chart| &*chart.title).collect();
        writeln!(
            svg,
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" font-family="Helvetica, Arial, sans-serif" font-size="14" role="img">"#
        )?;
        writeln!(svg, "<title>{}</title>", escaped(&titles.join("; ")))?;
        theme::write(svg)?;
        writeln!(svg, r#"<rect class="ground" width="100%" height="100%"/>"#)?;
        for (chart, top) in charts.iter().zip((0..).step_by(HEIGHT as usize)) {
            writeln!(svg, r#"<g transform="translate(0 {top})">"#)?;
            panel::write(svg, chart)?;
            writeln!(svg, "</g>")?;
        }
        writeln!(svg, "</svg>")
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart() -> Chart {
        Chart::new(
            "Load & goodput",
            Axis::linear("time (s)", 0.0, 100.0),
            Axis::linear("calls (per s)", 0.0, 80.0),
        )
        .with_line(Line::new("a < b", vec![(0.0, 0.0), (50.0, 80.0), (100.0, 40.0)]).with_markers())
        .with_line(Line::new("flat", vec![(0.0, 20.0), (100.0, 20.0)]))
        .with_shade(60.0, 70.0, "25/s")
    }

    #[test]
    fn it_names_its_axes_with_units_its_lines_and_its_shade() {
        let svg = page(&[chart()]);
        for text in [
            ">Load &amp; goodput<",
            ">time (s)<",
            ">calls (per s)<",
            ">a &lt; b<",
            ">flat<",
            ">25/s<",
        ] {
            assert!(svg.contains(text), "{text} is missing of {svg}");
        }
        assert_eq!(svg.matches("<polyline").count(), 2);
        assert_eq!(
            svg.matches(r#"class="mark""#).count(),
            3 + 1 + 1 + 1,
            "each of three, one of two, and the legend's"
        );
    }

    #[test]
    fn elements_are_closed_and_charts_stand_below_each_other() {
        let svg = page(&[chart(), chart()]);
        assert_eq!(svg.matches("<g ").count(), svg.matches("</g>").count());
        assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
        assert!(svg.contains("translate(0 410)") && svg.contains(r#"height="820""#));
        assert!(!svg.contains("NaN") && !svg.contains("<script"));
    }
}
