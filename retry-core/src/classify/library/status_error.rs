//! [`StatusError`]: an HTTP answer that is an error, with all that it takes to judge it.

use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, SystemTime};

use ::http::{HeaderMap, StatusCode};

use super::http_hints;
use crate::classify::judgement::{Judgement, Verdict};

/// An answer whose status is an error, 400 or more, with its headers and the beginning of its body: the
/// error of [`checked`](crate::http::ResponseExt::checked).
///
/// Its [`Classify`](trait@crate::Classify) is that of
/// [`judge_status`](crate::http::judge_status), also deep in a source chain, in a box or in `anyhow`. It has
/// the size of one pointer.
///
/// `Display` shows the status and the URL without its query; `Debug` shows the names of the headers and
/// the length of the body as well. Neither shows the body or the value of a header, so that logs and
/// error trackers get none of it.
pub struct StatusError(Box<ErrorAnswer>);

struct ErrorAnswer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
    url: String,
    hint: Option<Duration>,
    judgement: Judgement,
}

classified! {
    StatusError: |error| error.0.judgement;
}

impl StatusError {
    /// The most bytes of a body that are kept: 8 KiB.
    pub const MAX_BODY: usize = 8 * 1024;

    /// Makes the error of an answer. The URL is printed, so it has no secrets.
    pub(crate) fn new(status: StatusCode, headers: HeaderMap, body: Vec<u8>, url: String) -> Self {
        let header = |name: &str| headers.get(name)?.to_str().ok();
        let judgement = http_hints::judge(status.as_u16(), header, SystemTime::now());
        let hint = match judgement.verdict() {
            Verdict::RetryAfter(wait) => Some(wait),
            _ => None,
        };
        Self(Box::new(ErrorAnswer {
            status,
            headers,
            body,
            url,
            hint,
            judgement,
        }))
    }

    /// Replaces the advice. The proof, and whether the other side works, stay as they are.
    pub(crate) fn advised(mut self, verdict: Verdict) -> Self {
        let judgement = &mut self.0.judgement;
        *judgement = judgement.with_settled_answers().advising(verdict);
        self
    }

    /// Returns the status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// Returns the headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// Returns the beginning of the body, at most [`MAX_BODY`](Self::MAX_BODY) bytes: shorter if the
    /// body is, if it ended too early, or if the server was too slow.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.0.body
    }

    /// Returns the beginning of the body as a text, with `U+FFFD` for what is not UTF-8.
    #[must_use]
    pub fn body_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0.body)
    }

    /// Returns the URL that answered, after redirects, without user, password, query and fragment.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// Returns the wait that the server requests before another attempt, if it does and the status, or the
    /// server's `x-should-retry`, leaves room for another one.
    #[must_use]
    pub fn hint(&self) -> Option<Duration> {
        self.0.hint
    }

    /// Returns the advice: by status and headers, or that of
    /// [`checked_with`](crate::http::ResponseExt::checked_with).
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.0.judgement.verdict()
    }
}

impl fmt::Display for StatusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ErrorAnswer { status, url, .. } = &*self.0;
        write!(f, "status {}", status.as_u16())?;
        // The registered phrase: that of the server is any text.
        if let Some(reason) = status.canonical_reason() {
            write!(f, " {reason}")?;
        }
        write!(f, " from {url}")
    }
}

impl fmt::Debug for StatusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ErrorAnswer {
            status,
            headers,
            body,
            url,
            ..
        } = &*self.0;
        let names: Vec<_> = headers.keys().map(::http::HeaderName::as_str).collect();
        f.debug_struct("StatusError")
            .field("status", &status.as_u16())
            .field("url", url)
            .field("headers", &names)
            .field("body_len", &body.len())
            .finish_non_exhaustive()
    }
}

impl std::error::Error for StatusError {}
