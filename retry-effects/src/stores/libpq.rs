//! Addresses of Postgres servers in libpq's form: `host=db user=worker password='a b'`.

use std::{iter::Peekable, str::CharIndices};

/// All keywords of libpq 17. The client supports some; an error names any other that is used.
const KEYWORDS: [&str; 47] = [
    "application_name",
    "channel_binding",
    "client_encoding",
    "connect_timeout",
    "dbname",
    "fallback_application_name",
    "gssdelegation",
    "gssencmode",
    "gsslib",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "krbsrvname",
    "load_balance_hosts",
    "options",
    "passfile",
    "password",
    "port",
    "replication",
    "require_auth",
    "requirepeer",
    "requiressl",
    "service",
    "servicefile",
    "ssl",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcert",
    "sslcertmode",
    "sslcompression",
    "sslcrl",
    "sslcrldir",
    "sslkey",
    "sslmode",
    "sslnegotiation",
    "sslpassword",
    "sslrootcert",
    "sslsni",
    "target_session_attrs",
    "tcp_user_timeout",
    "tty",
    "user",
    "authtype",
];

/// Whether this is a keyword, and not part of an unquoted password.
pub(crate) fn is_keyword(name: &str) -> bool {
    KEYWORDS.contains(&name)
}

/// Whether `text` is meant as an address: it begins with a keyword and `=`.
#[cfg(feature = "cli")]
pub(crate) fn is_address(text: &str) -> bool {
    let named = text.split_once('=').map(|(name, _)| name.trim());
    named.is_some_and(is_keyword)
}

/// Returns the keywords of an address, each with its value as written; ends at the first pair that is
/// not well formed.
pub(crate) fn pairs(text: &str) -> impl Iterator<Item = Pair<'_>> {
    let mut rest = Reader::of(text);
    std::iter::from_fn(move || rest.pair())
}

/// Whether an address or a URL requires TLS.
#[cfg(feature = "cli")]
pub(crate) fn requires_tls(text: &str) -> bool {
    ssl_mode(text).is_some_and(|mode| matches!(mode.trim_matches('\''), "require" | VERIFY_FULL))
}

/// libpq's mode for the checks that this crate always makes: the server's certificate is trusted, and
/// issued for its host. The client does not know it.
const VERIFY_FULL: &str = "verify-full";

/// Returns an address or a URL with the client's name for `sslmode=verify-full`.
#[cfg(feature = "postgres")]
pub(crate) fn in_client_form(text: &str) -> std::borrow::Cow<'_, str> {
    match ssl_mode(text) {
        Some(mode) if mode.trim_matches('\'') == VERIFY_FULL => {
            let at = mode.as_ptr().addr() - text.as_ptr().addr();
            let (before, after) = (&text[..at], &text[at + mode.len()..]);
            format!("{before}require{after}").into()
        }
        _ => text.into(),
    }
}

/// Returns the value of `sslmode` as written; of several, the last.
fn ssl_mode(text: &str) -> Option<&str> {
    match text.split_once("://") {
        Some((_, rest)) => {
            let (_, query) = rest.split_once('?')?;
            let mut values = query.split('&').filter_map(|part| part.split_once('='));
            values.rfind(|(name, _)| *name == "sslmode")
        }
        None => {
            let pairs = pairs(text).map(|pair| (pair.keyword, pair.value));
            pairs.filter(|(name, _)| *name == "sslmode").last()
        }
    }
    .map(|(_, value)| value)
}

/// One keyword and its value.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Pair<'a> {
    pub(crate) keyword: &'a str,
    pub(crate) value: &'a str,
}

struct Reader<'a> {
    text: &'a str,
    chars: Peekable<CharIndices<'a>>,
}

impl<'a> Reader<'a> {
    fn of(text: &'a str) -> Self {
        let chars = text.char_indices().peekable();
        Self { text, chars }
    }

    fn pair(&mut self) -> Option<Pair<'a>> {
        self.take_while(char::is_whitespace);
        let keyword = self.take_while(|char| !char.is_whitespace() && char != '=');
        self.take_while(char::is_whitespace);
        self.chars.next_if(|(_, char)| *char == '=')?;
        self.take_while(char::is_whitespace);
        let value = self.value()?;
        Some(Pair { keyword, value })
    }

    /// A quoted value ends at the next quote, any other at a space; a backslash escapes the next
    /// character.
    fn value(&mut self) -> Option<&'a str> {
        let begin = self.at();
        let is_quoted = self.chars.next_if(|(_, char)| *char == '\'').is_some();
        loop {
            match self.chars.peek() {
                Some((_, '\'')) if is_quoted => {
                    self.chars.next();
                    break;
                }
                Some((_, char)) if !is_quoted && char.is_whitespace() => break,
                Some((_, '\\')) => {
                    self.chars.next();
                    self.chars.next();
                }
                Some(_) => drop(self.chars.next()),
                None if is_quoted => return None,
                None => break,
            }
        }
        Some(&self.text[begin..self.at()])
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let begin = self.at();
        while self.chars.next_if(|(_, char)| wanted(*char)).is_some() {}
        &self.text[begin..self.at()]
    }

    fn at(&mut self) -> usize {
        self.chars.peek().map_or(self.text.len(), |(at, _)| *at)
    }
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use super::*;

    #[test]
    fn values_are_bare_quoted_and_escaped() {
        let read = |text| -> Vec<(String, String)> {
            let owned = pairs(text).map(|pair| (pair.keyword.to_owned(), pair.value.to_owned()));
            owned.collect()
        };
        let pair = |keyword: &str, value: &str| (keyword.to_owned(), value.to_owned());
        assert_eq!(
            read(r" host=/run/pg port = 5432  password='a b\'c' user=a\ b dbname=''"),
            [
                pair("host", "/run/pg"),
                pair("port", "5432"),
                pair("password", r"'a b\'c'"),
                pair("user", r"a\ b"),
                pair("dbname", "''"),
            ]
        );
        // A pair that is not well formed, and everything after it, is ignored.
        assert_eq!(read("host=h password='a b"), [pair("host", "h")]);
        assert_eq!(
            read("host=h password=a b user=u"),
            [pair("host", "h"), pair("password", "a")]
        );
        assert_eq!(read(r"password=a\"), [pair("password", r"a\")]);
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn the_mode_of_full_verification_gets_the_clients_name() {
        for (text, form, requires) in [
            (
                "postgres://u@h/d?sslmode=verify-full",
                "postgres://u@h/d?sslmode=require",
                true,
            ),
            (
                "postgres://h/d?a=b&sslmode=verify-full&c=d",
                "postgres://h/d?a=b&sslmode=require&c=d",
                true,
            ),
            (
                "host=h sslmode = 'verify-full' user=u",
                "host=h sslmode = require user=u",
                true,
            ),
            ("host=h sslmode=require", "host=h sslmode=require", true),
            ("host=h sslmode=disable", "host=h sslmode=disable", false),
            // Parts of a password, or of another option.
            (
                "host=h password='a sslmode=verify-full'",
                "host=h password='a sslmode=verify-full'",
                false,
            ),
            (
                "postgres://u:sslmode=verify-full@h/d",
                "postgres://u:sslmode=verify-full@h/d",
                false,
            ),
            (
                "postgres://h/d?xsslmode=verify-full",
                "postgres://h/d?xsslmode=verify-full",
                false,
            ),
            ("", "", false),
        ] {
            assert_eq!(in_client_form(text), form);
            assert_eq!(requires_tls(text), requires, "{text}");
        }
    }

    #[test]
    fn an_address_begins_with_a_keyword() {
        for text in [
            "host=h",
            " password = x",
            "dbname=",
            "sslmode=require host=h",
        ] {
            assert!(is_address(text), "{text}");
        }
        for text in ["effects.db", "a=b.db", "/var/host=h/x.db", "", "=", "host"] {
            assert!(!is_address(text), "{text}");
        }
    }
}
