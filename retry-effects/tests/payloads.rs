//! The ids of Rust's types, and the values that are refused.

use std::borrow::Cow;
use std::collections::{BTreeMap, BinaryHeap, HashMap, HashSet};

use retry_effects::{ActionIdError, compute_action_id};
use serde::Serialize;
use serde::ser::{SerializeMap, SerializeSeq, SerializeStruct, Serializer};
use serde_json::{Value, json};

fn assert_same(payload: &impl Serialize, json: &Value) {
    assert_eq!(
        compute_action_id("op", payload, "s").expect("the payload has an id"),
        compute_action_id("op", json, "s").expect("JSON has an id"),
        "{json}"
    );
}

fn refusal(payload: &(impl Serialize + ?Sized)) -> ActionIdError {
    compute_action_id("op", payload, "s").expect_err("the payload has no id")
}

#[derive(Serialize)]
enum Shape {
    Unit,
    Newtype(f64),
    Tuple(u8, f64),
    Struct { z: u8, a: f64 },
}

#[derive(Serialize)]
struct Meters<T>(T);

#[derive(Serialize)]
struct Pair(u8, u8);

#[derive(Serialize)]
struct Marker;

#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Colour {
    Red,
    Rgb(u8),
}

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

/// Returns five equal values, each with hash tables of its own.
fn five<T>(make: impl Fn() -> T) -> Vec<T> {
    (0..5).map(|_| make()).collect()
}

fn words() -> HashSet<&'static str> {
    ["b", "a", "é", "Z", "aa", "", "c", "d", "e", "f"].into()
}

/// By Python 3.11: `sorted(words, key=json.dumps)`. The escape of é begins with a backslash.
const SORTED: [&str; 10] = ["", "Z", "é", "a", "aa", "b", "c", "d", "e", "f"];

#[test]
fn equal_sets_are_written_alike_wherever_they_stand() {
    /// Only its content is visible.
    #[derive(Serialize)]
    #[serde(transparent)]
    struct Tags(HashSet<&'static str>);

    #[derive(Serialize)]
    struct Order {
        id: u8,
        tags: Tags,
        shared: Cow<'static, HashSet<&'static str>>,
        maybe: Option<Meters<HashSet<&'static str>>>,
        #[serde(serialize_with = "through_an_iterator")]
        walked: HashSet<&'static str>,
        #[serde(flatten)]
        rest: BTreeMap<&'static str, HashSet<&'static str>>,
        nested: Vec<HashMap<&'static str, HashSet<&'static str>>>,
        heap: BinaryHeap<&'static str>,
    }

    fn through_an_iterator<S: Serializer>(
        words: &HashSet<&'static str>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(words.iter().map(|word| word.to_uppercase()))
    }

    let orders = five(|| Order {
        id: 1,
        tags: Tags(words()),
        shared: Cow::Owned(words()),
        maybe: Some(Meters(words())),
        walked: words(),
        rest: BTreeMap::from([("more", words())]),
        nested: vec![HashMap::from([("y", words()), ("x", words())])],
        heap: words().into_iter().collect(),
    });
    let sorted = Vec::from(SORTED);
    for order in orders {
        assert_same(
            &order,
            &json!({
                "id": 1,
                "tags": sorted,
                "shared": sorted,
                "maybe": sorted,
                "walked": ["", "A", "AA", "B", "C", "D", "E", "F", "Z", "É"],
                "more": sorted,
                "nested": [{"x": sorted, "y": sorted}],
                "heap": sorted,
            }),
        );
    }
}

#[test]
fn sets_of_sets_and_of_numbers_are_in_the_order_of_their_texts() {
    let sets = five(|| HashSet::from([10_u8, 9, 1, 100]));
    for set in &sets {
        assert_same(set, &json!([1, 10, 100, 9]));
    }
    for lists in five(|| HashSet::from([vec![2, 1], vec![1], vec![]])) {
        assert_same(&lists, &json!([[1], [2, 1], []]));
    }
    // As a list of pairs, since its keys are not strings.
    for map in five(|| HashMap::from([(10_u8, "a"), (9, "b"), (1, "c")])) {
        struct Pairs<'a>(&'a HashMap<u8, &'static str>);
        impl Serialize for Pairs<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq(self.0)
            }
        }
        assert_same(&Pairs(&map), &json!([[1, "c"], [10, "a"], [9, "b"]]));
    }
    assert_same(&HashSet::<u8>::new(), &json!([]));
}

#[test]
fn a_list_keeps_its_order_also_where_it_holds_sets() {
    let lists = five(|| vec![HashSet::from(["b", "c"]), HashSet::from(["a", "d"])]);
    for list in lists {
        assert_same(&list, &json!([["b", "c"], ["a", "d"]]));
    }
    let other = [HashSet::from(["a", "d"]), HashSet::from(["b", "c"])];
    assert_same(&other, &json!([["a", "d"], ["b", "c"]]));
    assert_same(&(HashSet::from([2]), 1), &json!([[2], 1]));
}

#[test]
fn what_stands_in_a_set_is_refused_with_its_path() {
    #[derive(Serialize)]
    struct Order {
        prices: HashSet<Vec<Price>>,
    }

    #[derive(PartialEq, Eq, Hash)]
    struct Price;
    impl Serialize for Price {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_f64(f64::NAN)
        }
    }

    let error = refusal(&Order {
        prices: HashSet::from([vec![Price]]),
    });
    assert_eq!(
        error.to_string(),
        "payload.prices[0][0] is NaN; a float must be finite to have a JSON form"
    );

    #[derive(Serialize)]
    struct ByNumber {
        inner: HashMap<&'static str, HashMap<u8, u8>>,
    }
    let error = refusal(&ByNumber {
        inner: HashMap::from([("x", HashMap::from([(7, 1)]))]),
    });
    assert_eq!(
        error.to_string(),
        "payload.inner.x has the key 7; the keys of a map must be strings"
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

/// As `serde_json::Number` with its feature `arbitrary_precision`.
#[derive(Serialize)]
#[serde(rename = "$serde_json::private::Number")]
struct TextNumber<T> {
    #[serde(rename = "$serde_json::private::Number")]
    text: T,
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

#[test]
fn nesting_ends_at_128_levels() {
    let lists = |depth| (0..depth).fold(json!(1), |inner, _| json!([inner]));
    let objects = |depth| (0..depth).fold(json!(1), |inner, _| json!({"a": inner}));
    for (nested, inner) in [(lists(128), lists(127)), (objects(128), objects(127))] {
        compute_action_id("op", &nested, "s").unwrap();
        // Levels that were left are not counted any more.
        compute_action_id("op", &[&inner, &inner], "s").unwrap();
    }
    for (nested, step) in [(lists(129), "[0]"), (objects(129), ".a")] {
        let error = refusal(&nested);
        assert!(matches!(error, ActionIdError::TooDeep { limit: 128, .. }));
        assert_eq!(
            error.to_string(),
            format!(
                "payload{} nests deeper than 128 levels; flatten the payload or hash a part of it",
                step.repeat(128)
            )
        );
    }
}

#[test]
fn variants_count_as_levels() {
    #[derive(Serialize)]
    enum Chain {
        End,
        Link(Box<Chain>),
        List(Box<Chain>, ()),
        Object { next: Box<Chain> },
    }
    fn chain(length: usize, link: fn(Box<Chain>) -> Chain) -> Chain {
        (0..length).fold(Chain::End, |inner, _| link(Box::new(inner)))
    }
    compute_action_id("op", &chain(128, Chain::Link), "s").unwrap();
    assert!(matches!(
        refusal(&chain(129, Chain::Link)),
        ActionIdError::TooDeep { .. }
    ));

    let lists = |length| chain(length, |next| Chain::List(next, ()));
    compute_action_id("op", &lists(64), "s").unwrap();
    let path = format!("payload{}", ".List[0]".repeat(64));
    let error = refusal(&lists(65));
    assert!(
        error.to_string().starts_with(&format!("{path} nests")),
        "{error}"
    );

    let objects = |length| chain(length, |next| Chain::Object { next });
    compute_action_id("op", &objects(64), "s").unwrap();
    let path = format!("payload{}", ".Object.next".repeat(64));
    let error = refusal(&objects(65));
    assert!(
        error.to_string().starts_with(&format!("{path} nests")),
        "{error}"
    );
}

#[test]
fn layers_without_a_mark_in_the_text_end_at_512() {
    #[derive(Serialize)]
    struct Onion(Option<Box<Onion>>);
    fn onion(layers: usize) -> Onion {
        (0..layers).fold(Onion(None), |inner, _| Onion(Some(Box::new(inner))))
    }
    // Two layers each, the innermost one.
    assert_same(&onion(255), &Value::Null);
    assert_same(&[onion(255), onion(255)], &json!([null, null]));
    assert!(matches!(
        refusal(&onion(256)),
        ActionIdError::TooDeep { limit: 512, .. }
    ));
    // Far deeper than the stack allows.
    let deep = onion(10_000);
    assert!(matches!(
        refusal(&deep),
        ActionIdError::TooDeep { limit: 512, .. }
    ));
    let keys = Entries(vec![(onion(256), 1)]);
    assert!(matches!(
        refusal(&keys),
        ActionIdError::TooDeep { limit: 512, .. }
    ));
}

#[test]
fn the_values_own_failure_keeps_its_words_and_its_place() {
    struct Broken;
    impl Serialize for Broken {
        fn serialize<S: Serializer>(&self, _serializer: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("the lock is poisoned"))
        }
    }
    let error = refusal(&object("state", [Broken]));
    assert!(matches!(error, ActionIdError::Unserializable { .. }));
    assert_eq!(
        error.to_string(),
        "payload.state[0] cannot be serialized: the lock is poisoned"
    );
}

#[test]
fn a_display_that_fails_is_refused() {
    struct Mute;
    impl std::fmt::Display for Mute {
        fn fmt(&self, _f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            Err(std::fmt::Error)
        }
    }
    impl Serialize for Mute {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(self)
        }
    }
    assert!(matches!(
        refusal(&Mute),
        ActionIdError::Unserializable { .. }
    ));
}

#[test]
fn maps_out_of_step_are_refused() {
    #[derive(Clone, Copy)]
    enum Misstep {
        TwoKeys,
        NoKey,
        NoValue,
    }
    impl Serialize for Misstep {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(None)?;
            match self {
                Self::TwoKeys => map
                    .serialize_key("a")
                    .and_then(|()| map.serialize_key("b"))?,
                Self::NoKey => map.serialize_value("a")?,
                Self::NoValue => map.serialize_key("a")?,
            }
            map.end()
        }
    }
    for (misstep, message) in [
        (
            Misstep::TwoKeys,
            "it began an entry before the last one was complete",
        ),
        (Misstep::NoKey, "it gave a value without a key"),
        (
            Misstep::NoValue,
            "it ended before its last entry was complete",
        ),
    ] {
        assert_eq!(
            refusal(&[misstep]).to_string(),
            format!("payload[0] cannot be serialized: {message}")
        );
    }
}

#[test]
fn an_error_cannot_be_passed_over() {
    struct List;
    impl Serialize for List {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut list = serializer.serialize_seq(None)?;
            list.serialize_element(&f64::NAN).err();
            list.serialize_element(&1)?;
            list.end()
        }
    }
    struct Fields;
    impl Serialize for Fields {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut fields = serializer.serialize_struct("Fields", 1)?;
            fields.serialize_field("a", &f64::NAN).err();
            fields.end()
        }
    }
    assert_eq!(
        refusal(&List).to_string(),
        "payload cannot be serialized: it went on after an element had failed"
    );
    assert_eq!(
        refusal(&Fields).to_string(),
        "payload cannot be serialized: it ended before its last entry was complete"
    );
}

/// A map in its given order, with any keys.
struct Entries<K>(Vec<(K, u8)>);

impl<K: Serialize> Serialize for Entries<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

/// Returns an object of one entry, whatever the value.
fn object<V: Serialize>(key: &str, value: V) -> BTreeMap<&str, V> {
    BTreeMap::from([(key, value)])
}
