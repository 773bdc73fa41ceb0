//! [`hyper::Error`] of a direct connection, by the progress of the request.

use std::error::Error;

use super::layers;
use super::outcome::unknown;
use crate::classify::classification::Classify;
use crate::classify::judgement::Judgement;

impl Classify for hyper::Error {
    /// Only `Debug` distinguishes a request that hyper gave back from an upgrade that failed.
    fn classify(&self) -> Judgement {
        layers::judgement(self).unwrap_or(unknown("request"))
    }

    fn as_error(&self) -> Option<&(dyn Error + 'static)> {
        Some(self)
    }
}
