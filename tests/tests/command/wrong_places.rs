//! Places where there is no store, and stores that cannot be read: nothing is made, and the error
//! states what to do.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use tempfile::TempDir;

use super::bench::{Bench, CommandOutput, bare_command, output_of};

/// Runs `list` on a place, and returns the result, which has no output but errors.
fn refused_place(place: &str, more: &[&str]) -> CommandOutput {
    let arguments = [&["list", "--store", place], more].concat();
    let output = output_of(&mut bare_command(&arguments));
    assert_eq!(output.out, "", "{output:?}");
    output
}

/// A store that cannot be opened, and why.
fn refused(place: &Path, why: &str) {
    let output = refused_place(place.to_str().unwrap(), &[]);
    assert_eq!(output.code, 3, "{output:?}");
    assert!(output.err.contains(why), "{output:?}");
    assert_eq!(output.err.lines().count(), 1, "{output:?}");
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn no_file_is_made() {
    let folder = folder();
    refused(&folder.path().join("typo.db"), "there is no such file");
    refused(&folder.path().join("typo/effects.db"), "does not exist");
    refused(folder.path(), "it is a directory");
    let output = output_of(&mut {
        let mut command = bare_command(&["stats"]);
        command
            .env("RETRY_EFFECTS_STORE", "sqlite:typo.db")
            .current_dir(folder.path());
        command
    });
    assert_eq!(output.code, 3, "{output:?}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn what_is_no_store_is_left_as_it_is() {
    let folder = folder();
    let letter = folder.path().join("letter");
    fs::write(&letter, "this is a letter, and a long one ".repeat(30)).unwrap();
    refused(&letter, "is not a SQLite database");

    let empty = folder.path().join("empty");
    fs::write(&empty, "").unwrap();
    refused(&empty, "holds no effect store");

    let orders = folder.path().join("orders.db");
    let connection = Connection::open(&orders).unwrap();
    connection
        .execute_batch("CREATE TABLE orders (number INTEGER)")
        .unwrap();
    drop(connection);
    let before = fs::read(&orders).unwrap();
    refused(
        &orders,
        "having no table effect_store, and none is made here",
    );
    assert_eq!(fs::read(&orders).unwrap(), before);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
}

#[test]
fn a_store_of_a_newer_version_is_not_read() {
    let folder = folder();
    let path = folder.path().join("effects.db");
    drop(retry_effects::SqliteEffectStore::open(&path).unwrap());
    let connection = Connection::open(&path).unwrap();
    connection
        .execute("UPDATE effect_store SET version = 99", [])
        .unwrap();
    refused(
        &path,
        "newer version of retry-effects (its tables are version 99",
    );
}

#[test]
fn an_error_is_one_object_for_programs() {
    let folder = folder();
    let place = folder.path().join("typo.db");
    let output = refused_place(place.to_str().unwrap(), &["--json"]);
    let error: serde_json::Value = serde_json::from_str(&output.err).unwrap();
    assert_eq!(error["error"]["kind"], "misconfigured");
    assert_eq!(error["error"]["exit_code"], 3);
}

#[test]
fn the_command_line_says_what_it_wants() {
    let table: [(&[&str], _); 8] = [
        (&["list"], "no store is given: pass `--store PATH`"),
        (
            &["list", "--store", "mysql://u:secret@h/d"],
            "mysql:// is not the scheme of a known store",
        ),
        (
            &["list", "--store", "x.db", "--prefix", "p"],
            "--prefix is for Redis, and the store is in SQLite",
        ),
        (
            &["list", "--store", "x.db", "--schema", "s"],
            "--schema is for Postgres",
        ),
        (
            &["list", "--status", "doubt"],
            "[possible values: pending, success, failed, released, in_doubt]",
        ),
        (&["settle", "01abab"], "<--success <JSON>|--not-applied>"),
        (&["lst"], "list"),
        (&[], "Usage: retry-effects"),
    ];
    for (arguments, why) in table {
        let output = output_of(&mut bare_command(arguments));
        assert_eq!((output.code, &*output.out), (2, ""), "{output:?}");
        assert!(
            output.err.contains(why) && !output.err.contains("secret"),
            "{output:?}"
        );
    }
}

/// The message quotes an argument that is not understood, and this may be an address.
#[test]
fn no_password_of_the_command_line_is_shown() {
    for address in [
        "postgres://u:secret@h/d",
        "redis://:secret@h",
        "host=h password=secret",
        "host=h password='se cret' user=u",
        "postgres:/u:secret@h/d",
    ] {
        let (glued, flag) = (format!("-s{address}"), format!("--stor={address}"));
        for arguments in [
            &[address][..],
            &["list", address],
            &["show", address],
            &["list", "--limit", address],
            &[&*glued, "lst"],
            &[&*flag, "list"],
            &["--store", address, "--store", address, "list"],
            &["list", "--store", address, "--prefix", "p", "--schema", "s"],
        ] {
            let output = output_of(&mut bare_command(arguments));
            assert_eq!((output.code, &*output.out), (2, ""), "{output:?}");
            let is_shown = output.err.contains("secret") || output.err.contains("cret'");
            assert!(!output.err.is_empty() && !is_shown, "{output:?}");
        }
    }
}

#[test]
fn help_teaches() {
    let help = output_of(&mut bare_command(&["--help"]));
    assert_eq!((help.code, &*help.err), (0, ""), "{help:?}");
    for taught in [
        "IN DOUBT",
        "settle 5912848c --not-applied",
        "Exit codes:",
        "RETRY_EFFECTS_STORE",
        "RETRY_EFFECTS_SCHEMA",
        "RETRY_EFFECTS_PREFIX",
    ] {
        assert!(help.out.contains(taught), "{taught}: {}", help.out);
    }
    assert!(
        help.out.lines().all(|line| line.chars().count() <= 100),
        "{}",
        help.out
    );
    for task in ["list", "show", "settle", "purge", "stats"] {
        assert!(help.out.contains(&format!("\n  {task} ")), "{}", help.out);
        assert_eq!(output_of(&mut bare_command(&[task, "--help"])).code, 0);
    }
    // No password of the environment is shown.
    let mut command = bare_command(&["--help"]);
    let shown = output_of(command.env("RETRY_EFFECTS_STORE", "postgres://u:secret@h/d"));
    assert_eq!(shown.out, help.out);
}

#[test]
fn a_file_is_named_on_the_command_line_or_by_a_url() {
    let bench = Bench::sqlite();
    let path = bench.place();
    let here = Path::new(path);
    for place in [
        path.to_owned(),
        format!("sqlite:{path}"),
        format!("sqlite://{path}"),
    ] {
        let output = output_of(&mut bare_command(&["--store", &place, "list"]));
        assert_eq!(
            (output.code, &*output.out),
            (0, "no records\n"),
            "{output:?}"
        );
    }
    let mut command = bare_command(&["list", "-s", "effects.db"]);
    let output = output_of(command.current_dir(here.parent().unwrap()));
    assert_eq!(
        (output.code, &*output.out),
        (0, "no records\n"),
        "{output:?}"
    );
}

#[cfg(feature = "postgres")]
mod postgres {
    use retry_tests::postgres::ThrowawayPostgres;

    use super::super::bench::{Bench, fresh_name, postgres_url};
    use super::{bare_command, output_of, refused_place};

    #[test]
    fn no_tables_are_made() {
        let Some(server) = ThrowawayPostgres::shared() else {
            return;
        };
        let (url, schema) = (postgres_url(&server), fresh_name());
        for _ in 0..2 {
            let output = refused_place(&url, &["--schema", &schema]);
            assert_eq!(output.code, 3, "{output:?}");
            let expected = format!("no table effect_store in a schema \"{schema}\"");
            assert!(output.err.contains(&expected), "{output:?}");
        }
    }

    #[test]
    fn a_schema_on_the_command_line_counts_more() {
        let Some(bench) = Bench::postgres() else {
            return;
        };
        let missing = fresh_name();
        let output = bench.run(&["list", "--schema", &missing]);
        assert!(
            output.code == 3 && output.err.contains(&missing),
            "{output:?}"
        );
    }

    #[test]
    fn keywords_of_libpq_are_an_address() {
        let Some(server) = ThrowawayPostgres::shared() else {
            return;
        };
        let schema = fresh_name();
        let options = retry_effects::PostgresEffectStore::options().schema(&schema);
        let (folder, port, user) = (server.socket_dir(), server.port(), server.user());
        let address = format!(
            "host='{}' port={port} user = {user} password=secret dbname=postgres",
            folder.display()
        );
        let _store = options.connect_blocking(&address).unwrap();
        let listed = output_of(&mut bare_command(&[
            "list", "--store", &address, "--schema", &schema,
        ]));
        assert_eq!(
            (listed.code, &*listed.out),
            (0, "no records\n"),
            "{listed:?}"
        );
        let mut command = bare_command(&["stats"]);
        command.env("RETRY_EFFECTS_STORE", &address);
        let counted = output_of(command.env("RETRY_EFFECTS_SCHEMA", &schema));
        assert_eq!((counted.code, &*counted.err), (0, ""), "{counted:?}");
        assert!(!counted.out.contains("secret"), "{counted:?}");
    }

    /// An option that libpq knows and the client does not is named; it is no piece of a password.
    #[test]
    fn an_option_of_libpq_that_is_not_supported_is_named() {
        let output = refused_place("host=h user=u passfile=/home/u/.pgpass", &[]);
        assert!(
            output.err.contains("the option passfile is not supported"),
            "{output:?}"
        );
    }

    #[test]
    fn who_is_not_let_in_is_told_so() {
        let Some(server) = ThrowawayPostgres::shared() else {
            return;
        };
        let url = postgres_url(&server).replace("tester@", "stranger:secret@");
        let output = refused_place(&url, &[]);
        assert_eq!(output.code, 3, "{output:?}");
        assert!(
            output.err.contains("does not let this user in"),
            "{output:?}"
        );
        assert!(!output.err.contains("secret"), "{output:?}");
    }

    #[test]
    fn a_server_that_is_not_there_is_named_without_the_password() {
        for url in [
            "postgres://u:secret@127.0.0.1:1/d",
            "postgres://u:secret@%2Fthere%2Fis%2Fnone/d",
            "postgres://u:secret@h:port/d",
            "postgres://u:secret@h/d?sslmode=sometimes",
            "postgres://u:a@secret@h/d",
            "postgres://u:a@b/secret@h/d",
            "postgres://127.0.0.1:1/d?user=u&password=secret",
            "postgres://127.0.0.1:1/d?user=u&p%61ssword=secret",
            "postgres://127.0.0.1:1/d?user=u&secret=1",
            "host=127.0.0.1 port=1 user=u password=secret",
            "host=127.0.0.1 port=1 user=u password = 'a \\' secret'",
            // Text that is not quoted, or not closed, is a keyword to the client, or no keyword.
            "host=h user=u password=a secret=1",
            "host=h user=u password=a secret b",
            "host=h user=u password='a secret",
        ] {
            let output = refused_place(url, &[]);
            assert_eq!(output.code, 3, "{output:?}");
            assert!(!output.err.contains("secret"), "{output:?}");
        }
    }
}

#[cfg(feature = "redis")]
mod redis {
    use retry_tests::redis::ThrowawayRedis;

    use super::super::bench::fresh_name;
    use super::{bare_command, output_of, refused_place};

    #[test]
    fn nothing_is_made() {
        let Some(server) = ThrowawayRedis::start() else {
            return;
        };
        let prefix = fresh_name();
        for _ in 0..2 {
            let output = refused_place(&server.url(), &["--prefix", &prefix]);
            assert_eq!(output.code, 3, "{output:?}");
            assert!(
                output
                    .err
                    .contains(&format!("no store under the prefix \"{prefix}\"")),
                "{output:?}"
            );
        }
        assert_eq!(server.command(&["DBSIZE"]), ":0\r\n");
    }

    /// The loss of writes is the application's decision; a server that removes records is not to be trusted.
    #[test]
    fn a_server_that_loses_writes_is_read_and_one_that_evicts_is_not() {
        let Some(server) = ThrowawayRedis::start() else {
            return;
        };
        let options = retry_effects::RedisEffectStore::options();
        let _store = options.connect_blocking(&server.url()).unwrap();
        let _ = server.command(&["CONFIG", "SET", "appendfsync", "everysec"]);
        let listed = output_of(&mut bare_command(&["list", "--store", &server.url()]));
        assert_eq!(
            (listed.code, &*listed.out),
            (0, "no records\n"),
            "{listed:?}"
        );
        let _ = server.command(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
        let output = refused_place(&server.url(), &[]);
        assert_eq!(output.code, 3, "{output:?}");
        assert!(
            output.err.contains("set `maxmemory-policy noeviction`"),
            "{output:?}"
        );
    }

    #[test]
    fn a_server_that_is_not_there_is_named_without_the_password() {
        for url in [
            "redis://u:secret@127.0.0.1:1",
            "redis+unix:///there/is/none?user=u&pass=secret",
            "redis://u:secret@h:port",
            "redis://u:secret@h/database",
            "redis://secret@127.0.0.1:1",
            "redis://:se@secret@127.0.0.1:1",
        ] {
            let output = refused_place(url, &[]);
            assert_eq!(output.code, 3, "{output:?}");
            assert!(!output.err.contains("secret"), "{output:?}");
        }
    }
}
