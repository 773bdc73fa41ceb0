//! Words of `#[derive(Classify)]` where they mean nothing, and fields that are not there.

use retry_core::Classify;
use std::io;
use std::time::Duration;

#[derive(Debug, thiserror::Error, Classify)]
#[error("on the enum")]
#[classify(stop, kind = "a", not_applied, with = judge)]
enum OnEnum {
    #[classify(default = stop)]
    Default,
    #[classify(crate = ::retry_core)]
    Crate,
    Field(#[classify(retry_after)] Duration),
}

#[derive(Debug, thiserror::Error, Classify)]
#[error("on the struct")]
#[classify(default = stop)]
struct OnStruct {
    #[classify(stop)]
    after: Duration,
}

#[derive(Debug, thiserror::Error, Classify)]
#[error("fields")]
enum Fields {
    #[classify(retry_after = aftr)]
    Misspelt { after: Duration, code: u32 },
    #[classify(retry_after = wait)]
    None { code: u32, text: String },
    #[classify(retry_after = 1)]
    TooFar(Duration),
    #[classify(retry_after = after)]
    Unit,
}

#[derive(Debug, Classify)]
enum Sources {
    Two(#[source] io::Error, #[from] io::Error),
}

impl std::fmt::Display for Sources {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("sources")
    }
}

#[derive(Classify)]
union Union {
    number: u32,
}

fn main() {}
