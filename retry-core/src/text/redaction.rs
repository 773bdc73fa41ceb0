//! Removes secrets from logged texts: URLs in error messages carry API keys in the query and passwords
//! before the host, and HTTP clients print the whole URL.

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

use crate::text::display::text_of;

type RedactionHook = fn(&str) -> Cow<'_, str>;

static REDACTION_HOOK: OnceLock<RedactionHook> = OnceLock::new();

/// Installs a hook that removes more from each text of an error before it is logged: tokens, names, card
/// numbers. Returns whether `hook` is the first one; the first one stays.
///
/// Every URL loses user, password, query and fragment in any case (`https://…@host/path?…`); `hook`
/// receives the text after that. It applies to the events of the `tracing` target `retry`, their `error`
/// field with its chain, and the texts of `retry-effects`' store errors. The error that a call returns
/// does not change. The hook runs on the thread of the call, once for each text, so it should be quick.
///
/// # Examples
///
/// ```
/// use std::borrow::Cow;
///
/// fn without_tokens(text: &str) -> Cow<'_, str> {
///     match text.find("sk-") {
///         Some(at) => Cow::Owned(format!("{}sk-…", &text[..at])),
///         None => Cow::Borrowed(text),
///     }
/// }
///
/// assert!(retry_core::redact_with(without_tokens));
/// assert!(!retry_core::redact_with(without_tokens), "the first one stays");
/// ```
pub fn redact_with(hook: fn(&str) -> Cow<'_, str>) -> bool {
    REDACTION_HOOK.set(hook).is_ok()
}

/// Returns `text` without the secrets of its URLs, and without the parts that the hook of
/// [`redact_with`] removes. Does not allocate if there is nothing to remove.
#[must_use]
pub fn redacted(text: &str) -> Cow<'_, str> {
    let without = without_secrets(text);
    match (REDACTION_HOOK.get(), without) {
        (None, without) => without,
        (Some(hook), Cow::Borrowed(text)) => hook(text),
        (Some(hook), Cow::Owned(text)) => Cow::Owned(hook(&text).into_owned()),
    }
}

/// Returns the `Display` output of `text`, redacted.
#[must_use]
pub fn redacted_text(text: &dyn fmt::Display) -> String {
    let text = text_of(text);
    match redacted(&text) {
        Cow::Borrowed(same) if std::ptr::eq(same, &*text) => text,
        other => other.into_owned(),
    }
}

/// Displays the same text, redacted.
pub(crate) struct Redacted<'a>(pub(crate) &'a dyn fmt::Display);

impl fmt::Display for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redacted_text(self.0))
    }
}

const SEPARATOR: &str = "://";
/// Stands in place of removed text.
const REMOVED: &str = "…";

/// Works in one pass: each byte belongs to at most one URL, however many URLs there are.
fn without_secrets(text: &str) -> Cow<'_, str> {
    let mut next = text.find(SEPARATOR);
    let (mut shown, mut copied, mut word_end, mut last_at) = (String::new(), 0, 0, 0);
    while let Some(separator) = next {
        let begin = separator + SEPARATOR.len();
        if begin >= word_end {
            word_end = begin + word_length(&text[begin..]);
            last_at = text[begin..word_end].rfind('@').map_or(0, |at| begin + at);
        }
        next = find_from(text, begin);
        // A URL inside the path of another URL is separate.
        let mut end = next.map_or(word_end, |next| next.min(word_end));
        let mut host = begin + userinfo_length(&text[begin..end]);
        // The separator may also be a part of a password. There is then an `@` after it, which ends the
        // password: both parts belong to one URL.
        if host == begin && last_at >= end && has_no_port(authority(&text[begin..end])) {
            host += userinfo_length(&text[begin..word_end]);
            next = find_from(text, host);
            end = next.map_or(word_end, |next| next.min(word_end));
        }
        if host > begin {
            shown.push_str(&text[copied..begin]);
            shown.push_str(REMOVED);
            shown.push('@');
            copied = host;
        }
        if let Some(path_length) = text[host..end].find(['?', '#']) {
            let path_end = host + path_length;
            shown.push_str(&text[copied..path_end]);
            push_marks(&mut shown, &text[path_end..word_end]);
            copied = word_end;
            next = find_from(text, word_end);
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    shown.push_str(&text[copied..]);
    Cow::Owned(shown)
}

fn find_from(text: &str, from: usize) -> Option<usize> {
    text[from..].find(SEPARATOR).map(|at| from + at)
}

/// Returns the length of the part of `rest` that may belong to a URL. Quotes and brackets end a URL only
/// at the end of a word: unescaped ones occur in queries, and the text after them is as secret as the
/// text before.
fn word_length(rest: &str) -> usize {
    let ends = |char: char| char.is_whitespace() || char.is_control() || "\"<>".contains(char);
    let word = &rest[..rest.find(ends).unwrap_or(rest.len())];
    word.trim_end_matches(|char| "'`)]},;:.!?#\\".contains(char))
        .len()
}

/// Returns the number of bytes after `scheme://` that name a user, with or without a password, up to and
/// including the `@`.
fn userinfo_length(url: &str) -> usize {
    let authority = authority(url);
    let path_end = url.find(['?', '#']).unwrap_or(url.len());
    // Passwords are often unescaped. Such a password extends to the last `@`.
    let reach = match (authority.contains('@'), has_no_port(authority)) {
        (false, false) => return 0,
        (false, true) if !url[..path_end].contains('@') => url.len(),
        _ => path_end,
    };
    url[..reach].rfind('@').map_or(0, |at| at + '@'.len_utf8())
}

fn authority(url: &str) -> &str {
    &url[..url.find(['/', '?', '#']).unwrap_or(url.len())]
}

/// Whether the part after a colon cannot be a port.
fn has_no_port(authority: &str) -> bool {
    let port = authority.split_once(':').map_or("", |(_, port)| port);
    !authority.starts_with('[') && !port.bytes().all(|byte| byte.is_ascii_digit())
}

/// Shows that a query and a fragment were present, without their text.
fn push_marks(shown: &mut String, query: &str) {
    let fragment = query.find('#').map_or("", |at| &query[at..]);
    for part in [&query[..query.len() - fragment.len()], fragment] {
        let mark = part.chars().next();
        shown.extend(mark);
        if mark.is_some_and(|mark| part.len() > mark.len_utf8()) {
            shown.push_str(REMOVED);
        }
    }
}

#[cfg(test)]
mod tests;
