//! How a place is written: for people without its password, and for a shell.

use crate::plain::plain;

/// A place without its password, for people: in a URL all that may be one, up to the last `@`, and
/// what a query or a connection string calls so.
pub(super) fn redacted(place: &str) -> String {
    let mut shown = place.to_owned();
    if let Some((scheme, rest)) = place.split_once("://")
        && let Some((user, host)) = rest.rsplit_once('@')
        && let Some((user, _)) = user.split_once(':')
    {
        shown = format!("{scheme}://{user}:***@{host}");
    }
    for name in ["password=", "pass="] {
        let mut from = 0;
        while let Some(at) = shown[from..].find(name) {
            let begin = from + at + name.len();
            let length = shown[begin..].find(['&', ' ']);
            let end = length.map_or(shown.len(), |length| begin + length);
            shown.replace_range(begin..end, "***");
            from = begin;
        }
    }
    shown
}

/// As a shell reads it.
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
    fn no_password_is_shown() {
        let table = [
            ("postgres://u:secret@h/d", "postgres://u:***@h/d"),
            ("postgres://u:s@cr/et@h/d", "postgres://u:***@h/d"),
            ("redis://:secret@h:6379/0", "redis://:***@h:6379/0"),
            ("postgres://u@h:5432/d", "postgres://u@h:5432/d"),
            (
                "postgres://h/d?user=u&password=secret&x=1",
                "postgres://h/d?user=u&password=***&x=1",
            ),
            (
                "redis+unix:///s?user=u&pass=secret",
                "redis+unix:///s?user=u&pass=***",
            ),
            (
                "host=h password=secret user=u",
                "host=h password=*** user=u",
            ),
        ];
        for (place, shown) in table {
            assert_eq!(redacted(place), shown);
        }
    }

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
