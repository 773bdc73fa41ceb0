//! The names of a database file: it must have one.
//!
//! SQLite keeps a log and an index beside the file, by its name. Under a second name of the file they are others: two
//! processes then neither lock each other out nor read each other's commits, and what only the log has is missing
//! under the other name (<https://sqlite.org/howtocorrupt.html>, sections 2.4 and 2.5).

use std::fs;
use std::path::Path;

/// Returns why the file may have another name, and what to do.
pub(super) fn other_name(path: &Path) -> Option<String> {
    // Symbolic links are followed, by SQLite too.
    let file = fs::metadata(path).ok()?;
    // SQLite has an error of its own for a directory.
    if !file.is_file() {
        return None;
    }
    let links = links(&file);
    if links > 1 {
        return Some(format!(
            "the file has {links} hard links, and SQLite keeps a log of its own beside each name, so that \
             commits under one are lost under another: keep one name"
        ));
    }
    let mounts = fs::read("/proc/self/mountinfo").ok()?;
    let path = fs::canonicalize(path).ok()?;
    is_mount_point(&mounts, path.as_os_str().as_encoded_bytes()).then(|| {
        "the file is mounted by itself, and SQLite keeps its log beside it, outside of the mount, so that commits \
         are lost with a container, and other processes do not see them: mount the folder of the file"
            .to_owned()
    })
}

#[cfg(unix)]
fn links(file: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(file)
}

#[cfg(not(unix))]
fn links(_: &fs::Metadata) -> u64 {
    1
}

/// Whether something is mounted at this path, by the text of `/proc/self/mountinfo` (`proc_pid_mountinfo(5)`).
fn is_mount_point(mounts: &[u8], path: &[u8]) -> bool {
    mounts
        .split(|byte| *byte == b'\n')
        .filter_map(|line| line.split(|byte| *byte == b' ').nth(4))
        .any(|point| unescaped(point) == path)
}

/// Replaces `\040` and the like: the kernel writes spaces, tabs, line ends and backslashes of a path so.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, others)) = rest.split_first() {
        let code = others
            .get(..3)
            .filter(|_| *first == b'\\')
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 8).ok());
        plain.push(code.unwrap_or(*first));
        rest = if code.is_some() { &others[3..] } else { others };
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &[u8] = b"\
        22 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n\
        42 22 254:0 /srv/effects.db /data/effects.db rw,relatime shared:1 - ext4 /dev/vda rw\n\
        43 22 254:0 /srv/a /data/my\\040own\\134\\303\\274.db rw - ext4 /dev/vda rw\n\
        44 22 0:5 / /volume rw - tmpfs tmpfs rw\n\
        short\n";

    #[test]
    fn a_file_that_is_mounted_by_itself_is_found() {
        for (path, is_found) in [
            ("/data/effects.db", true),
            ("/data/my own\\ü.db", true),
            ("/volume/effects.db", false),
            ("/data/effects.db-wal", false),
            ("/srv/effects.db", false),
        ] {
            assert_eq!(is_mount_point(MOUNTS, path.as_bytes()), is_found, "{path}");
        }
        assert!(!is_mount_point(b"", b"/data/effects.db"));
    }

    #[test]
    fn a_path_with_the_marks_of_the_kernel_is_plain_again() {
        for (text, plain) in [
            ("/a", "/a"),
            ("a\\040b", "a b"),
            ("\\011\\012\\134", "\t\n\\"),
            ("\\", "\\"),
            ("\\04", "\\04"),
            ("\\999", "\\999"),
        ] {
            assert_eq!(unescaped(text.as_bytes()), plain.as_bytes(), "{text}");
        }
    }
}
