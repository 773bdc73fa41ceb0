//! [`anyhow::Error`], by its source chain.

use std::error::Error;

use crate::classify::{Classify, Verdict};

impl Classify for anyhow::Error {
    fn classify(&self) -> Verdict {
        let object: &(dyn Error + Send + Sync + 'static) = self.as_ref();
        object.classify()
    }

    fn kind(&self) -> &'static str {
        let object: &(dyn Error + Send + Sync + 'static) = self.as_ref();
        object.kind()
    }

    fn as_error(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.as_ref())
    }
}
