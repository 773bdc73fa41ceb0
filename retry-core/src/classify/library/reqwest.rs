//! [`reqwest::Error`] of 0.13 and of 0.12, by status, else by the progress of the request.
//!
//! It carries no headers, so a server's `Retry-After` is not in it: see
//! [`parse_retry_after`](crate::parse_retry_after).

use std::error::Error;

use super::http_client::{Reqwest, judge_reqwest};

/// The judgement of an error of either version: their types differ, their methods do not.
macro_rules! judge {
    ($error:ident) => {{
        let kind = if let Some(status) = $error.status() {
            Reqwest::Status(status.as_u16())
        } else if $error.is_builder() {
            Reqwest::Builder {
                sent: $error.url().is_some(),
            }
        } else if $error.is_redirect() {
            Reqwest::Redirect
        } else if $error.is_request() {
            Reqwest::Request
        } else if $error.is_decode() {
            Reqwest::Decode
        } else {
            Reqwest::Body
        };
        judge_reqwest(kind, $error.source())
    }};
}

#[cfg(feature = "reqwest")]
classified! {
    reqwest::Error: |error| judge!(error);
}
#[cfg(feature = "reqwest-012")]
classified! {
    reqwest_012::Error: |error| judge!(error);
}
