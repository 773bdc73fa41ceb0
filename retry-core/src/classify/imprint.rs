//! [`Imprint`]: traces of an error by which it is recognised in a later error that carries it.
//!
//! An error moves on its way up, and all that it holds by value moves with it. All that it holds behind
//! a pointer keeps its address: the error in a `Box<dyn Error>` or an `anyhow::Error`, the payload of an
//! [`io::Error`], the bytes of a `String`. The same part at the same address is therefore the same
//! error, until it is dropped: after that, the allocator may reuse the address.

use std::error::Error;
use std::hint::black_box;
use std::io;
use std::ops::Range;

use crate::text::display::text_of;

/// An error's texts, and the addresses of those parts that do not move with it.
#[derive(Debug, Default)]
pub(crate) struct Imprint {
    /// Its own text, and that of each layer below.
    texts: Vec<String>,
    parts: Vec<Part>,
    /// The operating system's code, where the error has one.
    code: Option<i32>,
}

/// A part of an error that keeps its address.
#[derive(Debug)]
struct Part {
    place: Range<usize>,
    text: String,
    /// `None` for the bytes of a `String`.
    debug: Option<String>,
}

impl Imprint {
    /// Makes the imprint of an error with these texts: its own, and that of each layer below.
    pub(crate) fn of_texts(texts: Vec<String>) -> Self {
        Self {
            texts,
            ..Self::default()
        }
    }

    /// Makes the imprint of an error from its text alone.
    pub(crate) fn of_text(text: String) -> Self {
        Self::of_texts(vec![text])
    }

    /// Adds the bytes of a `String`.
    pub(crate) fn add_text(&mut self, text: &str) {
        let start = text.as_ptr().addr();
        self.parts.extend((!text.is_empty()).then(|| Part {
            place: start..start + text.len(),
            text: text.to_owned(),
            debug: None,
        }));
    }

    /// Adds a layer, unless it lies inside the value that moves.
    pub(crate) fn add_layer(&mut self, error: &(dyn Error + 'static), moving: &Range<usize>) {
        let place = place(error);
        // A zero-sized part has no address of its own.
        if !place.is_empty() && !moving.contains(&place.start) {
            self.parts.push(Part {
                place,
                text: text_of(&error),
                debug: Some(text_of(&format_args!("{error:?}"))),
            });
        }
        if let Some(error) = error.downcast_ref::<io::Error>() {
            self.code = self.code.or(error.raw_os_error());
            // An io error's source is its payload's, so the payload is no layer of its own: it is
            // added here.
            if let Some(payload) = error.get_ref() {
                self.add_layer(payload, moving);
            }
        }
    }

    /// Returns the error's own text.
    pub(crate) fn text(&self) -> &str {
        self.texts.first().map_or("", String::as_str)
    }

    pub(crate) const fn code(&self) -> Option<i32> {
        self.code
    }

    /// Whether a part of this error is also a part of `other`: the same part, not only an equal one.
    pub(crate) fn shares_a_part_with(&self, other: &Self) -> bool {
        self.is_matched_in(other, |own, its| own.place.start == its.place.start)
    }

    /// Whether some part of `other` equals a part of this error, at another address: then it is
    /// another error of the same type and text.
    pub(crate) fn has_a_double_in(&self, other: &Self) -> bool {
        self.is_matched_in(other, |own, its| {
            own.place.start != its.place.start
                && own.place.len() == its.place.len()
                && own.debug == its.debug
        })
    }

    fn is_matched_in(&self, other: &Self, matches: impl Fn(&Part, &Part) -> bool) -> bool {
        self.parts.iter().any(|own| {
            let mut parts = other.parts.iter();
            parts.any(|its| own.text == its.text && matches(own, its))
        })
    }

    /// Whether some layer of `other` contains this error's own text, alone or set off by
    /// punctuation: `cannot load: busy` contains `busy` in this way, `the database is busy` does
    /// not.
    pub(crate) fn is_quoted_in(&self, other: &Self) -> bool {
        let text = self.text();
        !text.is_empty() && other.texts.iter().any(|layer| is_set_off(layer, text))
    }

    /// Forgets the parts whose addresses are free: they were dropped, and another part may take the
    /// address later. Returns whether parts are left.
    pub(crate) fn forget_dropped_parts(&mut self) -> bool {
        self.parts.retain(|part| !is_free(&part.place));
        !self.parts.is_empty()
    }
}

/// Returns the address range of a value.
pub(crate) fn place<T: ?Sized>(value: &T) -> Range<usize> {
    let start = std::ptr::from_ref(value).cast::<()>().addr();
    start..start + size_of_val(value)
}

/// Whether `text` has punctuation, or nothing, on both sides in `layer`; a space is not
/// punctuation.
fn is_set_off(layer: &str, text: &str) -> bool {
    layer.match_indices(text).any(|(at, _)| {
        let before = layer[..at].trim_end_matches(' ').chars().next_back();
        let after = layer[at + text.len()..].trim_start_matches(' ');
        let after = after.chars().next();
        [before, after]
            .into_iter()
            .flatten()
            .all(|sign| !sign.is_alphanumeric())
    })
}

/// Whether the allocator now hands out this address: then the part there was dropped a short while
/// ago.
///
/// Allocators reuse the last freed block for the next request of its size, so a few requests find a
/// dropped error's address. An allocator that reuses blocks late is equally safe: until then, no
/// other error gets the address.
fn is_free(place: &Range<usize>) -> bool {
    /// Size of a box's contents before the error: a table of functions, a backtrace.
    const HEADERS: [usize; 5] = [0, 16, 32, 48, 64];
    /// One more than glibc caches of each size for a thread.
    const BLOCKS: usize = 8;
    /// Larger blocks are not cached: their addresses count as free.
    const LARGEST: usize = 1024;
    let size = place.len();
    if size > LARGEST {
        return true;
    }
    let blocks: Vec<Vec<u8>> = HEADERS
        .into_iter()
        .flat_map(|header| (0..BLOCKS).map(move |_| Vec::with_capacity(header + size)))
        .collect();
    black_box(&blocks).iter().any(|block| {
        let start = block.as_ptr().addr();
        (start..start + block.capacity()).contains(&place.start)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_boxed(error: &(dyn Error + 'static)) -> Imprint {
        let mut imprint = Imprint::of_texts(vec![error.to_string()]);
        imprint.add_layer(error, &(0..0));
        imprint
    }

    #[test]
    fn a_text_that_is_set_off_is_quoted() {
        for (layer, text, quoted) in [
            ("busy", "busy", true),
            ("cannot load: busy", "busy", true),
            ("busy (while loading)", "busy", true),
            ("load failed [busy], giving up", "busy", true),
            ("Failed(\"busy\")", "busy", true),
            ("a: e\nb: busy", "e", true),
            ("database busy", "busy", false),
            ("busybox: not found", "busy", false),
            ("the database is away", "e", false),
            ("the database is away: e", "e", true),
            ("cannot load", "cannot load: busy", false),
            ("ü: é", "é", true),
            ("anything", "", false),
        ] {
            let (inner, outer) = (
                Imprint::of_texts(vec![text.to_owned()]),
                Imprint::of_texts(vec!["top".to_owned(), layer.to_owned()]),
            );
            assert_eq!(inner.is_quoted_in(&outer), quoted, "{text:?} in {layer:?}");
        }
    }

    #[test]
    fn a_boxed_error_is_the_same_wherever_its_box_goes() {
        let error: Box<dyn Error> = "busy".into();
        let other: Box<dyn Error> = "busy".into();
        let (before, another) = (of_boxed(&*error), of_boxed(&*other));
        let wrapped = io::Error::other(error.to_string());
        let moved = [error];
        assert!(before.shares_a_part_with(&of_boxed(&*moved[0])));
        assert!(!before.has_a_double_in(&of_boxed(&*moved[0])));
        assert!(!before.shares_a_part_with(&another));
        assert!(before.has_a_double_in(&another), "of the same type");
        assert!(!before.has_a_double_in(&of_boxed(&io::Error::other("idle"))));
        assert!(!of_boxed(&wrapped).shares_a_part_with(&another));
    }

    #[test]
    fn what_moves_and_what_has_no_size_has_no_place() {
        let error = io::Error::other("busy");
        let mut imprint = Imprint::default();
        imprint.add_layer(&error, &place(&error));
        assert_eq!(imprint.parts.len(), 1, "its payload, which is boxed");
        let plain = io::Error::from_raw_os_error(5);
        let mut imprint = Imprint::default();
        imprint.add_layer(&plain, &place(&plain));
        imprint.add_text("");
        assert!(imprint.parts.is_empty());
        assert_eq!(imprint.code(), Some(5));
        imprint.add_layer(&std::fmt::Error, &(0..0));
        assert!(imprint.parts.is_empty());
    }

    #[test]
    fn what_is_alive_is_never_forgotten() {
        let errors: Vec<Box<dyn Error>> = (0..64).map(|n| format!("busy {n}").into()).collect();
        let mut imprints: Vec<_> = errors.iter().map(|error| of_boxed(&**error)).collect();
        assert!(imprints.iter_mut().all(Imprint::forget_dropped_parts));
    }

    /// For every allocator, an address is forgotten before an equal error can get it.
    #[test]
    fn what_was_dropped_is_forgotten_before_its_place_has_another() {
        for _ in 0..64 {
            let error: Box<dyn Error> = "busy".into();
            let mut imprint = of_boxed(&*error);
            drop(error);
            imprint.forget_dropped_parts();
            let other: Box<dyn Error> = "busy".into();
            assert!(!imprint.shares_a_part_with(&of_boxed(&*other)));
        }
    }
}
