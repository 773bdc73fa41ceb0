//! [`IdText`]: an action id, or its first digits.

use crate::identity::action_id::ActionId;
use crate::protocol::filter::Filter;
use crate::protocol::record::Record;

use super::failure::Failure;
use super::opened_store::OpenedStore;

/// The number of digits that lists show. Among ten million records, the chance that another one
/// begins with the same digits is one in thirty million.
pub(super) const SHOWN: usize = 12;

/// The smallest number of digits that a search accepts.
const FEWEST: usize = 4;

/// The number of digits of an id.
const ALL: usize = 64;

/// An id or its first digits: 4 to 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct IdText(String);

impl IdText {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let digits = text.trim().to_ascii_lowercase();
        let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        if !is_hex || !(FEWEST..=ALL).contains(&digits.len()) {
            return Err(format!(
                "an action id is {ALL} hexadecimal digits, or the first {FEWEST} or more of them"
            ));
        }
        Ok(Self(digits))
    }

    /// Returns the one record that the digits identify.
    pub(super) fn find(&self, opened: &OpenedStore) -> Result<Record, Failure> {
        if let Ok(id) = self.0.parse::<ActionId>() {
            let found = opened.wait(opened.store.get(id))?;
            return found.ok_or_else(|| self.not_found(opened));
        }
        let filter = Filter {
            after: self.before(),
            limit: Some(2),
            ..Filter::all()
        };
        let mut found = opened.wait(opened.store.list(&filter))?;
        found.retain(|record| record.id.to_string().starts_with(&self.0));
        match (found.pop(), found.pop()) {
            (None, _) => Err(self.not_found(opened)),
            (Some(record), None) => Ok(record),
            (Some(second), Some(first)) => Err(Failure::usage(
                "ambiguous_id",
                format!(
                    "more than one id begins with {}, as {} and {}; give more digits",
                    self.0, first.id, second.id
                ),
            )),
        }
    }

    fn not_found(&self, opened: &OpenedStore) -> Failure {
        let address = &opened.address;
        let found = if self.0.len() == ALL {
            "is"
        } else {
            "begins with"
        };
        Failure::refused(
            "not_found",
            format!(
                "there is no record whose id {found} {} in {address}",
                self.0
            ),
        )
    }

    /// Returns the id just before the first possible match; `None` if that match is the first of all
    /// ids.
    fn before(&self) -> Option<ActionId> {
        let first = format!("{:0<ALL$}", self.0);
        let mut bytes = *first.parse::<ActionId>().ok()?.as_bytes();
        for byte in bytes.iter_mut().rev() {
            let (less, borrowed) = byte.overflowing_sub(1);
            *byte = less;
            if !borrowed {
                return Some(ActionId::from_bytes(bytes));
            }
        }
        None
    }
}

/// Returns the digits of an id that lists show.
pub(super) fn short(id: ActionId) -> String {
    let mut digits = id.to_string();
    digits.truncate(SHOWN);
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_what_they_begin_with_are_read() {
        let whole = "5912848C3983c33ed5bfa042bc22fb0822a91736cd18b83f30a4ff48623fe165";
        for text in ["5912", "5912848c3983", whole] {
            assert_eq!(IdText::parse(text).unwrap().0, text.to_ascii_lowercase());
        }
        for text in ["", "591", "5912848x", "in_doubt", &format!("{whole}0")] {
            assert!(IdText::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_search_begins_just_before_the_first() {
        let before = |text| IdText::parse(text).unwrap().before();
        let expected = format!("59{}", "f".repeat(62));
        assert_eq!(before("5a00").map(|id| id.to_string()), Some(expected));
        assert_eq!(before("0000"), None);
        let expected = format!("{}0", "0".repeat(63));
        let first = format!("{}1", "0".repeat(63));
        assert_eq!(before(&first).map(|id| id.to_string()), Some(expected));
    }
}
