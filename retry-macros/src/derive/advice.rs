//! The advice of a word: retry, or stop.

use syn::Ident;

/// Whether another attempt is worth it.
#[derive(Clone, Copy)]
pub(super) enum Advice {
    Retry,
    Stop,
}

/// Returns the advice of a word, if it gives one.
pub(super) fn advice(word: &Ident) -> Option<Advice> {
    match word.to_string().as_str() {
        "retry" => Some(Advice::Retry),
        "stop" => Some(Advice::Stop),
        _ => None,
    }
}
