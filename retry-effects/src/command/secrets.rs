//! A store's address without its password. Only text known to be harmless is shown: without its quotes
//! or escapes, a part of a password looks like another part of the address.

use crate::stores::libpq;

/// Replaces hidden text.
const HIDDEN: &str = "***";

/// Returns an address without its secrets, as the command line or the environment gives it: a URL,
/// the keywords of libpq, or the path of a file.
pub(super) fn hidden(address: &str) -> String {
    if let Some((scheme, rest)) = address.split_once("://") {
        return format!("{scheme}://{}", hidden_url(scheme, rest));
    }
    if libpq::is_address(address) {
        return hidden_keywords(address);
    }
    // Not a valid address, but perhaps meant as one.
    let names = address.split_inclusive(['=', ';', '&', ' ']);
    let has_secret = names.filter_map(|part| part.strip_suffix('='));
    if has_secret.into_iter().any(is_secret) {
        return HIDDEN.to_owned();
    }
    match address.rsplit_once('@') {
        Some((user, host)) if user.contains(':') => format!("{HIDDEN}@{host}"),
        _ => address.to_owned(),
    }
}

fn hidden_url(scheme: &str, rest: &str) -> String {
    let (base, query) = match rest.split_once('?') {
        Some((base, query)) => (base, Some(query)),
        None => (rest, None),
    };
    let authority = base.split('/').next().unwrap_or_default();
    let port = authority.rsplit_once(':').map_or("", |(_, port)| port);
    let is_port = authority.ends_with(']') || port.bytes().all(|byte| byte.is_ascii_digit());
    // A password ends at the last `@`: it may contain an `@` or a `/`. A password with a `?` looks
    // like a query.
    let (userinfo, host, query) = if base.contains('@') || is_port {
        match base.rsplit_once('@') {
            Some((userinfo, host)) => (Some(userinfo), host, query),
            None => (None, base, query),
        }
    } else {
        match rest.rsplit_once('@') {
            Some((userinfo, host)) => (Some(userinfo), host, None),
            None => (None, base, query),
        }
    };
    let user = userinfo.map(|userinfo| match userinfo.split_once(':') {
        Some((user, _)) => format!("{user}:{HIDDEN}@"),
        // Redis has no user without a password: text without a colon is the password.
        None if !scheme.to_ascii_lowercase().starts_with("postgres") => format!("{HIDDEN}@"),
        None => format!("{userinfo}@"),
    });
    let query = query.map(|query| format!("?{}", hidden_query(query)));
    [
        user.unwrap_or_default(),
        host.to_owned(),
        query.unwrap_or_default(),
    ]
    .concat()
}

fn hidden_query(query: &str) -> String {
    let parts = query.split('&').map(|part| match part.split_once('=') {
        Some((name, value)) => shown(name, value),
        None => HIDDEN.to_owned(),
    });
    parts.collect::<Vec<_>>().join("&")
}

fn hidden_keywords(address: &str) -> String {
    let pairs: Vec<_> = libpq::pairs(address).collect();
    let mut parts: Vec<_> = pairs
        .iter()
        .map(|pair| shown(pair.keyword, pair.value))
        .collect();
    let end = pairs.last().map_or(0, |last| {
        // `last.value` is a part of `address`.
        let begin = last.value.as_ptr().addr() - address.as_ptr().addr();
        begin + last.value.len()
    });
    if !address[end..].trim().is_empty() {
        parts.push(HIDDEN.to_owned());
    }
    let written = parts.join(" ");
    // The text as written, if nothing in it is hidden.
    if written.contains(HIDDEN) {
        written
    } else {
        address.to_owned()
    }
}

fn shown(name: &str, value: &str) -> String {
    if is_secret(name) {
        // Percent-encoded or not.
        format!("{name}={HIDDEN}")
    } else if libpq::is_keyword(name) || ["db", "protocol"].contains(&name) {
        format!("{name}={value}")
    } else {
        HIDDEN.to_owned()
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.trim().to_ascii_lowercase();
    ["password", "passwd", "pass", "pwd", "sslpassword"].contains(&&*name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_shown() {
        let table = [
            ("postgres://u:SECRET@h/d", "postgres://u:***@h/d"),
            ("postgres://u:S@CR/ET@h/d", "postgres://u:***@h/d"),
            ("postgres://u:S?CR@ET@h/d", "postgres://u:***@h/d"),
            ("postgres://u:S#CRET@h/d", "postgres://u:***@h/d"),
            ("redis://:SECRET@h:6379/0", "redis://:***@h:6379/0"),
            ("redis://SECRET@h:6379/0", "redis://***@h:6379/0"),
            ("postgres://u@h:5432/d", "postgres://u@h:5432/d"),
            ("redis://[::1]/0", "redis://[::1]/0"),
            (
                "postgres://h/d?user=u&password=SECRET&sslmode=require",
                "postgres://h/d?user=u&password=***&sslmode=require",
            ),
            (
                "postgres://h:5432/d?password=S@CRET",
                "postgres://h:5432/d?password=***",
            ),
            (
                "postgres://h/d?password=a b#SECRET",
                "postgres://h/d?password=***",
            ),
            ("postgres://h/d?p%61ssword=SECRET", "postgres://h/d?***"),
            (
                "postgres://h/d?PassWord=SECRET",
                "postgres://h/d?PassWord=***",
            ),
            // An `&` that should have been escaped.
            (
                "postgres://h/d?password=SE&CR&ET=1",
                "postgres://h/d?password=***&***&***",
            ),
            (
                "redis+unix:///s?user=u&pass=SECRET&db=1",
                "redis+unix:///s?user=u&pass=***&db=1",
            ),
            (
                "host=h password=SECRET user=u",
                "host=h password=*** user=u",
            ),
            (
                "host=h password = 'SE CRET' user=u",
                "host=h password=*** user=u",
            ),
            (r"password=SE\ CRET host=h", "password=*** host=h"),
            (r"password='SE\'CRET' host=h", "password=*** host=h"),
            ("host=h sslpassword=SECRET", "host=h sslpassword=***"),
            // Spaces that should have been quoted, and quotes that do not end.
            ("host=h password=SE CRET user=u", "host=h password=*** ***"),
            (
                "host=h password=SE C=RET user=u",
                "host=h password=*** *** user=u",
            ),
            ("host=h password='SECRET user=u", "host=h ***"),
            (
                "host=h  port = 5432 dbname='a b'",
                "host=h  port = 5432 dbname='a b'",
            ),
            // Meant as an address, but none.
            ("u:SECRET@h/d", "***@h/d"),
            ("postgres:/u:SECRET@h/d", "***@h/d"),
            ("Host=h;Password=SECRET;User=u", "***"),
            ("/var/lib/app/effects.db", "/var/lib/app/effects.db"),
            (r"C:\effects@home.db", r"***@home.db"),
            ("a=b@c.db", "a=b@c.db"),
        ];
        for (address, shown) in table {
            assert_eq!(hidden(address), shown);
            assert!(!hidden(address).contains("ET"), "{address}");
        }
    }
}
