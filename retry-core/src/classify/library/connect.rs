//! Failures before a request was sent: during connecting, or during the TLS handshake.

use std::error::Error;
use std::io::{self, ErrorKind};

use super::head::Head;
use super::outcome::{broken, misused, turned_away};
use crate::classify::judgement::Judgement;
use crate::classify::sources::{held_as, layers};

type SourceRef<'a> = Option<&'a (dyn Error + 'static)>;

/// Judges a failure to connect. Nothing took effect, so even a reset or a timeout is safe to retry; only
/// a fault that time does not mend is final. A missing socket file means that the server is not up.
pub(super) fn judge(source: SourceRef<'_>) -> Judgement {
    let judged = match io_error(source).map(|io| (io.kind(), io)) {
        Some((ErrorKind::ConnectionRefused, _)) => turned_away("connection_refused"),
        Some((ErrorKind::TimedOut, _)) => turned_away("connect_timeout"),
        Some((ErrorKind::PermissionDenied, _)) => broken("connect_impossible"),
        // TLS libraries report as invalid data both an unsuitable certificate and a peer that does not
        // speak TLS, for example behind a proxy that is still being set up.
        Some((ErrorKind::InvalidData, io)) if is_about_certificate(io) => {
            broken("connect_impossible")
        }
        // An invalid address.
        Some((
            ErrorKind::InvalidInput | ErrorKind::InvalidFilename | ErrorKind::Unsupported,
            _,
        )) => misused("connect_impossible"),
        _ if has_timed_out(source) => turned_away("connect_timeout"),
        _ => turned_away("connect"),
    };
    if any(source, |debug| {
        debug.starts_with("ConnectError(\"dns error\"") || debug.starts_with("DnsError {")
    }) {
        return judged.with_kind("dns");
    }
    judged
}

/// Judges a failed TLS handshake: one that the network broke is a failure to connect, any other is a
/// lasting disagreement.
#[cfg(any(feature = "sqlx", feature = "sqlx-08", feature = "tokio-postgres"))]
pub(super) fn judge_tls(source: SourceRef<'_>) -> Judgement {
    match io_error(source) {
        Some(_) => judge(source),
        None => broken("tls"),
    }
}

/// Whether a time limit of this side cut the request: reqwest and hyper use a private type for it.
pub(super) fn has_timed_out(source: SourceRef<'_>) -> bool {
    io_error(source).is_some_and(|io| io.kind() == ErrorKind::TimedOut)
        || any(source, |debug| debug == "TimedOut")
}

fn io_error(source: SourceRef<'_>) -> Option<&io::Error> {
    layers(source).find_map(held_as::<io::Error>)
}

/// Whether rustls refused the certificate, by the name of its error.
fn is_about_certificate(io: &io::Error) -> bool {
    io.get_ref().is_some_and(|inner| {
        Head::of_debug(inner)
            .as_str()
            .starts_with("InvalidCertificate(")
    })
}

fn any(source: SourceRef<'_>, is: impl Fn(&str) -> bool) -> bool {
    layers(source).any(|layer| is(Head::of_debug(layer).as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::judgement::{Answer, Verdict};

    #[test]
    fn only_what_time_does_not_mend_is_final() {
        for (kind, verdict) in [
            (ErrorKind::ConnectionRefused, Verdict::Retry),
            (ErrorKind::ConnectionReset, Verdict::Retry),
            (ErrorKind::TimedOut, Verdict::Retry),
            (ErrorKind::HostUnreachable, Verdict::Retry),
            (ErrorKind::NotFound, Verdict::Retry),
            (ErrorKind::AddrNotAvailable, Verdict::Retry),
            (ErrorKind::InvalidData, Verdict::Retry),
            (ErrorKind::PermissionDenied, Verdict::Stop),
            (ErrorKind::InvalidInput, Verdict::Stop),
        ] {
            let judged = judge(Some(&io::Error::from(kind)));
            assert_eq!(judged.verdict(), verdict, "{kind:?}");
            assert!(judged.is_not_applied(), "{kind:?}");
            assert_ne!(judged.answer(), Answer::Answered, "{kind:?}");
        }
        assert_eq!(judge(None).verdict(), Verdict::Retry);
    }

    #[derive(Debug, thiserror::Error)]
    #[error("invalid peer certificate")]
    enum Tls {
        InvalidCertificate(#[allow(dead_code, reason = "as rustls has it")] u8),
        InvalidMessage,
    }

    #[test]
    fn a_certificate_that_does_not_fit_is_final() {
        let handshake = |error| io::Error::new(ErrorKind::InvalidData, error);
        let judged = judge(Some(&handshake(Tls::InvalidCertificate(1))));
        assert_eq!(judged.verdict(), Verdict::Stop);
        assert_eq!(judged.answer(), Answer::Failing);
        let judged = judge(Some(&handshake(Tls::InvalidMessage)));
        assert_eq!(judged.verdict(), Verdict::Retry);
    }

    #[cfg(any(feature = "sqlx", feature = "sqlx-08", feature = "tokio-postgres"))]
    #[test]
    fn a_handshake_that_the_network_broke_is_tried_again() {
        let broken = io::Error::from(ErrorKind::ConnectionReset);
        assert_eq!(judge_tls(Some(&broken)).verdict(), Verdict::Retry);
        assert_eq!(judge_tls(None).verdict(), Verdict::Stop);
        assert_eq!(judge_tls(None).answer(), Answer::Failing);
    }
}
