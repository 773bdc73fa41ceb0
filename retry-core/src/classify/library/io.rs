//! [`std::io::Error`], by kind; an error without a specific kind by its inner error, then by text.

use std::error::Error;
use std::io::{self, ErrorKind};

use crate::classify::chain;
use crate::classify::judgement::{Answer, Judgement};

classified! {
    io::Error: judge;
}

fn judge(error: &io::Error) -> Judgement {
    let kind = io::Error::kind(error);
    let judgement = by_kind(kind).unwrap_or_else(|| {
        let inner = error.get_ref().map(|inner| inner as &(dyn Error + 'static));
        let known = inner.and_then(chain::judgement);
        chain::judgement_of(&error, inner, known)
    });
    match name(kind) {
        Some(name) => judgement.with_kind(name),
        None if judgement.kind() == "error" => judgement.with_kind("io"),
        None => judgement,
    }
}

fn by_kind(kind: ErrorKind) -> Option<Judgement> {
    use ErrorKind as K;
    Some(match kind {
        // Connecting or binding failed: no byte was sent. (A UDP socket uses this kind to report that an
        // earlier datagram was refused; the error does not show it.)
        K::ConnectionRefused => Judgement::retry().step_not_applied(),
        K::AddrInUse | K::AddrNotAvailable => ours(Judgement::retry()).step_not_applied(),
        // Opening a resource was refused: the file system, or the server behind it, has answered.
        K::PermissionDenied | K::NotFound | K::AlreadyExists => {
            Judgement::stop().step_not_applied()
        }
        // A peer may have vanished after the request went out: the kinds do not show it.
        K::HostUnreachable
        | K::NetworkUnreachable
        | K::NetworkDown
        | K::NotConnected
        | K::Interrupted
        // A std socket reports the timeout of a read as this kind.
        | K::WouldBlock
        | K::ResourceBusy
        | K::ExecutableFileBusy
        | K::Deadlock
        | K::TimedOut
        | K::ConnectionReset
        | K::ConnectionAborted
        | K::BrokenPipe
        | K::UnexpectedEof
        // A part was written.
        | K::WriteZero => Judgement::retry().unknown(),
        // An answer that is not UTF-8 has this kind.
        K::InvalidData => Judgement::stop().unknown(),
        // Time does not mend these; a part may have been written.
        K::InvalidInput
        | K::InvalidFilename
        | K::NotADirectory
        | K::IsADirectory
        | K::DirectoryNotEmpty
        | K::NotSeekable
        | K::TooManyLinks
        | K::CrossesDevices
        | K::ArgumentListTooLong
        | K::Unsupported
        | K::ReadOnlyFilesystem
        | K::StorageFull
        | K::QuotaExceeded
        | K::FileTooLarge => ours(Judgement::stop()).unknown(),
        _ => return None,
    })
}

/// An error of this machine: no request to another side.
const fn ours(judgement: Judgement) -> Judgement {
    judgement.with_answer(Answer::NotAsked)
}

fn name(kind: ErrorKind) -> Option<&'static str> {
    use ErrorKind as K;
    Some(match kind {
        K::ConnectionRefused => "connection_refused",
        K::HostUnreachable | K::NetworkUnreachable | K::NetworkDown => "unreachable",
        K::NotConnected => "not_connected",
        K::AddrInUse => "address_in_use",
        K::AddrNotAvailable => "address_not_available",
        K::Interrupted => "interrupted",
        K::WouldBlock => "would_block",
        K::ResourceBusy | K::ExecutableFileBusy => "busy",
        K::Deadlock => "deadlock",
        K::TimedOut => "timed_out",
        K::ConnectionReset => "connection_reset",
        K::ConnectionAborted => "connection_aborted",
        K::BrokenPipe => "broken_pipe",
        K::UnexpectedEof => "unexpected_eof",
        K::WriteZero => "write_zero",
        K::NotFound => "not_found",
        K::PermissionDenied => "permission_denied",
        K::AlreadyExists => "already_exists",
        K::InvalidInput | K::InvalidData | K::InvalidFilename => "invalid",
        K::Unsupported => "unsupported",
        K::ReadOnlyFilesystem => "read_only",
        K::StorageFull | K::QuotaExceeded => "storage_full",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::classification::Classify;
    use crate::classify::judgement::Verdict;

    #[test]
    fn kinds_decide() {
        for (kind, verdict, proved) in [
            (ErrorKind::ConnectionRefused, Verdict::Retry, true),
            (ErrorKind::AddrInUse, Verdict::Retry, true),
            (ErrorKind::HostUnreachable, Verdict::Retry, false),
            (ErrorKind::WouldBlock, Verdict::Retry, false),
            (ErrorKind::TimedOut, Verdict::Retry, false),
            (ErrorKind::ConnectionReset, Verdict::Retry, false),
            (ErrorKind::UnexpectedEof, Verdict::Retry, false),
            (ErrorKind::NotFound, Verdict::Stop, true),
            (ErrorKind::PermissionDenied, Verdict::Stop, true),
            (ErrorKind::InvalidData, Verdict::Stop, false),
            (ErrorKind::StorageFull, Verdict::Stop, false),
        ] {
            let judged = io::Error::from(kind).classify();
            assert_eq!(judged.verdict(), verdict, "{kind:?}");
            assert_eq!(judged.is_not_applied(), proved, "{kind:?}");
        }
    }

    #[test]
    fn an_error_of_this_machine_is_no_answer_of_another() {
        for (kind, answer) in [
            (ErrorKind::StorageFull, Answer::NotAsked),
            (ErrorKind::InvalidInput, Answer::NotAsked),
            (ErrorKind::ConnectionRefused, Answer::Failing),
            (ErrorKind::TimedOut, Answer::Failing),
            (ErrorKind::InvalidData, Answer::Failing),
        ] {
            assert_eq!(
                io::Error::from(kind).classify().answer(),
                answer,
                "{kind:?}"
            );
        }
    }

    #[test]
    fn an_inner_io_error_decides_for_one_without_a_kind() {
        let outer = io::Error::other(io::Error::from(ErrorKind::ConnectionReset));
        assert_eq!(outer.classify().verdict(), Verdict::Retry);
        assert_eq!(outer.classify().kind(), "connection_reset");
        let outer = io::Error::other(io::Error::from(ErrorKind::ConnectionRefused));
        assert!(outer.classify().is_not_applied());
    }

    #[test]
    fn the_text_advises_where_nothing_is_known_and_proves_nothing() {
        let judged = |text: &'static str| io::Error::other(text).classify();
        assert_eq!(judged("permission lost").verdict(), Verdict::Stop);
        assert_eq!(judged("hiccup").verdict(), Verdict::Retry);
        assert_eq!(judged("hiccup").kind(), "io");
        assert!(!judged("permission lost").is_not_applied());
    }
}
