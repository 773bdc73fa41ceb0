//! [`reqwest::Error`], by status, and else by how far the request had come.
//!
//! It carries no headers, so a server's `Retry-After` is not in it: see
//! [`parse_retry_after`](crate::parse_retry_after).

use std::error::Error;

use super::outcome::{refused, unknown};
use super::{connect, http_status};
use crate::chain;
use crate::classify::Classify;
use crate::judgement::Judgement;

impl Classify for reqwest::Error {
    fn classify(&self) -> Judgement {
        judge(self)
    }

    fn as_error(&self) -> Option<&(dyn Error + 'static)> {
        Some(self)
    }
}

fn judge(error: &reqwest::Error) -> Judgement {
    if let Some(status) = error.status() {
        return http_status::judge(status.as_u16());
    }
    if error.is_builder() {
        return refused("invalid_request");
    }
    if error.is_connect() {
        let judged = connect::judge(error.source());
        return if error.is_dns() {
            judged.with_kind("dns")
        } else if error.is_timeout() {
            judged.with_kind("connect_timeout")
        } else {
            judged
        };
    }
    unknown(name_after_connect(error))
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
