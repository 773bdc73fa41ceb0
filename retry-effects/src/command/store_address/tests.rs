use super::*;

fn address(
    store: &str,
    schema: Option<&str>,
    prefix: Option<&str>,
) -> Result<StoreAddress, Failure> {
    let arguments = StoreArguments {
        store: Some(store.into()),
        schema: schema.map(str::to_owned),
        prefix: prefix.map(str::to_owned),
    };
    StoreAddress::with(arguments, |_| None)
}

#[test]
fn a_place_is_read() {
    let sqlite = [
        ("effects.db", "effects.db"),
        ("sqlite:effects.db", "effects.db"),
        ("sqlite:///var/x.db", "/var/x.db"),
        ("sqlite://x.db", "x.db"),
        (r"C:\effects.db", r"C:\effects.db"),
    ];
    for (text, path) in sqlite {
        assert_eq!(
            address(text, None, None).unwrap().kind,
            StoreKind::Sqlite(path.into())
        );
    }
    let keywords = "host=/run/pg user=u password='a b'";
    for url in [
        "postgres://h/d",
        "postgresql://h/d",
        "POSTGRES://h/d",
        keywords,
    ] {
        let kind = address(url, Some("s"), None).unwrap().kind;
        let (url, schema) = (url.to_owned(), Some("s".to_owned()));
        assert_eq!(kind, StoreKind::Postgres { url, schema });
    }
    for url in [
        "redis://h",
        "rediss://h",
        "redis+unix:///s",
        "unix:///s",
        "valkey://h",
    ] {
        let kind = address(url, None, Some("p")).unwrap().kind;
        let (url, prefix) = (url.to_owned(), Some("p".to_owned()));
        assert_eq!(kind, StoreKind::Redis { url, prefix });
    }
}

#[test]
fn what_leads_nowhere_is_refused() {
    let refused = [
        (
            address("mysql://root:secret@h/d", None, None),
            "mysql:// is not the scheme of a known store",
        ),
        (
            address("u:secret@h://d", None, None),
            "its scheme is not that of a known store",
        ),
        (
            address("postgres:/u:secret@h/d", None, None),
            "neither an existing file nor an address",
        ),
        (
            address("Host=h;Password=secret", None, None),
            "neither an existing file nor an address",
        ),
        (
            address("effects.db", Some("s"), None),
            "--schema is for Postgres",
        ),
        (
            address("redis://h", Some("s"), None),
            "--schema is for Postgres, and the store is in Redis",
        ),
        (
            address("postgres://h/d", None, Some("p")),
            "--prefix is for Redis",
        ),
    ];
    for (refused, why) in refused {
        let message = refused.unwrap_err().message(false);
        assert!(
            message.contains(why) && !message.contains("secret"),
            "{message}"
        );
    }
    let nowhere = StoreArguments {
        store: None,
        schema: None,
        prefix: None,
    };
    let message = StoreAddress::with(nowhere, |_| None)
        .unwrap_err()
        .message(false);
    assert!(message.contains("RETRY_EFFECTS_STORE"), "{message}");
}

#[cfg(unix)]
#[test]
fn an_address_that_is_no_text_is_not_shown() {
    use std::os::unix::ffi::OsStringExt;
    for store in [
        &b"postgres://u:secret\xff@h/d"[..],
        b"host=h password=secret\xff",
    ] {
        let store = Some(OsString::from_vec(store.to_vec()));
        let (schema, prefix) = (None, None);
        let arguments = StoreArguments {
            store,
            schema,
            prefix,
        };
        let message = StoreAddress::with(arguments, |_| None)
            .unwrap_err()
            .message(false);
        assert!(
            message.contains("not Unicode") && !message.contains("secret"),
            "{message}"
        );
    }
}

#[test]
fn the_environment_says_what_the_command_line_does_not() {
    let environment = |name: &str| match name {
        STORE => Some("redis://h".into()),
        SCHEMA => Some("s".into()),
        PREFIX => Some("p".into()),
        _ => None,
    };
    let with = |store: Option<&str>, prefix: Option<&str>| {
        let arguments = StoreArguments {
            store: store.map(Into::into),
            schema: None,
            prefix: prefix.map(Into::into),
        };
        StoreAddress::with(arguments, environment)
            .unwrap()
            .to_string()
    };
    assert_eq!(with(None, None), "redis://h (p)");
    assert_eq!(with(None, Some("q")), "redis://h (q)");
    assert_eq!(with(Some("postgres://h"), None), "postgres://h (s)");
    // They do not apply to a file.
    assert_eq!(with(Some("effects.db"), None), "effects.db");
}

#[test]
fn the_same_store_is_found_again() {
    let flags = |store, schema| address(store, schema, None).unwrap().flags().to_owned();
    assert_eq!(
        flags("/var/my files/x.db", None),
        " --store '/var/my files/x.db'"
    );
    assert_eq!(flags("x'y.db", None), r" --store 'x'\''y.db'");
    assert_eq!(
        flags("postgres://u@h/d", Some("s")),
        " --store postgres://u@h/d --schema s"
    );
    assert_eq!(flags("host=h user=u", None), " --store 'host=h user=u'");
    for store in ["postgres://u:secret@h/d", "host=h password=secret"] {
        let hidden = address(store, Some("s"), None).unwrap();
        assert_eq!(
            (hidden.flags(), hidden.hides_password()),
            (" --schema s", true)
        );
        assert!(!hidden.to_string().contains("secret"), "{hidden}");
    }
}
