//! Quoting of texts for a shell.

use crate::protocol::plain::plain;

/// Quotes a text for a shell.
pub(super) fn quoted(text: &str) -> String {
    let is_bare = |char: char| char.is_ascii_alphanumeric() || "_-./:=+,@".contains(char);
    if !text.is_empty() && text.chars().all(is_bare) {
        text.to_owned()
    } else {
        format!("'{}'", plain(text).replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_what_was_meant() {
        let table = [
            ("/var/x.db", "/var/x.db"),
            ("my file", "'my file'"),
            ("x'y", r"'x'\''y'"),
            ("$HOME;", "'$HOME;'"),
            ("", "''"),
        ];
        for (text, shown) in table {
            assert_eq!(quoted(text), shown);
        }
    }
}
