//! [`eyre::Report`], by its source chain.

use std::error::Error;

use crate::classify::classification::Classify;

impl Classify for eyre::Report {
    fn as_error(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.as_ref())
    }
}
