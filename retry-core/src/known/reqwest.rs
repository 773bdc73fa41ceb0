//! [`reqwest::Error`], by status, and else by how far the request had come.
//!
//! It carries no headers, so a server's `Retry-After` is not in it: see
//! [`parse_retry_after`](crate::parse_retry_after).

use std::error::Error;

use super::{connect, http_status};
use crate::chain;
use crate::classify::{Classify, Verdict};

impl Classify for reqwest::Error {
    fn classify(&self) -> Verdict {
        judge(self).0
    }

    fn kind(&self) -> &'static str {
        judge(self).1
    }

    fn as_error(&self) -> Option<&(dyn Error + 'static)> {
        Some(self)
    }
}

fn judge(error: &reqwest::Error) -> (Verdict, &'static str) {
    if let Some(status) = error.status() {
        return http_status::judge(status.as_u16());
    }
    if error.is_builder() {
        return (Verdict::Stop, "invalid_request");
    }
    if error.is_connect() {
        return match connect::judge(error.source()) {
            (verdict, _) if error.is_dns() => (verdict, "dns"),
            (verdict, _) if error.is_timeout() => (verdict, "connect_timeout"),
            judged => judged,
        };
    }
    (Verdict::Unknown, name_after_connect(error))
}

/// The name of a failure after the connection stood: the request, or a part of it, was sent. That
/// holds for an answer that came and cannot be followed or decoded too: what was asked for has
/// then most likely happened.
fn name_after_connect(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "timed_out"
    } else if error.is_redirect() {
        "redirect"
    } else if let Some(name) = error.source().and_then(chain::kind) {
        name
    } else if error.is_decode() {
        "decode"
    } else if error.is_body() {
        "body"
    } else {
        "request"
    }
}
