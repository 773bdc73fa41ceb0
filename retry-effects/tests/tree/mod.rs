//! A JSON tree with all that an id distinguishes: integers of any size, floats to the bit, and
//! entries in a given order.

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};

#[derive(Debug, Clone)]
pub(crate) enum Tree {
    Null,
    Bool(bool),
    /// Anything from `i128::MIN` up to `u128::MAX`, in plain digits.
    Int(String),
    Float(f64),
    Text(String),
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}

/// Uses the smallest type that holds the value.
impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => value.serialize(serializer),
            Self::Int(digits) => match (digits.parse::<i128>(), digits.parse::<u128>()) {
                (Ok(value), _) => match (i64::try_from(value), u64::try_from(value)) {
                    (Ok(value), _) => value.serialize(serializer),
                    (_, Ok(value)) => value.serialize(serializer),
                    _ => value.serialize(serializer),
                },
                (_, Ok(value)) => value.serialize(serializer),
                _ => panic!("{digits} fits no integer type"),
            },
            Self::Float(value) => value.serialize(serializer),
            Self::Text(text) => text.serialize(serializer),
            Self::List(items) => items.serialize(serializer),
            Self::Map(entries) => {
                serializer.collect_map(entries.iter().map(|(key, value)| (key, value)))
            }
        }
    }
}

/// Reads the tagged form that `vectors/generate.py` describes.
impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(untagged)]
        enum Tagged {
            Null,
            Bool(bool),
            Text(String),
            List(Vec<Tree>),
            Int { int: String },
            Float { float: String },
            Map { map: Vec<(String, Tree)> },
            Lists { lists: usize },
            Objects { objects: usize },
        }

        Ok(match Tagged::deserialize(deserializer)? {
            Tagged::Null => Self::Null,
            Tagged::Bool(value) => Self::Bool(value),
            Tagged::Text(text) => Self::Text(text),
            Tagged::List(items) => Self::List(items),
            Tagged::Int { int } => Self::Int(int),
            Tagged::Float { float } => {
                let bits = u64::from_str_radix(&float, 16).map_err(D::Error::custom)?;
                Self::Float(f64::from_bits(bits))
            }
            Tagged::Map { map } => Self::Map(map),
            Tagged::Lists { lists } => {
                (0..lists).fold(Self::Null, |inner, _| Self::List(vec![inner]))
            }
            Tagged::Objects { objects } => (0..objects).fold(Self::Null, |inner, _| {
                Self::Map(vec![("k".to_owned(), inner)])
            }),
        })
    }
}
