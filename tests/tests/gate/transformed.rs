//! transformed
