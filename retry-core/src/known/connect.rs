//! Failures before a request was sent: while connecting, or while agreeing on encryption.

use std::error::Error;
use std::io::{self, ErrorKind};

use super::outcome::{refused, turned_away};
use crate::chain;
use crate::judgement::Judgement;

type Source<'a> = Option<&'a (dyn Error + 'static)>;

/// A failure to connect. Nothing took effect, so even a reset or a timeout is safe to try again;
/// final is only what time does not mend. A socket file that is not there is a server that is not
/// up.
pub(super) fn judge(source: Source<'_>) -> Judgement {
    match io_kind(source) {
        Some(ErrorKind::ConnectionRefused) => turned_away("connection_refused"),
        Some(ErrorKind::TimedOut) => turned_away("connect_timeout"),
        Some(
            ErrorKind::PermissionDenied
            | ErrorKind::InvalidInput
            // A certificate that does not fit comes from TLS libraries as invalid data.
            | ErrorKind::InvalidData
            | ErrorKind::InvalidFilename
            | ErrorKind::Unsupported,
        ) => refused("connect_impossible"),
        _ => turned_away("connect"),
    }
}

/// A failed TLS handshake: one that the network broke is a failure to connect, any other is a
/// disagreement that stays.
#[cfg(any(feature = "sqlx", feature = "tokio-postgres"))]
pub(super) fn judge_tls(source: Source<'_>) -> Judgement {
    match io_kind(source) {
        Some(_) => judge(source),
        None => refused("tls"),
    }
}

fn io_kind(source: Source<'_>) -> Option<ErrorKind> {
    chain::layers(source)
        .find_map(|layer| layer.downcast_ref::<io::Error>())
        .map(io::Error::kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_time_does_not_mend_is_final() {
        for (kind, verdict) in [
            (ErrorKind::ConnectionRefused, Verdict::Retry),
            (ErrorKind::ConnectionReset, Verdict::Retry),
            (ErrorKind::TimedOut, Verdict::Retry),
            (ErrorKind::NotFound, Verdict::Retry),
            (ErrorKind::AddrNotAvailable, Verdict::Retry),
            (ErrorKind::PermissionDenied, Verdict::Stop),
            (ErrorKind::InvalidData, Verdict::Stop),
        ] {
            assert_eq!(judge(Some(&io::Error::from(kind))).0, verdict, "{kind:?}");
        }
        assert_eq!(judge(None).0, Verdict::Retry);
    }

    #[cfg(any(feature = "sqlx", feature = "tokio-postgres"))]
    #[test]
    fn a_handshake_that_the_network_broke_is_tried_again() {
        let broken = io::Error::from(ErrorKind::ConnectionReset);
        assert_eq!(judge_tls(Some(&broken)).0, Verdict::Retry);
        assert_eq!(judge_tls(None).0, Verdict::Stop);
    }
}
