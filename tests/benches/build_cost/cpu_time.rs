//! CPU time, user and system, of the children that this process has waited for.

use std::fs;

/// Linux counts it in hundredths of a second, on every architecture.
const TICKS: f64 = 100.0;

/// Seconds so far, if `/proc` tells.
pub(crate) fn of_children() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name, in brackets and with whatever it contains.
    let (_, fields) = stat.rsplit_once(')')?;
    // `cutime` and `cstime` are the fields 16 and 17; the third is the first after the name.
    let ticks = fields
        .split_whitespace()
        .skip(13)
        .take(2)
        .map(str::parse::<f64>);
    let ticks: Vec<f64> = ticks.collect::<Result<_, _>>().ok()?;
    Some(ticks.iter().sum::<f64>() / TICKS)
}
