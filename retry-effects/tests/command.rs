//! The program `retry-effects` as it is installed. Its work is tested in the crate `retry-tests`,
//! beside the servers that it is for.
#![expect(
    clippy::unwrap_used,
    reason = "a test may; the lint knows only test functions"
)]

use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_retry-effects"));
    command.args(arguments).env_remove("RETRY_EFFECTS_STORE");
    command.output().unwrap()
}

#[test]
fn it_says_its_version() {
    let output = run(&["--version"]);
    assert!(output.status.success(), "{output:?}");
    let version = concat!("retry-effects ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), version);
}

#[cfg(feature = "sqlite")]
#[test]
fn it_reads_a_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("effects.db");
    let _store = retry_effects::SqliteEffectStore::open(&path).unwrap();
    let output = run(&["--store", path.to_str().unwrap(), "list"]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(output.stdout, b"no records\n");
}

/// Each store whose feature is off is refused, and the error names that feature.
#[test]
fn a_store_that_is_not_built_in_is_named() {
    let places = [
        ("effects.db", "sqlite", cfg!(feature = "sqlite")),
        (
            "postgres://u:secret@h/d",
            "postgres",
            cfg!(feature = "postgres"),
        ),
        (
            "postgres://u:secret@h/d?sslmode=require",
            "postgres-tls",
            cfg!(feature = "postgres-tls"),
        ),
        ("redis://:secret@h", "redis", cfg!(feature = "redis")),
        (
            "rediss://:secret@h",
            "redis-tls",
            cfg!(feature = "redis-tls"),
        ),
    ];
    for (place, feature, _) in places.into_iter().filter(|(.., is_there)| !is_there) {
        let output = run(&["--store", place, "list"]);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            said.contains(&format!("the features `cli` and `{feature}`")),
            "{said}"
        );
        assert!(!said.contains("secret"), "{said}");
    }
}
