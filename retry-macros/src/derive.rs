//! `#[derive(Classify)]`, which has a grammar of its own: the words on a type's variants, and the
//! errors in their fields, become judgements.

pub(crate) mod advice;
pub(crate) mod bounds;
pub(crate) mod case;
pub(crate) mod classify;
pub(crate) mod implementation;
pub(crate) mod list;
pub(crate) mod place;
pub(crate) mod source;
pub(crate) mod subject;
pub(crate) mod table;
#[cfg(test)]
mod tests;
pub(crate) mod words;
