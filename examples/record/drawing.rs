//! The lines of a program as a drawing that moves: each line appears at its time, once. It is light or
//! dark as the reader prefers, and stands still, with all lines, for readers that prefer no motion and
//! for viewers that know no animation.

use std::fmt::Write;

use super::output::{Line, Piece, Tone};

/// The widths and heights are those of the font at its size.
const FONT: &str =
    "13px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";
const COLUMN: f64 = 7.83;
const LEADING: usize = 18;
const MARGIN: usize = 16;
/// As wide as a terminal is that most lines fit into; longer ones go on in a line of their own.
const COLUMNS: usize = 100;
const INDENT: &str = "    ";

/// Milliseconds before the first line, and before each heading: time to read what is there.
const PAUSE: u64 = 1_000;

const COMMAND: &str = "$ cargo run --bin quickstart";

/// Class, colour in light, colour in dark.
const COLOURS: [(&str, &str, &str); 6] = [
    (".ground", "#f6f8fa", "#0d1117"),
    ("text", "#1f2328", "#e6edf3"),
    (".dim", "#59636e", "#9198a1"),
    (".red", "#b3261e", "#ff7b72"),
    (".green", "#0f6b2f", "#56d364"),
    (".yellow", "#7d5700", "#eeb422"),
];

/// Returns the drawing of a program's lines.
pub(crate) fn of(lines: &[Line]) -> String {
    let mut body = String::new();
    let mut row = 0;
    draw(
        &mut body,
        &mut row,
        0,
        &[Piece {
            tone: Tone::Dim,
            text: COMMAND.to_owned(),
        }],
    );
    row += 1;
    let (mut time, mut pauses) = (0, PAUSE);
    for line in lines {
        time = line.milliseconds().unwrap_or(time).max(time);
        if is_heading(line) {
            pauses += PAUSE;
        }
        draw(&mut body, &mut row, time + pauses, &line.0);
    }
    let width = (COLUMN * COLUMNS as f64).ceil() as usize + 2 * MARGIN;
    let height = row * LEADING + 2 * MARGIN;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\">\n\
         <title>What cargo run --bin quickstart prints</title>\n\
         {}<rect class=\"ground\" width=\"100%\" height=\"100%\" rx=\"6\"/>\n{body}</svg>\n",
        style()
    )
}

/// `1. A server that is down ..`.
fn is_heading(line: &Line) -> bool {
    let text = line.text();
    text.split_once(". ")
        .is_some_and(|(number, _)| number.parse::<u32>().is_ok())
}

fn style() -> String {
    let colours = |of: fn(&(&str, &'static str, &'static str)) -> &'static str| {
        COLOURS.iter().fold(String::new(), |mut css, colour| {
            let _ = writeln!(css, "{} {{ fill: {} }}", colour.0, of(colour));
            css
        })
    };
    format!(
        "<style>\ntext {{ font: {FONT}; white-space: pre }}\n.heading {{ font-weight: bold }}\n{}\
         @media (prefers-color-scheme: dark) {{\n{}}}\n\
         @keyframes appear {{ from {{ opacity: 0 }} }}\n\
         @media (prefers-reduced-motion: no-preference) {{\ntext {{ animation: appear 1ms backwards }}\n}}\n\
         </style>\n",
        colours(|colour| colour.1),
        colours(|colour| colour.2)
    )
}

/// Adds a line, which appears after `milliseconds`, and moves `row` below it.
fn draw(svg: &mut String, row: &mut usize, milliseconds: u64, pieces: &[Piece]) {
    let heading = if is_heading(&Line(pieces.to_vec())) {
        "heading"
    } else {
        ""
    };
    let y = |row: usize| MARGIN + row * LEADING + 13;
    let _ = write!(
        svg,
        r#"<text x="{MARGIN}" y="{}" class="{heading}" style="animation-delay: {milliseconds}ms" xml:space="preserve">"#,
        y(*row)
    );
    for (at, part) in wrapped(pieces).iter().enumerate() {
        if at > 0 {
            *row += 1;
            let x = MARGIN as f64 + COLUMN * INDENT.len() as f64;
            let _ = write!(svg, r#"<tspan x="{x:.1}" y="{}">"#, y(*row));
        }
        for Piece { tone, text } in part {
            let _ = match class(*tone) {
                None => write!(svg, "{}", escaped(text)),
                Some(class) => write!(svg, r#"<tspan class="{class}">{}</tspan>"#, escaped(text)),
            };
        }
        if at > 0 {
            svg.push_str("</tspan>");
        }
    }
    svg.push_str("</text>\n");
    *row += 1;
}

/// Cuts after the last space within the width: the space stays, so that the parts are the text.
fn wrapped(pieces: &[Piece]) -> Vec<Vec<Piece>> {
    let mut parts = vec![Vec::new()];
    let mut room = COLUMNS;
    for Piece { tone, text } in pieces {
        let mut part = String::new();
        for word in text.split_inclusive(' ') {
            let width = word.trim_end().chars().count();
            if width > room && room < COLUMNS {
                push(&mut parts, *tone, &mut part);
                parts.push(Vec::new());
                room = COLUMNS - INDENT.len();
            }
            part.push_str(word);
            room = room.saturating_sub(word.chars().count());
        }
        push(&mut parts, *tone, &mut part);
    }
    parts
}

fn push(parts: &mut [Vec<Piece>], tone: Tone, text: &mut String) {
    if let (Some(part), false) = (parts.last_mut(), text.is_empty()) {
        let text = std::mem::take(text);
        part.push(Piece { tone, text });
    }
}

const fn class(tone: Tone) -> Option<&'static str> {
    match tone {
        Tone::Plain => None,
        Tone::Dim => Some("dim"),
        Tone::Red => Some("red"),
        Tone::Green => Some("green"),
        Tone::Yellow => Some("yellow"),
    }
}

/// Returns the printed lines that a drawing shows.
pub(crate) fn texts(svg: &str) -> Vec<String> {
    let lines = svg.lines().filter(|line| line.starts_with("<text"));
    lines.skip(1).map(text).collect()
}

/// Returns the text between the tags.
fn text(line: &str) -> String {
    let parts = line.split('<').filter_map(|part| part.split_once('>'));
    let text: String = parts.map(|(_, text)| text).collect();
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::super::output;
    use super::*;

    fn printed() -> Vec<Line> {
        let long = "word ".repeat(25);
        let text = format!(
            "1. A <b> & c:\n\n\x1b[2m+0.187s\x1b[0m \x1b[33m WARN\x1b[0m {long}end\n   -> \"x\"\n2. On\n+2.000s last\n"
        );
        output::lines(&text).expect("known")
    }

    #[test]
    fn a_drawing_has_the_texts_that_were_printed() {
        let lines = printed();
        let expected: Vec<_> = lines.iter().map(Line::text).collect();
        assert_eq!(texts(&of(&lines)), expected);
    }

    #[test]
    fn lines_appear_at_their_times_with_a_pause_before_each_heading() {
        let svg = of(&printed());
        let delays: Vec<_> = svg
            .split("animation-delay: ")
            .skip(1)
            .filter_map(|part| part.split_once("ms").map(|(delay, _)| delay))
            .collect();
        assert_eq!(
            delays,
            ["0", "2000", "2000", "2187", "2187", "3187", "5000"]
        );
    }

    #[test]
    fn no_line_is_wider_than_the_drawing_and_no_text_is_lost() {
        for line in printed() {
            let parts = wrapped(&line.0);
            let texts: Vec<String> = parts.into_iter().map(|part| Line(part).text()).collect();
            assert_eq!(texts.concat(), line.text());
            for (at, text) in texts.iter().enumerate() {
                let indent = if at == 0 { 0 } else { INDENT.len() };
                assert!(
                    indent + text.trim_end().chars().count() <= COLUMNS,
                    "{text}"
                );
            }
        }
        let row = of(&printed());
        assert_eq!(row.matches("<tspan x=").count(), 1, "one line is cut once");
    }

    #[test]
    fn without_motion_every_line_is_there() {
        let svg = of(&printed());
        let (still, moving) = svg
            .split_once("@media (prefers-reduced-motion: no-preference)")
            .expect("it");
        assert!(!still.contains("animation:") && moving.contains("animation: appear"));
        assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
    }
}
