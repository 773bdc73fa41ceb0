//! [`io::Error`]s of libraries that do not say whether a request had gone out by then.

use std::io::{self, ErrorKind};

use crate::classify::{Classify, Verdict};

/// As the io error by itself, except that one without a kind leaves the outcome open. By its text,
/// such as "bytes remaining on stream", it would count as not applied.
pub(super) fn judge(error: &io::Error) -> (Verdict, &'static str) {
    let verdict = match error.classify() {
        Verdict::Retry if error.kind() == ErrorKind::Other => Verdict::Unknown,
        verdict => verdict,
    };
    (verdict, Classify::kind(error))
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
