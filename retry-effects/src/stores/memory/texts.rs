//! Texts that records share: few action types and scopes name many records.

use std::sync::Arc;

/// The texts that a shard has seen last, one per place.
#[derive(Debug, Default)]
pub(super) struct Texts(Vec<Option<Arc<str>>>);

/// The number of places.
const PLACES: usize = 64;

/// A longer text is not shared, so that no place holds much memory.
const LONGEST: usize = 128;

impl Texts {
    /// Returns the text. It is shared with the last caller of an equal one, if that text is still
    /// kept.
    #[inline]
    pub(super) fn shared(&mut self, text: &str) -> Arc<str> {
        if text.len() > LONGEST {
            return text.into();
        }
        if self.0.is_empty() {
            self.0.resize(PLACES, None);
        }
        let place = &mut self.0[place(text)];
        match place {
            Some(seen) if **seen == *text => seen.clone(),
            _ => place.insert(text.into()).clone(),
        }
    }
}

/// A cheap hash: the length and both ends, where names and tenants differ.
#[inline]
fn place(text: &str) -> usize {
    let mut hash = text.len();
    if let [first, .., last_but_one, last] = *text.as_bytes() {
        hash = hash * 7 + usize::from(first);
        hash = hash * 11 + usize::from(last_but_one);
        hash = hash * 13 + usize::from(last);
    }
    hash % PLACES
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, Texts};
    use std::sync::Arc;

    #[test]
    fn equal_texts_are_one() {
        let mut texts = Texts::default();
        for text in ["", "charge", "a longer name of an action", "tenant-7"] {
            let first = texts.shared(text);
            assert_eq!(*first, *text);
            assert!(Arc::ptr_eq(&first, &texts.shared(text)), "{text}");
        }
    }

    #[test]
    fn any_number_of_texts_stays_bounded_and_true() {
        let mut texts = Texts::default();
        for n in 0..10_000 {
            let text = format!("tenant-{n}");
            assert_eq!(*texts.shared(&text), *text);
        }
        assert_eq!(texts.0.len(), super::PLACES);
    }

    #[test]
    fn a_long_text_is_not_held() {
        let mut texts = Texts::default();
        let long = "x".repeat(LONGEST + 1);
        assert_eq!(Arc::strong_count(&texts.shared(&long)), 1);
    }
}
