//! The canonical text of a tree, derived from the rule as simply as possible: what ids are compared with.

use std::collections::BTreeMap;

use super::tree::Tree;

/// Returns the text whose hash is an id.
pub(crate) fn json(tree: &Tree) -> String {
    match tree {
        Tree::Null => "null".to_owned(),
        Tree::Bool(value) => value.to_string(),
        Tree::Int(digits) => digits.clone(),
        Tree::Float(value) => repr(*value),
        Tree::Text(text) => quoted(text),
        Tree::List(items) => {
            format!("[{}]", items.iter().map(json).collect::<Vec<_>>().join(","))
        }
        Tree::Map(entries) => {
            let sorted: BTreeMap<Vec<u32>, String> = entries
                .iter()
                .map(|(key, value)| {
                    let points = key.chars().map(u32::from).collect();
                    (points, format!("{}:{}", quoted(key), json(value)))
                })
                .collect();
            format!("{{{}}}", sorted.into_values().collect::<Vec<_>>().join(","))
        }
    }
}

fn quoted(text: &str) -> String {
    let units = text.encode_utf16().map(|unit| match unit {
        0x08 => "\\b".to_owned(),
        0x09 => "\\t".to_owned(),
        0x0a => "\\n".to_owned(),
        0x0c => "\\f".to_owned(),
        0x0d => "\\r".to_owned(),
        0x22 => "\\\"".to_owned(),
        0x5c => "\\\\".to_owned(),
        0x20..=0x7e => String::from_utf16(&[unit]).expect("printable ASCII"),
        _ => format!("\\u{unit:04x}"),
    });
    format!("\"{}\"", units.collect::<String>())
}

/// Writes the fewest digits that read back, found by trying; the places of the point are counted off
/// on a long row of zeros.
fn repr(value: f64) -> String {
    let scientific = (0..17)
        .map(|precision| format!("{value:.precision$e}"))
        .find(|text| text.parse() == Ok(value))
        // Only just above a power of two: the nearest 16 digits read as its neighbour below.
        .unwrap_or_else(|| format!("{value:e}"));
    let (mantissa, exponent) = scientific
        .split_once('e')
        .expect("the form has an exponent");
    let exponent: i32 = exponent.parse().expect("an exponent is an integer");
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let mantissa = mantissa.trim_start_matches('-');
    if exponent >= 16 {
        return format!("{sign}{mantissa}e+{exponent:02}");
    }
    if exponent < -4 {
        return format!("{sign}{mantissa}e-{:02}", -exponent);
    }
    let zeros = "0".repeat(20);
    let row = format!("{zeros}{}{zeros}", mantissa.replace('.', ""));
    let (whole, fraction) =
        row.split_at(usize::try_from(21 + exponent).expect("an exponent from -4"));
    let whole = whole.trim_start_matches('0');
    let fraction = fraction.trim_end_matches('0');
    let or_zero = |digits: &str| {
        if digits.is_empty() {
            "0".to_owned()
        } else {
            digits.to_owned()
        }
    };
    format!("{sign}{}.{}", or_zero(whole), or_zero(fraction))
}
