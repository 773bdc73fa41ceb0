//! [`reqwest::Error`] of 0.13 and of 0.12, by status, else by the progress of the request.
//!
//! It carries no headers, so a server's `Retry-After` is not in it: see
//! [`parse_retry_after`](crate::parse_retry_after).

use std::error::Error;

use super::http_client::{Reqwest, judge_reqwest};
use crate::classify::classification::Classify;
use crate::classify::judgement::Judgement;

macro_rules! classified {
    ($error:ty) => {
        impl Classify for $error {
            fn classify(&self) -> Judgement {
                let kind = if let Some(status) = self.status() {
                    Reqwest::Status(status.as_u16())
                } else if self.is_builder() {
                    Reqwest::Builder {
                        sent: self.url().is_some(),
                    }
                } else if self.is_redirect() {
                    Reqwest::Redirect
                } else if self.is_request() {
                    Reqwest::Request
                } else if self.is_decode() {
                    Reqwest::Decode
                } else {
                    Reqwest::Body
                };
                judge_reqwest(kind, self.source())
            }

            fn as_error(&self) -> Option<&(dyn Error + 'static)> {
                Some(self)
            }
        }
    };
}

#[cfg(feature = "reqwest")]
classified!(reqwest::Error);
#[cfg(feature = "reqwest-012")]
classified!(reqwest_012::Error);
