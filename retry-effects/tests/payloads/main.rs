//! The ids of Rust's types, and the values that are refused.

mod depth;
mod serializers;
mod sets;
mod types;
mod values;

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

/// As `serde_json::Number` with its feature `arbitrary_precision`.
#[derive(Serialize)]
#[serde(rename = "$serde_json::private::Number")]
struct TextNumber<T> {
    #[serde(rename = "$serde_json::private::Number")]
    text: T,
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
