//! The id of an action, and its computation.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};

use crate::identity::canonical::document;
use crate::identity::error::{ActionIdError, ParseActionIdError};

/// Computes the id of an action from its action type, payload and scope.
///
/// The id is the SHA-256 of the compact JSON object of the three, written exactly as Python's
/// `json.dumps({"action_type": .., "payload": .., "scope": ..}, sort_keys=True,
/// separators=(",", ":"))` writes it, so that a Rust worker and a Python worker (nodus-retry) agree:
///
/// - no white space; the keys of every object sorted by code point;
/// - everything outside printable ASCII escaped: `\b \t \n \f \r`, else `\uXXXX` in lower-case hex,
///   with a surrogate pair above U+FFFF;
/// - integers of any size in plain digits;
/// - floats as Python's `repr` writes them: the shortest digits that read back as the same value, an
///   even last digit if two candidates are equally near, and an exponent below 1e-4 and from 1e16 on.
///
/// A value without a faithful JSON form is an error, never a silent `null`: with one id for two
/// different contents, one action would pass for another.
///
/// - `action_type`: the kind of action, such as `"charge"`. Two different effects need two different
///   types.
/// - `payload`: the object of the action: any `Serialize` value, in the form that `serde_json` gives
///   it. At most 128 objects and lists deep, and 512 layers of `Some` and newtypes.
/// - `scope`: the tenant or run that the action belongs to; empty if there is only one.
///
/// Pitfalls:
///
/// - An `f32` is written with the digits that its own precision needs, as `serde_json` writes it
///   (`0.1`), which is what a Python worker reads. `serde_json::json!` and `to_value` widen it to
///   `f64` first (`0.10000000149011612`), and that is another id.
/// - `serde_json` without its feature `float_roundtrip` reads some floats one bit off, so an id
///   computed from parsed JSON may differ from the sender's. Money belongs in integers in any case.
/// - With `serde_json`'s feature `arbitrary_precision`, numbers are read from their text as Python
///   reads them: `1e2` is the float `100.0`, `-0` the integer `0`.
/// - A `HashSet`, or a `HashMap` written as a list, has no order of its own: its elements are sorted by
///   their texts, as Python's `sorted(items, key=json.dumps)` does. A list built from a set is a list
///   and keeps its order: sort it first.
/// - Bytes are a list of integers, as in `serde_json`. Python rejects its `bytes`.
///
/// # Errors
///
/// [`ActionIdError`] if the payload has no faithful JSON form: it holds NaN or an infinity, a key that
/// is not a string or occurs twice, or nests too deeply; or if its own `Serialize` fails. The error
/// contains the path of the value.
///
/// # Examples
///
/// ```
/// use std::collections::BTreeMap;
/// use retry_effects::{ActionIdError, compute_action_id};
///
/// let payload = BTreeMap::from([("key", "k"), ("value", "v")]);
/// let id = compute_action_id("memory.write", &payload, "run-001")?;
/// assert_eq!(
///     id.to_string(),
///     "cd1263b27de834f99b1054a6bca58bfc663add498a2663d63b15c5b64e549377",
/// );
///
/// let by_number = BTreeMap::from([(7, "seven")]);
/// let error = compute_action_id("memory.write", &by_number, "run-001").unwrap_err();
/// assert!(matches!(error, ActionIdError::KeyNotString { .. }));
/// # Ok::<(), ActionIdError>(())
/// ```
pub fn compute_action_id(
    action_type: &str,
    payload: &(impl Serialize + ?Sized),
    scope: &str,
) -> Result<ActionId, ActionIdError> {
    UnscopedId::new(action_type, payload).map(|id| id.in_scope(scope))
}

/// The id of an action: 32 bytes, displayed, stored and sent as 64 lower-case hexadecimal digits.
///
/// An id comes from [`compute_action_id`], or from the text of an earlier id. Ids sort in the order of
/// their texts.
///
/// # Examples
///
/// ```
/// use retry_effects::{ActionId, compute_action_id};
///
/// let id = compute_action_id("op", &serde_json::json!({}), "")?;
/// let text = id.to_string();
/// assert_eq!(text, "5912848c3983c33ed5bfa042bc22fb0822a91736cd18b83f30a4ff48623fe165");
/// assert_eq!(text.parse::<ActionId>()?, id);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ActionId([u8; 32]);

impl ActionId {
    /// Returns the id with these bytes, as a store wrote them.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the 32 bytes of the SHA-256 digest.
    ///
    /// # Examples
    ///
    /// ```
    /// let id = retry_effects::compute_action_id("op", &serde_json::json!({}), "")?;
    /// assert_eq!(id.as_bytes()[..2], [0x59, 0x12]);
    /// # Ok::<(), retry_effects::ActionIdError>(())
    /// ```
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn with_hex<R>(&self, show: impl FnOnce(&str) -> R) -> R {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut hex = [0; 64];
        for (pair, byte) in hex.chunks_exact_mut(2).zip(self.0) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 0xf)];
        }
        show(str::from_utf8(&hex).expect("hexadecimal digits are ASCII"))
    }
}

/// An id without its scope.
#[derive(Debug, Default)]
pub(crate) struct UnscopedId(Vec<u8>);

impl UnscopedId {
    pub(crate) fn new(
        action_type: &str,
        payload: &(impl Serialize + ?Sized),
    ) -> Result<Self, ActionIdError> {
        document::unscoped_text(action_type, payload).map(Self)
    }

    pub(crate) fn in_scope(self, scope: &str) -> ActionId {
        let digest = document::in_scope(self.0, scope, |text| Sha256::digest(text));
        ActionId(digest.into())
    }
}

impl fmt::Display for ActionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_hex(|hex| f.pad(hex))
    }
}

/// Same as `Display`, so that a log can be searched for the text that the store holds.
impl fmt::Debug for ActionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Reads the 64 lower-case hexadecimal digits that `Display` writes.
///
/// Upper case is rejected: stores compare ids as text, so an id has exactly one spelling.
impl FromStr for ActionId {
    type Err = ParseActionIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some((position, found)) = text
            .chars()
            .enumerate()
            .find(|(_, c)| !matches!(c, '0'..='9' | 'a'..='f'))
        {
            return Err(ParseActionIdError::Digit { found, position });
        }
        if text.len() != 64 {
            return Err(ParseActionIdError::Length { found: text.len() });
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *byte = hex_value(pair[0]) << 4 | hex_value(pair[1]);
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<&str> for ActionId {
    type Error = ParseActionIdError;

    fn try_from(text: &str) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl Serialize for ActionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.with_hex(|hex| serializer.serialize_str(hex))
    }
}

impl<'de> Deserialize<'de> for ActionId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Hex;

        impl de::Visitor<'_> for Hex {
            type Value = ActionId;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an action id of 64 lower-case hexadecimal digits")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<ActionId, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Hex)
    }
}

/// Returns the value of a digit that is known to be lower-case hexadecimal.
fn hex_value(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => digit - b'a' + 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "00112233445566778899aabbccddeeff0123456789abcdef0f1e2d3c4b5a6978";

    #[test]
    fn text_and_id_convert_both_ways() {
        let id: ActionId = TEXT.parse().unwrap();
        assert_eq!(id.as_bytes()[..4], [0x00, 0x11, 0x22, 0x33]);
        assert_eq!(id.as_bytes()[28..], [0x4b, 0x5a, 0x69, 0x78]);
        assert_eq!(id.to_string(), TEXT);
        assert_eq!(format!("{id:?}"), TEXT);
        assert_eq!(format!("{id:>66}"), format!("  {TEXT}"));
        assert_eq!(ActionId::try_from(TEXT), Ok(id));
    }

    #[test]
    fn ids_sort_as_their_text() {
        let later: ActionId = TEXT.replacen("00", "9f", 1).parse().unwrap();
        let latest: ActionId = TEXT.replacen("00", "a0", 1).parse().unwrap();
        assert!(later < latest);
        assert!(later.to_string() < latest.to_string());
    }

    #[test]
    fn serde_form_is_the_text() {
        let id: ActionId = TEXT.parse().unwrap();
        let json = format!("\"{TEXT}\"");
        assert_eq!(serde_json::to_string(&id).unwrap(), json);
        assert_eq!(serde_json::from_str::<ActionId>(&json).unwrap(), id);

        let error = serde_json::from_str::<ActionId>("\"ab\"").unwrap_err();
        assert!(
            error.to_string().starts_with("action id has 2 digits"),
            "{error}"
        );
        let error = serde_json::from_str::<ActionId>("7").unwrap_err();
        assert!(
            error.to_string().contains("expected an action id of 64"),
            "{error}"
        );
    }

    #[test]
    fn other_text_is_refused() {
        let upper = TEXT.to_uppercase();
        assert_eq!(
            upper.parse::<ActionId>(),
            Err(ParseActionIdError::Digit {
                found: 'A',
                position: 20
            })
        );
        assert_eq!(
            "é".parse::<ActionId>(),
            Err(ParseActionIdError::Digit {
                found: 'é',
                position: 0
            })
        );
        for length in [0, 1, 63, 65] {
            assert_eq!(
                "a".repeat(length).parse::<ActionId>(),
                Err(ParseActionIdError::Length { found: length })
            );
        }
        let error = format!("{}g", &TEXT[1..]).parse::<ActionId>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "action id has 'g' at position 63; it must have 64 lower-case hexadecimal digits"
        );
    }
}
