//! Values and keys that are refused, with their places.

use super::*;

#[test]
fn what_is_no_number_is_refused() {
    let error = refusal(&object("n", TextNumber { text: "1\n" }));
    assert!(matches!(error, ActionIdError::NotANumber { .. }));
    assert_eq!(
        error.to_string(),
        r#"payload.n is the number text "1\n"; it must be written as a JSON number"#
    );
    let error = refusal(&TextNumber { text: "1e999" });
    assert_eq!(
        error.to_string(),
        "payload is inf; a float must be finite to have a JSON form"
    );
    let error = refusal(&TextNumber { text: 7 });
    assert_eq!(
        error.to_string(),
        "payload cannot be serialized: a number kept as text is no text"
    );
}

#[test]
fn raw_json_is_refused() {
    #[derive(Serialize)]
    #[serde(rename = "$serde_json::private::RawValue")]
    struct Raw {
        #[serde(rename = "$serde_json::private::RawValue")]
        text: &'static str,
    }
    let error = refusal(&object("raw", Raw { text: "{ }" }));
    assert!(matches!(error, ActionIdError::RawJson { .. }));
    assert_eq!(
        error.to_string(),
        "payload.raw is raw JSON text; it must be a parsed value, which has one spelling only"
    );
}

#[test]
fn what_is_not_finite_is_refused_with_its_place() {
    for (payload, place) in [
        (Shape::Newtype(f64::NAN), "payload.Newtype is NaN"),
        (Shape::Tuple(1, f64::INFINITY), "payload.Tuple[1] is inf"),
        (
            Shape::Struct {
                z: 1,
                a: f64::NEG_INFINITY,
            },
            "payload.Struct.a is -inf",
        ),
    ] {
        let error = refusal(&payload);
        assert!(matches!(error, ActionIdError::NotFinite { .. }));
        assert_eq!(
            error.to_string(),
            format!("{place}; a float must be finite to have a JSON form")
        );
    }
    let nested = object("unit price", [Some(Meters(f32::NAN))]);
    let error = refusal(&nested);
    assert_eq!(
        error.to_string(),
        r#"payload["unit price"][0] is NaN; a float must be finite to have a JSON form"#
    );
}

#[test]
fn keys_that_are_no_strings_are_refused() {
    fn shown(key: impl Serialize) -> String {
        let error = refusal(&object("map", Entries(vec![(key, 1)])));
        let ActionIdError::KeyNotString { path, key, .. } = &error else {
            panic!("{error}");
        };
        assert_eq!(path, "payload.map");
        assert_eq!(
            error.to_string(),
            format!("payload.map has the key {key}; the keys of a map must be strings")
        );
        key.clone()
    }
    assert_eq!(shown(true), "true");
    assert_eq!(shown(-1_i8), "-1");
    assert_eq!(shown(-2_i16), "-2");
    assert_eq!(shown(-3_i32), "-3");
    assert_eq!(shown(-4_i64), "-4");
    assert_eq!(shown(i128::MIN), i128::MIN.to_string());
    assert_eq!(shown(1_u8), "1");
    assert_eq!(shown(2_u16), "2");
    assert_eq!(shown(3_u32), "3");
    assert_eq!(shown(4_u64), "4");
    assert_eq!(shown(u128::MAX), u128::MAX.to_string());
    assert_eq!(shown(0.5_f32), "0.5");
    assert_eq!(shown(1.5), "1.5");
    assert_eq!(shown(None::<u8>), "null");
    assert_eq!(shown(Some(7)), "7");
    assert_eq!(shown(Meters(7)), "7");
    assert_eq!(shown(()), "null");
    assert_eq!(shown(Marker), "null");
    assert_eq!(shown(Colour::Rgb(1)), "Rgb (with data)");
    assert_eq!(shown(Shape::Tuple(1, 1.0)), "Tuple (with data)");
    assert_eq!(shown(Shape::Struct { z: 1, a: 1.0 }), "Struct (with data)");
    assert_eq!(shown([7]), "(a tuple)");
    assert_eq!(shown(vec![7]), "(a list)");
    assert_eq!(shown(Pair(1, 2)), "(a struct Pair)");
    assert_eq!(
        shown(TextNumber { text: "1" }),
        "(a struct $serde_json::private::Number)"
    );
    assert_eq!(shown(json!({})), "(a map)");
}

#[test]
fn keys_that_come_twice_are_refused() {
    for keys in [
        vec!["a", "a"],
        vec!["b", "a", "b"],
        vec!["a", "c", "b", "a"],
    ] {
        let twice = keys[0];
        let entries = Entries(keys.into_iter().map(|key| (key, 1)).collect());
        let error = refusal(&object("map", entries));
        assert!(matches!(error, ActionIdError::DuplicateKey { .. }));
        assert_eq!(
            error.to_string(),
            format!(
                "payload.map has the key \"{twice}\" more than once; the keys of a map must differ"
            )
        );
    }
    #[derive(Serialize)]
    struct Flattened {
        id: u8,
        #[serde(flatten)]
        more: BTreeMap<&'static str, u8>,
    }
    let error = refusal(&Flattened {
        id: 1,
        more: BTreeMap::from([("id", 2)]),
    });
    assert!(
        error
            .to_string()
            .starts_with("payload has the key \"id\" more than once"),
        "{error}"
    );

    let error = refusal(&Entries(vec![("é\n", 1), ("a", 1), ("é\n", 1)]));
    assert!(
        error.to_string().contains(r#"the key "\u00e9\n" more"#),
        "{error}"
    );
}
