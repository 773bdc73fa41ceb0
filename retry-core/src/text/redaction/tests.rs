use proptest::prelude::*;

use super::*;

#[test]
fn a_url_keeps_scheme_host_port_and_path() {
    for (text, shown) in [
        ("https://h/p?api_key=SECRET", "https://h/p?…"),
        ("https://u:SECRET@h:8443/p", "https://…@h:8443/p"),
        ("https://SECRET@h/p#SECRET", "https://…@h/p#…"),
        ("https://h?a=SECRET#SECRET", "https://h?…#…"),
        ("https://u:SECRET@[::1]:80/?SECRET", "https://…@[::1]:80/?…"),
        (
            "jdbc:postgresql://h/d?password=SECRET",
            "jdbc:postgresql://h/d?…",
        ),
        // Raw characters that should be escaped.
        ("postgres://u:SE@CRET@h/d", "postgres://…@h/d"),
        ("postgres://u:SE/CRET@h/d", "postgres://…@h/d"),
        ("postgres://u:SE@C/RET@h/d", "postgres://…@h/d"),
        ("postgres://u:SE?CRET@h/d", "postgres://…@h/d"),
        ("postgres://u:SE://CRET@h/d", "postgres://…@h/d"),
        ("a://:SECRET://@h and b://c", "a://…@h and b://c"),
        ("postgres://u:SE#CRET@h/d?SECRET", "postgres://…@h/d?…"),
        ("https://h/p?q[a]='1'&key=SECRET", "https://h/p?…"),
        // A mail address is not a password.
        ("https://u:SECRET@h/p?mail=a@b", "https://…@h/p?…"),
        // A URL in the path of another one, or in its query.
        (
            "https://a/http://u:SECRET@b/p?SECRET",
            "https://a/http://…@b/p?…",
        ),
        (
            "https://a/?to=http://SECRET@b/ and c://d?SECRET",
            "https://a/?… and c://d?…",
        ),
    ] {
        assert_eq!(redacted(text), shown);
        assert_eq!(redacted(shown), shown, "once more");
    }
}

#[test]
fn a_url_ends_where_the_sentence_goes_on() {
    for (text, shown) in [
        (
            "error sending request for url (http://h/p?key=SECRET): refused",
            "error sending request for url (http://h/p?…): refused",
        ),
        (
            r#"Error { url: "http://h/p?key=SECRET", source: "x" }"#,
            r#"Error { url: "http://h/p?…", source: "x" }"#,
        ),
        (
            r#""{\"url\":\"http://h?SECRET\"}""#,
            r#""{\"url\":\"http://h?…\"}""#,
        ),
        (
            "['http://h?SECRET'], <http://h#SECRET>",
            "['http://h?…'], <http://h#…>",
        ),
        ("see `http://h?SECRET`.\nThen", "see `http://h?…`.\nThen"),
        (
            "http://h?SECRET, http://u@h; end",
            "http://h?…, http://…@h; end",
        ),
    ] {
        assert_eq!(redacted(text), shown);
    }
}

#[test]
fn nothing_is_allocated_for_what_has_no_secret() {
    for text in [
        "",
        "connection reset",
        "mail a@b?c#d",
        "https://registry/@scope/package and http://h:80/p.",
        "is it at http://h/p?",
        "://",
        "http://[::1]/a@b",
        "grpc://host:port is what it takes",
    ] {
        assert!(
            matches!(redacted(text), Cow::Borrowed(same) if same == text),
            "{text} became {}",
            redacted(text)
        );
    }
}

#[test]
fn what_displays_is_redacted_too() {
    let text = format_args!("at {}", "http://h?SECRET").to_string();
    assert_eq!(Redacted(&text).to_string(), "at http://h?…");
    assert_eq!(redacted_text(&"plain"), "plain");
}

/// A text of many URLs takes linear time: quadratic time would take minutes.
#[test]
fn a_long_text_takes_one_pass() {
    let text = "a://b:c/".repeat(1 << 17);
    assert_eq!(redacted(&text).len(), text.len());
    assert_eq!(redacted(&format!("{text}@")), "a://…@");
    let text = "a://b@c?d ".repeat(1 << 17);
    assert_eq!(redacted(&text).len(), "a://…@c?… ".len() << 17);
}

#[test]
fn a_password_that_ends_with_a_colon_is_no_port() {
    let shown = redacted("a://:SECRET:/@a").into_owned();
    assert!(!shown.contains("SECRET"), "{shown}");
}

proptest! {
    #[test]
    fn no_text_panics_and_twice_is_once(text in "\\PC{0,30}(://)?\\PC{0,30}([?#@]\\PC{0,9}){0,3}") {
        let once = redacted(&text).into_owned();
        prop_assert_eq!(redacted(&once).into_owned(), once.clone());
    }

    #[test]
    fn no_secret_stays(
        before in "[a-z ('\"\\[]{0,9}",
        scheme in "[a-z][a-z0-9+.-]{0,9}",
        userinfo in prop::option::of("[a-z]{0,4}(:SECRET[a-zA-Z0-9!$&'()*+,;=@:/]{0,9})?"),
        host in "[a-z0-9.-]{1,9}|\\[::1\\]",
        port in prop::option::of(1_u16..),
        path in "(/[a-zA-Z0-9._~-]{0,9}){0,3}",
        query in prop::option::of("[a-z]{0,4}=?SECRET[a-zA-Z0-9!$&'()*+,;=:@/?\\[\\]{}|~-]{0,20}"),
        fragment in prop::option::of("SECRET[a-z]{0,9}"),
        after in "[)'\"\\],. ]{0,3}( [a-z ]{0,9})?",
    ) {
        let at = userinfo.map(|userinfo| format!("{userinfo}@")).unwrap_or_default();
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
        let text = format!("{before} {scheme}://{at}{host}{port}{path}{query}{fragment}{after}");
        let shown = redacted(&text);
        prop_assert!(!shown.contains("SECRET"), "{text} is shown as {shown}");
        prop_assert!(shown.contains(&*host) && shown.contains(&path), "{text} is shown as {shown}");
    }
}
