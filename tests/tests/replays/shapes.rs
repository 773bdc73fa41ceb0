//! Types as people write them, with what `serde` offers for each.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::chance::Chance;

/// A type with a value by chance.
pub(super) trait ByChance {
    fn by(chance: &mut Chance) -> Self;
}

/// Floats that are equal by their bits.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Double(pub(super) f64);

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Single(pub(super) f32);

macro_rules! by_bits {
    ($($float:ident),+) => {
        $(
            impl PartialEq for $float {
                fn eq(&self, other: &Self) -> bool {
                    self.0.to_bits() == other.0.to_bits()
                }
            }

            impl fmt::Debug for $float {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    write!(f, "{:?} ({:x})", self.0, self.0.to_bits())
                }
            }
        )+
    };
}

by_bits!(Double, Single);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Marker;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Wrapped<T>(pub(super) T);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Pair<A, B>(pub(super) A, pub(super) B);

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Colour {
    Red,
    Green,
}

/// A key that is a number or a text, and `1` is not `"1"`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Name {
    Number(i64),
    Text(String),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Place {
    Nowhere,
    Row(u32),
    Cell { row: u8, column: i8 },
}

/// Defines an enum, whose variants hold the same fields under each serde representation.
macro_rules! choices {
    ($(#[$attribute:meta])* $name:ident) => {
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        $(#[$attribute])*
        pub(super) enum $name {
            Unit,
            Fields {
                amount: Double,
                small: Single,
                by_number: BTreeMap<i32, String>,
                by_name: HashMap<Name, u8>,
                checked: Option<()>,
                twice: Option<Option<u8>>,
                letter: char,
                wide: i64,
            },
            Held(Held),
        }

        impl ByChance for $name {
            fn by(chance: &mut Chance) -> Self {
                match chance.below(4) {
                    0 => Self::Unit,
                    1 => Self::Held(Held::by(chance)),
                    _ => Self::Fields {
                        amount: Double(chance.f64()),
                        small: Single(chance.f32()),
                        by_number: chance.map(|c| c.i64() as i32, Chance::text),
                        by_name: chance.map(name, |_| 7).into_iter().collect(),
                        checked: chance.maybe(|_| ()),
                        twice: chance.maybe(|c| c.maybe(|_| 8)),
                        letter: chance.char(),
                        wide: chance.i64(),
                    },
                }
            }
        }
    };
}

choices!(External);
choices!(
    #[serde(tag = "type")]
    Internal
);
choices!(
    #[serde(tag = "type", content = "content")]
    Adjacent
);

pub(super) fn name(chance: &mut Chance) -> Name {
    if chance.yes() {
        Name::Number(chance.below(3) as i64)
    } else {
        Name::Text(chance.below(3).to_string())
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Held {
    share: Double,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[serde(rename = "Other-Name", default)]
    other: Vec<Option<Marker>>,
}

impl ByChance for Held {
    fn by(chance: &mut Chance) -> Self {
        Self {
            share: Double(chance.f64()),
            note: chance.maybe(Chance::text),
            other: chance.list(|c| c.maybe(|_| Marker)),
        }
    }
}

/// Variants that are told apart by what they hold, the widest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Untagged {
    Texts(BTreeMap<String, String>),
    Integer(i64),
    Float(Double),
    Text(String),
    ByNumber(BTreeMap<u8, bool>),
    List(Vec<Untagged>),
}

impl ByChance for Untagged {
    fn by(chance: &mut Chance) -> Self {
        match chance.below(7) {
            0 => Self::Texts(chance.map(Chance::text, Chance::text)),
            1 => Self::Integer(chance.i64()),
            2 | 3 => Self::Float(Double(chance.f64())),
            4 => Self::Text(chance.text()),
            // An empty one would be one of texts.
            5 => Self::ByNumber(BTreeMap::from([(chance.below(9) as u8, true)])),
            _ => Self::List(chance.list(Self::by)),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Flattened {
    id: u64,
    #[serde(flatten)]
    held: Held,
    #[serde(flatten)]
    rest: HashMap<u32, Option<Double>>,
}

impl ByChance for Flattened {
    fn by(chance: &mut Chance) -> Self {
        let rest = chance.map(|c| c.u64() as u32, |c| c.maybe(|c| Double(c.f64())));
        Self {
            id: chance.u64(),
            held: Held::by(chance),
            rest: rest.into_iter().collect(),
        }
    }
}

/// A list, by the simplest type that nests.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Chain {
    pub(super) next: Option<Box<Chain>>,
    pub(super) end: Option<()>,
}

impl Chain {
    pub(super) fn of(length: usize) -> Self {
        let mut chain = Self {
            next: None,
            end: Some(()),
        };
        for _ in 0..length {
            chain = Self {
                next: Some(Box::new(chain)),
                end: None,
            };
        }
        chain
    }
}

/// A long one is not to take the stack.
impl Drop for Chain {
    fn drop(&mut self) {
        let mut next = self.next.take();
        while let Some(mut link) = next {
            next = link.next.take();
        }
    }
}

impl Clone for Chain {
    fn clone(&self) -> Self {
        let links = std::iter::successors(Some(self), |chain| chain.next.as_deref());
        Self::of(links.count() - 1)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is")]
pub(super) enum Tree {
    Leaf {
        weight: Double,
    },
    Branch {
        twigs: Vec<Tree>,
        by: BTreeMap<u8, Tree>,
    },
}

impl Tree {
    pub(super) fn by(chance: &mut Chance, depth: u32) -> Self {
        if depth == 0 {
            let weight = Double(chance.f64());
            return Self::Leaf { weight };
        }
        Self::Branch {
            twigs: vec![Self::by(chance, depth - 1)],
            by: chance.map(|c| c.u64() as u8, |c| Self::by(c, 0)),
        }
    }
}

/// Bytes, as `serde_bytes` writes and reads them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bytes(pub(super) Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfBytes;
        impl<'de> Visitor<'de> for OfBytes {
            type Value = Bytes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Bytes, A::Error> {
                let mut bytes = Vec::new();
                while let Some(byte) = list.next_element()? {
                    bytes.push(byte);
                }
                Ok(Bytes(bytes))
            }
        }
        deserializer.deserialize_byte_buf(OfBytes)
    }
}

/// Numbers as keys, which its own code makes of texts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ReadAsTexts(pub(super) BTreeMap<u32, Option<Double>>);

impl Serialize for ReadAsTexts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ReadAsTexts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts = BTreeMap::<String, Option<Double>>::deserialize(deserializer)?;
        let numbers = texts
            .into_iter()
            .map(|(key, value)| Some((key.parse().ok()?, value)));
        let numbers = numbers.collect::<Option<_>>();
        numbers
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom("no number"))
    }
}
