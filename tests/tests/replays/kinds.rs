//! The kinds of value: of each a type, and values of it by chance.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::num::{NonZeroI128, NonZeroU64, Wrapping};
use std::ops::{Bound, Range};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::chance::Chance;
use super::checks::{is_replayed, is_replayed_as};
use super::place::Store;
use super::shapes::{
    Adjacent, ByChance, Bytes, Chain, Colour, Double, External, Flattened, Held, Internal, Marker,
    Name, Pair, Place, ReadAsTexts, Single, Tree, Untagged, Wrapped, name,
};

/// A check of one kind: a value of it is replayed.
pub(super) type Check = fn(&Store, &str, &mut Chance);

/// The kinds, by name.
macro_rules! kinds {
    ($($kind:ident: $type:ty = $value:expr;)+) => {
        pub(super) const KINDS: &[(&str, Check)] = &[
            $((stringify!($kind), |store, key, chance| {
                let value: fn(&mut Chance) -> $type = $value;
                is_replayed(store, key, &value(chance));
            }),)+
        ];
    };
}

kinds! {
    unit: () = |_| ();
    unit_struct: Marker = |_| Marker;
    bool: bool = Chance::yes;
    u64: u64 = Chance::u64;
    i64: i64 = Chance::i64;
    i128: i128 = Chance::i128;
    u128: u128 = |c| c.i128() as u128;
    f32: Single = |c| Single(c.f32());
    f64: Double = |c| Double(c.f64());
    char: char = Chance::char;
    string: String = Chance::text;
    borrowed_text: Cow<'static, str> = |c| Cow::Owned(c.text());
    boxed_text: Box<str> = |c| c.text().into();
    bytes: Bytes = |c| Bytes(c.text().into_bytes());
    byte_list: Vec<u8> = |c| c.text().into_bytes();
    option: Option<u32> = |c| c.maybe(|_| 7);
    option_of_unit: Option<()> = |c| c.maybe(|_| ());
    option_of_unit_struct: Option<Marker> = |c| c.maybe(|_| Marker);
    option_of_option: Option<Option<u8>> = |c| c.maybe(|c| c.maybe(|_| 7));
    options_of_unit: Option<Option<Option<()>>> = |c| c.maybe(|c| c.maybe(|c| c.maybe(|_| ())));
    option_of_newtype: Option<Wrapped<Option<()>>> = |c| c.maybe(|c| Wrapped(c.maybe(|_| ())));
    option_of_float: Option<Double> = |c| c.maybe(|c| Double(c.f64()));
    options_in_list: Vec<Option<Option<Marker>>> = |c| c.list(|c| c.maybe(|c| c.maybe(|_| Marker)));
    boxed_option: Box<Option<Box<()>>> = |c| Box::new(c.maybe(|_| Box::new(())));
    result_of_units: Result<(), Option<()>> = |c| if c.yes() { Ok(()) } else { Err(c.maybe(|_| ())) };
    tuple: (u8, String, Option<()>) = |c| (7, c.text(), c.maybe(|_| ()));
    array: [Option<Double>; 3] = |c| [(); 3].map(|()| c.maybe(|c| Double(c.f64())));
    newtype: Wrapped<Double> = |c| Wrapped(Double(c.f64()));
    newtype_of_option: Wrapped<Option<()>> = |c| Wrapped(c.maybe(|_| ()));
    tuple_struct: Pair<char, Option<()>> = |c| Pair(c.char(), c.maybe(|_| ()));
    list_of_lists: Vec<Vec<i64>> = |c| c.list(|c| c.list(Chance::i64));
    deque: VecDeque<char> = |c| c.list(Chance::char).into();
    tree_set: BTreeSet<i128> = |c| c.set(Chance::i128);
    hash_set: HashSet<(i64, String)> = |c| c.list(|c| (c.i64(), c.text())).into_iter().collect();
    map_by_text: BTreeMap<String, Option<()>> = |c| c.map(Chance::text, |c| c.maybe(|_| ()));
    map_by_integer: BTreeMap<i32, Double> = |c| c.map(|c| c.i64() as i32, |c| Double(c.f64()));
    hash_map_by_integer: HashMap<u64, String> = |c| c.map(Chance::u64, Chance::text).into_iter().collect();
    map_by_wide_integer: BTreeMap<i128, u128> = |c| c.map(Chance::i128, |c| c.i128() as u128);
    map_by_bool: BTreeMap<bool, bool> = |c| c.map(Chance::yes, Chance::yes);
    map_by_char: BTreeMap<char, u8> = |c| c.map(Chance::char, |_| 1);
    map_by_enum: HashMap<Colour, i64> = |c| c.map(colour, Chance::i64).into_iter().collect();
    map_by_enum_with_fields: BTreeMap<Place, u8> = |c| c.map(place, |_| 1);
    map_by_number_or_text: BTreeMap<Name, u8> = |c| c.map(name, |c| c.u64() as u8);
    map_by_tuple: BTreeMap<(i8, String), bool> = |c| c.map(|c| (c.u64() as i8, c.text()), Chance::yes);
    map_by_list: BTreeMap<Vec<u8>, ()> = |c| c.map(|c| c.list(|c| c.u64() as u8), |_| ());
    map_by_option: BTreeMap<Option<u8>, u8> = |c| c.map(|c| c.maybe(|c| c.u64() as u8), |_| 1);
    map_by_options: BTreeMap<Option<Option<()>>, u8> = |c| c.map(|c| c.maybe(|c| c.maybe(|_| ())), |_| 1);
    map_by_unit: BTreeMap<(), Option<()>> = |c| BTreeMap::from([((), c.maybe(|_| ()))]);
    map_of_maps: BTreeMap<u8, BTreeMap<bool, Vec<Option<()>>>> =
        |c| c.map(|c| c.u64() as u8, |c| c.map(Chance::yes, |c| c.list(|c| c.maybe(|_| ()))));
    map_read_as_texts: ReadAsTexts =
        |c| ReadAsTexts(c.map(|c| c.u64() as u32, |c| c.maybe(|c| Double(c.finite()))));
    unit_variant: Colour = colour;
    external: External = External::by;
    internal: Internal = Internal::by;
    adjacent: Adjacent = Adjacent::by;
    untagged: Untagged = Untagged::by;
    many_untagged: Vec<Untagged> = |c| c.list(Untagged::by);
    internal_in_option: Option<Vec<Internal>> = |c| c.maybe(|c| c.list(Internal::by));
    flattened: Flattened = Flattened::by;
    defaults_and_skips: Held = Held::by;
    tagged_tree: Tree = |c| Tree::by(c, 4);
    tagged_tree_of_some_depth: Tree = |c| Tree::by(c, 20);
    chain: Chain = |c| Chain::of(c.below(40) as usize);
    chain_that_serde_json_does_not_read: Chain = |c| Chain::of(120 + c.below(100) as usize);
    duration: Duration = |c| Duration::new(c.u64() >> 8, 999_999_999);
    time: SystemTime = |c| SystemTime::UNIX_EPOCH + Duration::new(c.u64() >> 20, 1);
    ip: IpAddr = |c| if c.yes() { [127, 0, 0, 1].into() } else { (c.i128() as u128).to_be_bytes().into() };
    socket: SocketAddr = |c| ([10, 0, 0, 1], c.u64() as u16).into();
    path: PathBuf = |c| c.text().into();
    non_zero: (NonZeroU64, NonZeroI128) = |c| (NonZeroU64::MAX, NonZeroI128::new(c.i128() | 1).unwrap());
    wrapping: Wrapping<i128> = |c| Wrapping(c.i128());
    range: Range<Option<u8>> = |c| None..c.maybe(|_| 9);
    bound: Bound<Option<()>> = |c| c.one_of(&[Bound::Unbounded, Bound::Included(None), Bound::Excluded(Some(()))]);
    json_value: Value = json_value;
    option_of_json_value: Option<Value> = |c| c.maybe(json_value);
    json_number: serde_json::Number = |c| c.u64().into();
}

/// Types without an equality of their own.
pub(super) const ODD: &[(&str, Check)] = &[("heap", |store, key, chance| {
    let heap: BinaryHeap<i64> = chance.list(Chance::i64).into();
    is_replayed_as(store, key, &heap, |heap| heap.clone().into_sorted_vec());
})];

fn colour(chance: &mut Chance) -> Colour {
    chance.one_of(&[Colour::Red, Colour::Green])
}

fn place(chance: &mut Chance) -> Place {
    let row = chance.u64() as u8;
    chance.one_of(&[
        Place::Nowhere,
        Place::Row(row.into()),
        Place::Cell { row, column: -1 },
    ])
}

fn json_value(chance: &mut Chance) -> Value {
    match chance.below(6) {
        0 => Value::Null,
        1 => json!(chance.i64()),
        2 => json!(chance.finite()),
        3 => json!(chance.text()),
        4 => chance.list(json_value).into(),
        _ => json!({"a": json_value(chance), "1": chance.yes()}),
    }
}
