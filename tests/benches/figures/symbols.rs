//! The sizes of this program's functions and statics, by `nm`, which stands beside every linker.

use std::collections::HashMap;
use std::env;
use std::process::Command;

/// Bytes by the symbol's path, the largest of those with one path. `None` where `nm` is missing.
pub(crate) fn sizes() -> Option<HashMap<String, u64>> {
    let output = Command::new("nm")
        .args(["--print-size", "--demangle", "--defined-only"])
        .arg(env::current_exe().ok()?)
        .output()
        .ok()?;
    let listed = String::from_utf8_lossy(&output.stdout);
    let mut sizes: HashMap<String, u64> = HashMap::new();
    for (path, size) in listed.lines().filter_map(symbol) {
        let largest = sizes.entry(path).or_default();
        *largest = size.max(*largest);
    }
    output.status.success().then_some(sizes)
}

/// Reads a line: address, size, kind, path.
fn symbol(line: &str) -> Option<(String, u64)> {
    let mut cells = line.splitn(4, ' ').skip(1);
    let size = u64::from_str_radix(cells.next()?, 16).ok()?;
    let path = cells.nth(1)?;
    // The older mangling ends in a hash.
    let path = path
        .rsplit_once("::h")
        .filter(|(_, hash)| hash.len() == 16 && hash.bytes().all(|it| it.is_ascii_hexdigit()))
        .map_or(path, |(path, _)| path);
    Some((path.to_owned(), size))
}
