//! [`io::Error`]s of libraries that do not say whether a request had gone out by then.

use std::io;

use super::outcome::unknown;
use crate::classify::Classify;
use crate::judgement::{Judgement, Proof};

/// As the io error by itself, except that one without a kind is a known one here, and leaves the
/// outcome open. Its text, such as "bytes remaining on stream", advises nothing.
pub(super) fn judge(error: &io::Error) -> Judgement {
    let judged = error.classify();
    match judged.proof() {
        Proof::Unrecognized => unknown(judged.kind()),
        _ => judged,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_telling_kind_is_believed_and_a_text_is_not() {
        for (error, verdict) in [
            (
                io::Error::from(ErrorKind::ConnectionRefused),
                Verdict::Retry,
            ),
            (
                io::Error::from(ErrorKind::ConnectionReset),
                Verdict::Unknown,
            ),
            (io::Error::from(ErrorKind::PermissionDenied), Verdict::Stop),
            (
                io::Error::other("bytes remaining on stream"),
                Verdict::Unknown,
            ),
        ] {
            assert_eq!(judge(&error).0, verdict, "{error:?}");
        }
    }
}
