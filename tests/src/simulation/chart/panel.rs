//! The drawing of one chart.

use std::fmt::{self, Formatter};

use super::axis::number;
use super::theme::SERIES;
use super::{Chart, HEIGHT, Line, WIDTH, escaped};

const LEFT: f64 = 72.0;
const RIGHT: f64 = WIDTH as f64 - 180.0;
const TOP: f64 = 54.0;
const BOTTOM: f64 = HEIGHT as f64 - 58.0;
/// Between two lines of text.
const LEADING: f64 = 18.0;
/// Of the points of a line without markers, one in so many has a mark.
const MARKED: usize = 6;

pub(super) fn write(svg: &mut Formatter<'_>, chart: &Chart) -> fmt::Result {
    text(
        svg,
        (LEFT, 24.0),
        r#"font-size="17" font-weight="bold""#,
        &chart.title,
    )?;
    shade(svg, chart)?;
    axes(svg, chart)?;
    for (at, line) in chart.lines.iter().enumerate() {
        curve(svg, chart, line, at % SERIES.len())?;
    }
    legend(svg, chart)
}

/// Where a point stands. What is off the axes stands at their ends.
fn at(chart: &Chart, (x, y): (f64, f64)) -> (f64, f64) {
    let (x, y) = (chart.x.share(x), chart.y.share(y));
    (
        LEFT + x.clamp(0.0, 1.0) * (RIGHT - LEFT),
        BOTTOM - y.clamp(0.0, 1.0) * (BOTTOM - TOP),
    )
}

fn text(svg: &mut Formatter<'_>, (x, y): (f64, f64), style: &str, text: &str) -> fmt::Result {
    writeln!(
        svg,
        r#"<text x="{x:.1}" y="{y:.1}" {style}>{}</text>"#,
        escaped(text)
    )
}

fn segment(svg: &mut Formatter<'_>, from: (f64, f64), to: (f64, f64), style: &str) -> fmt::Result {
    let ((x1, y1), (x2, y2)) = (from, to);
    writeln!(
        svg,
        r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" {style}/>"#
    )
}

fn shade(svg: &mut Formatter<'_>, chart: &Chart) -> fmt::Result {
    let Some(shade) = &chart.shade else {
        return Ok(());
    };
    let (from, _) = at(chart, (shade.from, 0.0));
    let (to, _) = at(chart, (shade.to, 0.0));
    writeln!(
        svg,
        r#"<rect class="shade" x="{from:.1}" y="{TOP}" width="{:.1}" height="{}"/>"#,
        to - from,
        BOTTOM - TOP
    )?;
    let style = r#"text-anchor="middle" font-size="13""#;
    text(svg, (from.midpoint(to), TOP - 5.0), style, &shade.label)
}

fn axes(svg: &mut Formatter<'_>, chart: &Chart) -> fmt::Result {
    let (axis, grid) = (r#"class="axis""#, r#"class="grid""#);
    for tick in chart.y.ticks() {
        let y = BOTTOM - chart.y.share(tick) * (BOTTOM - TOP);
        segment(svg, (LEFT, y), (RIGHT, y), grid)?;
        text(
            svg,
            (LEFT - 8.0, y + 4.5),
            r#"text-anchor="end""#,
            &number(tick),
        )?;
    }
    for tick in chart.x.ticks() {
        let x = LEFT + chart.x.share(tick) * (RIGHT - LEFT);
        segment(svg, (x, BOTTOM), (x, BOTTOM + 5.0), axis)?;
        text(
            svg,
            (x, BOTTOM + 20.0),
            r#"text-anchor="middle""#,
            &number(tick),
        )?;
    }
    segment(svg, (LEFT, BOTTOM), (RIGHT, BOTTOM), axis)?;
    segment(svg, (LEFT, TOP), (LEFT, BOTTOM), axis)?;
    let middle = (LEFT.midpoint(RIGHT), BOTTOM + 42.0);
    text(svg, middle, r#"text-anchor="middle""#, &chart.x.label)?;
    let (x, y) = (18.0, TOP.midpoint(BOTTOM));
    let turned = format!(r#"text-anchor="middle" transform="rotate(-90 {x} {y})""#);
    text(svg, (x, y), &turned, &chart.y.label)
}

fn curve(svg: &mut Formatter<'_>, chart: &Chart, line: &Line, series: usize) -> fmt::Result {
    writeln!(svg, r#"<g class="s{series}">"#)?;
    for ((x, _), (low, high)) in line.points.iter().zip(&line.ranges) {
        let style = r#"stroke="currentColor" stroke-width="10" stroke-opacity="0.3""#;
        segment(svg, at(chart, (*x, *low)), at(chart, (*x, *high)), style)?;
    }
    write!(svg, r#"<polyline fill="none" {} points=""#, stroke(series))?;
    for point in &line.points {
        let (x, y) = at(chart, *point);
        write!(svg, "{x:.1},{y:.1} ")?;
    }
    writeln!(svg, r#""/>"#)?;
    // Lines that run together have their marks at different points.
    let (from, every) = if line.has_markers {
        (0, 1)
    } else {
        (series % MARKED, MARKED)
    };
    for point in line.points.iter().skip(from).step_by(every) {
        mark(svg, at(chart, *point), series)?;
    }
    writeln!(svg, "</g>")
}

fn stroke(series: usize) -> String {
    let dash = SERIES[series].dash;
    format!(
        r#"stroke="currentColor" stroke-width="2.2" stroke-linejoin="round" stroke-dasharray="{dash}""#
    )
}

fn mark(svg: &mut Formatter<'_>, (x, y): (f64, f64), series: usize) -> fmt::Result {
    let path = SERIES[series].mark;
    writeln!(
        svg,
        r#"<path class="mark" fill="currentColor" stroke="currentColor" stroke-width="1.6" d="M{x:.1},{y:.1}{path}"/>"#
    )
}

/// The names stand where their lines end, as far as there is room, each with a piece of its line.
fn legend(svg: &mut Formatter<'_>, chart: &Chart) -> fmt::Result {
    let mut names: Vec<(f64, &Line, usize)> = chart
        .lines
        .iter()
        .enumerate()
        .map(|(series, line)| {
            let end = line.points.last().map_or(TOP, |end| at(chart, *end).1);
            (end, line, series % SERIES.len())
        })
        .collect();
    names.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut taken = f64::MIN;
    for (y, ..) in &mut names {
        *y = y.max(taken + LEADING);
        taken = *y;
    }
    // The last one stands at the bottom at the lowest, and moves the others up.
    let mut free = BOTTOM;
    for (y, ..) in names.iter_mut().rev() {
        *y = y.min(free);
        free = *y - LEADING;
    }
    for (y, line, series) in names {
        writeln!(svg, r#"<g class="s{series}">"#)?;
        segment(svg, (RIGHT + 10.0, y), (RIGHT + 42.0, y), &stroke(series))?;
        mark(svg, (RIGHT + 26.0, y), series)?;
        writeln!(svg, "</g>")?;
        text(svg, (RIGHT + 48.0, y + 4.5), "", &line.name)?;
    }
    Ok(())
}
