//! [`hyper::Error`] of a direct connection, by the progress of the request.

use super::layers;
use super::outcome::unknown;

classified! {
    // Only `Debug` distinguishes a request that hyper gave back from an upgrade that failed.
    hyper::Error: |error| layers::judgement(error).unwrap_or(unknown("request"));
}
