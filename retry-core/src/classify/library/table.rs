//! Checks the published table, `docs/classification.md`, against the code.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};

use crate::classify::classification::Classify;
use crate::classify::judgement::{Judgement, Verdict};

const TABLE: &str = include_str!("../../../docs/classification.md");

/// The promise of a row: the advice, and whether it is proved that nothing happened.
type Promise = (Verdict, bool);

fn promise_of(judgement: Judgement) -> Promise {
    (judgement.verdict(), judgement.is_not_applied())
}

/// Returns the codes in backticks of the rows of `library` whose error begins with `prefix`, with
/// the table's promise for each.
fn codes(library: &str, prefix: &str) -> Vec<(&'static str, Promise)> {
    let mut codes = Vec::new();
    for row in TABLE.lines() {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [_, of, error, advice, proved, ..] = *cells.as_slice() else {
            continue;
        };
        let verdict = match advice {
            "Retry" => Verdict::Retry,
            "Stop" => Verdict::Stop,
            _ => continue,
        };
        let is_not_applied = match proved {
            "yes" => true,
            "no" => false,
            _ => continue,
        };
        if of == library && error.starts_with(prefix) {
            let quoted = error.split('`').skip(1).step_by(2);
            codes.extend(quoted.map(|code| (code, (verdict, is_not_applied))));
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
        K::AddrInUse,
        K::AddrNotAvailable,
        K::NotFound,
        K::PermissionDenied,
        K::AlreadyExists,
        K::HostUnreachable,
        K::NetworkUnreachable,
        K::NetworkDown,
        K::NotConnected,
        K::TimedOut,
        K::ConnectionReset,
        K::ConnectionAborted,
        K::BrokenPipe,
        K::UnexpectedEof,
        K::Interrupted,
        K::WouldBlock,
        K::ResourceBusy,
        K::ExecutableFileBusy,
        K::Deadlock,
        K::WriteZero,
        K::InvalidData,
        K::InvalidInput,
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
    for (name, promise) in listed {
        let kind = kinds.iter().find(|kind| format!("{kind:?}") == name);
        let kind = *kind.unwrap_or_else(|| panic!("no kind {name}"));
        let judged = io::Error::from(kind).classify();
        assert_eq!(promise_of(judged), promise, "{name}");
    }
}

/// An error with this `Debug`. Its `Display` is the text that a connector quotes, else another one.
struct Layer(&'static str);

impl fmt::Debug for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let connector = self.0.strip_prefix("ConnectError(\"");
        f.write_str(connector.map_or("its text", |rest| {
            rest.split('"').next().unwrap_or_default()
        }))
    }
}

impl Error for Layer {}

#[test]
fn layers() {
    let listed = codes("layer", "");
    assert_eq!(listed.len(), 31);
    for (debug, promise) in listed {
        let judged = super::layers::judgement(&Layer(debug));
        assert_eq!(judged.map(promise_of), Some(promise), "{debug}");
    }
}

#[test]
fn http_statuses() {
    for (code, promise) in codes("reqwest", "status") {
        let status = code.parse().expect("a number");
        let judged = super::http_status::judge(status);
        assert_eq!(promise_of(judged), promise, "{code}");
    }
}

#[cfg(feature = "tonic")]
#[test]
fn grpc_codes() {
    let mut listed = 0;
    for (name, promise) in codes("tonic", "`") {
        let plain = name.replace('_', "");
        let named = |code: &tonic::Code| format!("{code:?}").eq_ignore_ascii_case(&plain);
        let code = (0..=16).map(tonic::Code::from_i32).find(named);
        let code = code.unwrap_or_else(|| panic!("no code {name}"));
        listed += 1;
        let judged = tonic::Status::new(code, "").classify();
        assert_eq!(promise_of(judged), promise, "{name}");
    }
    assert_eq!(listed, 16, "all but OK");
}

#[cfg(any(feature = "sqlx", feature = "sqlx-08", feature = "tokio-postgres"))]
#[test]
fn sqlstates() {
    for (code, promise) in codes("sqlx, tokio-postgres", "SQLSTATE") {
        let judged = super::sqlstate::judge(code);
        assert_eq!(promise_of(judged), promise, "{code}");
    }
}

#[test]
fn sqlite_codes() {
    for (code, promise) in codes("sqlx, rusqlite", "SQLite") {
        let number = code.parse().expect("a number");
        let judged = super::sqlite::judge(number);
        assert_eq!(promise_of(judged), promise, "{code}");
    }
}

#[cfg(feature = "redis")]
#[test]
fn redis_replies() {
    for (reply, promise) in codes("redis", "`") {
        let (code, detail) = match reply.split_once(' ') {
            Some((code, detail)) => (code, Some(detail.to_owned())),
            None => (reply, None),
        };
        let reply = redis::make_extension_error(code.to_owned(), detail);
        assert_eq!(promise_of(reply.classify()), promise, "{reply}");
    }
}
