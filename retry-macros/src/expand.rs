//! Expands a faultless attribute. The tokens hold only the glue of one call; the logic is in the
//! runtime crate.

pub(crate) mod attempt;
pub(crate) mod expansion;
pub(crate) mod function;
pub(crate) mod gate;
pub(crate) mod guards;
pub(crate) mod hedge;
pub(crate) mod hygiene;
pub(crate) mod judgement;
pub(crate) mod lints;
pub(crate) mod parameters;
pub(crate) mod policy;
pub(crate) mod probe;
#[cfg(test)]
mod tests;
pub(crate) mod value;
