//! Memory of this process.

use std::fs;

/// Returns the bytes that are resident now.
pub(super) fn resident() -> u64 {
    field("VmRSS:")
}

/// Forgets the largest size so far.
pub(super) fn forget_peak() {
    // See proc_pid_clear_refs(5): 5 resets the high-water mark.
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// Returns the most bytes that were resident since the peak was forgotten.
pub(super) fn peak() -> u64 {
    field("VmHWM:")
}

/// Returns a field of `/proc/self/status`, in bytes; 0 on systems without it.
fn field(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}
