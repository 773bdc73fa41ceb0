//! [`io::Error`]s of libraries that do not state whether a request had been sent.

use std::io;

use super::outcome::unknown;
use crate::classify::classification::Classify;
use crate::classify::judgement::{Judgement, Proof};

/// Judges like the io error alone, except that one without a kind counts as known here and leaves the
/// outcome open. Its text, such as "bytes remaining on stream", gives no advice.
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
    use crate::classify::judgement::Verdict;
    use std::io::ErrorKind;

    #[test]
    fn a_telling_kind_is_believed_and_a_text_is_not() {
        for (error, verdict, proved) in [
            (
                io::Error::from(ErrorKind::ConnectionRefused),
                Verdict::Retry,
                true,
            ),
            (
                io::Error::from(ErrorKind::ConnectionReset),
                Verdict::Retry,
                false,
            ),
            (
                io::Error::from(ErrorKind::PermissionDenied),
                Verdict::Stop,
                true,
            ),
            (
                io::Error::other("permission to read the bytes remaining on stream"),
                Verdict::Retry,
                false,
            ),
        ] {
            let judged = judge(&error);
            assert_eq!(judged.verdict(), verdict, "{error:?}");
            assert_eq!(judged.is_not_applied(), proved, "{error:?}");
            assert_ne!(judged.proof(), Proof::Unrecognized, "{error:?}");
        }
    }
}
