//! [`hyper::Error`] of a connection of one's own, by how far the request had come.

use std::error::Error;

use super::layers;
use super::outcome::unknown;
use crate::classify::classification::Classify;
use crate::classify::judgement::Judgement;

impl Classify for hyper::Error {
    /// hyper does not tell a request that was given back from an upgrade that did not come about,
    /// except by its `Debug`.
    fn classify(&self) -> Judgement {
        layers::judgement(self).unwrap_or(unknown("request"))
    }

    fn as_error(&self) -> Option<&(dyn Error + 'static)> {
        Some(self)
    }
}
