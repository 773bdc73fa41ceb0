//! Holds the published table of verdicts, `docs/classification.md`, against the code.

use std::io::{self, ErrorKind};

use crate::classify::{Classify, Verdict};

const TABLE: &str = include_str!("../../docs/classification.md");

/// The codes in backticks of the rows that begin so, with the verdict that the table gives them.
fn codes(library: &str, prefix: &str) -> Vec<(&'static str, Verdict)> {
    let mut codes = Vec::new();
    for row in TABLE.lines() {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [_, of, error, verdict, ..] = *cells.as_slice() else {
            continue;
        };
        let verdict = match verdict {
            "Retry" => Verdict::Retry,
            "Unknown" => Verdict::Unknown,
            "Stop" => Verdict::Stop,
            _ => continue,
        };
        if of == library && error.starts_with(prefix) {
            codes.extend(
                error
                    .split('`')
                    .skip(1)
                    .step_by(2)
                    .map(|code| (code, verdict)),
            );
        }
    }
    assert!(
        !codes.is_empty(),
        "no row of {library} begins with {prefix:?}"
    );
    codes
}

#[test]
fn io_kinds() {
    use ErrorKind as K;
    let kinds = [
        K::ConnectionRefused,
        K::HostUnreachable,
        K::NetworkUnreachable,
        K::NetworkDown,
        K::NotConnected,
        K::AddrInUse,
        K::Interrupted,
        K::WouldBlock,
        K::ResourceBusy,
        K::ExecutableFileBusy,
        K::Deadlock,
        K::TimedOut,
        K::ConnectionReset,
        K::ConnectionAborted,
        K::BrokenPipe,
        K::UnexpectedEof,
        K::NotFound,
        K::PermissionDenied,
        K::AlreadyExists,
        K::InvalidInput,
        K::InvalidData,
        K::InvalidFilename,
        K::NotADirectory,
        K::IsADirectory,
        K::DirectoryNotEmpty,
        K::NotSeekable,
        K::TooManyLinks,
        K::CrossesDevices,
        K::ArgumentListTooLong,
        K::Unsupported,
        K::ReadOnlyFilesystem,
        K::StorageFull,
        K::QuotaExceeded,
        K::FileTooLarge,
    ];
    let listed = codes("`std::io`", "");
    assert_eq!(listed.len(), kinds.len());
    for (name, verdict) in listed {
        let kind = kinds.iter().find(|kind| format!("{kind:?}") == name);
        let kind = *kind.unwrap_or_else(|| panic!("no kind {name}"));
        assert_eq!(io::Error::from(kind).classify(), verdict, "{name}");
    }
}

#[cfg(feature = "reqwest")]
#[test]
fn http_statuses() {
    for (code, verdict) in codes("reqwest", "status") {
        let status = code.parse().expect("a number");
        assert_eq!(super::http_status::judge(status).0, verdict, "{code}");
    }
}

#[cfg(feature = "tonic")]
#[test]
fn grpc_codes() {
    let mut listed = 0;
    for (name, verdict) in codes("tonic", "`") {
        let plain = name.replace('_', "");
        let named = |code: &tonic::Code| format!("{code:?}").eq_ignore_ascii_case(&plain);
        let Some(code) = (0..=16).map(tonic::Code::from_i32).find(named) else {
            assert_eq!(name, "grpc-retry-pushback-ms");
            continue;
        };
        listed += 1;
        assert_eq!(tonic::Status::new(code, "").classify(), verdict, "{name}");
    }
    assert_eq!(listed, 16, "all but OK");
}

#[cfg(any(feature = "sqlx", feature = "tokio-postgres"))]
#[test]
fn sqlstates() {
    for (code, verdict) in codes("sqlx, tokio-postgres", "SQLSTATE") {
        assert_eq!(super::sqlstate::judge(code).0, verdict, "{code}");
    }
}

#[cfg(feature = "sqlx")]
#[test]
fn sqlite_codes() {
    for (code, verdict) in codes("sqlx", "SQLite") {
        let number = code.parse().expect("a number");
        assert_eq!(super::sqlx::judge_sqlite(number).0, verdict, "{code}");
    }
}

#[cfg(feature = "redis")]
#[test]
fn redis_replies() {
    for (code, verdict) in codes("redis", "`") {
        // `ERR` stands in two rows: only its text tells the one that passes.
        if code == "ERR" && verdict == Verdict::Retry {
            continue;
        }
        let reply = redis::make_extension_error(code.to_owned(), None);
        assert_eq!(reply.classify(), verdict, "{code}");
    }
}
