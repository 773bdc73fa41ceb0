//! [`std::io::Error`], by kind; what has no telling kind by its inner error, then by text.

use std::error::Error;
use std::io::{self, ErrorKind};

use crate::chain;
use crate::classify::{Classify, Verdict};

impl Classify for io::Error {
    fn classify(&self) -> Verdict {
        by_kind(self.kind()).unwrap_or_else(|| {
            let inner = self.get_ref().map(|inner| inner as &(dyn Error + 'static));
            let known = inner.and_then(chain::verdict);
            known.unwrap_or_else(|| chain::verdict_by_text(&self, inner))
        })
    }

    fn kind(&self) -> &'static str {
        name(io::Error::kind(self))
            .or_else(|| chain::kind(self.get_ref()?))
            .unwrap_or("io")
    }

    fn as_error(&self) -> Option<&(dyn Error + 'static)> {
        Some(self)
    }
}

fn by_kind(kind: ErrorKind) -> Option<Verdict> {
    use ErrorKind as K;
    Some(match kind {
        // The request never reached anyone, or was turned away before it began.
        K::ConnectionRefused
        | K::HostUnreachable
        | K::NetworkUnreachable
        | K::NetworkDown
        | K::NotConnected
        | K::AddrInUse
        | K::Interrupted
        | K::WouldBlock
        | K::ResourceBusy
        | K::ExecutableFileBusy
        | K::Deadlock => Verdict::Retry,
        // The request may have arrived; its answer did not.
        K::TimedOut
        | K::ConnectionReset
        | K::ConnectionAborted
        | K::BrokenPipe
        | K::UnexpectedEof => Verdict::Unknown,
        // Nothing that time mends.
        K::NotFound
        | K::PermissionDenied
        | K::AlreadyExists
        | K::InvalidInput
        | K::InvalidData
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
        | K::FileTooLarge => Verdict::Stop,
        _ => return None,
    })
}

fn name(kind: ErrorKind) -> Option<&'static str> {
    use ErrorKind as K;
    Some(match kind {
        K::ConnectionRefused => "connection_refused",
        K::HostUnreachable | K::NetworkUnreachable | K::NetworkDown => "unreachable",
        K::NotConnected => "not_connected",
        K::AddrInUse => "address_in_use",
        K::Interrupted => "interrupted",
        K::WouldBlock => "would_block",
        K::ResourceBusy | K::ExecutableFileBusy => "busy",
        K::Deadlock => "deadlock",
        K::TimedOut => "timed_out",
        K::ConnectionReset => "connection_reset",
        K::ConnectionAborted => "connection_aborted",
        K::BrokenPipe => "broken_pipe",
        K::UnexpectedEof => "unexpected_eof",
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

    #[test]
    fn kinds_decide() {
        for (kind, verdict) in [
            (ErrorKind::ConnectionRefused, Verdict::Retry),
            (ErrorKind::HostUnreachable, Verdict::Retry),
            (ErrorKind::Deadlock, Verdict::Retry),
            (ErrorKind::TimedOut, Verdict::Unknown),
            (ErrorKind::ConnectionReset, Verdict::Unknown),
            (ErrorKind::UnexpectedEof, Verdict::Unknown),
            (ErrorKind::NotFound, Verdict::Stop),
            (ErrorKind::StorageFull, Verdict::Stop),
        ] {
            assert_eq!(io::Error::from(kind).classify(), verdict, "{kind:?}");
        }
    }

    #[test]
    fn an_inner_io_error_decides_for_one_without_a_kind() {
        let inner = io::Error::from(ErrorKind::ConnectionReset);
        let outer = io::Error::other(inner);
        assert_eq!(outer.classify(), Verdict::Unknown);
        assert_eq!(Classify::kind(&outer), "connection_reset");
    }

    #[test]
    fn the_text_decides_where_nothing_is_known() {
        assert_eq!(
            io::Error::other("permission lost").classify(),
            Verdict::Stop
        );
        assert_eq!(io::Error::other("hiccup").classify(), Verdict::Retry);
        assert_eq!(Classify::kind(&io::Error::other("hiccup")), "io");
    }
}
