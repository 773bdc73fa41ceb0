//! Sets and maps without an order of their own are written alike.

use super::*;

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
