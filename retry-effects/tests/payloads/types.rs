//! Types take the form that JSON gives them.

use super::*;

#[test]
fn types_take_the_form_that_serde_json_gives_them() {
    assert_same(&Shape::Unit, &json!("Unit"));
    assert_same(&Shape::Newtype(1.5), &json!({"Newtype": 1.5}));
    assert_same(&Shape::Tuple(1, 1.5), &json!({"Tuple": [1, 1.5]}));
    assert_same(
        &Shape::Struct { z: 1, a: 1.5 },
        &json!({"Struct": {"a": 1.5, "z": 1}}),
    );
    assert_same(&Meters(7), &json!(7));
    assert_same(&Pair(1, 2), &json!([1, 2]));
    assert_same(&(1, "a", true), &json!([1, "a", true]));
    assert_same(&Marker, &Value::Null);
    assert_same(&(), &Value::Null);
    assert_same(&None::<u8>, &Value::Null);
    assert_same(&Some(Some(7)), &json!(7));
    assert_same(&'é', &json!("é"));
    assert_same(&Cow::Borrowed("text"), &json!("text"));
    assert_same(&[1_u8, 2], &json!([1, 2]));
    assert_same(&std::net::Ipv4Addr::LOCALHOST, &json!("127.0.0.1"));
    assert_same(
        &HashMap::from([("b", 1), ("a", 2)]),
        &json!({"a": 2, "b": 1}),
    );
}

#[test]
fn bytes_are_a_list_of_integers() {
    struct Bytes;
    impl Serialize for Bytes {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(&[0, 255])
        }
    }
    assert_same(&Bytes, &json!([0, 255]));
}

#[test]
fn displayed_text_is_escaped() {
    struct Shown(&'static str);
    impl Serialize for Shown {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(&format_args!("{}\n", self.0))
        }
    }
    assert_same(&Shown("é"), &json!("é\n"));
    // In the order of the keys, which is not that of their escapes.
    let keys = Entries(vec![
        (Shown("é"), 1),
        (Shown("\u{1f980}"), 2),
        (Shown("\u{ffff}"), 3),
        (Shown("a"), 4),
    ]);
    let sorted = Entries(vec![
        ("a\n", 4),
        ("é\n", 1),
        ("\u{ffff}\n", 3),
        ("\u{1f980}\n", 2),
    ]);
    assert_eq!(
        compute_action_id("op", &keys, "s").unwrap(),
        compute_action_id("op", &sorted, "s").unwrap()
    );
}

#[test]
fn keys_may_be_what_serde_json_writes_as_a_plain_string() {
    assert_same(
        &BTreeMap::from([('é', 1), ('a', 2)]),
        &json!({"a": 2, "é": 1}),
    );
    assert_same(&BTreeMap::from([(Colour::Red, 1)]), &json!({"Red": 1}));
    assert_same(
        &Entries(vec![(Meters("b"), 1), (Meters("a"), 2)]),
        &json!({"a": 2, "b": 1}),
    );
    assert_same(&Entries(vec![(Some("b"), 1)]), &json!({"b": 1}));
}

#[test]
fn payloads_may_be_unsized() {
    let text: &str = "text";
    assert_eq!(
        compute_action_id("op", text, "s").unwrap(),
        compute_action_id("op", &json!("text"), "s").unwrap()
    );
}

#[test]
fn a_single_is_written_in_its_own_precision() {
    assert_same(&0.1_f32, &json!(0.1));
    assert_same(&16_777_216_f32, &json!(16_777_216.0));
    assert_ne!(
        compute_action_id("op", &0.1_f32, "s").unwrap(),
        compute_action_id("op", &f64::from(0.1_f32), "s").unwrap()
    );
}

#[test]
fn numbers_kept_as_text_are_numbers() {
    assert_same(&[TextNumber { text: "12" }], &json!([12]));
    assert_same(
        &object("n", TextNumber { text: "1e2" }),
        &json!({"n": 100.0}),
    );
    let big = TextNumber {
        text: "340282366920938463463374607431768211455",
    };
    assert_eq!(
        compute_action_id("op", &big, "s").unwrap(),
        compute_action_id("op", &u128::MAX, "s").unwrap()
    );
}
